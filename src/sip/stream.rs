//! Cuts one direction of a byte stream into messages, whatever the segments and whatever is lost.

use memchr::memchr2_iter;

use super::framing::{
    MAX_START_LINE, declared_length, filler, find_start, first_line, next_start_in_body,
};
use super::header::HeaderName;
use super::message::{HeadEnd, Message, Scratch};
use super::scan::{slice, tail};
use super::start_line::{
    Method, StartLine, may_become_plausible_start_line, may_become_start_line,
};

/// The longest message, headers and body, that is waited for.
const MAX_MESSAGE: usize = 256 * 1024;

/// Takes the messages as they are found.
type Sink<'s> = dyn FnMut(Message<'_>) + 's;

/// Takes the messages, and lends them room for their headers.
struct Out<'o, 's> {
    scratch: &'o mut Scratch,
    sink: &'o mut Sink<'s>,
}

/// What a [`StreamFramer`] met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FramerStats {
    /// Messages handed on, cut ones included.
    pub messages: u64,
    /// Messages handed on without all of their headers.
    pub cut: u64,
    /// Bytes that belong to no message handed on; keep-alives are not counted.
    pub bytes_skipped: u64,
    /// How often the start of a message had to be searched for.
    pub resyncs: u64,
}

/// Finds the messages in one direction of a byte stream (RFC 3261 §18.3).
///
/// Messages end where their Content-Length says; without one they have no body. Nothing is copied
/// as long as messages arrive whole. After a gap, or where the bytes are no SIP, it goes on at the
/// next line that is plainly a start line.
#[derive(Debug, Default)]
pub struct StreamFramer {
    /// The bytes that are not decided on yet.
    buffer: Vec<u8>,
    mode: Mode,
    /// How many bytes the message at the start of the buffer must have before another look.
    wanted: usize,
    /// How much of the buffer was searched for a blank line.
    searched: usize,
    stats: FramerStats,
}

/// What the next byte is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Mode {
    /// The start of a message, or filler before it.
    #[default]
    Boundary,
    /// Unknown data; `at_line_start` if it begins a line.
    Searching { at_line_start: bool },
}

/// What a step did with the bytes given to it.
enum Step {
    /// This many bytes were consumed; there may be more to do.
    Used(usize),
    /// This many bytes were consumed; the others must wait for more.
    Wait(usize),
}

impl StreamFramer {
    /// A framer at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was met so far.
    #[must_use]
    pub const fn stats(&self) -> FramerStats {
        self.stats
    }

    /// How many bytes wait for the rest of their message.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// How many bytes it keeps for them.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes the next bytes of the stream, `lost_before` of which are missing before `bytes`, and
    /// hands every message that is complete to `sink`.
    pub fn push(&mut self, bytes: &[u8], lost_before: u64, sink: &mut Sink<'_>) {
        self.push_in(bytes, lost_before, &mut Scratch::default(), sink);
    }

