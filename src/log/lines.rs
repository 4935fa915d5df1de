//! Cuts the bytes of a log into lines: their places, and a bound on their length.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::Place;
use super::feed::Feed;
use super::key_search::KeySearch;

/// The longest line that is kept; the rest of a longer one is left out.
pub(super) const MAX_LINE: usize = 64 * 1024;
/// A line in the buffer, without its line end.
#[derive(Clone, Debug)]
pub(super) struct RawLine {
    /// Where it is in the file.
    pub at: Place,
    range: Range<usize>,
}

/// The lines of an input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: Feed<R>,
    buffer: Vec<u8>,
    /// Where in the buffer the next line begins.
    next: usize,
    /// Where in the file lines have keys, in order; those before the next line are of no interest any more.
    keys: VecDeque<u64>,
    /// Up to where in the file that is known.
    searched: u64,
    /// The byte offset of `buffer[0]` in the file.
    base: u64,
    /// Lines before the next one.
    before: u64,
    /// The end of an overlong line is left out.
    skipping: bool,
    /// What ends a line: LF, or CR in a file that has no LF.
    separator: u8,
    /// Lines that were cut.
    pub cut: u64,
}

impl<R: Read> Lines<R> {
    /// The lines of `head` and of the `input` behind it.
    pub(super) fn new(head: Vec<u8>, input: R, separator: u8) -> Self {
        let next = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            input: Feed::new(input),
            buffer: head,
            next,
            keys: VecDeque::new(),
            searched: 0,
            base: 0,
            before: 0,
            skipping: false,
            separator,
            cut: 0,
        }
    }

    /// Goes on with another file; what is left of this one is its last line, already taken.
    pub(super) fn go_on_with(&mut self, input: R) {
        self.input = Feed::new(input);
        self.buffer.clear();
        self.next = 0;
        self.keys.clear();
        self.searched = 0;
        self.base = 0;
        self.before = 0;
        self.cut = 0;
        self.skipping = false;
    }

    /// The byte offset of the next line.
    pub(super) fn position(&self) -> u64 {
        self.base + u64::try_from(self.next).unwrap_or(u64::MAX)
    }

    /// The number of lines that were taken.
    pub(super) const fn count(&self) -> u64 {
        self.before
    }

    /// The next line; `None` at the end. A last line without its line end is taken only if `flush` is set.
    pub(super) fn next(&mut self, flush: bool) -> io::Result<Option<RawLine>> {
        let mut searched = 0;
        loop {
            let rest = self.buffer.get(self.next..).unwrap_or_default();
            let found = memchr(self.separator, rest.get(searched..).unwrap_or_default());
            if let Some(found) = found {
                let length = searched + found;
                if self.skipping {
                    self.skipping = false;
                    self.next += length + 1;
                    searched = 0;
                    continue;
                }
                self.cut += u64::from(length > MAX_LINE);
                return Ok(Some(self.take(length, length + 1)));
            }
            searched = rest.len();
            if searched > MAX_LINE {
                if let Some(line) = self.cut_short(searched) {
                    return Ok(Some(line));
                }
                searched = 0;
            }
            if !self.fill()? {
                return Ok(self.last(flush));
            }
        }
    }

    /// Takes the start of an overlong line, or leaves out more of it.
    fn cut_short(&mut self, have: usize) -> Option<RawLine> {
        if self.skipping {
            self.next += have;
            return None;
        }
        self.cut += 1;
        self.skipping = true;
        let line = self.take(MAX_LINE, MAX_LINE);
        Some(line)
    }

    /// Takes the line that the input ends in.
    fn last(&mut self, flush: bool) -> Option<RawLine> {
        let have = self.buffer.len().saturating_sub(self.next);
        if !flush || have == 0 {
            return None;
        }
        if self.skipping {
            self.next += have;
            return None;
        }
        Some(self.take(have, have))
    }

    /// Takes a line of `length` bytes and goes on `step` bytes.
    fn take(&mut self, length: usize, step: usize) -> RawLine {
        let offset = self.base + u64::try_from(self.next).unwrap_or(u64::MAX);
        self.before += 1;
        let length = length.min(MAX_LINE);
        let line = RawLine {
            at: Place { line: self.before, offset },
            range: self.next..self.next + length,
        };
        self.next += step;
        line
    }

    /// The text of a line just taken.
    pub(super) fn text(&self, line: &RawLine) -> &[u8] {
        let text = self.buffer.get(line.range.clone()).unwrap_or_default();
        let ends = text.iter().rev().take_while(|byte| **byte == b'\r').count();
        text.get(..text.len() - ends).unwrap_or_default()
    }

    /// The whole lines that are in the buffer and not taken yet.
    fn whole(&self) -> &[u8] {
        let rest = self.buffer.get(self.next..).unwrap_or_default();
        let whole = memchr::memrchr(self.separator, rest).map_or(0, |end| end + 1);
        if self.skipping { &[] } else { rest.get(..whole).unwrap_or_default() }
    }

    /// The lines that are in the buffer, not taken yet, and without any of the keys of `search`; up to the first key,
    /// which is inside a line, if there is one.
    pub(super) fn without_key(&mut self, search: &KeySearch) -> &[u8] {
        let from = self.position();
        let whole = self.whole();
        let end = from + whole.len() as u64;
        if self.searched < end {
            let begin = usize::try_from(self.searched.saturating_sub(from)).unwrap_or(usize::MAX);
            let mut found = Vec::new();
            let text = whole.get(begin..).unwrap_or_default();
            search.lines(text, self.separator, self.searched.max(from), &mut found);
            self.keys.extend(found);
            self.searched = end;
        }
        while self.keys.front().is_some_and(|key| *key < from) {
            self.keys.pop_front();
        }
        let whole = self.whole();
        let key = self.keys.front().and_then(|key| usize::try_from(*key - from).ok());
        whole.get(..key.unwrap_or(whole.len())).unwrap_or(whole)
    }

    /// Leaves out the lines in the next `length` bytes, which end with a line end.
    pub(super) fn skip(&mut self, length: usize) {
        let rest = self.buffer.get(self.next..).unwrap_or_default();
        let skipped = rest.get(..length).unwrap_or(rest);
        let lines = memchr_iter(self.separator, skipped).count();
        self.before += u64::try_from(lines).unwrap_or(u64::MAX);
        self.next += skipped.len();
    }

    /// Reads on; whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.next > 0 {
            self.base += u64::try_from(self.next).unwrap_or(u64::MAX);
            self.buffer.drain(..self.next);
            self.next = 0;
        }
        let begin = self.base + self.buffer.len() as u64;
        let (more, keys) = self.input.fill(&mut self.buffer)?;
        if let Some(keys) = keys {
            self.keys.extend(keys.into_iter().map(|key| begin + key));
            self.searched = self.base + self.buffer.len() as u64;
        }
        Ok(more)
    }
}

