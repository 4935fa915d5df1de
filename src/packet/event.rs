//! What the packet decoder hands on: datagrams, stream bytes, ICMP errors and the fate of connections.

use crate::net::{Endpoint, FrameRef, Origin, Timestamp};

/// One thing a frame (or the end of the capture) gave.
#[derive(Debug)]
pub enum Event<'a> {
    /// The payload of a UDP datagram or an SCTP data chunk, joined from its IP fragments.
    ///
    /// Payloads whose first bytes rule out SIP and HEP are not told.
    Datagram {
        /// Where it was seen; `origin.path.cut` says whether bytes are missing at its end.
        origin: &'a Origin,
        /// The payload.
        bytes: &'a [u8],
    },
    /// The next bytes of one direction of a TCP connection, in order.
    Stream(StreamChunk<'a>),
    /// An ICMP or ICMPv6 error and the packet it quotes.
    Icmp(IcmpError<'a>),
    /// A connection that failed, or carries something that cannot be read.
    Connection(ConnectionEvent),
    /// In which frames a packet came that was joined; told only if asked for, before what is in it.
    Joined {
        /// The frame that events about its contents name.
        told_as: FrameRef,
        /// All frames that gave a part of it.
        frames: &'a [FrameRef],
    },
    /// A TCP segment; told only if asked for, before what it leads to.
    Segment {
        /// Where it was seen, from its sender to its receiver.
        origin: &'a Origin,
    },
}

/// Contiguous bytes of one direction of a TCP connection.
#[derive(Debug)]
pub struct StreamChunk<'a> {
    /// Identifies connection and direction; never reused for another one within a run. A direction
    /// that was ignored for carrying no SIP goes on under a new one when it does.
    pub stream: u64,
    /// Where the segment that made these bytes available was seen; of a chunk that only tells of a
    /// loss, the last segment before it.
    pub origin: &'a Origin,
    /// Bytes missing just before these because they were never captured; 0 in the ordinary case.
    pub lost_before: u64,
    /// The bytes; empty when the chunk only tells of a loss or the end.
    pub bytes: &'a [u8],
    /// Nothing will follow in this direction: FIN, RST, eviction or the end of the capture.
    pub end: bool,
}

/// An ICMP or ICMPv6 error message.
#[derive(Debug)]
pub struct IcmpError<'a> {
    /// When it was captured, in which frame, and from whom to whom (ports 0); its transport is the
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
    /// The port is closed: nobody listens.
    PortUnreachable,
    /// The host or network cannot be reached.
    HostUnreachable,
    /// A filter refused the packet.
    Prohibited,
    /// The packet was too big and may not be fragmented.
    TooBig,
    /// The packet's time to live ran out on the way, or in reassembly.
    TimeExceeded,
    /// Any other error that quotes a packet.
    Other,
}

/// Something a connection showed without any readable payload.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionEvent {
    /// When it was established, in the frame that established it, from the client to the server.
    pub origin: Origin,
    /// The client's first packet of this connection.
    pub since: Timestamp,
    /// What happened.
    pub kind: ConnectionKind,
}

/// What happened to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConnectionKind {
    /// A SYN was answered by a reset.
    Refused,
    /// A SYN was never answered; `repeats` retransmissions were seen. Told when the capture ends
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
    /// The connection speaks TLS.
    Tls(TlsSign),
}

/// What a TLS connection shows in clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TlsSign {
    /// Application data flows: what is inside cannot be read without keys.
    Encrypted,
    /// A fatal alert ended the handshake, with its description code (RFC 8446 §6).
    Failed {
        /// The alert's description, for example 70 `protocol_version`, 48 `unknown_ca`.
        alert: u8,
        /// Whether the server sent it.
        by_server: bool,
    },
}
