//! Interprets the lack of a response.

use super::attempt::Outcome;
use super::store::Server;
use super::verdict::Verdict;

/// Timer F for the default T1: how long a client waits for a response (RFC 3261 §17.1.2.2).
pub const TIMER_F: i64 = 32_000_000_000;
/// A client on UDP that got nothing repeats after T1 = 0.5 s; twice that leaves room for slow ones.
const REPEAT_DUE: i64 = 1_000_000_000;
/// How old a request is when its silence gets another meaning.
pub(super) const MOMENTS: [i64; 2] = [REPEAT_DUE, TIMER_F];
/// A client that repeats itself for so long gets nothing.
const IN_VAIN: i64 = TIMER_F / 2;
/// Repetitions come no farther apart than this (RFC 3261 §17.1.2.1).
pub(super) const T2: i64 = 4_000_000_000;

/// When a client on UDP that sent a request so often will have sent it again, in nanoseconds.
pub(super) const fn repeats_within(sends: u32) -> i64 {
    let shift = if sends > 4 { 3 } else { sends.saturating_sub(1) };
    let interval = (REPEAT_DUE / 2) << shift;
    (if interval > T2 { T2 } else { interval }) + REPEAT_DUE / 2
}

/// What is known of a request without a final response.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent fact of the table")]
pub(super) struct Silence {
    pub acted: bool,
    pub reliable: bool,
    pub peer_seen: bool,
    /// How often it was sent.
    pub sends: u32,
    /// From the first sending to the latest, and from that to now, in nanoseconds.
    pub lasted: i64,
    pub paused: i64,
    pub provisional: bool,
    /// The request itself was not captured.
    pub unasked: bool,
    pub cut: bool,
    /// Meanwhile the server sent something that was cut beyond recognition.
    pub unread: bool,
    pub nanos: i64,
    pub server: Server,
}

impl Silence {
    /// Whether the client stopped repeating the request long before it had to give up: it had an
    /// answer, unless it is one that gives up soon.
    const fn gave_over(self) -> bool {
        self.lasted < IN_VAIN && self.paused > repeats_within(self.sends)
    }

    /// The table of DESIGN's `no_answer`, `one_way` and `pending`, as a pure function.
    pub(super) const fn meaning(self) -> Outcome {
        let deaf = self.server.one_way && !self.server.answers;
        let verdict = if self.acted {
            Verdict::OneWay
        } else if self.provisional {
            if self.nanos < TIMER_F {
                return Outcome::Open;
            }
            // what the capture lacks of an exchange may be its end
            if self.unasked { Verdict::OneWay } else { Verdict::NoAnswer }
        } else if !self.reliable && self.sends > 1 && !(deaf && self.gave_over()) {
            Verdict::NoAnswer
        } else if deaf {
            Verdict::OneWay
        } else if self.reliable {
            match (self.nanos < TIMER_F, self.peer_seen) {
                (true, _) => return Outcome::Open,
                (false, true) => Verdict::NoAnswer,
                (false, false) => Verdict::OneWay,
            }
        } else if self.nanos < REPEAT_DUE {
            return Outcome::Open;
        } else if self.cut {
            Verdict::Truncated
        } else {
            Verdict::OneWay
        };
        // one of the responses that were cut beyond recognition may have been for it
        Outcome::Failed(if self.unread { Verdict::Truncated } else { verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Silence = Silence {
        acted: false,
        reliable: false,
        peer_seen: true,
        sends: 1,
        lasted: 0,
        paused: 5_000_000_000,
        provisional: false,
        unasked: false,
        cut: false,
        unread: false,
        nanos: 5_000_000_000,
        server: Server { answers: true, one_way: false, cut: None },
    };

    #[test]
    fn silence_means_what_the_design_says() {
        use Verdict::{NoAnswer, OneWay, Truncated};
        let failed = |v| Outcome::Failed(v);
        let deaf = Server { answers: false, one_way: true, cut: None };
        for (case, silence, want) in [
            ("one UDP request, the capture goes on", BASE, failed(OneWay)),
            (
                "one UDP request at the very end",
                Silence { nanos: 400_000_000, ..BASE },
                Outcome::Open,
            ),
            ("repeated on UDP", Silence { sends: 2, ..BASE }, failed(NoAnswer)),
            (
                "repeated, in a one-way capture",
                Silence { sends: 3, server: deaf, ..BASE },
                failed(OneWay),
            ),
            (
                "repeated to the end of a one-way capture",
                Silence { sends: 3, paused: 2_000_000_000, server: deaf, ..BASE },
                failed(NoAnswer),
            ),
            (
                "repeated in vain, in a one-way capture",
                Silence { sends: 11, lasted: 31_500_000_000, server: deaf, ..BASE },
                failed(NoAnswer),
            ),
            (
                "repeated, then credentials",
                Silence { sends: 2, acted: true, ..BASE },
                failed(OneWay),
            ),
            (
                "last request of a one-way capture",
                Silence { nanos: 0, server: deaf, ..BASE },
                failed(OneWay),
            ),
            ("100 came, nothing since", Silence { provisional: true, ..BASE }, Outcome::Open),
            (
                "100 came, Timer F passed",
                Silence { provisional: true, nanos: TIMER_F, ..BASE },
                failed(NoAnswer),
            ),
            (
                "100 came to a request that was not captured",
                Silence { provisional: true, unasked: true, nanos: TIMER_F, ..BASE },
                failed(OneWay),
            ),
            ("TCP, still waiting", Silence { reliable: true, ..BASE }, Outcome::Open),
            (
                "TCP, Timer F passed",
                Silence { reliable: true, nanos: TIMER_F, ..BASE },
                failed(NoAnswer),
            ),
            (
                "TCP, Timer F passed, only one direction in the file",
                Silence { reliable: true, peer_seen: false, nanos: TIMER_F, ..BASE },
                failed(OneWay),
            ),
            ("cut request, never seen again", Silence { cut: true, ..BASE }, failed(Truncated)),
        ] {
            assert_eq!(silence.meaning(), want, "{case}");
        }
    }
}
