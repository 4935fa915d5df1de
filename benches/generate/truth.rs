//! What is in a capture, as its generator knows.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts that a report on the capture must come to.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub(crate) struct Truth {
    /// Packets, and bytes of all files.
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// SIP messages of any method; what TCP sent again is counted once.
    pub(crate) sip_messages: u64,
    /// REGISTERs, and answers to them.
    pub(crate) register_messages: u64,
    pub(crate) register_answers: u64,
    /// Packets of media.
    pub(crate) rtp: u64,
    /// Exchanges, a REGISTER with credentials being part of the one before.
    pub(crate) attempts: u64,
    /// DNs that registered at all, and what they are in the end.
    pub(crate) dns: u64,
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    /// Segments that came again, and those behind the one that follows them.
    pub(crate) tcp_retransmitted: u64,
    pub(crate) tcp_out_of_order: u64,
}

impl Truth {
    /// Counts what a DN is in the end.
    pub(super) fn dn(&mut self, verdict: &'static str) {
        self.dns += 1;
        *self.verdicts.entry(verdict).or_default() += 1;
    }
}
