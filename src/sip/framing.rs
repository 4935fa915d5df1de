//! Finds where a message ends and the next begins, in a datagram and in a stretch of a stream.

use memchr::{memchr2, memmem, memrchr2};

use super::find;
use super::header::HeaderName;
use super::message::{HeadEnd, Message};
use super::scan::{slice, starts_with_ignore_case, tail};
use super::start_line::{StartLine, VERSION};

/// The longest start line searched for in unknown data.
pub(super) const MAX_START_LINE: usize = 8 * 1024;

/// Every SIP message of one datagram, in order (RFC 3261 §18.3).
///
/// A message ends where its Content-Length says, or with the datagram when it has none. White
/// space and NULs before a message are skipped; anything else ends the search. `cut` says that
/// bytes are missing at the end of `bytes`.
#[must_use]
pub const fn datagram(bytes: &[u8], cut: bool) -> Datagram<'_> {
    Datagram { rest: bytes, cut }
}

/// The messages of one datagram; made by [`datagram`].
#[derive(Clone, Debug)]
pub struct Datagram<'a> {
    rest: &'a [u8],
    cut: bool,
}

impl<'a> Iterator for Datagram<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let bytes = tail(self.rest, filler(self.rest));
        self.rest = &[];
        let mut message = Message::scan(bytes, self.cut)?;
        let length = length_in_datagram(&message, bytes, self.cut);
        message.set_length(length);
        self.rest = tail(bytes, length);
        Some(message)
    }
}

/// How many bytes between messages mean nothing: line ends (RFC 3261 §7.5, RFC 5626 §3.5.1), and
/// the blanks and NULs some senders pad with.
pub(super) fn filler(bytes: &[u8]) -> usize {
    let meaningful = |byte: &u8| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0);
    bytes.iter().position(meaningful).unwrap_or(bytes.len())
}

/// How long `message` is, which starts `bytes`.
pub(super) fn length_in_datagram(message: &Message<'_>, bytes: &[u8], cut: bool) -> usize {
    let head = message.head_len();
    if message.head_end() != HeadEnd::Blank {
        return head;
    }
    match declared_length(message) {
        Some(length) if length <= bytes.len() => length,
        // bytes are known to be missing: nothing to be mended
        Some(_) if cut => bytes.len(),
        // no length, or one that is wrong: the body ends with the datagram, unless what follows
        // the headers is plainly another message
        _ => head + next_start_in_body(message, bytes).unwrap_or(bytes.len() - head),
    }
}

/// The length of head and body by Content-Length (RFC 3261 §20.14).
pub(super) fn declared_length(message: &Message<'_>) -> Option<usize> {
    let length = usize::try_from(message.content_length()?).unwrap_or(usize::MAX);
    Some(message.head_len().saturating_add(length))
}

/// Where in the bytes after the head of `message` another message plainly starts; never in a body
/// that is meant to hold messages (`message/sipfrag`, multipart).
pub(super) fn next_start_in_body(message: &Message<'_>, bytes: &[u8]) -> Option<usize> {
    if bytes.len() <= message.head_len() {
        return None;
    }
    let kind = message.first(HeaderName::ContentType).unwrap_or_default();
    if starts_with_ignore_case(kind, b"message/") || starts_with_ignore_case(kind, b"multipart/") {
        return None;
    }
    find_start(tail(bytes, message.head_len()), true)
}

/// Where the first plausible start line in `bytes` begins; its line end must be there.
///
/// `at_line_start` says whether `bytes` begin a line.
pub(super) fn find_start(bytes: &[u8], at_line_start: bool) -> Option<usize> {
    // most bodies are empty, and to make ready for a search costs more than they do
    if bytes.len() < VERSION.len() {
        return None;
    }
    memmem::find_iter(bytes, VERSION).find_map(|hit| {
        let (start, end) = line_around(bytes, hit, at_line_start)?;
        let line = StartLine::parse(slice(bytes, start, end))?;
        line.is_plausible().then_some(start)
    })
}

/// The line that has the version at `hit` as its first or last word.
///
/// Each line is read from its one start or its one end, or a line full of versions would cost
/// the square of its length.
fn line_around(bytes: &[u8], hit: usize, at_line_start: bool) -> Option<(usize, usize)> {
    let before = slice(bytes, hit.saturating_sub(MAX_START_LINE), hit);
    let after = hit + VERSION.len();
    let begins = before.last().map_or(at_line_start, |byte| matches!(byte, b'\r' | b'\n'));
    if begins {
        let rest = slice(bytes, after, bytes.len().min(after + MAX_START_LINE));
        return Some((hit, after + memchr2(b'\r', b'\n', rest)?));
    }
    let end = after + tail(bytes, after).iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    if !matches!(bytes.get(end), Some(b'\r' | b'\n')) {
        return None;
    }
    match memrchr2(b'\n', b'\r', before) {
        Some(at) => Some((hit - before.len() + at + 1, end)),
        None => (at_line_start && before.len() == hit).then_some((0, end)),
    }
}

/// The first line of `bytes`, if its end is there.
pub(super) fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    find::line_end(bytes, 0).map(|end| slice(bytes, 0, end))
}
