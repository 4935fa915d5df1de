//! Follows the HEP packets in a direction of a connection, and opens each.

use super::reader::Desk;
use super::reassembly::Run;
use crate::hep::{Framer, MAGIC, is_inside};
use crate::net::{Cut, Origin};

/// The HEP packets of one direction.
#[derive(Debug, Default)]
pub(super) struct Packets {
    framer: Framer,
    /// Where its latest bytes were seen.
    last: Option<Origin>,
}

/// Whether HEP continues in a direction whose beginning was missed.
pub(super) fn resumes(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) || is_inside(bytes)
}

impl Packets {
    /// Reads on.
    pub(super) fn read(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
        if run.lost_before > 0 {
            self.give_up(desk);
        }
        let Desk { hep, limits, stats, sink, .. } = desk;
        let mut open = |packet: &[u8]| {
            hep.packets(packet, run.origin, limits, &mut stats.hep, *sink);
        };
        let skipped = self.framer.push(run.bytes, &mut open);
        stats.hep.lost_bytes += skipped;
        self.last = Some(*run.origin);
        if run.end {
            self.give_up(desk);
        }
    }

    /// Bytes of an unfinished packet.
    pub(super) fn held(&self) -> usize {
        self.framer.held()
    }

    /// Opens what there is of the unfinished packet: nothing that is known follows it.
    pub(super) fn give_up(&mut self, desk: &mut Desk<'_, '_>) {
        let Desk { hep, limits, stats, sink, .. } = desk;
        let unfinished = self.framer.take();
        if let Some(mut origin) = self.last
            && !unfinished.is_empty()
        {
            origin.path.cut = Some(Cut::LostSegments);
            if !hep.packets(&unfinished, &origin, limits, &mut stats.hep, *sink) {
                stats.hep.lost_bytes += unfinished.len() as u64;
            }
        }
    }
}
