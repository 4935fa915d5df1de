//! Puts payloads into packets with correct lengths and checksums, each later than the one before.

use std::io;
use std::net::SocketAddrV4;

use etherparse::{
    IpDscp, IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, PacketBuilder, PacketBuilderStep,
    TcpHeader,
};

use super::files::Files;
use super::truth::Truth;

/// DSCP of signalling and of media (RFC 4594 §2.3).
const CS3: u8 = 24;
const EF: u8 = 46;
/// Ports below carry signalling here.
const MEDIA_PORTS: u16 = 10_000;

/// What a TCP segment is beside its payload.
#[derive(Clone, Copy, Default)]
pub(super) struct Segment {
    pub(super) seq: u32,
    /// `None` in a first SYN.
    pub(super) ack: Option<u32>,
    pub(super) syn: bool,
}

/// Where packets go.
pub(super) struct Wire {
    files: Files,
    frame: Vec<u8>,
    packets: u64,
    /// The time of the last packet, in microseconds.
    last: u64,
}

impl Wire {
    pub(super) fn new(files: Files) -> Self {
        Self { files, frame: Vec::new(), packets: 0, last: 0 }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.bytes
    }

    /// The time of the last packet, in microseconds.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn udp(
        &mut self,
        at: u64,
        from: SocketAddrV4,
        to: SocketAddrV4,
        payload: &[u8],
    ) -> io::Result<()> {
        let media = from.port() >= MEDIA_PORTS && to.port() >= MEDIA_PORTS;
        let step = self.ip(from, to, IpNumber::UDP, if media { EF } else { CS3 });
        self.frame.clear();
        step.udp(from.port(), to.port())
            .write(&mut self.frame, payload)
            .map_err(io::Error::other)?;
        self.write(at, from, to)
    }

    pub(super) fn tcp(
        &mut self,
        at: u64,
        from: SocketAddrV4,
        to: SocketAddrV4,
        segment: Segment,
        payload: &[u8],
    ) -> io::Result<()> {
        let mut header = TcpHeader::new(from.port(), to.port(), segment.seq, 64_000);
        header.syn = segment.syn;
        header.psh = !payload.is_empty();
        header.ack = segment.ack.is_some();
        header.acknowledgment_number = segment.ack.unwrap_or_default();
        let step = self.ip(from, to, IpNumber::TCP, CS3);
        self.frame.clear();
        step.tcp_header(header).write(&mut self.frame, payload).map_err(io::Error::other)?;
        self.write(at, from, to)
    }

    fn ip(
        &self,
        from: SocketAddrV4,
        to: SocketAddrV4,
        protocol: IpNumber,
        dscp: u8,
    ) -> PacketBuilderStep<IpHeaders> {
        let (source, destination) = (from.ip().octets(), to.ip().octets());
        let header = Ipv4Header {
            dscp: IpDscp::try_new(dscp).unwrap_or_default(),
            identification: self.packets as u16,
            dont_fragment: true,
            time_to_live: 62,
            protocol,
            source,
            destination,
            ..Ipv4Header::default()
        };
        let mac = |[a, b, c, d]: [u8; 4]| [2, 0, a, b, c, d];
        PacketBuilder::ethernet2(mac(source), mac(destination))
            .ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
    }

    fn write(&mut self, at: u64, from: SocketAddrV4, to: SocketAddrV4) -> io::Result<()> {
        // no two at the same time, or the order of merged files would depend on their names
        self.last = at.max(self.last + 1);
        self.packets += 1;
        let ends = from.ip().to_bits().wrapping_add(to.ip().to_bits());
        self.files.packet(self.last, ends, &self.frame)
    }

    /// Ends the files and counts what went into them.
    pub(super) fn finish(mut self, truth: &mut Truth) -> io::Result<()> {
        truth.packets = self.packets;
        truth.bytes = self.files.finish()?;
        Ok(())
    }
}
