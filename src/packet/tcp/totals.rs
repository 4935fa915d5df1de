//! Sums up what all connections hold, and makes one give up what it holds beyond the limit.

use super::flow::Flow;
use super::reader::Desk;

/// Bytes held, by what they are held for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Segments that wait behind holes, with what it takes to keep them.
    behind_holes: usize,
    /// They are of messages that are not yet whole.
    unfinished: usize,
    /// They are of TLS records that wait for keys.
    sealed: usize,
    /// The states of connections themselves, TLS included.
    states: usize,
}

impl Totals {
    /// What one connection holds now.
    fn of(flow: &Flow) -> Self {
        Self {
            behind_holes: flow.held_bytes(),
            unfinished: flow.unfinished_bytes(),
            sealed: flow.sealed_bytes(),
            states: flow.state_bytes(),
        }
    }

    /// Counts a connection as it is now.
    #[inline]
    pub(super) fn book(&mut self, flow: &mut Flow) {
        self.forget(flow);
        flow.booked = Self::of(flow);
        self.behind_holes += flow.booked.behind_holes;
        self.unfinished += flow.booked.unfinished;
        self.sealed += flow.booked.sealed;
        self.states += flow.booked.states;
    }

    /// Counts a connection no longer.
    #[inline]
    pub(super) fn forget(&mut self, flow: &Flow) {
        self.behind_holes -= flow.booked.behind_holes;
        self.unfinished -= flow.booked.unfinished;
        self.sealed -= flow.booked.sealed;
        self.states -= flow.booked.states;
    }

    /// Counts a connection, and lets it give up what is too much.
    #[inline]
    pub(super) fn keep_within_limits(&mut self, flow: &mut Flow, desk: &mut Desk<'_, '_>) {
        self.book(flow);
        let limits = desk.limits;
        if self.sealed > limits.tls_held_total && flow.booked.sealed > 0 {
            desk.stats.tls.evicted += 1;
            flow.give_up_tls(desk);
            self.book(flow);
        }
        if self.unfinished > limits.websocket_total {
            flow.give_up_unfinished(desk);
            self.book(flow);
        }
    }

    /// Bytes behind holes.
    pub(super) fn behind_holes(&self) -> usize {
        self.behind_holes
    }

    /// Bytes of states.
    pub(super) fn states(&self) -> usize {
        self.states
    }

    /// Bytes of everything.
    pub(super) fn all(&self) -> usize {
        self.behind_holes + self.unfinished + self.states
    }

    /// Bytes of unfinished messages.
    #[cfg(test)]
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished
    }
}
