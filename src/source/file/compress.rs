//! Decompresses a stream by what it starts with, whatever its name.

use std::io::{self, BufRead, BufReader, Read};

use super::gzip::Gzip;
use crate::source::error::{DamageKind, ReadError};

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, in one member or several.
    Gzip,
    /// Zstandard, in one frame or several.
    Zstd,
}

impl Compression {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A Zstandard frame, or a skippable one as parallel compressors put in front.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How much compressed data is read at once.
const COMPRESSED_BUFFER: usize = 64 << 10;
/// How much Zstandard sees at once: it loses what one call produced when that call finds damage.
const ZSTD_BUFFER: usize = 8 << 10;

/// A stream whose first bytes were examined and are read again.
///
/// It retries interrupted reads, and it remembers whether an error was its own or a decoder's.
pub(super) struct Head<R> {
    magic: [u8; 4],
    replay: std::ops::Range<usize>,
    input: R,
    failed: bool,
}

impl<R: Read> Head<R> {
    fn new(input: R) -> io::Result<Self> {
        let mut head = Self { magic: [0; 4], replay: 0..0, input, failed: false };
        let mut magic = [0; 4];
        let mut known = 0;
        while let Some(free) = magic.get_mut(known..).filter(|free| !free.is_empty()) {
            match head.read(free)? {
                0 => break,
                read => known += read,
            }
        }
        head.magic = magic;
        head.replay = 0..known;
        Ok(head)
    }
}

impl<R: Read> Read for Head<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.replay.is_empty() {
            let mut magic = self.magic.get(self.replay.clone()).unwrap_or_default();
            let read = magic.read(out)?;
            self.replay.start += read;
            return Ok(read);
        }
        loop {
            match self.input.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
                read => return read,
            }
        }
    }
}

/// A capture's bytes, decompressed.
pub(super) enum Stream<R: Read> {
    Plain(Head<R>),
    Gzip(Box<Gzip<BufReader<Head<R>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Head<R>>>>),
}

impl<R: Read> Stream<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        let head = Head::new(input)?;
        let magic = head.magic.get(head.replay.clone()).unwrap_or_default();
        Ok(match Compression::of(magic) {
            Compression::None => Self::Plain(head),
            Compression::Gzip => {
                let compressed = BufReader::with_capacity(COMPRESSED_BUFFER, head);
                Self::Gzip(Box::new(Gzip::new(compressed)))
            }
            Compression::Zstd => {
                let compressed = BufReader::with_capacity(ZSTD_BUFFER, head);
                Self::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(compressed)?))
            }
        })
    }

    pub(super) fn compression(&self) -> Compression {
        match self {
            Self::Plain(_) => Compression::None,
            Self::Gzip(_) => Compression::Gzip,
            Self::Zstd(_) => Compression::Zstd,
        }
    }

    fn head(&self) -> &Head<R> {
        match self {
            Self::Plain(head) => head,
            Self::Gzip(gzip) => gzip.input().get_ref(),
            Self::Zstd(zstd) => zstd.get_ref().get_ref(),
        }
    }

    /// The stream below the decompression.
    pub(super) fn input(&self) -> &R {
        &self.head().input
    }

    /// What an error of this stream says about the file: it could not be read, or it is broken.
    pub(super) fn damage(&self, error: io::Error) -> DamageKind {
        if self.head().failed || self.compression() == Compression::None {
            return DamageKind::Read(ReadError::from(error));
        }
        let cut = error.kind() == io::ErrorKind::UnexpectedEof;
        DamageKind::Compressed { compression: self.compression(), cut }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(head) => head.read(out),
            Self::Gzip(gzip) => gzip.read(out),
            Self::Zstd(zstd) => zstd.read(out),
        }
    }
}

/// The next byte of a stream that must have one.
pub(super) fn next_byte(input: &mut impl BufRead) -> io::Result<u8> {
    let byte = *input.fill_buf()?.first().ok_or(io::ErrorKind::UnexpectedEof)?;
    input.consume(1);
    Ok(byte)
}
