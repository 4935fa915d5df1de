//! Walks one capture, of any format and compression, over any stream of bytes.

use std::io::Read;
use std::ops::Range;
use std::time::Instant;

mod ahead;
mod buffer;
mod compress;
mod fields;
mod foreign;
mod gzip;
mod pcap;
mod pcapng;
mod plain;
mod snoop;
mod stamps;
#[cfg(test)]
mod tests;

pub use compress::Compression;
pub(super) use foreign::sentence as foreign;
pub use plain::Plain;
pub use stamps::{StampFacts, Witness};
use zeroize::Zeroizing;

use self::buffer::Buffer;
use self::compress::Stream;
use self::pcap::Pcap;
use self::pcapng::Pcapng;
use self::snoop::Snoop;
use self::stamps::{Recent, Stamps};
use super::error::{Damage, DamageKind, OpenError};
use crate::net::{FileId, Frame, FrameRef, LinkType, Timestamp};

/// The read buffer that was measured to be fastest.
pub(super) const BUFFER_SIZE: usize = 256 << 10;
/// How much of a file that is no capture its error quotes.
const EXCERPT: usize = 16;

/// The format of a capture.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// The classic format of libpcap.
    Pcap,
    /// The block-structured successor.
    Pcapng,
    /// The format of Solaris's snoop.
    Snoop,
    /// The log of a server.
    Log,
    /// No file: what came while it was followed.
    Live,
}

impl Format {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Snoop => "snoop",
            Self::Log => "log",
            Self::Live => "live",
        }
    }
}

/// Why a stream is no capture, and the stream if it is of no capture format at all.
pub(super) struct Refused<R: Read> {
    pub reason: OpenError,
    pub plain: Option<Box<Plain<R>>>,
}

/// A packet record: where its data lies in the buffer and what its header says.
struct Record {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    range: Range<usize>,
}

/// What stopped a walk, and where.
struct Fault {
    kind: DamageKind,
    offset: u64,
}

impl Fault {
    /// The record that begins here is wrong or cut.
    #[cold]
    fn here<R: Read>(kind: DamageKind, buffer: &Buffer<R>) -> Self {
        Self { kind, offset: buffer.offset() }
    }
}

enum Walk {
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

impl Walk {
    /// Passes over packets at the start of `bytes` as long as `pass` says so; how many bytes and packets.
    #[inline]
    fn skim(
        &mut self,
        bytes: &[u8],
        pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> (usize, u64) {
        match self {
            Self::Pcap(pcap) => pcap.skim(bytes, pass),
            Self::Pcapng(pcapng) => pcapng.skim(bytes, pass),
            Self::Snoop(_) => (0, 0),
        }
    }
}

/// A walk over the packets of one capture.
///
/// ```
/// use regscope::source::Reader;
///
/// # fn main() -> Result<(), regscope::source::OpenError> {
/// let capture: &[u8] = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0\
///     \x07\0\0\0\x01\0\0\0\x03\0\0\0\x03\0\0\0abc";
/// let mut reader = Reader::new(capture)?;
/// while let Some(frame) = reader.next_frame() {
///     assert_eq!((frame.at.number(), frame.time.nanos(), frame.bytes), (1, 7_000_001_000, &b"abc"[..]));
/// }
/// assert!(reader.damage().is_none());
/// # Ok(())
/// # }
/// ```
pub struct Reader<R: Read> {
    buffer: Buffer<Stream<R>>,
    walk: Walk,
    file: FileId,
    record: Option<Record>,
    packets: u64,
    /// The number of the last record that has one: packets, and what else Wireshark counts.
    numbered: u64,
    damage: Option<Damage>,
    /// What judges the time stamps; a reader alone believes them all.
    stamps: Option<Stamps>,
    recent: Recent,
    witness: Option<Witness>,
    /// When the latest packet arrived, of a stream that is read while it is written.
    arrived: Option<Instant>,
}

impl<R: Read> Reader<R> {
    /// Reads the capture header of `input`, whose frames will name file 0.
    pub fn new(input: R) -> Result<Self, OpenError> {
        Self::with_options(input, FileId(0), BUFFER_SIZE)
    }

    /// Reads the capture header of `input`, whose frames will name `file`, through a buffer of
    /// `buffer_size` bytes; the buffer grows for a packet that needs more.
    pub fn with_options(input: R, file: FileId, buffer_size: usize) -> Result<Self, OpenError> {
        Self::recognize(input, file, buffer_size).map_err(|refused| refused.reason)
    }

    /// The same; a stream whose first bytes are of no capture format comes back with the reason.
    pub(super) fn recognize(
        input: R,
        file: FileId,
        buffer_size: usize,
    ) -> Result<Self, Refused<R>> {
        let stream =
            Stream::new(input).map_err(|error| Refused { reason: error.into(), plain: None })?;
        let mut buffer = Buffer::new(stream, buffer_size);
        match open_walk(&mut buffer) {
            Ok(walk) => {
                let (record, damage, stamps, witness) = (None, None, None, None);
                let (packets, numbered, recent) = (0, 0, Recent::default());
                Ok(Self {
                    buffer,
                    walk,
                    file,
                    record,
                    packets,
                    numbered,
                    damage,
                    stamps,
                    recent,
                    witness,
                    arrived: None,
                })
            }
            Err(reason @ OpenError::NotACapture { .. }) => {
                Err(Refused { reason, plain: Some(Box::new(Plain::new(buffer))) })
            }
            Err(reason) => Err(Refused { reason, plain: None }),
        }
    }

