//! Encodes a pcapng section, block by block (draft-ietf-opsawg-pcapng), in little-endian byte order.

use std::io;

use crate::hashing::HashMap;

use crate::net::{FileId, Frame, LinkType, Timestamp, escape_text};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const DECRYPTION_SECRETS: u32 = 10;
/// The kind of secrets a key log is.
const TLS_KEY_LOG: u32 = 0x544c_534b;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
const SECTION_HARDWARE: u16 = 2;
const SECTION_OS: u16 = 3;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_RESOLUTION: u16 = 9;
const INTERFACE_OFFSET: u16 = 14;
const STATISTICS_START: u16 = 2;
const STATISTICS_END: u16 = 3;
const STATISTICS_RECEIVED: u16 = 4;
const STATISTICS_DROPPED: u16 = 5;
const STATISTICS_DELIVERED: u16 = 8;

/// Times are in units of ten to the minus this.
const NANOSECONDS: u8 = 9;
/// The snapshot length interfaces are described with; it is that of dumpcap, and promises nothing.
const SNAPLEN: u32 = 262_144;
/// Seconds added to the times of an interface whose packets are from before 1970: time stamps of
/// blocks have no sign.
const BEFORE_EPOCH: i64 = -9_223_372_036;
/// The longest value of an option.
const LONGEST_OPTION: usize = u16::MAX as usize;

/// The most that the statistics of one interface take: a block's frame, its number and time, five
/// options of eight bytes, and their end.
const STATISTICS_SIZE: usize = 12 + 4 + 8 + 5 * (4 + 8) + 4;

/// What a source of packets counted, for the statistics at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Packets it received, whether they were written or not.
    pub received: Option<u64>,
    /// Packets it lost for lack of room.
    pub dropped: Option<u64>,
}

/// What the blocks of one interface have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    file: FileId,
    link: u16,
    before_epoch: bool,
}

#[derive(Debug)]
struct Interface {
    file: FileId,
    packets: u64,
    first: Timestamp,
    last: Timestamp,
}

/// One section: its interfaces, and the blocks that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Whole blocks, in order.
    pub bytes: Vec<u8>,
    interfaces: Vec<Interface>,
    known: HashMap<Key, u32>,
    names: HashMap<FileId, String>,
    counts: HashMap<FileId, Counts>,
}

impl Section {
    /// Names a source of packets, for the interfaces described from now on.
    pub(super) fn name(&mut self, file: FileId, name: &str) {
        self.names.insert(file, escape_text(name).into_owned());
    }

    /// Sets what a source of packets counted.
    pub(super) fn count(&mut self, file: FileId, counts: Counts) {
        self.counts.insert(file, counts);
    }

    /// Begins a section, without interfaces.
    pub(super) fn begin(&mut self) {
        self.interfaces.clear();
        self.known.clear();
        let mut block = Block::open(&mut self.bytes, SECTION_HEADER);
        block.bytes.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        block.bytes.extend([1, 0, 0, 0]);
        // how long the section will be is not known
        block.bytes.extend(u64::MAX.to_le_bytes());
        block.text(SECTION_HARDWARE, std::env::consts::ARCH);
        block.text(SECTION_OS, std::env::consts::OS);
        block.text(SECTION_APPLICATION, concat!("regscope ", env!("CARGO_PKG_VERSION")));
        block.close_with_options();
    }

