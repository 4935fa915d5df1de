//! Keeps the window of a stream that is being walked.

use std::io::Read;
use std::ops::Range;

/// A contiguous, growing window over a stream, from which records are lent without a copy.
pub(super) struct Buffer<R> {
    input: R,
    data: Vec<u8>,
    unread: Range<usize>,
    /// Stream offset of `data`'s first byte.
    base: u64,
    /// The size to which `data` returns after an oversized record.
    usual: usize,
    ended: bool,
    error: Option<std::io::Error>,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(input: R, size: usize) -> Self {
        let usual = size.max(64);
        let data = vec![0; usual];
        Self { input, data, unread: 0..0, base: 0, usual, ended: false, error: None }
    }

    /// Whether at least `count` bytes are there, reading more if need be.
    ///
    /// Once false it stays false: the stream has ended, or failed ([`Self::take_error`]).
    #[inline]
    pub(super) fn ensure(&mut self, count: usize) -> bool {
        self.unread.len() >= count || self.read_until(count)
    }

    /// The bytes that are there and were not consumed.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        self.data.get(self.unread.clone()).unwrap_or_default()
    }

    /// Gives up `count` bytes, which must be there; they stay lendable until the next `ensure`.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) -> Range<usize> {
        let from = self.unread.start;
        self.unread.start = self.unread.end.min(from + count);
        from..self.unread.start
    }

    /// Gives up `count` bytes wherever they are; false when the stream ends before that.
    pub(super) fn skip(&mut self, mut count: usize) -> bool {
        loop {
            let step = count.min(self.unread.len());
            self.consume(step);
            count -= step;
            if count == 0 {
                return true;
            }
            if !self.ensure(1) {
                return false;
            }
        }
    }

    /// Bytes given up earlier, by their range.
    #[inline]
    pub(super) fn lend(&self, range: Range<usize>) -> &[u8] {
        self.data.get(range).unwrap_or_default()
    }

    /// Reads until there are `count` unread bytes, or to the end; whether there are. What was given up in
    /// `kept` stays lendable, at the place that is in `kept` then.
    pub(super) fn read_ahead(&mut self, kept: &mut Range<usize>, count: usize) -> bool {
        let given_up = self.unread.start.saturating_sub(kept.start);
        self.unread.start -= given_up;
        let enough = self.ensure(count + given_up);
        *kept = self.unread.start..self.unread.start + kept.len();
        self.unread.start += given_up;
        enough
    }

    /// Moves unread bytes into `out` or, where there are none, more of the stream; how many.
    pub(super) fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.unread.is_empty() && !self.ended {
            self.base += self.unread.start as u64;
            self.unread = 0..0;
            let read = self.input.read(out)?;
            self.base += read as u64;
            return Ok(read);
        }
        let count = self.unread.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), self.unread().get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        if count > 0 { Ok(count) } else { self.take_error().map_or(Ok(0), Err) }
    }

    /// Stream offset of the first unread byte.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.base + self.unread.start as u64
    }

    /// Stream offset after the last byte that was read.
    pub(super) fn end_offset(&self) -> u64 {
        self.base + self.unread.end as u64
    }

    /// What made the stream fail, if it did not just end.
    pub(super) fn take_error(&mut self) -> Option<std::io::Error> {
        self.error.take()
    }

    pub(super) fn input(&self) -> &R {
        &self.input
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.data.capacity()
    }

    #[cold]
    #[inline(never)]
    fn read_until(&mut self, count: usize) -> bool {
        self.compact();
        while self.unread.len() < count && !self.ended {
            if self.unread.end == self.data.len() {
                // Only a full window grows: a length field alone allocates nothing.
                let grown = self.data.len().saturating_mul(2).min(count.max(self.data.len()));
                self.data.resize(grown, 0);
            }
            let Some(free) = self.data.get_mut(self.unread.end..) else { break };
            match self.input.read(free) {
                Ok(0) => self.ended = true,
                Ok(read) => self.unread.end += read.min(free.len()),
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        self.unread.len() >= count
    }

    fn compact(&mut self) {
        if self.unread.start > 0 {
            self.base += self.unread.start as u64;
            self.data.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.data.len() > self.usual && self.unread.len() <= self.usual / 2 {
            self.data.truncate(self.usual);
            self.data.shrink_to_fit();
        }
    }
}
