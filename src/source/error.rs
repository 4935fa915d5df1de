//! The errors of reading captures, as sentences that name the file and the byte.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{Compression, Format, foreign};
use crate::net::{FileId, STANDARD_INPUT, apart, count, escape_bytes, escape_text};

/// A path as an error sentence names it.
struct Named<'a>(&'a Path);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_os_str() == STANDARD_INPUT {
            return f.write_str("standard input");
        }
        f.write_str(&escape_text(&self.0.to_string_lossy()))
    }
}

/// Why no trace could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The list of inputs was empty.
    #[error("no input given")]
    NoInput,
    /// The only input could not be read.
    #[error(transparent)]
    Unreadable(InputError),
    /// None of several inputs could be read.
    #[error("{first} ({others} more could not be read either)")]
    NoneReadable {
        /// What was wrong with the first of them.
        first: InputError,
        /// How many others failed.
        others: usize,
    },
}

/// What was wrong with one input.
#[derive(Clone, Debug)]
pub struct InputError {
    /// The input as the user gave it, `-` for standard input.
    pub path: PathBuf,
    /// Why it could not be read.
    pub reason: OpenError,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Named(&self.path);
        match self.reason {
            OpenError::Empty(Compression::None) if self.path.as_os_str() == STANDARD_INPUT => {
                write!(f, "{name}: empty, not a capture")
            }
            ref reason => write!(f, "{name}: {reason}"),
        }
    }
}

impl std::error::Error for InputError {}

/// Why an input is not a capture that can be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("no such file or directory")]
    NotFound,
    /// The user may not read it.
    #[error("permission denied")]
    PermissionDenied,
    /// A directory in which no file is a capture.
    #[error("no captures or logs in this directory")]
    NoCaptures,
    /// An archive in which no file is a capture.
    #[error("no captures or logs in this archive")]
    NothingInArchive,
    /// An archive in an archive in an archive.
    #[error("an archive inside two others; unpack it first")]
    TooDeep,
    /// An archive that cannot be read.
    #[error("{kind} archive damaged: {trouble}")]
    Archive {
        /// The kind of archive.
        kind: &'static str,
        /// What its reader says.
        trouble: String,
    },
    /// There is no room to unpack an archive.
    #[error("cannot be unpacked: {0}")]
    Unpack(ReadError),
    /// More files than a frame reference can number.
    #[error("too many capture files, at most 65536 can be read together")]
    TooManyFiles,
    /// It holds no bytes.
    #[error("{}", empty_sentence(*.0))]
    Empty(Compression),
    /// Its first bytes are those of no capture format.
    #[error("{}", not_a_capture_sentence(*.compression, .starts_with, .first_line.as_deref()))]
    NotACapture {
        /// How it was compressed.
        compression: Compression,
        /// Its first bytes, decompressed.
        starts_with: Vec<u8>,
        /// Its first line, if it is a text that is no log either.
        first_line: Option<String>,
    },
    /// It ends, or is damaged, before the end of the capture header.
    #[error("{} file cut in the middle of its header, at byte {offset}", .format.name())]
    CutHeader {
        /// The capture format its first bytes announce.
        format: Format,
        /// The byte where the data ends.
        offset: u64,
    },
    /// The header is of an unknown format version.
    #[error("{} version {major}.{minor} is not supported", .format.name())]
    Version {
        /// The capture format.
        format: Format,
        /// The major version.
        major: u16,
        /// The minor version.
        minor: u16,
    },
    /// The header contradicts itself.
    #[error("{} file with a damaged header: {kind}", .format.name())]
    DamagedHeader {
        /// The capture format its first bytes announce.
        format: Format,
        /// What is wrong with it.
        kind: DamageKind,
    },
    /// The compressed data breaks before the end of the capture header.
    #[error("{} before the end of the capture header", stream_sentence(*.compression, *.cut))]
    Compressed {
        /// The compression.
        compression: Compression,
        /// Whether the data ends too early, rather than being damaged.
        cut: bool,
    },
    /// The operating system refused to open or to read it.
    #[error("{0}")]
    Read(ReadError),
}