impl<R: Read + Send + 'static> Lines<R> {
    /// Reads on in a thread of its own, which finds the keys too if it is given their search.
    pub(super) fn read_ahead(&mut self, search: Option<&'static KeySearch>) -> io::Result<()> {
        let whole = memchr::memrchr(self.separator, &self.buffer).map_or(0, |end| end + 1);
        let begun = self.buffer.split_off(whole.max(self.next));
        self.input.read_ahead(begun, self.separator, search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], flush: bool) -> Vec<(u64, u64, String)> {
        let mut lines = Lines::new(Vec::new(), bytes, b'\n');
        let mut all = Vec::new();
        while let Some(line) = lines.next(flush).unwrap() {
            let text = String::from_utf8_lossy(lines.text(&line)).into_owned();
            all.push((line.at.line, line.at.offset, text));
        }
        all
    }

    #[test]
    fn counts_lines_and_offsets() {
        let found = lines(b"a\r\n\nbc\r\r\nlast", true);
        let texts: Vec<_> =
            found.iter().map(|(line, at, text)| (*line, *at, text.as_str())).collect();
        assert_eq!(texts, [(1, 0, "a"), (2, 3, ""), (3, 4, "bc"), (4, 9, "last")]);
    }

    #[test]
    fn a_partial_last_line_waits() {
        assert_eq!(lines(b"a\nb", false).len(), 1);
    }

    #[test]
    fn an_overlong_line_is_cut_and_counted_once() {
        let mut bytes = vec![b'x'; 3 * MAX_LINE];
        bytes.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(Vec::new(), bytes.as_slice(), b'\n');
        let first = lines.next(true).unwrap().unwrap();
        assert_eq!(lines.text(&first).len(), MAX_LINE);
        let second = lines.next(true).unwrap().unwrap();
        assert_eq!((lines.text(&second), second.at.line), (b"next".as_slice(), 2));
        assert_eq!((lines.cut, lines.count()), (1, 2));
    }
}
