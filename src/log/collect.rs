//! Gathers the lines of one message and decides where it ends.

use super::Place;
use super::address::Address;
use super::dialect::{self, Takes};
use super::framer::Line;
use super::stamp::Stamp;
use super::start::{behind, is_bare_name, is_header, start_line, trim_end};
use super::tables::Tables;
use crate::net::Transport;

/// The longest message that is kept.
const MAX_MESSAGE: usize = 64 * 1024;

/// What the envelope of a message says.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// The other side.
    pub peer: Option<Address>,
    /// This side.
    pub local: Option<Address>,
    /// The sender.
    pub src: Option<Address>,
    /// The receiver.
    pub dst: Option<Address>,
    /// What carried it.
    pub transport: Option<Transport>,
    /// How many bytes it has.
    pub size: Option<usize>,
    /// When it was logged.
    pub stamp: Option<Stamp>,
}

/// A message cut out of a log.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "marks that any message may have, each on its own"
)]
pub(super) struct Framed {
    /// Its start line.
    pub at: Place,
    /// Its dialect, as an index; `None` for a message without an envelope.
    pub dialect: Option<usize>,
    /// What its envelope says it is.
    pub takes: Takes,
    /// What else its envelope says.
    pub fields: Fields,
    /// The message, line ends as CR LF.
    pub bytes: Vec<u8>,
    /// It ends early.
    pub cut: bool,
    /// A broken header was joined.
    pub mended: bool,
    /// It could not be sent.
    pub not_sent: bool,
    /// It was longer than what is kept.
    pub overlong: bool,
}

/// What becomes of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It belongs to the message, which goes on.
    More,
    /// It belongs to the message, which is complete.
    Last,
    /// It does not belong to the message, which ends before it.
    Before,
    /// What was gathered is no message.
    None,
}

/// A message whose lines come in.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what its dialect and its lines are, each on its own"
)]
pub(super) struct Collect {
    framed: Framed,
    /// The prefix of every line.
    prefix: Vec<u8>,
    dotted: bool,
    /// Headers are indented, their details more so.
    nested: bool,
    /// The headers have begun, where they are indented.
    in_headers: bool,
    /// The number of the file's line that its start line shares with other lines, if it does.
    record: Option<u64>,
    /// A carrier had a time on its start line.
    carried: bool,
    /// Where its headers end, once the empty line came.
    head: Option<usize>,
    /// What Content-Length says.
    length: Option<usize>,
    /// Which of Via, CSeq and Call-ID came.
    seen: [bool; 3],
    has_type: bool,
    headers: usize,
}

impl Collect {
    /// Begins with a start line; `None` when `line` is none.
    pub(super) fn begin(line: &Line<'_>, mut framed: Framed) -> Option<Self> {
        let dialect = framed.dialect.and_then(|dialect| dialect::ALL.get(dialect));
        let dotted = dialect.is_some_and(|dialect| dialect.dotted);
        let (start, _) = start_line(line.text, dotted)?;
        framed.at = line.at;
        let mut collect = Self {
            framed,
            prefix: line.text.get(..start)?.to_vec(),
            dotted,
            nested: dialect.is_some_and(|dialect| dialect.nested),
            in_headers: false,
            record: line.joined.then_some(line.at.line),
            carried: line.stamp.is_some(),
            head: None,
            length: None,
            seen: [false; 3],
            has_type: false,
            headers: 0,
        };
        collect.append(trim_end(line.text.get(start..)?, dotted));
        Some(collect)
    }

    /// Whether it is in `dialect`, or has no envelope.
    pub(super) const fn dialect(&self) -> Option<usize> {
        self.framed.dialect
    }

    /// Takes a line.
    pub(super) fn take(&mut self, line: &Line<'_>, tables: &Tables) -> Step {
        let other_record = self.record.is_some_and(|record| record != line.at.line);
        if other_record || line.text.starts_with(b"```") {
            return Step::Before;
        }
        if !self.carried && line.stamp.is_some() && self.record.is_none() {
            return Step::Before;
        }
        if let Some(end) = self.framed.dialect.and_then(|d| tables.end(d, line.text)) {
            let before = line.text.get(..end).unwrap_or_default();
            if !before.trim_ascii().is_empty() {
                self.append(behind(&self.prefix, before).unwrap_or(before));
            }
            return Step::Last;
        }
        let Some(text) = behind(&self.prefix, line.text) else {
            return if self.headers == 0 { Step::None } else { Step::Before };
        };
        let text = if self.dotted { text.strip_suffix(b".").unwrap_or(text) } else { text };
        if self.nested {
            return self.dissected(text);
        }
        let step = if self.head.is_none() { self.header(text) } else { self.body(text) };
        self.bounded(step)
    }

    /// Takes a line of a dissector's output: headers follow eight blanks.
    fn dissected(&mut self, text: &[u8]) -> Step {
        let indent = text.iter().take_while(|byte| **byte == b' ').count();
        let header = text.trim_ascii();
        match indent {
            0 => Step::Before,
            4 if self.in_headers => Step::Last,
            4 => {
                self.in_headers = header == b"Message Header";
                Step::More
            }
            8 if self.in_headers && is_header(header) => {
                self.note(header);
                self.headers += 1;
                self.append(header);
                Step::More
            }
            _ => Step::More,
        }
    }

