//! Turns what the framer found into items: times, sides, counts.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};

use super::clock::{Clock, SECOND};
use super::collect::Framed;
use super::dialect::{self, Takes};
use super::extract;
use super::framer::Event;
use super::shapes::Shapes;
use super::sides::{Local, Sides, direction, sides};
use super::stamp::Stamp;
use super::{Item, LoggedMessage, Place, Profile, Said, Statement, secret};
use crate::net::{Endpoint, Timestamp};
use crate::sip::{HeaderName, Message};

/// How many lines a response that names the source of its request may end behind it.
const LINES_TO_ANSWER: u8 = 60;
/// How many lines behind a message may say that it was not sent.
const LINES_TO_FAILURE: u8 = 6;
/// The longest text of a line that is kept.
const MAX_TEXT: usize = 1024;
/// How many lines behind a request may belong to it.
const MAX_BETWEEN: u32 = 64;
/// The most requests that wait for their responses at once.
const MAX_OPEN: usize = 16;
/// The most warnings of a log.
const MAX_WARNINGS: usize = 64;

/// Something found, its bytes its own.
#[derive(Debug)]
pub(super) enum Found {
    /// A message.
    Message(Box<FoundMessage>),
    /// A statement.
    Statement(Box<Statement>),
    /// A line between a request and its response.
    Said(Box<Said>),
    /// The time of any other line.
    Time(Timestamp),
}

/// A message, its time and its sides.
#[derive(Debug)]
pub(super) struct FoundMessage {
    framed: Framed,
    time: Option<Timestamp>,
    sides: Sides,
    /// The branch of its top Via.
    branch: u64,
}

impl FoundMessage {
    /// Whether the response may show where a request came from: its envelope does not.
    pub(super) fn waits_for_answer(&self) -> bool {
        self.framed.takes == Takes::Received
            && self.sides.src.inferred
            && self.framed.dialect.is_some()
            && !self.framed.bytes.starts_with(b"SIP/2.0 ")
    }

    /// Takes the source from its response, which goes back to where the request came from.
    pub(super) fn learn(&mut self, answer: &Self) {
        let is_answer =
            answer.framed.takes == Takes::Sent && answer.framed.bytes.starts_with(b"SIP/2.0 ");
        if is_answer && answer.branch == self.branch && self.waits_for_answer() {
            self.sides.src = answer.sides.dst;
        }
    }

    /// The program says that a request of that method was not sent; no name is any.
    pub(super) fn was_not_sent(&mut self, method: &[u8]) {
        let is_it = method.is_empty() || self.framed.bytes.starts_with(method);
        self.framed.not_sent |= is_it && self.framed.takes == Takes::Sent;
    }
}

impl Found {
    /// The message.
    pub(super) fn message_mut(&mut self) -> Option<&mut FoundMessage> {
        if let Self::Message(message) = self { Some(message) } else { None }
    }

    /// How many lines may come before all is known of it.
    pub(super) fn hold(&self) -> u8 {
        match self {
            Self::Message(message) if message.waits_for_answer() => LINES_TO_ANSWER,
            Self::Message(message) if message.framed.may_not_be_sent() => LINES_TO_FAILURE,
            _ => 0,
        }
    }

    /// It as it is handed on.
    pub(super) fn item(&self) -> Item<'_> {
        match self {
            Self::Message(found) => {
                let FoundMessage { framed, time, sides, .. } = &**found;
                Item::Message(LoggedMessage {
                    at: framed.at,
                    time: *time,
                    src: sides.src,
                    dst: sides.dst,
                    transport: sides.transport,
                    transport_inferred: sides.transport_inferred,
                    direction: direction(framed.takes),
                    bytes: Cow::Borrowed(&framed.bytes),
                    cut: framed.cut,
                    mended: framed.mended,
                    not_sent: framed.not_sent,
                })
            }
            Self::Statement(statement) => Item::Statement((**statement).clone()),
            Self::Said(said) => Item::Said((**said).clone()),
            Self::Time(time) => Item::Time(*time),
        }
    }
}

impl Framed {
    /// Whether a line behind it may say that it was not sent.
    fn may_not_be_sent(&self) -> bool {
        let dialect = self.dialect.and_then(|dialect| dialect::ALL.get(dialect));
        self.takes == Takes::Sent && dialect.is_some_and(|dialect| !dialect.not_sent.is_empty())
    }
}

/// A REGISTER without its response.
#[derive(Clone, Copy, Debug)]
struct Open {
    request: Place,
    call: u64,
    lines: u32,
}

/// The last message of a call.
#[derive(Clone, Copy, Debug)]
struct Call {
    id: u64,
    number: u32,
    /// For how long it registers, as far as it says.
    expires: Option<u32>,
}