impl OpenError {
    /// The same of a text that is no log either.
    pub(super) fn with_first_line(self, line: Option<String>) -> Self {
        match self {
            Self::NotACapture { compression, starts_with, .. } => {
                Self::NotACapture { compression, starts_with, first_line: line }
            }
            other => other,
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Read(ReadError::from(error)),
        }
    }
}

/// `1 file`, `2 files`.
fn misstamped(packets: u64, first: u64, off: i64) -> String {
    let off = format!("{} {}", apart(off), if off < 0 { "earlier" } else { "later" });
    if packets == 1 {
        return format!(
            "packet {first} is stamped {off} than the packets around it: it counts at the time of the one before"
        );
    }
    format!(
        "{packets} packets are stamped far from those around them, packet {first} first, {off}: each counts at \
         the time of the one before"
    )
}

fn clock_set(number: u64, by: i64) -> String {
    format!(
        "the clock was set {} {} before packet {number}, in the middle of exchanges: later times are shown as if \
         it had not been",
        apart(by),
        if by < 0 { "back" } else { "ahead" }
    )
}

fn skipped(files: u64, of: &str) -> String {
    let what = if files == 1 { "neither capture nor log" } else { "neither captures nor logs" };
    format!("skipped {} in this {of}: {what}", count(files, "file"))
}

fn empty_sentence(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "empty file, not a capture",
        Compression::Gzip => "nothing inside the gzip data, not a capture",
        Compression::Zstd => "nothing inside the zstd data, not a capture",
    }
}

fn not_a_capture_sentence(
    compression: Compression,
    starts_with: &[u8],
    first_line: Option<&str>,
) -> String {
    let excerpt = escape_bytes(starts_with);
    let foreign = foreign(starts_with);
    if let (Some(line), None) = (first_line, &foreign) {
        let line = escape_text(line);
        return format!("not a capture file and no log regscope knows (first line: \"{line}\")");
    }
    match (compression, foreign) {
        (Compression::None, Some(sentence)) => sentence,
        (other, Some(sentence)) => format!("{sentence} (inside the {} data)", other.name()),
        (Compression::None, None) => format!("not a capture file (starts with \"{excerpt}\")"),
        (other, None) => format!(
            "not a capture file inside the {} data (starts with \"{excerpt}\")",
            other.name()
        ),
    }
}

fn stream_sentence(compression: Compression, cut: bool) -> String {
    let what = if cut { "cut short" } else { "damaged" };
    format!("{} data {what}", compression.name())
}

/// An error of the operating system while reading; cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadError(Arc<io::Error>);

impl ReadError {
    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read failed: {}", self.0)
    }
}

/// What ended a capture before its end.
#[derive(Clone, Debug)]
pub struct Damage {
    /// What it was.
    pub kind: DamageKind,
    /// The byte where the record that is damaged or cut begins, or where the readable data ends.
    pub offset: u64,
    /// How the file is compressed; `offset` counts decompressed bytes.
    pub compression: Compression,
    /// How many packets precede it, all of which were read.
    pub packets: u64,
}

