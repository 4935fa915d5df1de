//! Where a message ends and the next begins, in a datagram and in a stretch of a stream.

use memchr::{memchr2, memmem, memrchr2};

use super::header::HeaderName;
use super::message::{HeadEnd, Message};
use super::scan::{line_at, slice, starts_with_ignore_case, tail};
use super::start_line::StartLine;

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
        let found = first_message(self.rest, self.cut);
        self.rest = found.as_ref().map_or(&[], |(_, rest)| *rest);
        found.map(|(message, _)| message)
    }
}

/// The message at the start of a datagram, and what follows it.
pub(super) fn first_message(bytes: &[u8], cut: bool) -> Option<(Message<'_>, &[u8])> {
    let bytes = tail(bytes, filler(bytes));
    let message = Message::scan(bytes, cut)?;
    let length = length_in_datagram(&message, bytes, cut);
    Some((message.with_length(length), tail(bytes, length)))
}

/// How many bytes between messages mean nothing: line ends (RFC 3261 §7.5, RFC 5626 §3.5.1), and
/// the blanks and NULs some senders pad with.
pub(super) fn filler(bytes: &[u8]) -> usize {
    let meaningful = |byte: &u8| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0);
    bytes.iter().position(meaningful).unwrap_or(bytes.len())
}

/// How long `message` is, which starts `bytes`.
fn length_in_datagram(message: &Message<'_>, bytes: &[u8], cut: bool) -> usize {
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
    memmem::find_iter(bytes, b"SIP/2.0").find_map(|hit| {
        let before = slice(bytes, hit.saturating_sub(MAX_START_LINE), hit);
        let line = match memrchr2(b'\n', b'\r', before) {
            Some(at) => hit - before.len() + at + 1,
            None if at_line_start && before.len() == hit => 0,
            None => return None,
        };
        // a status line starts with the version, a request line ends with it
        let line_end = line_at(bytes, hit);
        let is_last_word = slice(bytes, hit + 7, line_end.end).trim_ascii().is_empty();
        if (line != hit && !is_last_word) || !line_end.terminated {
            return None;
        }
        let start = StartLine::parse(slice(bytes, line, line_end.end))?;
        start.is_plausible().then_some(line)
    })
}

/// Whether the first line of `bytes`, if its end is there.
pub(super) fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    memchr2(b'\r', b'\n', bytes).map(|end| slice(bytes, 0, end))
}
