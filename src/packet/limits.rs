//! Bounds what the decoder may hold on to.

use std::time::Duration;

/// How much the decoder keeps, and for how long on the trace's clock, before it gives up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Packets within packets: what is nested deeper is counted, not decoded.
    pub tunnel_depth: u8,
    /// Bytes of waiting IP fragments, and as many of waiting SCTP chunks.
    pub fragment_bytes: usize,
    /// Datagrams waiting for fragments.
    pub fragment_datagrams: usize,
    /// How long a datagram waits for its fragments (RFC 8200 §4.5 gives 60 s, Linux 30 s).
    pub fragment_age: Duration,
    /// TCP connections known at a time.
    pub flows: usize,
    /// Bytes of the states of all connections together, TLS included. Those least likely to carry SIP
    /// are forgotten first.
    pub flow_bytes: usize,
    /// Bytes waiting behind a hole in one direction of a connection.
    pub held_bytes: usize,
    /// Segments waiting behind a hole in one direction of a connection.
    pub held_segments: usize,
    /// Bytes that segments waiting behind holes take in all connections together. The oldest hole is
    /// given up first.
    pub held_total: usize,
    /// Bytes of TLS records waiting for keys in one direction of a connection.
    pub tls_held_bytes: usize,
    /// Bytes of TLS records waiting for keys in all connections together, a part of `flow_bytes`.
    pub tls_held_total: usize,
    /// How long bytes wait for a hole to be filled.
    pub hold: Duration,
    /// Bytes of a direction without a sign of SIP after which it is ignored.
    pub probe_bytes: usize,
    /// Bytes of one WebSocket message, inflated or not.
    pub websocket_message: usize,
    /// Bytes kept of unfinished WebSocket messages, of what compressed ones refer to and of unfinished
    /// HEP packets, in all connections together.
    pub websocket_total: usize,
    /// How long the end of a connection is remembered, so that stragglers do not open a new one.
    pub linger: Duration,
    /// HEP agents kept apart; what others saw counts as if it had been captured here.
    pub hep_agents: usize,
    /// Bytes a compressed HEP payload may unfold to.
    pub hep_inflated: usize,
    /// Pairs of TCP ends remembered to know whether a HEP agent saw the other direction.
    pub hep_pairs: usize,
}

/// What a capture file may have the decoder hold.
const FOR_FILES: usize = 256 << 20;
/// About what an agent takes, and a pair of ends, in tables that are half empty after they grew.
pub(super) const AGENT: usize = 320;
pub(super) const PAIR: usize = 192;

impl Limits {
    /// Limits that keep everything the decoder holds within about `bytes`: the shares are these.
    #[must_use]
    pub fn within(bytes: usize) -> Self {
        const PARTS: usize = 16;
        let parts = |number: usize| bytes / PARTS * number;
        let fragments = parts(1);
        let agents = parts(1);
        Self {
            tunnel_depth: 6,
            flow_bytes: parts(8),
            tls_held_total: parts(3),
            held_total: parts(3),
            websocket_total: parts(3),
            fragment_bytes: fragments / 2,
            fragment_datagrams: (fragments / 2048).clamp(16, 4096),
            hep_agents: (agents / 2 / AGENT).clamp(16, 4096),
            hep_pairs: (agents / 2 / PAIR).clamp(16, 65_536),
            fragment_age: Duration::from_secs(30),
            flows: 100_000,
            held_bytes: 256 << 10,
            held_segments: 64,
            tls_held_bytes: 64 << 10,
            hold: Duration::from_secs(2),
            probe_bytes: 2048,
            websocket_message: 64 << 10,
            linger: Duration::from_secs(5),
            hep_inflated: 256 << 10,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::within(FOR_FILES)
    }
}
