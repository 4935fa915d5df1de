//! Walks pcapng: sections of either byte order, interfaces, and the three kinds of packet block.

use std::io::Read;

use zeroize::Zeroizing;

use super::buffer::Buffer;
use super::fields::{Fields, Order};
use super::pcap::HARD_LIMIT;
use super::{Fault, Record};
use crate::net::{LinkType, Timestamp};
use crate::source::error::DamageKind;

/// The type of a section header block, the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Type, length and byte-order magic: what it takes to read a section header.
pub(super) const SECTION_START: usize = 12;

const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// Secrets in the format of a TLS key log (draft-ietf-opsawg-pcapng §4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Bytes of secrets kept until they are taken; what is more is counted.
const MOST_SECRETS: usize = 16 << 20;

/// Blocks that are no packets and yet have a frame number in Wireshark: journal entries, custom
/// blocks, and system calls in three encodings.
const NUMBERED_EVENTS: [u32; 6] = [9, 0xbad, 0x4000_0bad, 0x204, 0x216, 0x221];

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;
const SHORTEST_BLOCK: u32 = 12;
const SHORTEST_SECTION: u32 = 28;
/// Room for the largest packet and its options.
const LONGEST_BLOCK: u32 = HARD_LIMIT + (16 << 20);
const MOST_INTERFACES: usize = 1 << 16;
/// How many different link types are remembered for display.
const MOST_LINKS: usize = 64;

/// How the 64-bit timestamps of an interface become nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    Multiply(u64),
    Divide(u64),
    /// Negative powers of two.
    Shift(u32),
}

impl Resolution {
    const MICROSECONDS: Self = Self::Multiply(1_000);

    fn new(tsresol: u8) -> Self {
        let power = u32::from(tsresol & 0x7f);
        if tsresol & 0x80 != 0 {
            Self::Shift(power)
        } else if power <= 9 {
            Self::Multiply(10_u64.pow(9 - power))
        } else {
            Self::Divide(10_u64.checked_pow(power - 9).unwrap_or(u64::MAX))
        }
    }

