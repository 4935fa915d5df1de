//! A stream that holds no packets, decompressed, for `app`, which may recognize it.

use std::io::{self, Read};

use super::Compression;
use super::buffer::Buffer;
use super::compress::Stream;

/// A decompressed stream, read from its first byte on although its head was examined.
pub struct Plain<R: Read> {
    buffer: Buffer<Stream<R>>,
}

impl<R: Read> Plain<R> {
    pub(super) const fn new(buffer: Buffer<Stream<R>>) -> Self {
        Self { buffer }
    }

    /// Up to `most` bytes of its beginning, which stay to be read.
    pub fn head(&mut self, most: usize) -> &[u8] {
        self.buffer.ensure(most);
        let unread = self.buffer.unread();
        unread.get(..most).unwrap_or(unread)
    }

    /// How it was compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.buffer.input().compression()
    }

    /// The stream that is read, below any decompression.
    pub(in crate::source) fn input(&self) -> &R {
        self.buffer.input().input()
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.buffer.read(out)
    }
}
