//! One message cut into start line, headers and body: spans of the bytes it came in.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::header::{HeaderName, WINDOW};
use super::line_ends::LineEnds;
use super::scan::{line_at, line_to, slice, tail, trim};
use super::start_line::{Method, StartLine};

/// A SIP message (RFC 3261 §7), borrowed from the bytes it was found in.
///
/// It keeps wire order and spelling; the typed accessors read a value when asked and give `None`
/// for a value that makes no sense.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub(super) raw: &'a [u8],
    pub(super) start: StartLine<'a>,
    pub(super) headers: Headers<'a>,
    /// Where the headers end: after the blank line, if there is one.
    pub(super) head_len: usize,
    pub(super) end: HeadEnd,
    /// A last header line that lacks its line end because bytes are missing.
    pub(super) cut_line: Option<&'a [u8]>,
}

/// How the header begins that ends most heads.
const CONTENT_LENGTH: &[u8] = b"Content-Length:";

/// Room for the headers of one message, lent to one after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    headers: Vec<Header>,
}

/// The places of a message's headers: found by itself, or borrowed from [`Layouts`](super::Layouts).
#[derive(Clone)]
pub(super) enum Headers<'a> {
    Own(Vec<Header>),
    Lent(&'a [Header]),
}

/// How the headers of a message end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadEnd {
    /// With the blank line.
    Blank,
    /// With the bytes, and nothing says that some are missing.
    Bytes,
    /// With the bytes, and some are missing.
    Cut,
    /// With the start line of another message.
    NextMessage,
}

/// A header: what it is, and its spans in `raw`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    id: HeaderName,
    name_len: u16,
    name: u32,
    value: u32,
    value_len: u32,
}

/// The place of a header in [`Message::raw`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderPlace {
    /// Which header it is.
    pub id: HeaderName,
    /// Its name as spelled.
    pub name: Range<usize>,
    /// Its value, trimmed, with its folds; an empty one may be anywhere.
    pub value: Range<usize>,
}