    /// The same; headers are in `scratch` meanwhile.
    pub fn push_in(
        &mut self,
        bytes: &[u8],
        lost_before: u64,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) {
        let out = &mut Out { scratch, sink };
        if lost_before > 0 {
            self.flush(out);
            // the gap may have ended with a message's end
            self.search(true);
        }
        if self.buffer.is_empty() {
            let used = self.consume(bytes, out);
            self.buffer.extend_from_slice(tail(bytes, used));
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let used = self.consume(&buffer, out);
        // an idle connection keeps no memory
        if used < buffer.len() {
            buffer.drain(..used);
            self.buffer = buffer;
        }
    }

    /// Ends the stream: what waits is handed on as cut, if it is enough to be recognized.
    pub fn end(&mut self, sink: &mut Sink<'_>) {
        self.flush(&mut Out { scratch: &mut Scratch::default(), sink });
        self.mode = Mode::Boundary;
    }

    /// Takes every message from `data`; returns the number of bytes consumed.
    fn consume(&mut self, data: &[u8], out: &mut Out<'_, '_>) -> usize {
        let mut at = 0;
        loop {
            let rest = tail(data, at);
            let step = match self.mode {
                Mode::Boundary => self.take_message(rest, out),
                Mode::Searching { at_line_start } => self.skip(rest, at_line_start),
            };
            match step {
                Step::Used(used) => {
                    at += used;
                    self.wanted = 0;
                    self.searched = 0;
                }
                Step::Wait(used) => return at + used,
            }
        }
    }

    /// Takes the message at the start of `rest`.
    fn take_message(&mut self, rest: &[u8], out: &mut Out<'_, '_>) -> Step {
        let blank = filler(rest);
        if blank > 0 {
            return Step::Used(blank);
        }
        if rest.len() < self.wanted || rest.is_empty() {
            return Step::Wait(0);
        }
        if first_line(rest).is_none() {
            // what is no start line is found out below, once the line is complete
            return if rest.len() <= MAX_START_LINE && may_become_start_line(rest) {
                Step::Wait(0)
            } else {
                self.give_up()
            };
        }
        if self.searched > 0 && !self.head_may_be_complete(rest) {
            return self.wait_for_head(rest, out);
        }
        let Out { scratch, sink } = out;
        let Some(message) = Message::scan_in(rest, true, scratch) else { return self.give_up() };
        match message.head_end() {
            HeadEnd::NextMessage => {
                let length = message.head_len();
                self.emit(message, length, sink)
            }
            HeadEnd::Blank => self.take_body(message, rest, sink),
            HeadEnd::Bytes | HeadEnd::Cut => self.wait_for_head(rest, out),
        }
    }

    /// Takes `message`, whose head is complete, once its body is there.
    fn take_body(&mut self, message: Message<'_>, rest: &[u8], sink: &mut Sink<'_>) -> Step {
        let head = message.head_len();
        let length = declared_length(&message).unwrap_or(head);
        if length > MAX_MESSAGE {
            let step = self.emit(message, head, sink);
            self.search(true);
            return step;
        }
        // the LF of a CR LF may still come, and must not become the body's first byte
        let line_end_is_open = head == rest.len() && rest.last() == Some(&b'\r');
        if rest.len() < length || line_end_is_open {
            self.wanted = length.max(rest.len() + 1);
            return Step::Wait(0);
        }
        let body = slice(rest, 0, length);
        match next_start_in_body(&message, body).map(|at| (at, follows(tail(rest, length)))) {
            // the length is wrong: it reaches into the next message
            Some((start, Follows::Other)) => self.emit(message, head + start, sink),
            Some((_, Follows::Unknown)) => {
                self.wanted = rest.len() + 1;
                Step::Wait(0)
            }
            Some((_, Follows::Message)) | None => self.emit(message, length, sink),
        }
    }

    /// Waits for the rest of a head, within bounds; beyond them, hands on what there is.
    fn wait_for_head(&mut self, rest: &[u8], out: &mut Out<'_, '_>) -> Step {
        if rest.len() <= MAX_MESSAGE {
            self.searched = rest.len();
            return Step::Wait(0);
        }
        self.flush_messages(rest, out);
        self.search(false);
        Step::Used(rest.len())
    }

    /// Hands on `message`, which is `length` bytes long.
    fn emit(&mut self, mut message: Message<'_>, length: usize, sink: &mut Sink<'_>) -> Step {
        message.set_length(length);
        self.stats.messages += 1;
        self.stats.cut += u64::from(message.is_cut());
        sink(message);
        Step::Used(length)
    }

    /// What is here starts no message.
    fn give_up(&mut self) -> Step {
        self.search(true);
        Step::Used(0)
    }

    /// Searches for a start line from here on.
    fn search(&mut self, at_line_start: bool) {
        self.stats.resyncs += 1;
        self.mode = Mode::Searching { at_line_start };
        self.wanted = 0;
        self.searched = 0;
    }

    /// Skips to the next start line in `rest`.
    fn skip(&mut self, rest: &[u8], at_line_start: bool) -> Step {
        if let Some(start) = find_start(rest, at_line_start) {
            self.stats.bytes_skipped += start as u64;
            self.mode = Mode::Boundary;
            return Step::Used(start);
        }
        if rest.is_empty() {
            return Step::Wait(0);
        }
        // the last line may become one
        let line = memchr::memrchr2(b'\n', b'\r', rest).map(|at| at + 1);
        let line = line.or(if at_line_start { Some(0) } else { None });
        let kept = line.filter(|line| {
            let text = tail(rest, *line);
            text.len() <= MAX_START_LINE && may_become_plausible_start_line(text)
        });
        let used = kept.unwrap_or(rest.len());
        self.stats.bytes_skipped += used as u64;
        self.mode = Mode::Searching { at_line_start: kept.is_some() };
        Step::Wait(used)
    }

    /// Whether a blank line may have come with the last bytes of `rest`: cheap, and never wrongly
    /// no.
    fn head_may_be_complete(&self, rest: &[u8]) -> bool {
        let bytes = tail(rest, self.searched.saturating_sub(3));
        memchr2_iter(b'\r', b'\n', bytes).any(|at| {
            matches!(
                (bytes.get(at), bytes.get(at + 1)),
                (Some(b'\n'), Some(b'\r' | b'\n')) | (Some(b'\r'), Some(b'\r'))
            )
        })
    }

    /// Hands on what waits, for nothing will complete it.
    fn flush(&mut self, out: &mut Out<'_, '_>) {
        let buffer = std::mem::take(&mut self.buffer);
        match self.mode {
            Mode::Boundary => self.flush_messages(&buffer, out),
            Mode::Searching { .. } => self.stats.bytes_skipped += buffer.len() as u64,
        }
        self.wanted = 0;
        self.searched = 0;
    }

    /// Hands on the messages in `bytes`, the last of which is not complete.
    fn flush_messages(&mut self, bytes: &[u8], out: &mut Out<'_, '_>) {
        let mut rest = bytes;
        let Out { scratch, sink } = out;
        while let Some(message) = Message::scan_in(rest, true, scratch) {
            let length = match message.head_end() {
                HeadEnd::NextMessage => message.head_len(),
                HeadEnd::Blank => match declared_length(&message) {
                    Some(length) if length <= rest.len() => length,
                    _ => {
                        let body = next_start_in_body(&message, rest);
                        body.map_or(rest.len(), |body| message.head_len() + body)
                    }
                },
                HeadEnd::Bytes | HeadEnd::Cut if is_told_apart(&message) => rest.len(),
                HeadEnd::Bytes | HeadEnd::Cut => break,
            };
            self.emit(message, length, sink);
            rest = tail(rest, length);
            rest = tail(rest, filler(rest));
        }
        self.stats.bytes_skipped += rest.len() as u64;
    }
}

/// Whether enough of a cut message is there to name its DN, or to show that a device registers or gets a
/// response: a response that shows no more may still be the one that is waited for.
fn is_told_apart(message: &Message<'_>) -> bool {
    let whose =
        message.first(HeaderName::To).is_some() && message.first(HeaderName::CSeq).is_some();
    let answers = matches!(message.start(), StartLine::Response { .. });
    whose || answers || message.method() == Some(Method::Register)
}

/// What comes after a message.
enum Follows {
    /// Another one, or filler.
    Message,
    /// Something else, so that the message's length is wrong.
    Other,
    /// Too little of it is there.
    Unknown,
}

/// What the `bytes` after a message are.
fn follows(bytes: &[u8]) -> Follows {
    let rest = tail(bytes, filler(bytes));
    match first_line(rest) {
        Some(line) if StartLine::parse(line).is_some() => Follows::Message,
        None if rest.is_empty() && !bytes.is_empty() => Follows::Message,
        None if rest.is_empty() => Follows::Unknown,
        None if rest.len() <= MAX_START_LINE && may_become_start_line(rest) => Follows::Unknown,
        _ => Follows::Other,
    }
}
