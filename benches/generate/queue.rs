//! Messages that were planned, in the order of their times.

use std::collections::BTreeMap;

/// A message in transit between a site and the registrar.
pub(super) struct Sent {
    /// In microseconds.
    pub(super) at: u64,
    pub(super) site: usize,
    /// From the site to the registrar.
    pub(super) asks: bool,
    pub(super) text: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<(u64, u64), Sent>,
    planned: u64,
}

impl Queue {
    pub(super) fn push(&mut self, sent: Sent) {
        self.planned += 1;
        self.waiting.insert((sent.at, self.planned), sent);
    }

    /// How many were ever planned.
    pub(super) fn planned(&self) -> u64 {
        self.planned
    }

    /// The next one that is due before `time`.
    pub(super) fn due(&mut self, time: u64) -> Option<Sent> {
        let first = self.waiting.first_entry()?;
        (first.key().0 < time).then(|| first.remove())
    }

    /// The next one, if it goes in the same direction at the same time as `sent`.
    pub(super) fn along_with(&mut self, sent: &Sent) -> Option<Sent> {
        let first = self.waiting.first_entry()?;
        let next = first.get();
        let same = (next.at, next.site, next.asks) == (sent.at, sent.site, sent.asks);
        same.then(|| first.remove())
    }
}