/// The kinds of damage a capture can have.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DamageKind {
    /// The data ends within a packet record.
    #[error("cut in the middle of packet {0}")]
    CutPacket(u64),
    /// The data ends within a pcapng block that is no packet.
    #[error("cut in the middle of a block")]
    CutBlock,
    /// A packet record claims more bytes than any capture keeps of a packet.
    #[error("damaged, packet {number} claims {length} bytes")]
    PacketLength {
        /// The packet's number.
        number: u64,
        /// The length it claims.
        length: u32,
    },
    /// A pcapng block claims an impossible length.
    #[error("damaged, a block claims {0} bytes")]
    BlockLength(u32),
    /// The two length fields around a pcapng block differ.
    #[error("damaged, a block claims {first} bytes in front and {last} at its end")]
    TrailingLength {
        /// The length in front.
        first: u32,
        /// The length at the end.
        last: u32,
    },
    /// A pcapng section begins with no known byte order.
    #[error("damaged, a section without a byte order")]
    ByteOrder,
    /// A later pcapng section is of an unknown version.
    #[error("pcapng version {0}.{1} is not supported")]
    Version(u16, u16),
    /// A packet refers to an interface its section does not describe.
    #[error(
        "damaged, packet {number} was captured on interface {interface}, which is not described"
    )]
    UnknownInterface {
        /// The packet's number.
        number: u64,
        /// The interface it names.
        interface: u32,
    },
    /// A section describes more interfaces than a reader keeps.
    #[error("damaged, a section with more than 65536 interfaces")]
    TooManyInterfaces,
    /// The compressed data breaks.
    #[error("{}", stream_sentence(*.compression, *.cut))]
    Compressed {
        /// The compression.
        compression: Compression,
        /// Whether the data ends too early, rather than being damaged.
        cut: bool,
    },
    /// The operating system failed to deliver the next bytes.
    #[error("{0}")]
    Read(ReadError),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.kind, self.offset)?;
        if self.compression != Compression::None {
            f.write_str(" of the decompressed data")?;
        }
        match self.packets {
            0 => f.write_str("; no packet was read before it"),
            1 => f.write_str("; the packet before it was read"),
            n => write!(f, "; the {n} packets before it were read"),
        }
    }
}

/// Something the reader of a report must know about its inputs, though reading went on.
#[derive(Clone, Debug)]
pub struct Warning {
    /// The file, if it was opened at all.
    pub file: Option<FileId>,
    /// The input as the user gave it, `-` for standard input.
    pub path: PathBuf,
    /// The byte it is about, decompressed.
    pub offset: Option<u64>,
    /// What happened.
    pub kind: WarningKind,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Named(&self.path), self.kind)
    }
}

/// The kinds of [`Warning`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum WarningKind {
    /// This input was left out.
    #[error("{0}")]
    Unreadable(OpenError),
    /// This file ended before its end.
    #[error("{0}")]
    Damaged(Damage),
    /// Packets were captured without a time and took that of the packet before them.
    #[error("{} without a time, counted at that of the packet before", count(*.0, "packet"))]
    Untimed(u64),
    /// Packets are stamped so far from those around them that their stamps are not believed.
    #[error("{}", misstamped(*.packets, *.first, *.off))]
    Misstamped {
        /// How many.
        packets: u64,
        /// The number of the first.
        first: u64,
        /// By how many nanoseconds it is off.
        off: i64,
    },
    /// The clock was set while captured.
    #[error("{}", clock_set(*.number, *.by))]
    ClockSet {
        /// The number of the first packet behind.
        number: u64,
        /// By how many nanoseconds.
        by: i64,
    },
    /// Decryption secrets that cannot be used here.
    #[error("left out {} of decryption secrets: other kinds than TLS key logs, or too many", count(*.0, "byte"))]
    SecretsUnused(u64),
    /// Files of a directory that are no captures were left out.
    #[error("{}", skipped(*.0, "directory"))]
    Skipped(u64),
    /// Files of an archive that are no captures were left out.
    #[error("{}", skipped(*.0, "archive"))]
    SkippedInArchive(u64),
    /// Files of an archive that cannot be unpacked were left out.
    #[error("left out {} of this archive, encrypted or compressed by a method that is not read",
        count(*.0 as u64, "file"))]
    MembersUnreadable(usize),
    /// The rest of an archive was left out.
    #[error("read no further in this archive: {0}")]
    ArchiveEnds(String),
}

/// An input that was left out.
impl From<InputError> for Warning {
    fn from(InputError { path, reason }: InputError) -> Self {
        Self { file: None, path, offset: None, kind: WarningKind::Unreadable(reason) }
    }
}