/// What is known while a log is read.
#[derive(Debug)]
pub(super) struct Finish {
    clock: Clock,
    local: Local,
    profile: Profile,
    shapes: Shapes,
    open: Vec<Open>,
    /// Messages and statements of each dialect, the last of messages without envelopes.
    counts: Vec<(u64, u64)>,
    /// The last time that was handed on.
    handed: Option<Timestamp>,
    /// The calls of the last messages, to distinguish a clock that was set from a quiet night.
    calls: Vec<Call>,
    cut_lines: u64,
    copies: u64,
    hasher: RandomState,
    /// The files that were read before this one.
    before: Vec<Profile>,
    /// The families of programs whose lines came.
    families: Vec<&'static str>,
    /// The line of a message that ends early, until anything comes behind it.
    cut: Option<u64>,
}

impl Finish {
    /// At the start of a log.
    pub(super) fn new(clock: Clock, local: Local, profile: Profile) -> Self {
        Self {
            clock,
            local,
            profile,
            shapes: Shapes::default(),
            open: Vec::new(),
            counts: vec![(0, 0); dialect::ALL.len() + 1],
            handed: None,
            calls: Vec::new(),
            cut_lines: 0,
            copies: 0,
            hasher: RandomState::new(),
            before: Vec::new(),
            families: Vec::new(),
            cut: None,
        }
    }

