//! Files that are no captures, handed to whoever knows what they are.

use std::io::{self, Read};
use std::path::PathBuf;

use super::file::{Compression, Plain};
use super::input::Input;
use crate::net::{FileId, Timestamp};

/// A file that is no capture.
pub struct Other {
    /// Its place among the inputs, if it is taken.
    pub file: FileId,
    /// The file as the user gave it, `-` for standard input.
    pub path: PathBuf,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// Its bytes, decompressed.
    pub stream: OtherStream,
}

/// The bytes of a file that is no capture, decompressed.
pub struct OtherStream(pub(super) Plain<Input>);

impl OtherStream {
    /// How it was compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.0.compression()
    }

    /// How many bytes of the file were read, compressed as they are.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.0.input().position()
    }
}

impl Read for OtherStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

/// Knows what files are that are no captures.
pub trait Others {
    /// Takes a file, or says with its first line why not.
    fn take(&mut self, other: Other) -> Result<(), NotTaken>;
}

/// A file that nobody knows, by its first line.
#[derive(Clone, Debug, Default)]
pub struct NotTaken {
    /// Its first line, if it is text.
    pub first_line: Option<String>,
}

/// Knows nothing but captures.
pub struct CapturesOnly;

impl Others for CapturesOnly {
    fn take(&mut self, _: Other) -> Result<(), NotTaken> {
        Err(NotTaken::default())
    }
}