    fn nanos(self, ticks: u64) -> i64 {
        let nanos = match self {
            Self::Multiply(by) => ticks.saturating_mul(by),
            Self::Divide(by) => ticks / by,
            Self::Shift(by) => {
                let nanos = (u128::from(ticks) * 1_000_000_000).checked_shr(by).unwrap_or(0);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

struct Interface {
    link: LinkType,
    snaplen: u32,
    resolution: Resolution,
    /// Seconds to add to every time.
    offset: i64,
}

impl Interface {
    fn new(mut fields: Fields<'_>) -> Option<Self> {
        let link = LinkType(fields.u16()?.into());
        let _reserved = fields.u16()?;
        let snaplen = fields.u32()?;
        let mut new = Self { link, snaplen, resolution: Resolution::MICROSECONDS, offset: 0 };
        // Options that do not add up are no reason to lose the packets.
        let _ = new.options(fields);
        Some(new)
    }

    fn options(&mut self, mut fields: Fields<'_>) -> Option<()> {
        loop {
            let code = fields.u16()?;
            let length = usize::from(fields.u16()?);
            let mut value = fields.take(length)?;
            fields.skip(length.next_multiple_of(4) - length);
            match code {
                0 => return Some(()),
                OPTION_TSRESOL => self.resolution = Resolution::new(value.u8()?),
                OPTION_TSOFFSET => self.offset = value.i64()?,
                _ => {}
            }
        }
    }

    fn time(&self, high: u32, low: u32) -> Timestamp {
        let ticks = u64::from(high) << 32 | u64::from(low);
        Timestamp::from_parts(self.offset, self.resolution.nanos(ticks))
    }
}

/// A packet block's header, whatever its kind.
struct PacketHeader {
    interface: u32,
    /// The two halves of the timestamp; a simple packet has none.
    ticks: Option<(u32, u32)>,
    length: u32,
    wire_len: u32,
    /// Where the data begins in the block.
    data: usize,
}

/// The state of a walk: the section it is in.
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    links: Vec<LinkType>,
    last_time: Timestamp,
    untimed: u64,
    /// TLS key logs that were not taken yet, each ended by a line break.
    secrets: Zeroizing<Vec<u8>>,
    /// Bytes of secrets of other kinds, or more than are kept.
    secrets_unused: u64,
}

impl Pcapng {
    /// Reads the first section header.
    pub(super) fn new<R: Read>(buffer: &mut Buffer<R>) -> Result<Self, Fault> {
        let mut new = Self {
            order: Order::Little,
            interfaces: Vec::new(),
            links: Vec::new(),
            last_time: Timestamp::default(),
            untimed: 0,
            secrets: Zeroizing::default(),
            secrets_unused: 0,
        };
        new.section(buffer)?;
        Ok(new)
    }

    pub(super) fn links(&self) -> &[LinkType] {
        &self.links
    }

    pub(super) fn untimed(&self) -> u64 {
        self.untimed
    }

    pub(super) fn secrets_unused(&self) -> u64 {
        self.secrets_unused
    }

    /// Takes the TLS key logs met since the last time, one behind the other.
    #[inline]
    pub(super) fn take_secrets(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        (!self.secrets.is_empty()).then(|| std::mem::take(&mut self.secrets))
    }

    /// Passes to the next packet and counts it, and the events before it, in `numbered`.
    #[inline]
    pub(super) fn next<R: Read>(
        &mut self,
        buffer: &mut Buffer<R>,
        numbered: &mut u64,
    ) -> Result<Option<Record>, Fault> {
        loop {
            if !buffer.ensure(8) {
                if buffer.unread().is_empty() {
                    return Ok(None);
                }
                return Err(Fault::here(DamageKind::CutBlock, buffer));
            }
            if buffer.unread().starts_with(&SECTION_HEADER) {
                self.section(buffer)?;
                continue;
            }
            let mut fields = Fields::new(buffer.unread(), self.order);
            let (Some(kind), Some(claimed)) = (fields.u32(), fields.u32()) else {
                return Err(Fault::here(DamageKind::CutBlock, buffer));
            };
            let block = Block::new(claimed, SHORTEST_BLOCK, buffer)?;
            match kind {
                ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET => {
                    let record = self.packet(kind, block, buffer, *numbered + 1)?;
                    *numbered += 1;
                    return Ok(Some(record));
                }
                INTERFACE => self.interface(block, buffer)?,
                DECRYPTION_SECRETS => self.secrets(block, buffer)?,
                kind if NUMBERED_EVENTS.contains(&kind) => {
                    block.skip(self.order, buffer)?;
                    *numbered += 1;
                }
                _ => block.skip(self.order, buffer)?,
            }
        }
    }

    /// Walks over the enhanced packets at the start of `bytes` that are all there and as they should be,
    /// as long as `pass` says so; how many bytes that was, and how many packets.
    pub(super) fn skim(
        &mut self,
        bytes: &[u8],
        mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> (usize, u64) {
        let (mut rest, mut count) = (bytes, 0);
        while let Some((time, link, packet, behind)) = self.enhanced(rest)
            && pass(time, link, packet)
        {
            self.last_time = time;
            rest = behind;
            count += 1;
        }
        (bytes.len() - rest.len(), count)
    }

    /// As [`Self::skim`], for packets that are only inspected: blocks between them are passed over, as long as
    /// they say nothing about packets.
    pub(super) fn peek(
        &self,
        bytes: &[u8],
        mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> usize {
        let mut rest = bytes;
        loop {
            if let Some((time, link, packet, behind)) = self.enhanced(rest) {
                if !pass(time, link, packet) {
                    break;
                }
                rest = behind;
                continue;
            }
            let mut fields = Fields::new(rest, self.order);
            let (Some(kind), Some(claimed)) = (fields.u32(), fields.u32()) else { break };
            let tells =
                [ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET, INTERFACE].contains(&kind);
            if tells || rest.starts_with(&SECTION_HEADER) || claimed < SHORTEST_BLOCK {
                break;
            }
            let Some(behind) = rest.get((claimed as usize).next_multiple_of(4)..) else { break };
            rest = behind;
        }
        bytes.len() - rest.len()
    }

    /// The packet of the enhanced packet block at the start of `bytes`, and what follows it.
    fn enhanced<'b>(&self, bytes: &'b [u8]) -> Option<(Timestamp, LinkType, &'b [u8], &'b [u8])> {
        let mut fields = Fields::new(bytes, self.order);
        let (kind, claimed) = (fields.u32()?, fields.u32()?);
        if kind != ENHANCED_PACKET || !(SHORTEST_BLOCK..=LONGEST_BLOCK).contains(&claimed) {
            return None;
        }
        let (block, behind) = bytes.split_at_checked(claimed.next_multiple_of(4) as usize)?;
        let (head, trailer) = block.split_last_chunk()?;
        let body = head.get(8..)?;
        let header = self.packet_header(kind, body)?;
        let interface = self.interfaces.get(header.interface as usize)?;
        let packet = body.get(header.data..)?.get(..header.length as usize)?;
        let (high, low) = header.ticks?;
        let is_sound = self.order.u32(*trailer) == claimed && header.length <= HARD_LIMIT;
        is_sound.then(|| (interface.time(high, low), interface.link, packet, behind))
    }

    fn section<R: Read>(&mut self, buffer: &mut Buffer<R>) -> Result<(), Fault> {
        if !buffer.ensure(SECTION_START + 4) {
            return Err(Fault::here(DamageKind::CutBlock, buffer));
        }
        let order = [Order::Little, Order::Big].into_iter().find(|&order| {
            let mut fields = Fields::new(buffer.unread(), order);
            fields.skip(8);
            fields.u32() == Some(BYTE_ORDER_MAGIC)
        });
        let Some(order) = order else {
            return Err(Fault::here(DamageKind::ByteOrder, buffer));
        };
        let mut fields = Fields::new(buffer.unread(), order);
        fields.skip(4);
        let length = fields.u32().unwrap_or_default();
        fields.skip(4);
        let (major, minor) = (fields.u16().unwrap_or_default(), fields.u16().unwrap_or_default());
        let block = Block::new(length, SHORTEST_SECTION, buffer)?;
        if major != 1 {
            return Err(Fault::here(DamageKind::Version(major, minor), buffer));
        }
        block.skip(order, buffer)?;
        self.order = order;
        self.interfaces.clear();
        Ok(())
    }

    fn interface<R: Read>(&mut self, block: Block, buffer: &mut Buffer<R>) -> Result<(), Fault> {
        block.load(self.order, buffer, DamageKind::CutBlock)?;
        let body = block.body(buffer).unwrap_or_default();
        let Some(interface) = Interface::new(Fields::new(body, self.order)) else {
            return Err(Fault::here(DamageKind::BlockLength(block.claimed), buffer));
        };
        if self.interfaces.len() == MOST_INTERFACES {
            return Err(Fault::here(DamageKind::TooManyInterfaces, buffer));
        }
        if self.links.len() < MOST_LINKS && !self.links.contains(&interface.link) {
            self.links.push(interface.link);
        }
        self.interfaces.push(interface);
        buffer.consume(block.length);
        Ok(())
    }

    fn secrets<R: Read>(&mut self, block: Block, buffer: &mut Buffer<R>) -> Result<(), Fault> {
        let room = MOST_SECRETS.saturating_sub(self.secrets.len());
        if block.length > room {
            self.secrets_unused += block.length as u64;
            return block.skip(self.order, buffer);
        }
        block.load(self.order, buffer, DamageKind::CutBlock)?;
        let mut fields = Fields::new(block.body(buffer).unwrap_or_default(), self.order);
        let kind = fields.u32();
        let claimed = fields.u32().unwrap_or_default() as usize;
        let secrets = fields.rest().get(..claimed).unwrap_or_else(|| fields.rest());
        if kind == Some(TLS_KEY_LOG) {
            // a new buffer, for one that grows would leave copies behind
            let mut all = Vec::with_capacity(self.secrets.len() + secrets.len() + 1);
            all.extend_from_slice(&self.secrets);
            all.extend_from_slice(secrets);
            all.push(b'\n');
            self.secrets = Zeroizing::new(all);
        } else {
            self.secrets_unused += secrets.len() as u64;
        }
        buffer.consume(block.length);
        Ok(())
    }

    #[inline]
    fn packet<R: Read>(
        &mut self,
        kind: u32,
        block: Block,
        buffer: &mut Buffer<R>,
        number: u64,
    ) -> Result<Record, Fault> {
        block.load(self.order, buffer, DamageKind::CutPacket(number))?;
        let body = block.body(buffer).unwrap_or_default();
        let Some(header) = self.packet_header(kind, body) else {
            return Err(Fault::here(DamageKind::BlockLength(block.claimed), buffer));
        };
        let Some(interface) = self.interfaces.get(header.interface as usize) else {
            let interface = header.interface;
            return Err(Fault::here(DamageKind::UnknownInterface { number, interface }, buffer));
        };
        let (mut length, link) = (header.length, interface.link);
        if kind == SIMPLE_PACKET {
            // It does not say how much was captured: the snapshot length and the block do.
            let room = (body.len() - header.data.min(body.len())) as u32;
            let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
            length = header.wire_len.min(snaplen).min(room);
        }
        let end = header.data.saturating_add(length as usize);
        if end > body.len() || length > HARD_LIMIT {
            return Err(Fault::here(DamageKind::PacketLength { number, length }, buffer));
        }
        if let Some((high, low)) = header.ticks {
            self.last_time = interface.time(high, low);
        } else {
            self.untimed += 1;
        }
        let whole = buffer.consume(block.length);
        let start = whole.start + 8 + header.data;
        let range = start..start + length as usize;
        Ok(Record { time: self.last_time, link, wire_len: header.wire_len, range })
    }

    #[inline]
    fn packet_header(&self, kind: u32, body: &[u8]) -> Option<PacketHeader> {
        let mut fields = Fields::new(body, self.order);
        if kind == SIMPLE_PACKET {
            let wire_len = fields.u32()?;
            return Some(PacketHeader { interface: 0, ticks: None, length: 0, wire_len, data: 4 });
        }
        let interface = if kind == ENHANCED_PACKET {
            fields.u32()?
        } else {
            let interface = fields.u16()?;
            let _drops = fields.u16()?;
            interface.into()
        };
        let ticks = Some((fields.u32()?, fields.u32()?));
        let (length, wire_len) = (fields.u32()?, fields.u32()?);
        Some(PacketHeader { interface, ticks, length, wire_len, data: 20 })
    }
}

/// The extent of a block, its length checked for plausibility.
#[derive(Clone, Copy)]
struct Block {
    /// The length as the file gives it.
    claimed: u32,
    /// The length it takes: some writers forget to count the padding.
    length: usize,
}

impl Block {
    #[inline]
    fn new<R: Read>(claimed: u32, shortest: u32, buffer: &Buffer<R>) -> Result<Self, Fault> {
        if (shortest..=LONGEST_BLOCK).contains(&claimed) {
            return Ok(Self { claimed, length: claimed.next_multiple_of(4) as usize });
        }
        Err(Fault::here(DamageKind::BlockLength(claimed), buffer))
    }

    /// Brings the whole block into the buffer and checks the length at its end.
    #[inline]
    fn load<R: Read>(
        self,
        order: Order,
        buffer: &mut Buffer<R>,
        cut: DamageKind,
    ) -> Result<(), Fault> {
        if !buffer.ensure(self.length) {
            return Err(Fault::here(cut, buffer));
        }
        let trailer = buffer.unread().get(self.length - 4..).and_then(<[u8]>::first_chunk);
        self.check(trailer.map(|&bytes| order.u32(bytes)), buffer.offset())
    }

    /// Passes over the block without keeping it.
    fn skip<R: Read>(self, order: Order, buffer: &mut Buffer<R>) -> Result<(), Fault> {
        let start = buffer.offset();
        if !buffer.skip(self.length - 4) || !buffer.ensure(4) {
            return Err(Fault { kind: DamageKind::CutBlock, offset: start });
        }
        let trailer = buffer.unread().first_chunk().map(|&bytes| order.u32(bytes));
        self.check(trailer, start)?;
        buffer.consume(4);
        Ok(())
    }

    #[inline]
    fn check(self, trailer: Option<u32>, offset: u64) -> Result<(), Fault> {
        match trailer {
            Some(last) if last == self.claimed || last as usize == self.length => Ok(()),
            last => {
                let (first, last) = (self.claimed, last.unwrap_or_default());
                Err(Fault { kind: DamageKind::TrailingLength { first, last }, offset })
            }
        }
    }

    /// The bytes between the two lengths of a loaded block.
    #[inline]
    fn body<R: Read>(self, buffer: &Buffer<R>) -> Option<&[u8]> {
        buffer.unread().get(8..self.length - 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_every_resolution() {
        let cases = [
            (0, 7, 7_000_000_000),
            (3, 7, 7_000_000),
            (6, 7, 7_000),
            (9, 7, 7),
            (12, 7_999, 7),
            (28, u64::MAX, 1),
            (127, 7, 0),
            (0x80, 7, 7_000_000_000),
            (0x80 | 1, 3, 1_500_000_000),
            (0x80 | 32, 1 << 31, 500_000_000),
            (0xff, 7, 0),
            (0, u64::MAX, i64::MAX),
            (0x80, u64::MAX, i64::MAX),
        ];
        for (tsresol, ticks, nanos) in cases {
            assert_eq!(Resolution::new(tsresol).nanos(ticks), nanos, "{tsresol:#x} {ticks}");
        }
    }
}
