//! Counts what came from HEP agents, and everything of it that could not be used.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::net::Timestamp;

/// Clocks that differ by less agree: networks and queues take their time.
const SAME_CLOCK: Duration = Duration::from_secs(2);

/// What came from HEP agents.
#[derive(Clone, Debug, Default)]
pub struct HepStats {
    /// HEP packets of any version, readable or not.
    pub packets: u64,
    /// Messages handed on.
    pub messages: u64,
    /// Agents.
    pub agents: u64,
    /// Messages of agents beyond the number that are kept apart.
    pub agents_not_told: u64,
    /// Packets of other protocol types than SIP, by type.
    pub other_types: BTreeMap<u8, u64>,
    /// Packets that say SIP and hold something else, such as keep-alives.
    pub not_sip: u64,
    /// Packets without payload or addresses, or that are no HEP at all where a listener expects it.
    pub broken: u64,
    /// Compressed payloads that cannot be unfolded, or to too many bytes.
    pub not_inflated: u64,
    /// Bytes of TCP streams in which no packet begins, because what came before was lost or is no HEP.
    pub lost_bytes: u64,
    /// Packets to the listener that do not show its key.
    pub wrong_key: u64,
    /// Messages whose agent reports a time more than two seconds away from that of their frame.
    pub clock_off: u64,
    /// The most it was away.
    pub clock_off_most: Duration,
}

impl HepStats {
    /// Compares the agent's clock with that of the capture.
    pub(super) fn note_clock(&mut self, told: Timestamp, here: Timestamp) {
        let off = told.since(here).max(here.since(told));
        if off > SAME_CLOCK {
            self.clock_off += 1;
            self.clock_off_most = self.clock_off_most.max(off);
        }
    }
}
