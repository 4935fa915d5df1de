//! Builds captures by hand for the tests of reading.

use std::io::{self, Read, Write};

use super::file::Reader;

pub(super) const LE: bool = false;
pub(super) const BE: bool = true;

/// A packet to write, or as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) nanos: i64,
    pub(super) bytes: Vec<u8>,
    pub(super) wire_len: u32,
}

impl Packet {
    pub(super) fn new(nanos: i64, bytes: &[u8]) -> Self {
        Self { nanos, bytes: bytes.to_vec(), wire_len: bytes.len() as u32 }
    }
}

/// Three packets with whole microseconds, the last of them cut by the snapshot length.
pub(super) fn three() -> Vec<Packet> {
    vec![
        Packet::new(1_700_000_000_000_001_000, b"first"),
        Packet::new(1_700_000_000_000_000_000, b""),
        Packet { wire_len: 900, ..Packet::new(1_700_000_001_999_999_000, b"third packet") },
    ]
}

/// Bytes with fields in one byte order.
pub(super) struct Bytes {
    pub(super) big: bool,
    pub(super) out: Vec<u8>,
}

impl Bytes {
    pub(super) fn new(big: bool) -> Self {
        Self { big, out: Vec::new() }
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        let bytes = if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend(bytes);
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        let bytes = if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend(bytes);
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        let bytes = if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend(bytes);
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.out.extend(bytes);
        self
    }

    pub(super) fn padded(mut self, bytes: &[u8]) -> Self {
        self.out.extend(bytes);
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        self
    }

    /// A pcapng block around `body`.
    pub(super) fn block(self, kind: u32, body: &[u8]) -> Self {
        let length = 12 + body.len() as u32;
        self.u32(kind).u32(length).raw(body).u32(length)
    }

    pub(super) fn section(self) -> Self {
        let body = Self::new(self.big).u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX).out;
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn interface(self, link: u16, options: &[u8]) -> Self {
        let body = Self::new(self.big).u16(link).u16(0).u32(0).raw(options).out;
        self.block(1, &body)
    }

    pub(super) fn option(self, code: u16, value: &[u8]) -> Self {
        self.u16(code).u16(value.len() as u16).padded(value)
    }

    pub(super) fn enhanced(self, interface: u32, ticks: u64, packet: &Packet) -> Self {
        let body = Self::new(self.big)
            .u32(interface)
            .u32((ticks >> 32) as u32)
            .u32(ticks as u32)
            .u32(packet.bytes.len() as u32)
            .u32(packet.wire_len)
            .padded(&packet.bytes)
            .out;
        self.block(6, &body)
    }

    pub(super) fn pcap_header(self, magic: u32, link: u32) -> Self {
        self.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link)
    }

    pub(super) fn record(self, nanos_per_tick: i64, extra: &[u8], packet: &Packet) -> Self {
        self.u32((packet.nanos / 1_000_000_000).cast_unsigned() as u32)
            .u32((packet.nanos % 1_000_000_000 / nanos_per_tick).cast_unsigned() as u32)
            .u32(packet.bytes.len() as u32)
            .u32(packet.wire_len)
            .raw(extra)
            .raw(&packet.bytes)
    }
}

pub(super) const MICRO: u32 = 0xa1b2_c3d4;
pub(super) const NANO: u32 = 0xa1b2_3c4d;
pub(super) const MODIFIED: u32 = 0xa1b2_cd34;

/// A pcap file of Ethernet frames in the variant of `magic`.
pub(super) fn pcap_as(magic: u32, big: bool, packets: &[Packet]) -> Vec<u8> {
    let extra: &[u8] = if magic == MODIFIED { &[7; 8] } else { &[] };
    let tick = if magic == NANO { 1 } else { 1_000 };
    let header = Bytes::new(big).pcap_header(magic, 1);
    packets.iter().fold(header, |bytes, packet| bytes.record(tick, extra, packet)).out
}

pub(super) fn pcap(packets: &[Packet]) -> Vec<u8> {
    pcap_as(MICRO, LE, packets)
}

/// A pcapng file of Ethernet frames.
pub(super) fn pcapng_as(big: bool, packets: &[Packet]) -> Vec<u8> {
    let head = Bytes::new(big).section().interface(1, &[]);
    packets
        .iter()
        .fold(head, |bytes, packet| bytes.enhanced(0, packet.nanos.cast_unsigned() / 1_000, packet))
        .out
}

pub(super) fn pcapng(packets: &[Packet]) -> Vec<u8> {
    pcapng_as(LE, packets)
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A stream that gives at most `step` bytes at once, is interrupted before each, and ends in `error`.
pub(super) struct Trickle<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) step: usize,
    pub(super) interrupt: bool,
    pub(super) error: Option<io::ErrorKind>,
}

impl<'a> Trickle<'a> {
    pub(super) fn new(bytes: &'a [u8], step: usize) -> Self {
        Self { bytes, step, interrupt: false, error: None }
    }
}

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.error {
            Some(error) if self.bytes.is_empty() => Err(error.into()),
            _ => {
                let most = self.step.min(out.len());
                self.bytes.read(&mut out[..most])
            }
        }
    }
}

/// All packets of a reader, checked to be numbered from 1, with the warning's sentence if it ended early.
pub(super) fn drain<R: Read>(mut reader: Reader<R>) -> (Vec<Packet>, Option<String>) {
    let mut packets = Vec::new();
    while let Some(frame) = reader.next_frame() {
        assert_eq!(frame.at.number(), packets.len() as u64 + 1);
        packets.push(Packet {
            nanos: frame.time.nanos(),
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
        });
    }
    assert!(reader.next_frame().is_none(), "the end is the end");
    (packets, reader.damage().map(ToString::to_string))
}

pub(super) fn read(bytes: &[u8]) -> (Vec<Packet>, Option<String>) {
    drain(Reader::new(bytes).unwrap())
}

/// The sentence with which bytes are refused.
pub(super) fn refusal(bytes: &[u8]) -> String {
    Reader::new(bytes).err().unwrap().to_string()
}
