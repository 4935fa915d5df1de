//! Keeps in view the connections whose TLS waits for keys, and how much they hold.

use super::flow::Flow;
use super::key::FlowKey;
use super::reader::Desk;
use crate::net::Timestamp;

/// How often the key logs are read on while something waits, in nanoseconds of the trace's clock.
const REFRESH_NANOS: i64 = 250_000_000;

/// The connections that wait.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    flows: Vec<(FlowKey, u64)>,
    bytes: usize,
    refreshed: Timestamp,
}

impl Sealed {
    /// Notes whether a connection waits now, and how much it holds; gives it up if that is too much.
    #[inline]
    pub(super) fn note(&mut self, key: FlowKey, flow: &mut Flow, desk: &mut Desk<'_, '_>) {
        if flow.sealed == 0 && !flow.waits_for_keys() {
            return;
        }
        self.settle(flow);
        if self.bytes > desk.limits.tls_held_total {
            desk.stats.tls.evicted += 1;
            flow.give_up_tls(desk);
            self.settle(flow);
        }
        if flow.waits_for_keys() && !flow.listed {
            flow.listed = true;
            self.flows.push((key, flow.serial));
        }
    }

    /// Forgets what a connection held.
    pub(super) fn forget(&mut self, flow: &Flow) {
        self.bytes -= flow.sealed;
    }

    /// Whether it is time to look for more keys.
    #[inline]
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        if self.flows.is_empty() || now.nanos_since(self.refreshed) < REFRESH_NANOS {
            return false;
        }
        self.refreshed = now;
        true
    }

    /// Keeps those that still wait on the list.
    pub(super) fn retain(&mut self, mut waits: impl FnMut(&FlowKey, u64) -> bool) {
        self.flows.retain(|(key, serial)| waits(key, *serial));
    }

    /// Takes the list, to note again those that still wait.
    pub(super) fn take(&mut self) -> Vec<(FlowKey, u64)> {
        std::mem::take(&mut self.flows)
    }

    fn settle(&mut self, flow: &mut Flow) {
        let held = if flow.waits_for_keys() { flow.sealed_bytes() } else { 0 };
        self.bytes = self.bytes - flow.sealed + held;
        flow.sealed = held;
    }
}
