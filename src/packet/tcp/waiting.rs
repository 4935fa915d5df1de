//! Tracks the connections whose TLS waits for keys.

use super::flow::Flow;
use super::key::FlowKey;
use crate::net::Timestamp;

/// How often the key logs are read on while something waits, in nanoseconds of the trace's clock.
const REFRESH_NANOS: i64 = 250_000_000;

/// The connections that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    flows: Vec<(FlowKey, u64)>,
    refreshed: Timestamp,
}

impl Waiting {
    /// Puts a connection on the list if it waits.
    #[inline]
    pub(super) fn note(&mut self, key: FlowKey, flow: &mut Flow) {
        if !flow.listed && flow.waits_for_keys() {
            flow.listed = true;
            self.flows.push((key, flow.serial));
        }
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
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&FlowKey, u64) -> bool) {
        self.flows.retain(|(key, serial)| stays(key, *serial));
    }

    /// Takes the list, for those that still wait to be noted again.
    pub(super) fn take(&mut self) -> Vec<(FlowKey, u64)> {
        std::mem::take(&mut self.flows)
    }
}