    /// Adds a packet, after its interface if that is new; an error if pcapng has no number for its link.
    pub(super) fn packet(&mut self, frame: &Frame<'_>, comment: Option<&str>) -> io::Result<()> {
        let (id, ticks) = self.interface(frame.link, frame.at.file(), frame.time)?;
        let length = u32::try_from(frame.bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a packet of over 4 GiB"))?;
        let mut block = Block::open(&mut self.bytes, ENHANCED_PACKET);
        for field in [id, (ticks >> 32) as u32, ticks as u32, length, frame.wire_len] {
            block.bytes.extend(field.to_le_bytes());
        }
        block.padded(frame.bytes);
        match comment {
            Some(comment) => {
                block.text(COMMENT, &escape_text(comment));
                block.close_with_options();
            }
            None => block.close(),
        }
        Ok(())
    }

    /// Adds a TLS key log, for the packets behind it.
    pub(super) fn secrets(&mut self, log: &[u8]) {
        let mut block = Block::open(&mut self.bytes, DECRYPTION_SECRETS);
        block.bytes.extend(TLS_KEY_LOG.to_le_bytes());
        block.bytes.extend((log.len() as u32).to_le_bytes());
        block.padded(log);
        block.close();
    }

    /// Bytes that [`Self::end`] adds, at most, after one more packet.
    pub(super) fn end_size(&self) -> usize {
        STATISTICS_SIZE * (self.interfaces.len() + 1)
    }

    /// Adds the statistics of every interface.
    pub(super) fn end(&mut self) {
        let mut told = crate::hashing::HashSet::default();
        for (id, interface) in (0_u32..).zip(&self.interfaces) {
            // the counts of a source are reported once, whatever the number of its link types
            let counts = self.counts.get(&interface.file).filter(|_| told.insert(interface.file));
            let counts = counts.copied().unwrap_or_default();
            let mut block = Block::open(&mut self.bytes, STATISTICS);
            block.bytes.extend(id.to_le_bytes());
            block.bytes.extend(time(interface.last));
            block.option(STATISTICS_START, &time(interface.first));
            block.option(STATISTICS_END, &time(interface.last));
            for (code, count) in [
                (STATISTICS_RECEIVED, counts.received),
                (STATISTICS_DROPPED, counts.dropped),
                (STATISTICS_DELIVERED, Some(interface.packets)),
            ] {
                if let Some(count) = count {
                    block.option(code, &count.to_le_bytes());
                }
            }
            block.close_with_options();
        }
    }

    /// Whether a packet was added since the section began.
    pub(super) fn has_packets(&self) -> bool {
        !self.interfaces.is_empty()
    }

    /// The number of the interface for a packet, described if it is new, and the packet's time on it.
    fn interface(
        &mut self,
        link: LinkType,
        file: FileId,
        time: Timestamp,
    ) -> io::Result<(u32, u64)> {
        let link = u16::try_from(link.0).map_err(|_| {
            let what = format!("pcapng has no link type {}", link.0);
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        let before_epoch = time.nanos() < 0;
        let offset = if before_epoch { BEFORE_EPOCH } else { 0 };
        let ticks = time.nanos_since(Timestamp::from_parts(offset, 0));
        let ticks = u64::try_from(ticks).unwrap_or(0);
        let key = Key { file, link, before_epoch };
        let id = match self.known.get(&key) {
            Some(&id) => id,
            None => self.describe(key, time, offset),
        };
        if let Some(interface) = self.interfaces.get_mut(id as usize) {
            interface.packets += 1;
            interface.first = interface.first.min(time);
            interface.last = interface.last.max(time);
        }
        Ok((id, ticks))
    }

    fn describe(&mut self, key: Key, time: Timestamp, offset: i64) -> u32 {
        let mut block = Block::open(&mut self.bytes, INTERFACE);
        block.bytes.extend(key.link.to_le_bytes());
        block.bytes.extend([0; 2]);
        block.bytes.extend(SNAPLEN.to_le_bytes());
        if let Some(name) = self.names.get(&key.file) {
            block.text(INTERFACE_NAME, name);
        }
        block.option(INTERFACE_RESOLUTION, &[NANOSECONDS]);
        if offset != 0 {
            block.option(INTERFACE_OFFSET, &offset.to_le_bytes());
        }
        block.close_with_options();
        let id = self.interfaces.len() as u32;
        self.known.insert(key, id);
        self.interfaces.push(Interface { file: key.file, packets: 0, first: time, last: time });
        id
    }
}

/// A time as statistics hold it: the high half first, each half in the section's byte order.
fn time(at: Timestamp) -> [u8; 8] {
    let ticks = u64::try_from(at.nanos()).unwrap_or(0);
    (ticks.rotate_left(32)).to_le_bytes()
}

/// A block that is being written.
struct Block<'b> {
    bytes: &'b mut Vec<u8>,
    start: usize,
}

impl<'b> Block<'b> {
    fn open(bytes: &'b mut Vec<u8>, kind: u32) -> Self {
        let start = bytes.len();
        bytes.extend(kind.to_le_bytes());
        // the length, once it is known
        bytes.extend([0; 4]);
        Self { bytes, start }
    }

    fn padded(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        let padding = value.len().next_multiple_of(4) - value.len();
        self.bytes.extend_from_slice([0; 4].get(..padding).unwrap_or_default());
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..LONGEST_OPTION).unwrap_or(value);
        self.bytes.extend(code.to_le_bytes());
        self.bytes.extend((value.len() as u16).to_le_bytes());
        self.padded(value);
    }

    /// An option of text, cut to what an option can hold.
    fn text(&mut self, code: u16, text: &str) {
        let whole =
            (0..=text.len().min(LONGEST_OPTION)).rev().find(|&end| text.is_char_boundary(end));
        self.option(code, text.as_bytes().get(..whole.unwrap_or(0)).unwrap_or_default());
    }

    fn close_with_options(self) {
        // the end of the options
        self.bytes.extend([0; 4]);
        self.close();
    }

    fn close(self) {
        let length = (self.bytes.len() - self.start + 4) as u32;
        self.bytes.extend(length.to_le_bytes());
        if let Some(field) = self.bytes.get_mut(self.start + 4..self.start + 8) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }
}