/// A header as it is on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderRef<'a> {
    /// Which header it is.
    pub id: HeaderName,
    /// Its name as spelled.
    pub name: &'a [u8],
    /// Its value, trimmed, with its folds (see [`unfold`](super::unfold)).
    pub value: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the message at the start of `bytes`, which are a datagram's; white space before it is
    /// skipped (RFC 3261 §7.5). `None` when that is no SIP message.
    ///
    /// `cut` says that bytes are missing at the end of `bytes`. A last header line without its line
    /// end is then no header, for its value may lack its end: see [`Message::cut_line`].
    #[must_use]
    pub fn parse(bytes: &'a [u8], cut: bool) -> Option<Self> {
        super::framing::datagram(bytes, cut).next()
    }

    /// Reads start line and headers at the very start of `bytes`; the rest is the body so far.
    pub(super) fn scan(bytes: &'a [u8], cut: bool) -> Option<Self> {
        let mut headers = Vec::new();
        let head = Head::scan(bytes, cut, &mut headers)?;
        Some(Self { headers: Headers::Own(headers), ..head.message() })
    }

    /// The same with its headers in `scratch`.
    #[inline]
    pub(super) fn scan_in(bytes: &'a [u8], cut: bool, scratch: &'a mut Scratch) -> Option<Self> {
        scratch.headers.clear();
        Self::scan_behind(bytes, cut, &mut scratch.headers)
    }

    /// The same with its headers behind those in `headers`; nothing is added when it is no message.
    #[inline]
    pub(super) fn scan_behind(
        bytes: &'a [u8],
        cut: bool,
        headers: &'a mut Vec<Header>,
    ) -> Option<Self> {
        let first = headers.len();
        let head = Head::scan(bytes, cut, headers)?;
        let headers = Headers::Lent(headers.get(first..).unwrap_or_default());
        Some(Self { headers, ..head.message() })
    }

    /// The same message with its body ending `length` bytes after its start.
    pub(super) fn set_length(&mut self, length: usize) {
        self.raw = slice(self.raw, 0, length.clamp(self.head_len, self.raw.len()));
    }

    /// How many bytes the start line, the headers and the blank line take.
    pub(super) const fn head_len(&self) -> usize {
        self.head_len
    }

    /// How the headers end.
    pub(super) const fn head_end(&self) -> HeadEnd {
        self.end
    }

    /// Every byte of the message.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The start line.
    #[must_use]
    pub const fn start(&self) -> &StartLine<'a> {
        &self.start
    }

    /// Whether it is a request.
    #[must_use]
    pub const fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }

    /// The method of a request, or the one the `CSeq` of a response names (RFC 3261 §8.1.1.5).
    #[must_use]
    pub fn method(&self) -> Option<Method<'a>> {
        match self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => self.cseq().map(|cseq| cseq.method),
        }
    }

    /// The Request-URI of a request as spelled.
    #[must_use]
    pub const fn request_uri(&self) -> Option<&'a [u8]> {
        match self.start {
            StartLine::Request { uri, .. } => Some(uri),
            StartLine::Response { .. } => None,
        }
    }

    /// The status code of a response.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { code, .. } => Some(code),
        }
    }

    /// Whether every header is there: the blank line was seen, or the message ends without one
    /// and nothing says that bytes are missing.
    #[must_use]
    pub fn headers_complete(&self) -> bool {
        self.end != HeadEnd::Cut
    }

    /// Whether it ends before the blank line though nothing says that bytes are missing.
    #[must_use]
    pub const fn ended_without_blank_line(&self) -> bool {
        matches!(self.end, HeadEnd::Bytes | HeadEnd::NextMessage)
    }

    /// Whether headers may be absent because bytes are missing.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.end == HeadEnd::Cut
    }

    /// The last header line of a cut message, when it lacks its line end: to be shown, never to be
    /// read as a value.
    #[must_use]
    pub const fn cut_line(&self) -> Option<&'a [u8]> {
        self.cut_line
    }

    /// Start line and headers as they are on the wire.
    #[must_use]
    pub fn head(&self) -> &'a [u8] {
        slice(self.raw, 0, self.head_len)
    }

    /// The body: what follows the blank line, as far as Content-Length says and bytes are there.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        tail(self.raw, self.head_len)
    }

    /// Whether the body is shorter than Content-Length says.
    #[must_use]
    pub fn body_is_cut(&self) -> bool {
        self.content_length().is_some_and(|length| length > self.body().len() as u64)
    }

    /// The headers in wire order.
    pub fn headers(&self) -> impl Iterator<Item = HeaderRef<'a>> + '_ {
        self.headers.list().iter().map(|header| self.resolve(header))
    }

    /// The places of the headers, in wire order.
    pub fn places(&self) -> impl Iterator<Item = HeaderPlace> + '_ {
        self.headers.list().iter().map(|header| {
            let (name, value) = (header.name as usize, header.value as usize);
            HeaderPlace {
                id: header.id,
                name: name..name + usize::from(header.name_len),
                value: value..value + header.value_len as usize,
            }
        })
    }

    /// The value of the first header `id`.
    #[must_use]
    pub fn first(&self, id: HeaderName) -> Option<&'a [u8]> {
        self.headers.list().iter().find(|header| header.id == id).map(|header| self.value(header))
    }

    /// The values of all headers `id`, in wire order.
    pub fn all(&self, id: HeaderName) -> impl Iterator<Item = &'a [u8]> + '_ {
        let headers = self.headers.list().iter();
        headers.filter(move |header| header.id == id).map(|header| self.value(header))
    }

    fn value(&self, header: &Header) -> &'a [u8] {
        let start = header.value as usize;
        slice(self.raw, start, start + header.value_len as usize)
    }

    fn resolve(&self, header: &Header) -> HeaderRef<'a> {
        let start = header.name as usize;
        HeaderRef {
            id: header.id,
            name: slice(self.raw, start, start + usize::from(header.name_len)),
            value: self.value(header),
        }
    }
}