    /// What is known of the log, or of its latest file.
    pub(super) const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What is known of each file of the log, in order.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.before.iter().chain([&self.profile])
    }

    /// Goes on with another file of the same log.
    pub(super) fn next_part(&mut self) {
        let known = &self.profile;
        let next = Profile {
            carriers: known.carriers.clone(),
            clock: super::Clock { steps: Vec::new(), ..known.clock.clone() },
            local: known.local.clone(),
            local_from: known.local_from,
            node: known.node.clone(),
            ..Profile::default()
        };
        self.clock.steps.clear();
        self.cut_lines = 0;
        self.before.push(std::mem::replace(&mut self.profile, next));
    }

    /// Whether the next line may be one between a request and its response.
    pub(super) fn wants_text(&self) -> bool {
        matches!(self.open.as_slice(), [open] if open.lines < MAX_BETWEEN)
    }

    /// Makes an item of something found.
    pub(super) fn event(&mut self, event: Event) -> Option<Found> {
        match event {
            Event::Message(framed) => Some(self.message(*framed)),
            Event::Statement(said) => Some(self.statement(*said)),
            Event::Other(at, stamp, text) => self.other(at, stamp, &text),
            Event::Fact(_) | Event::NotSent(_) => None,
        }
    }

    /// The moment of a line with that stamp; of the last dated line, where it has none.
    fn time(&mut self, at: Place, stamp: Option<Stamp>) -> Option<Timestamp> {
        let Some(stamp) = stamp else { return self.clock.now() };
        let time = self.clock.read(&stamp, at.line);
        self.widen(time);
        Some(time)
    }

    /// The log has a line of that moment.
    fn widen(&mut self, time: Timestamp) {
        self.profile.first.get_or_insert(time);
        self.profile.last = Some(self.profile.last.map_or(time, |last| last.max(time)));
    }

    /// Decides whether a jump ahead that came before was the clock being set; the moment that counts then, if there
    /// was one.
    fn decide(&mut self, was_set: bool) -> Option<Timestamp> {
        let time = self.clock.decide(was_set)?;
        self.widen(time);
        Some(time)
    }

    /// Takes the end of the log: the moment of its last line, if it was left open.
    pub(super) fn end(&mut self) -> Option<Found> {
        if let Some(line) = self.cut.take() {
            self.warn(line, "the log ends within this message".to_owned());
        }
        self.decide(false).map(Found::Time)
    }

    /// Makes an item of a message.
    fn message(&mut self, framed: Framed) -> Found {
        let mut time = self.time(framed.at, framed.fields.stamp);
        if let Some((messages, _)) =
            self.counts.get_mut(framed.dialect.unwrap_or(dialect::ALL.len()))
        {
            *messages += 1;
        }
        self.profile.messages += 1;
        self.note_family(framed.dialect, framed.at.line);
        self.cut = framed.cut.then_some(framed.at.line);
        if framed.overlong {
            self.warn(framed.at.line, "a message longer than 64 KiB was cut".to_owned());
        }
        let (sides, branch) = match Message::parse(&framed.bytes, framed.cut) {
            Some(message) => {
                time = self.note(&framed, &message).or(time);
                let branch = message.top_via().and_then(|via| via.branch());
                (
                    sides(&framed, &message, &self.local),
                    self.hasher.hash_one(branch.unwrap_or_default()),
                )
            }
            None => (Sides::unknown(&framed.fields), 0),
        };
        self.handed = time;
        Found::Message(Box::new(FoundMessage { framed, time, sides, branch }))
    }

    /// Remembers what a message opens or closes; its moment, if a jump was left open before it.
    fn note(&mut self, framed: &Framed, message: &Message<'_>) -> Option<Timestamp> {
        let call = self.hasher.hash_one(message.call_id().unwrap_or_default());
        let cseq = message.first(HeaderName::CSeq).unwrap_or_default();
        let number: u32 = std::str::from_utf8(cseq)
            .ok()
            .and_then(|cseq| cseq.split_whitespace().next()?.parse().ok())
            .unwrap_or(0);
        let time = self.decide_by(Call { id: call, number, expires: message.expires() });
        if !cseq.ends_with(b"REGISTER") {
            return time;
        }
        self.open.retain(|open| open.call != call && open.lines < MAX_BETWEEN);
        if message.is_request() && self.open.len() < MAX_OPEN {
            self.open.push(Open { request: framed.at, call, lines: 0 });
        }
        time
    }

    /// Distinguishes a clock that was set from a quiet night by the next message: its call goes on across the jump, though
    /// what it had registered for would have run out.
    fn decide_by(&mut self, next: Call) -> Option<Timestamp> {
        let before = self.calls.iter().position(|known| known.id == next.id);
        let before = before.map(|place| self.calls.remove(place));
        if self.calls.len() >= MAX_OPEN {
            self.calls.remove(0);
        }
        let expires = next.expires.or_else(|| before.and_then(|before| before.expires));
        self.calls.push(Call { expires, ..next });
        let by = self.clock.jump()?;
        let goes_on = before.is_some_and(|last| {
            let ran_out = last.expires.is_none_or(|secs| i64::from(secs) * SECOND < by);
            ran_out && next.number >= last.number && next.number - last.number <= 3
        });
        self.decide(goes_on)
    }

    /// Makes an item of a statement.
    fn statement(&mut self, said: extract::Said) -> Found {
        let time = self.time(said.at, said.stamp);
        let time = self.decide(false).or(time);
        self.handed = time;
        if let Some((_, statements)) = self.counts.get_mut(said.dialect) {
            *statements += 1;
        }
        self.profile.statements += 1;
        self.note_family(Some(said.dialect), said.at.line);
        self.cut = None;
        let (kind, sure) = said.means;
        Found::Statement(Box::new(Statement {
            at: said.at,
            time,
            kind,
            sure,
            dn: said.dn.map(|dn| text(&dn)),
            contact: said.contact.map(|contact| text(&contact)),
            call_id: said.call_id.map(|id| text(&id)),
            source: said
                .source
                .and_then(|source| Some(Endpoint::new(source.ip?, source.port.unwrap_or(0)))),
            code: said.code,
            expires: said.expires,
            reference: said.reference,
            text: text(&said.text),
        }))
    }

    /// Makes an item of another line, if it belongs to an attempt or its time is news.
    fn other(&mut self, at: Place, stamp: Option<Stamp>, line: &[u8]) -> Option<Found> {
        let time = self.time(at, stamp);
        self.cut = None;
        if !line.is_empty()
            && let [open] = self.open.as_mut_slice()
        {
            open.lines += 1;
            let request = open.request;
            if let Some(shape) = self.shapes.of(line) {
                return Some(Found::Said(Box::new(Said {
                    at,
                    time,
                    request,
                    shape,
                    text: text(line),
                })));
            }
        }
        let time = stamp.and(time)?;
        let is_news = self.handed.is_none_or(|handed| time.nanos_since(handed).abs() >= SECOND);
        if is_news {
            self.handed = Some(time);
        }
        is_news.then_some(Found::Time(time))
    }

    /// Notes which program a line is of; another one in the same file is worth a warning.
    fn note_family(&mut self, dialect: Option<usize>, line: u64) {
        let Some(dialect) = dialect.and_then(|dialect| dialect::ALL.get(dialect)) else { return };
        if self.families.contains(&dialect.family()) {
            return;
        }
        self.families.push(dialect.family());
        if self.families.len() > 1 {
            self.warn(line, format!("lines of another kind begin here: {}", dialect.name));
        }
    }

    /// Adds a warning.
    fn warn(&mut self, line: u64, words: String) {
        if self.profile.warnings.len() < MAX_WARNINGS {
            self.profile.warnings.push((line, words));
        }
    }

    /// Keeps the counts of the profile.
    pub(super) fn count(&mut self, lines: u64, cut: u64, copies: u64) {
        self.profile.lines = lines;
        self.profile.clock.granularity = self.clock.digits.map(|digits| match digits {
            0 => "s",
            1..=3 => "ms",
            _ => "µs",
        });
        self.profile.clock.steps.clone_from(&self.clock.steps);
        self.profile.dialect = self.dialect();
        if cut > self.cut_lines {
            self.cut_lines = cut;
            self.profile
                .warnings
                .retain(|(_, words)| !words.ends_with("longer than 64 KiB were cut"));
            self.warn(0, format!("{cut} lines longer than 64 KiB were cut"));
        }
        self.copies = copies;
    }

    /// The dialect of most messages; of most statements, where there are no messages; else what the program says it is.
    fn dialect(&self) -> &'static str {
        let most = self.counts.iter().enumerate().rev().max_by_key(|(_, counts)| **counts);
        let Some((index, _)) = most.filter(|(_, counts)| **counts != (0, 0)) else {
            return self.profile.dialect;
        };
        dialect::ALL.get(index).map_or("paste", |dialect| dialect.name)
    }
}

/// Text of a line: secrets masked, shortened.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..MAX_TEXT).unwrap_or(bytes));
    let mut text = secret::masked(&text);
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}
