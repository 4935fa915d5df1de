//! Walks captures of Solaris's snoop (RFC 1761).

use std::io::Read;

use super::buffer::Buffer;
use super::fields::{Fields, Order};
use super::pcap::HARD_LIMIT;
use super::{Fault, Record};
use crate::net::{LinkType, Timestamp};
use crate::source::error::DamageKind;

/// What a file begins with.
pub(super) const MAGIC: [u8; 8] = *b"snoop\0\0\0";
/// Magic, version, type of the link.
pub(super) const FILE_HEADER: usize = 16;
/// Lengths on the wire, captured and of the record, packets dropped, seconds, microseconds.
const RECORD_HEADER: usize = 24;

/// The state of a walk: nothing changes within a file.
pub(super) struct Snoop {
    link: LinkType,
}

/// A record's header.
struct Header {
    wire_len: u32,
    length: u32,
    /// How far it is to the next record.
    whole: u32,
    time: Timestamp,
}

impl Header {
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes, Order::Big);
        let (wire_len, length, whole) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let _drops = fields.u32()?;
        let (secs, micros) = (fields.u32()?, fields.u32()?);
        let nanos = i64::from(secs) * 1_000_000_000 + i64::from(micros) * 1_000;
        Some(Self { wire_len, length, whole, time: Timestamp::from_nanos(nanos) })
    }
}

impl Snoop {
    /// Reads the file header; what is wrong with one that is cut, or of another version.
    pub(super) fn new(header: &[u8; FILE_HEADER]) -> Result<Self, DamageKind> {
        const VERSION: u32 = 2;
        let mut fields = Fields::new(header, Order::Big);
        fields.skip(MAGIC.len());
        let (Some(version), Some(kind)) = (fields.u32(), fields.u32()) else {
            return Err(DamageKind::CutBlock);
        };
        if version != VERSION {
            return Err(DamageKind::Version(u16::try_from(version).unwrap_or(u16::MAX), 0));
        }
        Ok(Self { link: LinkType(link(kind)) })
    }

    pub(super) fn link(&self) -> &LinkType {
        &self.link
    }

    /// Passes to the next packet and counts it in `numbered`.
    pub(super) fn next<R: Read>(
        &self,
        buffer: &mut Buffer<R>,
        numbered: &mut u64,
    ) -> Result<Option<Record>, Fault> {
        let number = *numbered + 1;
        if !buffer.ensure(RECORD_HEADER) && buffer.unread().is_empty() {
            return Ok(None);
        }
        let Some(header) = Header::new(buffer.unread()) else {
            return Err(Fault::here(DamageKind::CutPacket(number), buffer));
        };
        let (length, whole) = (header.length as usize, header.whole as usize);
        if header.length > HARD_LIMIT
            || whole > HARD_LIMIT as usize
            || whole < RECORD_HEADER + length
        {
            let length = header.length;
            return Err(Fault::here(DamageKind::PacketLength { number, length }, buffer));
        }
        // the padding behind the last packet may be missing
        if !buffer.ensure(whole) && !buffer.ensure(RECORD_HEADER + length) {
            return Err(Fault::here(DamageKind::CutPacket(number), buffer));
        }
        *numbered = number;
        let start = buffer.consume(whole).start + RECORD_HEADER;
        let range = start..start + length;
        Ok(Some(Record { time: header.time, link: self.link, wire_len: header.wire_len, range }))
    }
}

impl Snoop {
    /// Reads the packets at the start of `bytes` that are complete, as long as `pass` accepts them; returns how many
    /// bytes that was.
    pub(super) fn peek(
        &self,
        bytes: &[u8],
        mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> usize {
        let mut rest = bytes;
        while let Some(header) = Header::new(rest)
            && let Some(packet) = rest.get(RECORD_HEADER..RECORD_HEADER + header.length as usize)
            && let Some(behind) = rest.get(header.whole as usize..)
            && header.whole as usize >= RECORD_HEADER
            && pass(header.time, self.link, packet)
        {
            rest = behind;
        }
        bytes.len() - rest.len()
    }
}

/// The link type of pcap for one of snoop (RFC 1761 §4, and `net/dlpi.h` of Solaris).
const fn link(kind: u32) -> u32 {
    match kind {
        // 802.3 and Ethernet
        0 | 4 => 1,
        // token ring, FDDI, IP over InfiniBand
        2 => 6,
        8 => 10,
        26 => 242,
        // numbers that pcap gives to nothing else
        other => 0x1000_0000 | other,
    }
}
