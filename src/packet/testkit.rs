//! Builds frames and collects events for the tests of this module.

use std::net::IpAddr;

use super::dns::DnsMessage;
use super::event::{ConnectionKind, Event, IcmpKind};
use super::meta::{Meta, Ports};
use super::{Decoder, Limits, link};
use crate::net::{Cut, FileId, Frame, FrameRef, LinkType, Origin, Timestamp, Transport};

pub(super) const CLIENT: [u8; 4] = [192, 0, 2, 10];
pub(super) const SERVER: [u8; 4] = [192, 0, 2, 1];

pub(super) fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000 + ms * 1_000_000)
}

pub(super) fn meta(ms: i64) -> Meta {
    let mut meta = Meta::new(&frame(&[], link::RAW, ms, 1));
    meta.src = IpAddr::from(CLIENT);
    meta.dst = IpAddr::from(SERVER);
    meta
}

pub(super) fn frame(bytes: &[u8], link: u32, ms: i64, number: u64) -> Frame<'_> {
    Frame {
        time: at_ms(ms),
        link: LinkType(link),
        at: FrameRef::new(FileId(0), number),
        wire_len: bytes.len() as u32,
        bytes,
    }
}

/// An event without its borrows.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Seen {
    Datagram { frame: u64, bytes: Vec<u8>, cut: Option<Cut>, fragmented: bool },
    Stream { stream: u64, frame: u64, lost: u64, bytes: Vec<u8>, end: bool },
    Icmp { kind: IcmpKind, quoted: Vec<u8>, to: u16 },
    Connection { kind: ConnectionKind, frame: u64, server: String },
    Agent { index: usize, capture_id: Option<u32>, node: String },
    Dns(DnsMessage),
}

impl Seen {
    fn new(event: &Event<'_>) -> (Self, Origin) {
        match event {
            Event::Datagram { origin, bytes } => (
                Self::Datagram {
                    frame: origin.frame.number(),
                    bytes: bytes.to_vec(),
                    cut: origin.path.cut,
                    fragmented: origin.path.fragmented,
                },
                **origin,
            ),
            Event::Stream(chunk) => (
                Self::Stream {
                    stream: chunk.stream,
                    frame: chunk.origin.frame.number(),
                    lost: chunk.lost_before,
                    bytes: chunk.bytes.to_vec(),
                    end: chunk.end,
                },
                *chunk.origin,
            ),
            Event::Dns { origin, message } => (Self::Dns(message.clone()), **origin),
            Event::Icmp(error) => (
                Self::Icmp {
                    kind: error.kind,
                    quoted: error.quoted.to_vec(),
                    to: error.quoted_dst.port,
                },
                *error.origin,
            ),
            Event::Connection(event) => (
                Self::Connection {
                    kind: event.kind,
                    frame: event.origin.frame.number(),
                    server: event.origin.dst.to_string(),
                },
                event.origin,
            ),
            Event::Joined { .. } | Event::Segment { .. } => panic!("told without being asked for"),
            Event::Agent(event) => (
                Self::Agent {
                    index: event.agent.index(),
                    capture_id: event.capture_id,
                    node: String::from_utf8_lossy(event.node).into_owned(),
                },
                meta(0).origin(Transport::Udp, Ports::default(), None),
            ),
        }
    }
}

