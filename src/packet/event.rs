//! The events of the packet decoder: datagrams, stream bytes, ICMP errors and the fate of connections.

use std::net::IpAddr;
use std::sync::Arc;

use super::dns::DnsMessage;
use super::tls::TlsInfo;
use crate::net::{Endpoint, FrameRef, HepAgent, Origin, Timestamp};

/// One thing a frame (or the end of the capture) gave.
#[derive(Debug)]
pub enum Event<'a> {
    /// The payload of a UDP datagram, an SCTP user message or a WebSocket message, joined from its
    /// fragments, or what a HEP agent saw, whatever carried it there.
    ///
    /// Payloads whose first bytes rule out SIP are left out.
    Datagram {
        /// Where it was seen; `origin.path.cut` says whether bytes are missing at its end.
        origin: &'a Origin,
        /// The payload.
        bytes: &'a [u8],
    },
    /// The next bytes of one direction of a TCP connection, in order.
    Stream(StreamChunk<'a>),
    /// A question to a name server, or its reply, over UDP.
    Dns {
        /// Where it was seen.
        origin: &'a Origin,
        /// What it asks or says.
        message: DnsMessage,
    },
    /// An ICMP or ICMPv6 error and the packet it quotes.
    Icmp(IcmpError<'a>),
    /// A connection that failed, or carries something that cannot be read.
    Connection(ConnectionEvent),
    /// The frames of a packet that was joined; only on request, before its contents.
    Joined {
        /// The frame that events about its contents name.
        told_as: FrameRef,
        /// All frames that gave a part of it.
        frames: &'a [FrameRef],
    },
    /// A TCP segment; only on request, before its contents.
    Segment {
        /// Where it was seen, from its sender to its receiver.
        origin: &'a Origin,
    },
    /// A HEP agent that was not heard of before; precedes the first message it saw.
    Agent(AgentEvent<'a>),
}

/// What a HEP agent reports about itself.
#[derive(Clone, Copy, Debug)]
pub struct AgentEvent<'a> {
    /// Its number in [`PathInfo::hep`](crate::net::PathInfo::hep). Agents are reported in order, from 0.
    pub agent: HepAgent,
    /// Where its packets come from.
    pub address: IpAddr,
    /// Its number; `None` in HEP version 1, which has none.
    pub capture_id: Option<u32>,
    /// Its name, cut if it is very long; empty if it has none.
    pub node: &'a [u8],
}

/// Contiguous bytes of one direction of a TCP connection.
#[derive(Debug)]
pub struct StreamChunk<'a> {
    /// Identifies connection and direction; never reused for another one within a run. A direction
    /// that was ignored for carrying no SIP goes on under a new one when it does.
    pub stream: u64,
    /// Where the segment that made these bytes available was seen; for a chunk that only reports a
    /// loss, the last segment before it.
    pub origin: &'a Origin,
    /// Bytes missing just before these because they were never captured; 0 in the ordinary case.
    pub lost_before: u64,
    /// The bytes; empty when the chunk only reports a loss or the end.
    pub bytes: &'a [u8],
    /// Nothing will follow in this direction: FIN, RST, eviction or the end of the capture.
    pub end: bool,
}

/// An ICMP or ICMPv6 error message.
#[derive(Debug)]
pub struct IcmpError<'a> {
    /// When it was captured, in which frame, its sender and receiver (ports 0); its transport is the
    /// quoted packet's.
    pub origin: &'a Origin,
    /// What it says.
    pub kind: IcmpKind,
    /// ICMP type as on the wire.
    pub icmp_type: u8,
    /// ICMP code as on the wire.
    pub icmp_code: u8,
    /// The sender of the quoted packet.
    pub quoted_src: Endpoint,
    /// The receiver of the quoted packet.
    pub quoted_dst: Endpoint,
    /// Whether the quoted packet was UDP, TCP or SCTP.
    pub quoted_transport: crate::net::Transport,
    /// What the error quotes of the payload; often cut, sometimes empty.
    pub quoted: &'a [u8],
}

/// The errors that end an attempt (RFC 792, RFC 4443).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IcmpKind {
    /// The port is closed: nothing listens there.
    PortUnreachable,
    /// The host or network cannot be reached.
    HostUnreachable,
    /// A filter refused the packet.
    Prohibited,
    /// The packet was too big and may not be fragmented.
    TooBig,
    /// The packet's time to live ran out on its path, or in reassembly.
    TimeExceeded,
    /// Any other error that quotes a packet.
    Other,
}

/// Something a connection showed without any readable payload.
#[derive(Clone, Debug)]
pub struct ConnectionEvent {
    /// When it was established, in the frame that established it, from the client to the server.
    pub origin: Origin,
    /// The client's first packet of this connection.
    pub since: Timestamp,
    /// What happened.
    pub kind: ConnectionKind,
    /// What a TLS connection showed of itself by then.
    pub tls: Option<Arc<TlsInfo>>,
}

/// What happened to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConnectionKind {
    /// A SYN was answered by a reset.
    Refused,
    /// A SYN was never answered; `repeats` retransmissions were seen. Reported when the capture ends
    /// or the flow is forgotten.
    NoAnswer {
        /// How often the SYN was repeated.
        repeats: u32,
    },
    /// An established connection was reset, by the server (`by_server`) or by the client.
    Reset {
        /// Whether the reset came from the server's side.
        by_server: bool,
    },
    /// A side of an established connection closed it, and the other side had not.
    Closed {
        /// Whether the server's side was the first.
        by_server: bool,
    },
    /// The client acknowledged bytes of the server that were not captured, or not yet.
    Missed,
    /// The capture of a connection begins in its middle, and now its other side was seen, too.
    Joined,
    /// The connection speaks TLS.
    Tls(TlsSign),
    /// No connection: two hosts exchange what cannot be read. Reported once in a while for each direction.
    Sealed(Seal),
}

/// Why what two hosts exchange cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Seal {
    /// `IPsec`, encrypted, with the Security Parameters Index that its receiver chose (RFC 4303 §2.1).
    Esp(u32),
    /// Compressed SIP (RFC 3320, RFC 5049).
    SigComp,
    /// A TLS connection without keys.
    Tls,
}

/// What a TLS connection shows in clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TlsSign {
    /// Application data flows, and what is inside could not be read: [`TlsInfo::unread`] says why.
    Encrypted,
    /// A fatal alert ended the handshake, with its description code (RFC 8446 §6).
    Failed {
        /// The alert's description, for example 70 `protocol_version`, 48 `unknown_ca`.
        alert: u8,
        /// Whether the server sent it.
        by_server: bool,
    },
}
