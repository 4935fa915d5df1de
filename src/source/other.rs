//! Files that are no captures, handed to the code that may recognize them.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::file::Plain;
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
pub struct OtherStream {
    plain: Plain<Input>,
    /// How many bytes of the file were read, compressed as they are.
    read: Arc<AtomicU64>,
}

impl OtherStream {
    pub(super) fn new(plain: Plain<Input>) -> Self {
        Self { plain, read: Arc::default() }
    }

    /// A meter of how many bytes of the file were read, compressed as they are, for another thread.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.read))
    }
}

/// Shows how much of a file was read.
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// How many bytes of the file were read, compressed as they are.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Read for OtherStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.plain.read(out)?;
        self.read.store(self.plain.input().position(), Ordering::Relaxed);
        Ok(count)
    }
}

/// Knows what files are that are no captures.
pub trait Others {
    /// Takes a file, or says with its first line why not.
    fn take(&mut self, other: Other) -> Result<(), NotTaken>;
}

/// A file that was not recognized, with its first line.
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