/// A decoder with everything it said.
pub(super) struct Rig {
    pub(super) decoder: Decoder,
    pub(super) seen: Vec<Seen>,
    /// The origin of each event; made up for an agent, which has none.
    pub(super) origins: Vec<Origin>,
    frames: u64,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        Self { decoder: Decoder::new(limits), seen: Vec::new(), origins: Vec::new(), frames: 0 }
    }

    /// Decodes a frame of the given link type.
    pub(super) fn link(&mut self, link: u32, ms: i64, bytes: &[u8]) -> &mut Self {
        self.frames += 1;
        let frame = frame(bytes, link, ms, self.frames);
        self.feed(&frame)
    }

    /// Decodes an Ethernet frame.
    pub(super) fn ethernet(&mut self, ms: i64, bytes: &[u8]) -> &mut Self {
        self.link(link::ETHERNET, ms, bytes)
    }

    pub(super) fn feed(&mut self, frame: &Frame<'_>) -> &mut Self {
        let (seen, origins) = (&mut self.seen, &mut self.origins);
        self.decoder.decode(frame, &mut |event| {
            let (event, origin) = Seen::new(&event);
            seen.push(event);
            origins.push(origin);
        });
        self
    }

    pub(super) fn finish(&mut self) -> &mut Self {
        let (seen, origins) = (&mut self.seen, &mut self.origins);
        self.decoder.finish(&mut |event| {
            let (event, origin) = Seen::new(&event);
            seen.push(event);
            origins.push(origin);
        });
        self
    }

    /// The bytes of all stream chunks of the stream with this number, counted from 0.
    pub(super) fn stream(&self, index: usize) -> Vec<u8> {
        let mut ids: Vec<u64> = Vec::new();
        let mut out = Vec::new();
        for seen in &self.seen {
            if let Seen::Stream { stream, bytes, .. } = seen {
                if !ids.contains(stream) {
                    ids.push(*stream);
                }
                if ids.get(index) == Some(stream) {
                    out.extend_from_slice(bytes);
                }
            }
        }
        out
    }

    pub(super) fn connections(&self) -> Vec<(ConnectionKind, String)> {
        self.seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Connection { kind, server, .. } => Some((*kind, server.clone())),
                _ => None,
            })
            .collect()
    }

    pub(super) fn datagrams(&self) -> Vec<Vec<u8>> {
        self.seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Datagram { bytes, .. } => Some(bytes.clone()),
                _ => None,
            })
            .collect()
    }
}

/// A TCP segment between [`CLIENT`] port 40000 and [`SERVER`] port 5060, as a raw IP packet.
///
/// `flags` holds `S`, `F`, `R`; every segment but the client's SYN acknowledges `ack`.
pub(super) fn tcp(from_client: bool, seq: u32, ack: u32, flags: &str, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let (sport, dport) = if from_client { (40000, 5060) } else { (5060, 40000) };
    let mut builder = etherparse::PacketBuilder::ipv4(src, dst, 64).tcp(sport, dport, seq, 64_000);
    if !(from_client && flags == "S") {
        builder = builder.ack(ack);
    }
    for flag in flags.chars() {
        builder = match flag {
            'S' => builder.syn(),
            'F' => builder.fin(),
            'R' => builder.rst(),
            _ => builder.psh(),
        };
    }
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// A UDP datagram from [`CLIENT`] to [`SERVER`], as a raw IP packet.
pub(super) fn udp(dst_port: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ipv4(CLIENT, SERVER, 64)
        .udp(5060, dst_port)
        .write(&mut bytes, payload)
        .unwrap();
    bytes
}

/// The IPv4 fragments of a raw packet, each with at most `size` bytes of payload.
pub(super) fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(20);
    let size = (size / 8).max(1) * 8;
    let count = payload.len().div_ceil(size);
    let mut out = Vec::new();
    for (index, part) in payload.chunks(size).enumerate() {
        let mut bytes = [header, part].concat();
        let total = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&total.to_be_bytes());
        let more = if index + 1 < count { 0x2000 } else { 0 };
        let field = more | (index * size / 8) as u16;
        bytes[6..8].copy_from_slice(&field.to_be_bytes());
        out.push(bytes);
    }
    out
}

/// Wraps an IP packet into a new IPv4 header of the given protocol, after `between`.
pub(super) fn in_ipv4(protocol: u8, between: &[u8], packet: &[u8]) -> Vec<u8> {
    let body = [between, packet].concat();
    let mut header = etherparse::Ipv4Header::new(
        body.len() as u16,
        9,
        protocol.into(),
        [10, 0, 0, 1],
        [10, 0, 0, 2],
    )
    .unwrap();
    header.header_checksum = header.calc_header_checksum();
    [&header.to_bytes()[..], &body].concat()
}

/// Wraps an IP packet into an Ethernet frame with these tags (type and identifier) before its type.
pub(super) fn in_ethernet(tags: &[(u16, u16)], kind: u16, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4];
    for (tag, id) in tags {
        bytes.extend_from_slice(&tag.to_be_bytes());
        bytes.extend_from_slice(&id.to_be_bytes());
    }
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(rest);
    bytes
}
