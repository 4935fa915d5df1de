//! Divides `--memory` among everything that a run without an end holds.
//!
//! | part | of `watch`, `report`, `record` | of the screen |
//! |---|---|---|
//! | the model | 24 | 14 |
//! | the decoder: connections, segments behind holes, TLS, WebSocket, fragments, HEP agents | 16 | 10 |
//! | unfinished SIP messages in streams | 2 | 2 |
//! | packets of the device that wait | 2 | 2 |
//! | packets of HEP agents that wait | 4 | 4 |
//! | unfinished packets of HEP agents over TCP | 4 | 4 |
//! | frames and messages kept for viewing | | 16 |
//! | snapshots and what is made of them, what was reported of which DN, lines for commands | 12 | 12 |
//!
//! The numbers are parts of 64. The kernel's buffer (`--buffer`) and the program itself come on top:
//! `PROGRAM`.

/// What the program takes beside `--memory` and `--buffer`: its code, stacks and libraries, and what
/// the allocator keeps for later. Only the unit file in `contrib/` is reckoned with it.
#[cfg(test)]
const PROGRAM: usize = 48 << 20;

/// Parts into which the memory is divided.
const PARTS: usize = 64;

/// The front end that shows what is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Front {
    /// Lines, a report, or a recording.
    Lines,
    /// The screen, for which frames and messages are kept.
    #[cfg(feature = "tui")]
    Screen,
}

/// The bytes each part may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Budget {
    /// All of them.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody is shown it"))]
    pub(super) memory: usize,
    pub(super) model: usize,
    pub(super) decoder: usize,
    /// Unfinished SIP messages in streams.
    pub(super) streams: usize,
    /// Packets of the device that wait.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "there is no device"))]
    pub(super) batches: usize,
    /// Packets of HEP agents that wait.
    #[cfg_attr(not(feature = "hep"), expect(dead_code, reason = "there are no agents"))]
    pub(super) hep_queue: usize,
    /// Unfinished packets of HEP agents over TCP.
    #[cfg_attr(not(feature = "hep"), expect(dead_code, reason = "there are no agents"))]
    pub(super) hep_streams: usize,
    /// Frames kept for viewing, and as many bytes of messages.
    #[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "nothing is kept"))]
    pub(super) kept: usize,
}

impl Budget {
    /// Divides `memory` bytes.
    pub(super) const fn divide(memory: usize, front: Front) -> Self {
        let part = memory / PARTS;
        let (model, decoder, kept) = match front {
            Front::Lines => (24, 16, 0),
            #[cfg(feature = "tui")]
            Front::Screen => (14, 10, 8),
        };
        Self {
            memory,
            model: part * model,
            decoder: part * decoder,
            streams: part * 2,
            batches: part * 2,
            hep_queue: part * 4,
            hep_streams: part * 4,
            kept: part * kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        let memory = 256 << 20;
        let fronts = [
            Front::Lines,
            #[cfg(feature = "tui")]
            Front::Screen,
        ];
        for front in fronts {
            let b = Budget::divide(memory, front);
            let parts = [b.model, b.decoder, b.streams, b.batches, b.hep_queue, b.hep_streams];
            let all = parts.iter().sum::<usize>() + 2 * b.kept;
            assert!(all <= memory / 64 * 52 && all > memory / 2, "{all}");
        }
    }

    #[test]
    fn the_unit_allows_what_the_program_may_take() {
        const MEMORY: usize = 256;
        const BUFFER: usize = 32;
        let unit = include_str!("../../../contrib/regscope.service");
        let most = MEMORY + BUFFER + (PROGRAM >> 20);
        assert!(unit.contains(&format!("\nMemoryMax={most}M\n")), "{most}");
    }
}
