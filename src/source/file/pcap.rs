//! Walks classic pcap: microseconds and nanoseconds, both byte orders, the variants of Kuznetzov, AIX and Ixia.

use std::io::Read;

use super::buffer::Buffer;
use super::fields::{Fields, Order};
use super::{Fault, Record};
use crate::net::{LinkType, Timestamp};
use crate::source::error::DamageKind;

/// Length of the file header.
pub(super) const FILE_HEADER: usize = 24;
/// Length of a packet's header.
const RECORD_HEADER: usize = 16;
/// Length of a packet's header in Alexey Kuznetzov's variant: interface, protocol and packet type follow.
const MODIFIED_RECORD_HEADER: usize = 24;

/// The most bytes a packet has where the header does not announce more (libpcap's `MAXIMUM_SNAPLEN`).
const USUAL_LIMIT: u32 = 262_144;
/// The most bytes a packet may have whatever the header announces.
pub(super) const HARD_LIMIT: u32 = 64 << 20;

/// What the file header says about the records that follow.
pub(super) struct Pcap {
    order: Order,
    record_header: usize,
    nanos_per_tick: i64,
    link: LinkType,
    limit: u32,
    /// Whether the two lengths of a packet may be swapped.
    may_be_swapped: bool,
}

/// The variant a file's first four bytes announce: byte order, ticks, length of a record's header.
pub(super) fn variant(magic: [u8; 4]) -> Option<(Order, i64, usize)> {
    let known = |order: Order| match order.u32(magic) {
        0xa1b2_c3d4 | IXIA_HARDWARE | IXIA_SOFTWARE => Some((order, 1_000, RECORD_HEADER)),
        0xa1b2_3c4d => Some((order, 1, RECORD_HEADER)),
        0xa1b2_cd34 => Some((order, 1_000, MODIFIED_RECORD_HEADER)),
        _ => None,
    };
    known(Order::Little).or_else(|| known(Order::Big))
}

/// Ixia's variants, in which the length of all packets follows the file header.
const IXIA_HARDWARE: u32 = 0x1c00_01ac;
const IXIA_SOFTWARE: u32 = 0x1c00_01ab;

/// How many bytes the file header of a variant has.
pub(super) fn header_length(magic: [u8; 4]) -> usize {
    let ixia = [Order::Little, Order::Big]
        .into_iter()
        .any(|order| matches!(order.u32(magic), IXIA_HARDWARE | IXIA_SOFTWARE));
    if ixia { FILE_HEADER + 4 } else { FILE_HEADER }
}

impl Pcap {
    /// Reads the file header; `None` when it is no pcap header.
    pub(super) fn new(header: &[u8; FILE_HEADER]) -> Option<Self> {
        let (magic, rest) = header.split_first_chunk()?;
        let (order, nanos_per_tick, record_header) = variant(*magic)?;
        let mut fields = Fields::new(rest, order);
        let version = (fields.u16()?, fields.u16()?);
        let (_zone, _accuracy) = (fields.u32()?, fields.u32()?);
        let snaplen = fields.u32()?;
        // The upper half holds the length of the frame check sequence and flags.
        let link = LinkType(fields.u32()? & 0xffff);
        let aix = if version == (2, 2) { aix_link(link) } else { None };
        let (link, nanos_per_tick) = aix.map_or((link, nanos_per_tick), |link| (link, 1));
        // libpcap: they were swapped before 2.3, are in either order there, and in what claims 543
        let may_be_swapped = aix.is_none() && (version < (2, 4) || version.0 == 543);
        let limit = snaplen.clamp(USUAL_LIMIT, HARD_LIMIT);
        Some(Self { order, record_header, nanos_per_tick, link, limit, may_be_swapped })
    }

    pub(super) fn link(&self) -> &LinkType {
        &self.link
    }

    /// Passes to the next packet and counts it in `numbered`.
    #[inline]
    pub(super) fn next<R: Read>(
        &self,
        buffer: &mut Buffer<R>,
        numbered: &mut u64,
    ) -> Result<Option<Record>, Fault> {
        let number = *numbered + 1;
        if !buffer.ensure(self.record_header) {
            if buffer.unread().is_empty() {
                return Ok(None);
            }
            return Err(Fault::here(DamageKind::CutPacket(number), buffer));
        }
        let Some((secs, ticks, mut length, mut wire_len)) = record(buffer.unread(), self.order)
        else {
            return Err(Fault::here(DamageKind::CutPacket(number), buffer));
        };
        if self.may_be_swapped && length > wire_len {
            (length, wire_len) = (wire_len, length);
        }
        if length > self.limit {
            return Err(Fault::here(DamageKind::PacketLength { number, length }, buffer));
        }
        let length = length as usize;
        if !buffer.ensure(self.record_header + length) {
            return Err(Fault::here(DamageKind::CutPacket(number), buffer));
        }
        *numbered = number;
        buffer.consume(self.record_header);
        let range = buffer.consume(length);
        let time = self.time(secs, ticks);
        Ok(Some(Record { time, link: self.link, wire_len, range }))
    }

    /// Walks over the packets at the start of `bytes` that are all there, as long as `pass` says so; how
    /// many bytes that was, and how many packets.
    #[inline]
    pub(super) fn skim(
        &self,
        bytes: &[u8],
        pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> (usize, u64) {
        if self.may_be_swapped {
            return (0, 0);
        }
        // the order is asked once, and not for every field
        match self.order {
            Order::Little => self.skim_in::<true>(bytes, pass),
            Order::Big => self.skim_in::<false>(bytes, pass),
        }
    }

    #[inline]
    fn skim_in<const LITTLE: bool>(
        &self,
        bytes: &[u8],
        mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> (usize, u64) {
        let order = if LITTLE { Order::Little } else { Order::Big };
        let (mut rest, mut count) = (bytes, 0);
        while let Some((secs, ticks, length, _)) = record(rest, order)
            && length <= self.limit
            && let Some(behind) = rest.get(self.record_header..)
            && let Some((packet, behind)) = behind.split_at_checked(length as usize)
            && pass(self.time(secs, ticks), self.link, packet)
        {
            rest = behind;
            count += 1;
        }
        (bytes.len() - rest.len(), count)
    }

    /// What fits 32 bits each is far from the end of what a timestamp can hold.
    #[inline]
    fn time(&self, secs: u32, ticks: u32) -> Timestamp {
        let nanos = i64::from(ticks) * self.nanos_per_tick;
        Timestamp::from_nanos(i64::from(secs) * 1_000_000_000 + nanos)
    }
}

/// The link type of AIX, which writes version 2.2, nanoseconds, and the numbers of RFC 1573 for Ethernet,
/// token ring, FDDI and loopback.
fn aix_link(link: LinkType) -> Option<LinkType> {
    Some(LinkType(match link.0 {
        6 => 1,
        9 => 6,
        15 => 10,
        24 => 0,
        _ => return None,
    }))
}

/// The fields of a packet's header: seconds, ticks, length, length on the wire.
#[inline]
fn record(bytes: &[u8], order: Order) -> Option<(u32, u32, u32, u32)> {
    let mut fields = Fields::new(bytes.first_chunk::<RECORD_HEADER>()?, order);
    Some((fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?))
}
