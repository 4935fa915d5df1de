//! Records where the parts of messages are, without their bytes, so that messages can go to another thread.

use super::framing::{filler, length_in_datagram};
use super::message::{HeadEnd, Header, Headers, Message};
use super::scan::{slice, tail};
use super::start_line::{Method, StartLine};

/// The places of the parts of one message; its headers are in [`Layouts`].
#[derive(Clone, Debug)]
pub struct Layout {
    start: StartLayout,
    /// The first and the one behind the last.
    headers: [u32; 2],
    head_len: usize,
    end: HeadEnd,
    /// How long the cut line is; it ends with the bytes.
    cut_line: Option<usize>,
}

/// The places of the headers of many messages, in one list.
#[derive(Clone, Debug, Default)]
pub struct Layouts {
    headers: Vec<Header>,
}

/// The places of the parts of a start line.
#[derive(Clone, Copy, Debug)]
enum StartLayout {
    Request { method: MethodLayout, uri: [u32; 2] },
    Response { code: u16, reason: [u32; 2] },
}

/// A method that has a name here, or the length of the one at the start.
#[derive(Clone, Copy, Debug)]
enum MethodLayout {
    Known(Method<'static>),
    Other(u32),
}

impl Layouts {
    /// Records the places of the parts of `message`.
    pub fn note(&mut self, message: &Message<'_>) -> Layout {
        let first = self.headers.len();
        self.headers.extend_from_slice(message.headers.list());
        Layout::of(message, first)
    }

    /// Hands every SIP message of one datagram to `sink`, as [`datagram`](super::datagram) does, with the places of
    /// its parts.
    pub fn each_in_datagram(
        &mut self,
        bytes: &[u8],
        cut: bool,
        mut sink: impl FnMut(&Message<'_>, Layout),
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let bytes = tail(rest, filler(rest));
            let first = self.headers.len();
            let message = Message::scan_behind(bytes, cut, &mut self.headers);
            let Some(mut message) = message else { return };
            let length = length_in_datagram(&message, bytes, cut);
            message.set_length(length);
            sink(&message, Layout::of(&message, first));
            rest = tail(bytes, length);
        }
    }

    /// The message of these bytes, which are those the layout was made of.
    #[must_use]
    pub fn message<'a>(&'a self, bytes: &'a [u8], layout: &Layout) -> Message<'a> {
        let Layout { start, headers: [first, behind], head_len, end, cut_line } = layout;
        let headers = self.headers.get(*first as usize..*behind as usize).unwrap_or_default();
        let cut_line = cut_line.map(|length| tail(bytes, bytes.len().saturating_sub(length)));
        Message {
            raw: bytes,
            start: start.line(bytes),
            headers: Headers::Lent(headers),
            head_len: *head_len,
            end: *end,
            cut_line,
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.headers.clear();
    }

    /// How many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.headers.len() * size_of::<Header>()
    }
}

impl Layout {
    /// The layout of a message whose headers are at place `first` and after it.
    fn of(message: &Message<'_>, first: usize) -> Self {
        let behind = first + message.headers.list().len();
        Self {
            start: StartLayout::of(message.raw, &message.start),
            headers: [first as u32, behind as u32],
            head_len: message.head_len,
            end: message.end,
            cut_line: message.cut_line.map(<[u8]>::len),
        }
    }
}

impl StartLayout {
    /// The layout of `start`, which starts `raw`.
    fn of(raw: &[u8], start: &StartLine<'_>) -> Self {
        let span = |part: &[u8]| {
            // an empty part may be anywhere
            let at = part.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
            if at <= raw.len() { [at as u32, (at + part.len()) as u32] } else { [0, 0] }
        };
        match start {
            StartLine::Request { method, uri } => {
                let method = match method.known() {
                    Some(known) => MethodLayout::Known(known),
                    None => MethodLayout::Other(method.as_bytes().len() as u32),
                };
                Self::Request { method, uri: span(uri) }
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
                let method = match method {
                    MethodLayout::Known(known) => known,
                    MethodLayout::Other(length) => Method::Other(part([0, length])),
                };
                StartLine::Request { method, uri: part(uri) }
            }
            Self::Response { code, reason } => StartLine::Response { code, reason: part(reason) },
        }
    }
}
