//! The byte-level reading that all SIP values share: lines, white space, quotes, lists, numbers.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use super::find;

/// Linear white space and the line ends inside a folded value (RFC 3261 §7.3.1).
pub(super) const fn is_lws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A character of `token` (RFC 3261 §25.1).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// `bytes[start..end]`, empty when that is out of range.
pub(super) fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

/// `bytes[start..]`, empty when that is out of range.
pub(super) fn tail(bytes: &[u8], start: usize) -> &[u8] {
    bytes.get(start..).unwrap_or_default()
}

/// `bytes` without linear white space at its start.
pub(super) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_lws(*first)
    {
        bytes = rest;
    }
    bytes
}

/// `bytes` without linear white space at either end.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., last] = bytes
        && is_lws(*last)
    {
        bytes = rest;
    }
    bytes
}

/// `bytes` split around the first `at`, which belongs to neither part.
pub(super) fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = memchr(at, bytes)?;
    Some((slice(bytes, 0, position), tail(bytes, position + 1)))
}

/// Whether `bytes` starts with `prefix` in any case.
pub(super) fn starts_with_ignore_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// One line: where its text ends, where the next begins, and whether it had a line end.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) end: usize,
    pub(super) next: usize,
    pub(super) terminated: bool,
}

/// The line that starts at `from`.
///
/// A line ends with LF, with CR LF (however many CR), or with a CR alone: all are found on the
/// wire, and none is text of a header.
pub(super) fn line_at(bytes: &[u8], from: usize) -> Line {
    line_to(bytes, find::line_end(bytes, from))
}

/// The line that ends at the CR or LF at `end`, if there is one.
pub(super) fn line_to(bytes: &[u8], end: Option<usize>) -> Line {
    let Some(end) = end else {
        return Line { end: bytes.len(), next: bytes.len(), terminated: false };
    };
    let mut next = end;
    while bytes.get(next) == Some(&b'\r') {
        next += 1;
    }
    // CRs that lead to no LF are line ends of their own: this line takes the first only.
    let next = if bytes.get(next) == Some(&b'\n') { next + 1 } else { end + 1 };
    Line { end, next, terminated: true }
}

/// The position after the quote that closes a quoted string whose text starts at `from`
/// (RFC 3261 §25.1); `None` when nothing closes it.
pub(super) fn after_quoted(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let hit = find::either(bytes, at, b'"', b'\\')?;
        if bytes.get(hit) == Some(&b'"') {
            return Some(hit + 1);
        }
        at = hit + 2;
    }
}

/// `value` without the quotes around it; escapes inside stay as they are.
pub(super) fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// The number that the digits at the start of `text` make, saturating at `u64::MAX`, and how many they are; `None`
/// if there are none.
#[inline]
pub(super) fn digits(text: &[u8]) -> Option<(u64, usize)> {
    let (mut number, mut count) = (0_u64, 0);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.saturating_mul(10).saturating_add(u64::from(digit));
        count += 1;
    }
    (count > 0).then_some((number, count))
}

/// The number a header value starts with, saturating at `u64::MAX`; `None` when it starts with anything but a
/// digit.
///
/// What follows the digits is ignored: comments (RFC 3261 §20.33), parameters, stray text.
pub(super) fn long_number(value: &[u8]) -> Option<u64> {
    Some(digits(trim_start(value))?.0)
}

/// As [`long_number`], saturating at `u32::MAX`.
pub(super) fn number(value: &[u8]) -> Option<u32> {
    Some(u32::try_from(long_number(value)?).unwrap_or(u32::MAX))
}

/// `value` with every fold (line end and the white space around it) made one space
/// (RFC 3261 §7.3.1).
#[must_use]
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(end) = memchr2(b'\r', b'\n', rest) {
        out.extend_from_slice(slice(rest, 0, end));
        while matches!(out.last(), Some(b' ' | b'\t')) {
            out.pop();
        }
        out.push(b' ');
        rest = trim_start(tail(rest, end));
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The elements of a comma-separated value, trimmed, empty ones left out (RFC 3261 §7.3.1).
///
/// Commas in quoted strings and between `<` and `>` separate nothing. A quote or bracket that
/// nothing closes is an ordinary character.
#[derive(Clone, Debug)]
pub(super) struct ListItems<'a> {
    rest: &'a [u8],
    quotes: bool,
    brackets: bool,
}

/// The elements of `value`.
pub(super) const fn list_items(value: &[u8]) -> ListItems<'_> {
    ListItems { rest: value, quotes: true, brackets: true }
}

impl ListItems<'_> {
    /// Where the first element of what is left ends.
    fn item_end(&mut self) -> usize {
        if !has_comma(self.rest) {
            return self.rest.len();
        }
        let mut at = 0;
        while let Some(found) = memchr3(b',', b'"', b'<', tail(self.rest, at)) {
            let hit = at + found;
            at = match self.rest.get(hit) {
                Some(b'"') if self.quotes => {
                    after_quoted(self.rest, hit + 1).unwrap_or_else(|| {
                        // remembered, or many of them would cost a search to the end each
                        self.quotes = false;
                        hit + 1
                    })
                }
                Some(b'<') if self.brackets => {
                    let close = memchr(b'>', tail(self.rest, hit));
                    self.brackets = close.is_some();
                    hit + 1 + close.unwrap_or(0)
                }
                Some(b',') => return hit,
                _ => hit + 1,
            };
        }
        self.rest.len()
    }
}

/// Whether `value` may have several elements.
pub(super) fn has_comma(value: &[u8]) -> bool {
    find::byte(value, 0, b',').is_some()
}

impl<'a> Iterator for ListItems<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = self.item_end();
            let item = trim(slice(self.rest, 0, end));
            self.rest = tail(self.rest, end + 1);
            if !item.is_empty() {
                return Some(item);
            }
        }
        None
    }
}
