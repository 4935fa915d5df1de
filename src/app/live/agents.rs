//! Turns what HEP agents sent into IP packets, to be kept and recorded like any others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::PacketBuilder;

use crate::net::{Endpoint, Frame, FrameRef, LinkType};
use crate::source::hep::HepPacket;

/// `LINKTYPE_RAW`: it begins with the IP header.
const RAW: LinkType = LinkType(101);

/// Packs packets of agents; its buffer is used again.
#[derive(Default)]
pub(super) struct Packer {
    /// Where agents send to.
    listener: Option<Endpoint>,
    bytes: Vec<u8>,
}

impl Packer {
    pub(super) fn new(listener: Option<Endpoint>) -> Self {
        Self { listener, bytes: Vec::new() }
    }

    /// A packet with one UDP datagram, of one that came over TCP too; none if it is too long for that.
    pub(super) fn pack(&mut self, packet: &HepPacket, at: FrameRef) -> Option<Frame<'_>> {
        const HOPS: u8 = 64;
        let (to, port) = (self.listener.map(|l| l.addr), self.listener.map_or(0, |l| l.port));
        let builder = match (packet.from.addr, to) {
            (IpAddr::V4(src), Some(IpAddr::V4(dst))) => {
                PacketBuilder::ipv4(src.octets(), dst.octets(), HOPS)
            }
            (IpAddr::V4(src), _) => {
                PacketBuilder::ipv4(src.octets(), Ipv4Addr::UNSPECIFIED.octets(), HOPS)
            }
            (IpAddr::V6(src), Some(IpAddr::V6(dst))) => {
                PacketBuilder::ipv6(src.octets(), dst.octets(), HOPS)
            }
            (IpAddr::V6(src), _) => {
                PacketBuilder::ipv6(src.octets(), Ipv6Addr::UNSPECIFIED.octets(), HOPS)
            }
        };
        self.bytes.clear();
        builder.udp(packet.from.port, port).write(&mut self.bytes, &packet.bytes).ok()?;
        let (time, wire_len) = (packet.time, self.bytes.len() as u32);
        Some(Frame { time, link: RAW, at, wire_len, bytes: &self.bytes })
    }
}