/// What was found of a message but its headers.
struct Head<'a> {
    raw: &'a [u8],
    start: StartLine<'a>,
    len: usize,
    end: HeadEnd,
    cut_line: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// Reads start line and headers at the very start of `bytes`, and adds these to `headers`.
    fn scan(bytes: &'a [u8], cut: bool, headers: &mut Vec<Header>) -> Option<Self> {
        // spans are 32 bits wide; nothing on the wire comes near
        let raw = slice(bytes, 0, bytes.len().min(u32::MAX as usize));
        let mut ends = LineEnds::of(raw);
        let first = line_to(raw, ends.find(0));
        let start = StartLine::parse(slice(raw, 0, first.end))?;
        let end = if cut { HeadEnd::Cut } else { HeadEnd::Bytes };
        let mut head = Self { raw, start, len: first.next, end, cut_line: None };
        head.scan_headers(cut, &mut ends, headers);
        Some(head)
    }

    const fn message(self) -> Message<'a> {
        let Self { raw, start, len, end, cut_line } = self;
        Message { raw, start, headers: Headers::Lent(&[]), head_len: len, end, cut_line }
    }

    /// Reads the header lines that follow the start line.
    fn scan_headers(&mut self, cut: bool, ends: &mut LineEnds<'a>, headers: &mut Vec<Header>) {
        let bytes = self.raw;
        let mut at = self.len;
        while at < bytes.len() {
            if tail(bytes, at).starts_with(b"\r\n") {
                self.end = HeadEnd::Blank;
                self.len = at + 2;
                return;
            }
            if let Some((header, next)) = Header::plain(bytes, ends, at) {
                headers.push(header);
                at = next;
                continue;
            }
            let mut line = line_at(bytes, at);
            if line.end == at && line.terminated {
                self.end = HeadEnd::Blank;
                self.len = line.next;
                return;
            }
            while line.terminated && matches!(bytes.get(line.next), Some(b' ' | b'\t')) {
                line = line_at(bytes, line.next);
            }
            let text = slice(bytes, at, line.end);
            if cut && !line.terminated {
                self.cut_line = Some(text);
            } else if let Some(header) = Header::any(at, text) {
                headers.push(header);
            } else if starts_message(text) {
                self.end = HeadEnd::NextMessage;
                self.len = at;
                return;
            }
            at = line.next;
        }
        self.len = bytes.len();
    }
}

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.list().fmt(f)
    }
}

impl Headers<'_> {
    pub(super) fn list(&self) -> &[Header] {
        match self {
            Self::Own(own) => own,
            Self::Lent(lent) => lent,
        }
    }
}

impl Header {
    /// The header line at `at` if it is as nearly all are, and where the next begins: a known name in
    /// its canonical spelling, the colon, at most one space, the value, CR LF, and no fold. Nothing
    /// for any other, and nothing for the last line of a message without a blank line.
    #[inline]
    fn plain(bytes: &[u8], ends: &mut LineEnds<'_>, at: usize) -> Option<(Self, usize)> {
        let line = tail(bytes, at);
        let (id, name_len) = match line.first_chunk::<WINDOW>() {
            Some(start) => HeaderName::at_start(start)?,
            // the last one of nearly every message
            None if line.starts_with(CONTENT_LENGTH) => {
                (HeaderName::ContentLength, CONTENT_LENGTH.len() - 1)
            }
            None => HeaderName::at_start(&padded(line)?)?,
        };
        let mut value = at + name_len + 1;
        value += usize::from(bytes.get(value) == Some(&b' '));
        let first = *bytes.get(value)?;
        let end = ends.find(value)?;
        let [last, b'\r', b'\n', next] = *tail(bytes, end - 1).first_chunk()? else { return None };
        if first <= b' ' || last <= b' ' || matches!(next, b' ' | b'\t') {
            return None;
        }
        // all of it fits: `scan` limits the bytes to 4 GiB
        let (name, value, value_len) = (at as u32, value as u32, (end - value) as u32);
        Some((Self { id, name_len: name_len as u16, name, value, value_len }, end + 2))
    }

    /// The header in `text`, which starts at `at`; `None` when it does not look like one.
    fn any(at: usize, text: &[u8]) -> Option<Self> {
        let colon = memchr(b':', text)?;
        let name = slice(text, 0, colon).trim_ascii();
        let id = HeaderName::lookup(name);
        let is_text = id == HeaderName::Other && memchr2(b' ', b'\t', name).is_some();
        if name.is_empty() || (is_text && starts_message(text)) {
            return None;
        }
        let raw_value = tail(text, colon + 1);
        let value = trim(raw_value);
        // all offsets fit: `scan` limits the bytes to 4 GiB
        let value_at =
            at + colon + 1 + (raw_value.len() - super::scan::trim_start(raw_value).len());
        let indent = text.len() - text.trim_ascii_start().len();
        Some(Self {
            id,
            name_len: u16::try_from(name.len()).unwrap_or(u16::MAX),
            name: (at + indent) as u32,
            value: value_at as u32,
            value_len: value.len() as u32,
        })
    }
}

/// The bytes at the end of a message, and zeros.
fn padded(rest: &[u8]) -> Option<[u8; WINDOW]> {
    let mut window = [0; WINDOW];
    window.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(window)
}

/// Whether a line among headers is another message's start line.
fn starts_message(text: &[u8]) -> bool {
    StartLine::parse(text).is_some_and(|start| start.is_plausible())
}