    /// Takes a line before the empty one.
    fn header(&mut self, text: &[u8]) -> Step {
        if text.trim_ascii().is_empty() {
            if self.headers == 0 {
                return Step::None;
            }
            self.append(b"");
            self.head = Some(self.framed.bytes.len());
            return self.is_complete();
        }
        if is_header(text) {
            self.note(text);
            self.headers += 1;
            self.append(text);
            return self.is_exact();
        }
        if self.headers > 0 && matches!(text.first(), Some(b' ' | b'\t')) && self.is_folded(text) {
            self.append(text);
            return self.is_exact();
        }
        if self.headers == 0 {
            return Step::None;
        }
        self.broken(text)
    }

    /// Whether an indented line goes on with the header before it, and is no line of the log.
    fn is_folded(&self, text: &[u8]) -> bool {
        let text = text.trim_ascii_start();
        let room =
            self.framed.fields.size.is_some_and(|size| self.framed.bytes.len() + text.len() < size);
        room || !(text.starts_with(b"-- ")
            || text.starts_with(b"== ")
            || Stamp::leading(text).is_some())
    }

    /// Takes a line that is no header: part of the one before it, a cut one, or none of the message's.
    fn broken(&mut self, text: &[u8]) -> Step {
        let have = self.framed.bytes.len();
        let line = self.framed.bytes.strip_suffix(b"\r\n").unwrap_or_default();
        let goes_on = matches!(line.trim_ascii_end().last(), Some(b',' | b';'));
        if goes_on && Stamp::leading(text).is_none() {
            self.framed.bytes.truncate(have - 2);
            if !matches!(self.framed.bytes.last(), Some(b' ')) {
                self.framed.bytes.push(b' ');
            }
            self.append(text.trim_ascii_start());
            self.framed.mended = true;
            return Step::More;
        }
        let room = self.framed.fields.size.is_some_and(|size| have + text.len() + 4 <= size);
        if room && Stamp::leading(text).is_none() && !is_bare_name(text) {
            self.append(text);
            return Step::More;
        }
        if is_bare_name(text) {
            self.framed.bytes.extend_from_slice(text);
            self.framed.cut = true;
            return Step::Last;
        }
        Step::Before
    }

    /// Takes a line of the body.
    fn body(&mut self, text: &[u8]) -> Step {
        if Stamp::leading(text).is_some() {
            return Step::Before;
        }
        self.append(text);
        self.is_complete()
    }

    /// Remembers what a header contributes to the message's length and plausibility.
    fn note(&mut self, text: &[u8]) {
        let Some(colon) = memchr::memchr(b':', text) else { return };
        let name = text.get(..colon).unwrap_or_default().trim_ascii();
        let value = text.get(colon + 1..).unwrap_or_default().trim_ascii();
        let is = |long: &[u8], short: &[u8]| {
            name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(short)
        };
        if is(b"Content-Length", b"l") {
            self.length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        }
        self.has_type |= is(b"Content-Type", b"c");
        for (seen, (long, short)) in self.seen.iter_mut().zip([
            (&b"Via"[..], &b"v"[..]),
            (b"CSeq", b"CSeq"),
            (b"Call-ID", b"i"),
        ]) {
            *seen |= is(long, short);
        }
    }

    /// Whether the byte count of the envelope is reached before the empty line.
    fn is_exact(&self) -> Step {
        match self.framed.fields.size {
            Some(size) if size == self.framed.bytes.len() => Step::Last,
            _ => Step::More,
        }
    }

    /// Whether the message is complete behind its empty line.
    fn is_complete(&self) -> Step {
        let have = self.framed.bytes.len();
        let size = self.framed.fields.size;
        if size == Some(have) {
            return Step::Last;
        }
        let head = self.head.unwrap_or(have);
        let complete = match (self.length, size) {
            (Some(length), _) => have >= head.saturating_add(length),
            // several messages may share an envelope, so that the count alone does not say there is a body
            (None, Some(size)) => have >= size || !self.has_type,
            (None, None) => !self.has_type,
        };
        if complete { Step::Last } else { Step::More }
    }

    /// Ends an overlong message.
    fn bounded(&mut self, step: Step) -> Step {
        if step == Step::More && self.framed.bytes.len() > MAX_MESSAGE {
            self.framed.overlong = true;
            self.framed.cut = true;
            return Step::Last;
        }
        step
    }

    /// Appends a line.
    fn append(&mut self, text: &[u8]) {
        self.framed.bytes.extend_from_slice(text);
        self.framed.bytes.extend_from_slice(b"\r\n");
    }

    /// Ends the message; `None` when it is not worth being one.
    ///
    /// A missing empty line is added: it is the normal case. What the byte count or Content-Length says to be
    /// missing makes the message a cut one.
    pub(super) fn end(mut self) -> Option<Framed> {
        let has_all = self.seen.iter().all(|seen| *seen);
        if self.headers == 0 || (self.framed.dialect.is_none() && !has_all) {
            return None;
        }
        let have = self.framed.bytes.len();
        if let Some(head) = self.head {
            let wanted = self.length.unwrap_or(0);
            self.framed.cut |= have < head.saturating_add(wanted);
            if !self.framed.cut && self.length.is_some() {
                self.framed.bytes.truncate(head + wanted);
            }
        } else {
            self.framed.cut |= self.framed.fields.size.is_some_and(|size| size > have + 2);
            if !self.framed.cut {
                self.append(b"");
            }
        }
        Some(self.framed)
    }

    /// The bytes that the envelope counts behind this message.
    pub(super) fn rest(&self) -> Option<Fields> {
        let size = self.framed.fields.size?.checked_sub(self.framed.bytes.len())?;
        (size > 64).then(|| Fields { size: Some(size), ..self.framed.fields.clone() })
    }
}