    /// Judges the time stamps from now on. `witness` recognizes clocks that were set; without one there are none.
    pub(super) fn judge_stamps(&mut self, witness: Option<Witness>) {
        self.stamps = Some(Stamps::new());
        self.witness = witness;
    }

    /// The same for a stream that is read while it is written: a stamp is right, too, if it is as far from the one
    /// before as the two arrived from each other, and then no packet behind it is waited for.
    #[cfg(feature = "live")]
    pub(super) fn judge_stamps_on_arrival(&mut self) {
        self.judge_stamps(None);
        self.arrived = Some(Instant::now());
    }

    /// Whether the next frame is in memory.
    #[cfg(feature = "live")]
    pub(super) fn has_another(&self) -> bool {
        let mut found = false;
        self.walk.peek(self.buffer.unread(), |_, _, _| {
            found = true;
            false
        });
        found
    }

    /// What was found out about the time stamps so far.
    pub(super) fn stamps(&self) -> StampFacts {
        self.stamps.as_ref().map(|stamps| stamps.facts().clone()).unwrap_or_default()
    }

    /// The next frame; `None` at the end of the capture, or where it is damaged.
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        self.advance();
        self.frame()
    }

    /// Passes to the next frame, which [`Self::frame`] then gives; says when it was captured.
    #[inline]
    pub(super) fn advance(&mut self) -> Option<Timestamp> {
        if self.damage.is_some() {
            return None;
        }
        self.keep_recent();
        let step = match &mut self.walk {
            Walk::Pcap(pcap) => pcap.next(&mut self.buffer, &mut self.numbered),
            Walk::Pcapng(pcapng) => pcapng.next(&mut self.buffer, &mut self.numbered),
            Walk::Snoop(snoop) => snoop.next(&mut self.buffer, &mut self.numbered),
        };
        match step {
            Ok(Some(mut record)) => {
                self.packets += 1;
                if let Some(stamps) = &mut self.stamps {
                    let time = stamps.follow(record.time);
                    record.time = time.unwrap_or_else(|| self.judge_stamp(&mut record));
                }
                if let Some(arrived) = &mut self.arrived {
                    *arrived = Instant::now();
                }
                let time = record.time;
                self.record = Some(record);
                Some(time)
            }
            Ok(None) => self.end(None),
            Err(fault) => self.end(Some(fault)),
        }
    }

    /// Passes over the frames that follow, as long as they are in memory already and `pass` accepts
    /// their time, link type and bytes; returns how many. The walk is then at no frame.
    pub(super) fn skim(&mut self, mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool) -> u64 {
        if self.damage.is_some() {
            return 0;
        }
        self.keep_recent();
        let unread = self.buffer.unread();
        let (bytes, packets) = match &mut self.stamps {
            None => self.walk.skim(unread, pass),
            // a packet whose stamp has to be judged is judged when it is advanced to
            Some(stamps) => stamps.steady().map_or((0, 0), |mut steady| {
                let skimmed = self.walk.skim(unread, |stamp, link, bytes| {
                    let passed = steady.time(stamp).is_some_and(|time| pass(time, link, bytes));
                    if passed {
                        steady.follow(stamp);
                    }
                    passed
                });
                stamps.resume(steady, skimmed.1);
                skimmed
            }),
        };
        self.record = None;
        self.buffer.consume(bytes);
        self.packets += packets;
        self.numbered += packets;
        packets
    }

    /// The frame the walk is at.
    #[inline]
    #[must_use]
    pub(super) fn frame(&self) -> Option<Frame<'_>> {
        let Record { time, link, wire_len, ref range } = *self.record.as_ref()?;
        let at = FrameRef::new(self.file, self.numbered);
        Some(Frame { time, link, at, wire_len, bytes: self.buffer.lend(range.clone()) })
    }

    #[cold]
    fn end(&mut self, fault: Option<Fault>) -> Option<Timestamp> {
        self.record = None;
        let fault = match self.buffer.take_error() {
            // A stream that failed is why the record is cut.
            Some(error) => {
                let kind = self.buffer.input().damage(error);
                Some(Fault { kind, offset: self.buffer.end_offset() })
            }
            None => fault,
        };
        let (compression, packets) = (self.compression(), self.packets);
        self.damage =
            fault.map(|Fault { kind, offset }| Damage { kind, offset, compression, packets });
        None
    }

    /// What ended the walk before the capture's end, once it has ended.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// The capture's format.
    #[must_use]
    pub fn format(&self) -> Format {
        match self.walk {
            Walk::Pcap(_) => Format::Pcap,
            Walk::Pcapng(_) => Format::Pcapng,
            Walk::Snoop(_) => Format::Snoop,
        }
    }

