//! A place in a line that moves on as its parts are read.

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor before the first byte of `text`.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were taken.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// What comes next.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Leaves out `count` bytes.
    pub(super) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.text.len());
    }

    /// Takes `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes blanks and tabs.
    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Takes a number of `least` to `most` digits; longer ones are none.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<u64> {
        let rest = self.rest();
        let length = rest.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if length < least || length > most {
            return None;
        }
        self.at += length;
        let digits = rest.get(..length)?;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
    }
}
