//! One message cut into start line, headers and body: spans of the bytes it came in.

use memchr::{memchr, memchr2};
use smallvec::SmallVec;

use super::header::HeaderName;
use super::scan::{line_at, slice, tail, trim};
use super::start_line::{Method, StartLine};

/// A SIP message (RFC 3261 §7), borrowed from the bytes it was found in.
///
/// It keeps wire order and spelling; the typed accessors read a value when asked and give `None`
/// for a value that makes no sense.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    raw: &'a [u8],
    start: StartLine<'a>,
    headers: Headers<'a>,
    /// Where the headers end: after the blank line, if there is one.
    head_len: usize,
    end: HeadEnd,
    /// A last header line that lacks its line end because bytes are missing.
    cut_line: Option<&'a [u8]>,
}

/// Where the parts of a message stand, without its bytes: a message on its way to another thread.
#[derive(Clone, Debug)]
pub struct Layout {
    start: StartLayout,
    headers: Own,
    head_len: usize,
    end: HeadEnd,
    /// How long the cut line is; it ends with the bytes.
    cut_line: Option<usize>,
}

/// The headers of one message.
type Own = SmallVec<[Header; 24]>;

/// Where the headers of a message stand: found by itself, or borrowed from a [`Layout`].
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a message lives on the stack, and boxes cost more")]
enum Headers<'a> {
    Own(Own),
    Lent(&'a [Header]),
}

/// Where the parts of a start line stand; a method stands at the start.
#[derive(Clone, Copy, Debug)]
enum StartLayout {
    Request { method: u32, uri: [u32; 2] },
    Response { code: u16, reason: [u32; 2] },
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
struct Header {
    id: HeaderName,
    name_len: u16,
    name: u32,
    value: u32,
    value_len: u32,
}

/// A header as it stands on the wire.
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

    /// Where its parts stand, for [`Message::with_layout`].
    #[must_use]
    pub fn into_layout(self) -> Layout {
        let Self { raw, start, headers, head_len, end, cut_line } = self;
        let headers = match headers {
            Headers::Own(own) => own,
            Headers::Lent(lent) => SmallVec::from_slice(lent),
        };
        let start = StartLayout::of(raw, &start);
        Layout { start, headers, head_len, end, cut_line: cut_line.map(<[u8]>::len) }
    }

    /// The message of these bytes, which are those the layout was made of.
    #[must_use]
    pub fn with_layout(bytes: &'a [u8], layout: &'a Layout) -> Self {
        let Layout { start, headers, head_len, end, cut_line } = layout;
        let (start, headers) = (start.line(bytes), Headers::Lent(headers));
        let cut_line = cut_line.map(|length| tail(bytes, bytes.len().saturating_sub(length)));
        Self { raw: bytes, start, headers, head_len: *head_len, end: *end, cut_line }
    }

    /// Reads start line and headers at the very start of `bytes`; the rest is the body so far.
    pub(super) fn scan(bytes: &'a [u8], cut: bool) -> Option<Self> {
        // spans are 32 bits wide; nothing on the wire comes near
        let bytes = slice(bytes, 0, bytes.len().min(u32::MAX as usize));
        let first = line_at(bytes, 0);
        let start = StartLine::parse(slice(bytes, 0, first.end))?;
        let mut message = Self {
            raw: bytes,
            start,
            headers: Headers::Own(SmallVec::new()),
            head_len: first.next,
            end: if cut { HeadEnd::Cut } else { HeadEnd::Bytes },
            cut_line: None,
        };
        message.scan_headers(cut);
        Some(message)
    }

    /// Reads the header lines that follow the start line.
    fn scan_headers(&mut self, cut: bool) {
        let bytes = self.raw;
        let mut at = self.head_len;
        while at < bytes.len() {
            let mut line = line_at(bytes, at);
            if line.end == at && line.terminated {
                self.end = HeadEnd::Blank;
                self.head_len = line.next;
                return;
            }
            while line.terminated && matches!(bytes.get(line.next), Some(b' ' | b'\t')) {
                line = line_at(bytes, line.next);
            }
            let text = slice(bytes, at, line.end);
            if cut && !line.terminated {
                self.cut_line = Some(text);
            } else if !self.push_header(at, text) && starts_message(text) {
                self.end = HeadEnd::NextMessage;
                self.head_len = at;
                return;
            }
            at = line.next;
        }
        self.head_len = bytes.len();
    }

    /// Adds the header in `text`, which starts at `at`; false when it does not look like one.
    fn push_header(&mut self, at: usize, text: &[u8]) -> bool {
        let Some(colon) = memchr(b':', text) else { return false };
        let name = slice(text, 0, colon).trim_ascii();
        let id = HeaderName::lookup(name);
        let is_text = id == HeaderName::Other && memchr2(b' ', b'\t', name).is_some();
        if name.is_empty() || (is_text && starts_message(text)) {
            return false;
        }
        let raw_value = tail(text, colon + 1);
        let value = trim(raw_value);
        // all offsets fit: `scan` limits the bytes to 4 GiB
        let value_at =
            at + colon + 1 + (raw_value.len() - super::scan::trim_start(raw_value).len());
        let indent = text.len() - text.trim_ascii_start().len();
        let Headers::Own(headers) = &mut self.headers else { return false };
        headers.push(Header {
            id,
            name_len: u16::try_from(name.len()).unwrap_or(u16::MAX),
            name: (at + indent) as u32,
            value: value_at as u32,
            value_len: value.len() as u32,
        });
        true
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

    /// Start line and headers as they stand on the wire.
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

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.list().fmt(f)
    }
}

impl Headers<'_> {
    fn list(&self) -> &[Header] {
        match self {
            Self::Own(own) => own,
            Self::Lent(lent) => lent,
        }
    }
}

impl StartLayout {
    /// The layout of `start`, which starts `raw`.
    fn of(raw: &[u8], start: &StartLine<'_>) -> Self {
        let span = |part: &[u8]| {
            // an empty part may stand nowhere
            let at = part.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
            if at <= raw.len() { [at as u32, (at + part.len()) as u32] } else { [0, 0] }
        };
        match start {
            StartLine::Request { method, uri } => {
                Self::Request { method: method.as_bytes().len() as u32, uri: span(uri) }
            }
            StartLine::Response { code, reason } => {
                Self::Response { code: *code, reason: span(reason) }
            }
        }
    }

    fn line(self, raw: &[u8]) -> StartLine<'_> {
        let part = |[start, end]: [u32; 2]| slice(raw, start as usize, end as usize);
        match self {
            Self::Request { method, uri } => {
                StartLine::Request { method: Method::from_bytes(part([0, method])), uri: part(uri) }
            }
            Self::Response { code, reason } => StartLine::Response { code, reason: part(reason) },
        }
    }
}

/// Whether a line among headers is another message's start line.
fn starts_message(text: &[u8]) -> bool {
    StartLine::parse(text).is_some_and(|start| start.is_plausible())
}
