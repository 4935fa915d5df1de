//! Reports on standard error what was lost before it was read, as it happens and at the end.

use super::engine::Engine;
use crate::net::count;
#[cfg(feature = "hep")]
use crate::source::hep::ListenerCounts;
#[cfg(feature = "live")]
use crate::source::live::LiveStats;

/// What was lost, by place; each is reported when it grows.
#[derive(Default)]
pub(super) struct Losses {
    /// Numbers so far, what was counted, and why.
    counts: Vec<(u64, &'static str, &'static str)>,
    /// The same by the part that lost it, packets only.
    by_whom: Vec<(&'static str, u64)>,
}

impl Losses {
    /// What was lost so far.
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn add(&mut self, number: u64, what: &'static str, why: &'static str) {
        self.counts.push((number, what, why));
    }

    #[cfg(feature = "live")]
    pub(super) fn device(&mut self, stats: &LiveStats) {
        self.add(stats.kernel_dropped, "packet", "dropped by the kernel: its buffer was full");
        self.add(stats.interface_dropped, "packet", "dropped by the device");
        self.add(stats.queue_dropped, "packet", "given up in the queue");
        self.by_whom.extend([
            ("kernel", stats.kernel_dropped),
            ("device", stats.interface_dropped),
            ("queue", stats.queue_dropped),
        ]);
    }

    #[cfg(feature = "hep")]
    pub(super) fn listener(&mut self, counts: &ListenerCounts) {
        self.add(counts.dropped, "HEP packet", "dropped: too many waited");
        self.add(counts.lost_bytes, "byte", "of HEP connections in no whole packet");
        self.add(counts.kernel_dropped, "HEP packet", "dropped by the kernel: its buffer was full");
        self.add(counts.refused, "HEP connection", "refused: there were too many");
        self.add(counts.displaced, "HEP connection", "closed to make room for another");
        self.add(counts.idle, "HEP connection", "closed for being silent");
        self.add(counts.never_valid, "HEP connection", "closed: no valid packet came");
        self.add(counts.hostile, "HEP connection", "closed for sending something else");
        self.add(counts.errors, "error", "of HEP sockets");
        self.by_whom.extend([("HEP", counts.dropped), ("kernel (HEP)", counts.kernel_dropped)]);
    }

    /// Packets whose time stamps are rejected.
    pub(super) fn misstamped(&mut self, packets: u64) {
        self.add(
            packets,
            "packet",
            "stamped far from this host's clock: counted at the time they came",
        );
    }

    /// What could not be sent on.
    #[cfg(feature = "live")]
    pub(super) fn collector(&mut self, counts: &crate::hep::SenderCounts) {
        self.add(counts.full, "message", "not sent to the collector: the socket was full");
        self.add(counts.refused, "message", "not sent to the collector: the network refused");
        self.add(counts.too_long, "message", "not sent to the collector: too long");
    }

    /// What HEP agents sent and could not be used.
    pub(super) fn agents(&mut self, engine: &Engine) {
        let stats = engine.hep_stats();
        self.add(stats.wrong_key, "HEP packet", "without the right key");
        self.add(stats.broken, "HEP packet", "that cannot be read");
        self.add(stats.not_inflated, "HEP packet", "that cannot be unfolded");
        self.add(stats.clock_off, "HEP packet", "whose agent's clock is more than 2 s off");
    }

    /// How many packets each part lost, those that lost none too.
    #[cfg(feature = "tui")]
    pub(super) fn by_whom(&self) -> Vec<(&'static str, u64)> {
        self.by_whom.clone()
    }

    /// Sentences on what grew since `before`.
    pub(super) fn since(&self, before: &Self) -> Vec<String> {
        let then = |place: usize| before.counts.get(place).map_or(0, |(number, ..)| *number);
        let grown = self.counts.iter().enumerate().filter(|(at, (n, ..))| *n > then(*at));
        grown
            .map(|(at, (number, what, why))| {
                let new = count(number - then(at), what);
                match then(at) {
                    0 => format!("{new} {why}"),
                    _ => format!("{new} {why} ({number} in all)"),
                }
            })
            .collect()
    }

    /// Everything in one line; empty if nothing was lost.
    pub(super) fn total(&self) -> String {
        self.since(&Self::default()).join(", ")
    }
}