    /// How the capture was compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.buffer.input().compression()
    }

    /// The link types described so far, in the order of the file; a pcapng file may add more.
    #[must_use]
    pub fn links(&self) -> &[LinkType] {
        match &self.walk {
            Walk::Pcap(pcap) => std::slice::from_ref(pcap.link()),
            Walk::Pcapng(pcapng) => pcapng.links(),
            Walk::Snoop(snoop) => std::slice::from_ref(snoop.link()),
        }
    }

    /// How many packets were read.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How many of them had no time of their own and took that of the packet before them.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        match &self.walk {
            Walk::Pcap(_) | Walk::Snoop(_) => 0,
            Walk::Pcapng(pcapng) => pcapng.untimed(),
        }
    }

    /// Takes the TLS key logs that the capture held since the last time (pcapng's decryption secrets).
    #[inline]
    pub fn take_secrets(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match &mut self.walk {
            Walk::Pcap(_) | Walk::Snoop(_) => None,
            Walk::Pcapng(pcapng) => pcapng.take_secrets(),
        }
    }

    /// How many bytes of secrets could not be used: of other kinds than TLS, or too many.
    #[must_use]
    pub fn secrets_unused(&self) -> u64 {
        match &self.walk {
            Walk::Pcap(_) | Walk::Snoop(_) => 0,
            Walk::Pcapng(pcapng) => pcapng.secrets_unused(),
        }
    }

    /// The stream that is read, below any decompression.
    pub(super) fn input(&self) -> &R {
        self.buffer.input().input()
    }

    /// How many bytes of the capture were walked over, decompressed.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.buffer.offset()
    }
}

/// Whether what begins with these bytes is a capture, not compressed.
#[cfg(feature = "live")]
pub(super) fn is_capture(first: [u8; 4]) -> bool {
    first == pcapng::SECTION_HEADER
        || pcap::variant(first).is_some()
        || snoop::MAGIC.starts_with(&first)
}

fn open_walk<R: Read>(buffer: &mut Buffer<Stream<R>>) -> Result<Walk, OpenError> {
    buffer.ensure(pcapng::SECTION_START);
    let first = buffer.unread();
    let (format, walk) = match first.first_chunk() {
        Some(&pcapng::SECTION_HEADER) if pcapng_or_cut(first) => {
            (Format::Pcapng, Pcapng::new(buffer).map(Walk::Pcapng))
        }
        Some(&magic) if pcap::variant(magic).is_some() => {
            buffer.ensure(pcap::FILE_HEADER);
            let header = buffer.unread().first_chunk().and_then(Pcap::new);
            buffer.ensure(pcap::header_length(magic));
            buffer.consume(pcap::header_length(magic));
            let cut = Fault::here(DamageKind::CutBlock, buffer);
            (Format::Pcap, header.map(Walk::Pcap).ok_or(cut))
        }
        _ if first.starts_with(&snoop::MAGIC) => {
            buffer.ensure(snoop::FILE_HEADER);
            let header = buffer.unread().first_chunk().map(Snoop::new);
            buffer.consume(snoop::FILE_HEADER);
            let walk = header.unwrap_or(Err(DamageKind::CutBlock));
            (Format::Snoop, walk.map(Walk::Snoop).map_err(|kind| Fault::here(kind, buffer)))
        }
        _ => return Err(no_capture(buffer)),
    };
    let fault = match walk {
        Ok(walk) => return Ok(walk),
        Err(fault) => fault,
    };
    if let Some(error) = stream_error(buffer) {
        return Err(error);
    }
    Err(match fault.kind {
        DamageKind::CutBlock => OpenError::CutHeader { format, offset: buffer.end_offset() },
        DamageKind::Version(major, minor) => OpenError::Version { format, major, minor },
        kind => OpenError::DamagedHeader { format, kind },
    })
}

/// Whether bytes that start like a section header go on like one, as far as they go.
fn pcapng_or_cut(first: &[u8]) -> bool {
    matches!(first.get(8..12), None | Some([0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a]))
}

fn no_capture<R: Read>(buffer: &mut Buffer<Stream<R>>) -> OpenError {
    if let Some(error) = stream_error(buffer) {
        return error;
    }
    buffer.ensure(EXCERPT);
    let compression = buffer.input().compression();
    let first = buffer.unread();
    if first.is_empty() {
        return OpenError::Empty(compression);
    }
    let starts_with = first.get(..EXCERPT).unwrap_or(first).to_vec();
    OpenError::NotACapture { compression, starts_with, first_line: None }
}

fn stream_error<R: Read>(buffer: &mut Buffer<Stream<R>>) -> Option<OpenError> {
    let error = buffer.take_error()?;
    Some(match buffer.input().damage(error) {
        DamageKind::Compressed { compression, cut } => OpenError::Compressed { compression, cut },
        DamageKind::Read(error) => OpenError::Read(error),
        kind => OpenError::DamagedHeader { format: Format::Pcap, kind },
    })
}
