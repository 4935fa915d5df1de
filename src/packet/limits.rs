//! Bounds what the decoder may hold on to.

use std::time::Duration;

/// How much the decoder keeps, and for how long on the trace's clock, before it gives up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Packets within packets: what is nested deeper is counted, not decoded.
    pub tunnel_depth: u8,
    /// Bytes of waiting IP fragments.
    pub fragment_bytes: usize,
    /// Datagrams waiting for fragments.
    pub fragment_datagrams: usize,
    /// How long a datagram waits for its fragments (RFC 8200 §4.5 gives 60 s, Linux 30 s).
    pub fragment_age: Duration,
    /// TCP connections known at a time.
    pub flows: usize,
    /// Bytes waiting behind a hole in one direction of a connection.
    pub held_bytes: usize,
    /// Segments waiting behind a hole in one direction of a connection.
    pub held_segments: usize,
    /// Bytes waiting behind holes in all connections together.
    pub held_total: usize,
    /// Bytes of TLS records waiting for keys in one direction of a connection.
    pub tls_held_bytes: usize,
    /// Bytes of TLS records waiting for keys in all connections together.
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
    /// HEP agents told apart; what others saw is told as if it had been captured here.
    pub hep_agents: usize,
    /// Bytes a compressed HEP payload may unfold to.
    pub hep_inflated: usize,
    /// Pairs of TCP ends remembered to know whether a HEP agent saw the other direction.
    pub hep_pairs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tunnel_depth: 6,
            fragment_bytes: 16 << 20,
            fragment_datagrams: 4096,
            fragment_age: Duration::from_secs(30),
            flows: 100_000,
            held_bytes: 256 << 10,
            held_segments: 64,
            held_total: 64 << 20,
            tls_held_bytes: 64 << 10,
            tls_held_total: 64 << 20,
            hold: Duration::from_secs(2),
            probe_bytes: 2048,
            websocket_message: 64 << 10,
            websocket_total: 64 << 20,
            linger: Duration::from_secs(5),
            hep_agents: 4096,
            hep_inflated: 256 << 10,
            hep_pairs: 65_536,
        }
    }
}
