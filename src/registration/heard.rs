//! Keeps what logs report about registrations: statements and lines without a known meaning, beside the messages.

use std::sync::Arc;

use crate::hashing::HashMap;

use super::snapshot::{AttemptView, DnView, Snapshot};
use super::store::{Dn, NIL};
use super::tracker::Tracker;
use crate::log::{Said, Statement, StatementKind};
use crate::net::{Endpoint, FileId, FrameRef, LogMarks, Origin, Timestamp};

/// Statements kept of a DN; above, a repetition takes the place of the one before.
const PER_DN: usize = 1000;
/// Statements kept of a run.
const PER_RUN: usize = 100_000;
/// Shapes of lines kept of a run, and of a DN.
const SHAPES: usize = 1024;
const SHAPES_PER_DN: usize = 256;
/// Requests, devices and Call-IDs remembered for lines that name no DN.
const REMEMBERED: usize = 16_384;
/// What follows a response within this time belongs to its exchange.
const JUST_AFTER: i64 = 1_000_000_000;

/// A statement, and where and when it was made.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its line.
    pub at: FrameRef,
    /// When it was its turn; [`Timestamp::NONE`] in a log without a clock.
    pub time: Timestamp,
    /// What it says.
    pub statement: Arc<Statement>,
}

/// What logs report about one DN.
#[derive(Clone, Debug, Default)]
pub(super) struct HeardOfDn {
    pub statements: Vec<Heard>,
    /// Statements that were too many to keep.
    pub dropped: u32,
    /// Lines between a request of the DN and its response: the request, and the shape.
    pub said: Vec<(FrameRef, u16)>,
}

/// What logs say that is of no DN of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Hearing {
    /// Statements whose DN is unknown.
    pub of_nobody: Vec<Heard>,
    /// Statements kept in all.
    kept: usize,
    /// The shapes of lines with no known meaning, each with an example.
    pub shapes: Vec<Shape>,
    /// DNs by what a line may name instead.
    requests: HashMap<FrameRef, u32>,
    sources: HashMap<(FileId, Endpoint), u32>,
    calls: HashMap<(FileId, Box<[u8]>), u32>,
}

/// A line with no known meaning, reduced to its shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Digits, addresses, DNs and quoted names replaced by placeholders.
    pub text: Arc<str>,
    /// One line of this shape.
    pub example: Arc<str>,
    /// Where that is.
    pub at: FrameRef,
}

impl Heard {
    /// When a registration that it states runs out, if it says for how long it is.
    pub(super) fn runs_until(&self) -> Option<Timestamp> {
        let kind = self.statement.kind;
        let grants = matches!(kind, StatementKind::Registered | StatementKind::Refreshed);
        let granted = self.statement.expires.filter(|_| grants)?;
        self.time.known().map(|time| time.plus_secs(granted))
    }
}

impl Hearing {
    /// Notes which DN a logged REGISTER is for.
    fn note(&mut self, origin: &Origin, call_id: &[u8], dn: u32) {
        let file = origin.frame.file();
        if self.requests.len() >= REMEMBERED {
            self.forget();
        }
        self.requests.insert(origin.frame, dn);
        self.sources.insert((file, origin.src), dn);
        self.calls.insert((file, call_id.into()), dn);
    }

    /// Forgets which request was for which DN: the numbers of DNs changed, or there are too many.
    pub(super) fn forget(&mut self) {
        self.requests.clear();
        self.sources.clear();
        self.calls.clear();
    }

    /// The DN a statement is about though it does not name it.
    fn find(&self, file: FileId, statement: &Statement) -> Option<u32> {
        let call = statement.call_id.as_deref().map(|call| (file, call.as_bytes().into()));
        let by_call = call.and_then(|call| self.calls.get(&call));
        let by_source = statement.source.and_then(|source| self.sources.get(&(file, source)));
        by_call.or(by_source).copied()
    }

    /// The number of a shape, if there is room for it.
    fn shape(&mut self, at: FrameRef, said: &Said) -> Option<u16> {
        let known = self.shapes.iter().position(|shape| *shape.text == *said.shape);
        let number = known.unwrap_or(self.shapes.len());
        if number >= SHAPES {
            return None;
        }
        if known.is_none() {
            let (text, example) = (said.shape.as_str().into(), said.text.as_str().into());
            self.shapes.push(Shape { text, example, at });
        }
        u16::try_from(number).ok()
    }
}

impl HeardOfDn {
    /// Keeps a statement; false if another made room for it or it was dropped.
    fn keep(&mut self, heard: Heard, room: bool) -> bool {
        if room && self.statements.len() < PER_DN {
            self.statements.push(heard);
            return true;
        }
        self.dropped = self.dropped.saturating_add(1);
        // the first, the last and every change of kind stay
        let more = self.statements.len() < 2 * PER_DN;
        match self.statements.last_mut() {
            Some(last) if last.statement.kind == heard.statement.kind => *last = heard,
            _ if more => {
                self.statements.push(heard);
                return true;
            }
            _ => {}
        }
        false
    }
}

/// Whether a statement alone says something of the state of its DN.
const fn is_of_a_state(kind: StatementKind) -> bool {
    use StatementKind::{
        Attached, AuthSucceeded, Challenged, NothingToRemove, Reachable, Replaced, Unreachable,
    };
    !matches!(
        kind,
        Attached
            | Challenged
            | NothingToRemove
            | Reachable
            | Unreachable
            | AuthSucceeded
            | Replaced
    )
}

impl Tracker {
    /// Takes in a statement of a log; `time` is its turn.
    pub fn statement(&mut self, at: FrameRef, time: Timestamp, statement: &Statement) {
        self.note_first(time);
        self.tick(time);
        if self.live.is_some() {
            self.look_before(at);
        }
        self.counts.statements += 1;
        let heard = Heard { at, time, statement: Arc::new(statement.clone()) };
        let room = self.store.hearing.kept < PER_RUN;
        let Some(dn) = self.dn_of(at, time, statement, room) else {
            if room {
                self.store.hearing.kept += 1;
                self.store.hearing.of_nobody.push(heard);
            } else {
                self.counts.statements_dropped += 1;
            }
            return;
        };
        if let Some(record) = self.store.dns.get_mut(dn as usize) {
            let kept = record.heard_mut().keep(heard, room);
            self.store.hearing.kept += usize::from(kept);
            self.counts.statements_dropped += u64::from(!kept);
        }
        self.touch(dn, Some(at));
    }

    /// Takes in a line with no known meaning between a request and its response.
    pub fn said(&mut self, at: FrameRef, said: &Said) {
        let request = FrameRef::new(at.file(), said.request.line);
        let Some(&dn) = self.store.hearing.requests.get(&request) else { return };
        let Some(shape) = self.store.hearing.shape(at, said) else { return };
        let Some(record) = self.store.dns.get_mut(dn as usize) else { return };
        let said = &mut record.heard_mut().said;
        if said.len() >= SHAPES_PER_DN {
            said.drain(..SHAPES_PER_DN / 2);
        }
        if !said.contains(&(request, shape)) {
            said.push((request, shape));
        }
    }

    /// Notes which DN a REGISTER is for, if it is from a log.
    pub(super) fn note_logged(&mut self, origin: &Origin, call_id: &[u8], attempt: u32) {
        if !origin.path.log.has(LogMarks::LOGGED) {
            return;
        }
        let dn = self.store.attempts.get(attempt as usize).map_or(NIL, |a| a.dn);
        self.store.hearing.note(origin, call_id, dn);
    }

    /// The DN a statement is about; it is made if the statement says something of its state.
    fn dn_of(
        &mut self,
        at: FrameRef,
        time: Timestamp,
        statement: &Statement,
        room: bool,
    ) -> Option<u32> {
        let Some(name) = statement.dn.as_deref() else {
            return self.store.hearing.find(at.file(), statement);
        };
        let (user, host) = name.split_once('@').unwrap_or((name, ""));
        let user = user.as_bytes();
        if let Some(dn) = self.store.dn_at(user, host.as_bytes()) {
            return Some(dn);
        }
        let makes = room && !user.is_empty() && is_of_a_state(statement.kind);
        makes.then(|| self.new_dn(user, 0, time))
    }
}

impl Dn {
    /// What logs report about it.
    pub(super) fn heard(&self) -> Option<&HeardOfDn> {
        self.aside.as_deref()?.heard.as_deref()
    }

    fn heard_mut(&mut self) -> &mut HeardOfDn {
        self.aside.get_or_insert_default().heard.get_or_insert_default()
    }
}

impl HeardOfDn {
    /// About the bytes it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let texts = self.statements.iter().map(|heard| heard.statement.text.len() + 256);
        size_of::<Self>() + texts.sum::<usize>() + self.said.capacity() * 16
    }
}

impl Snapshot {
    /// Every statement that is kept, in the order of their files and lines.
    #[must_use]
    pub fn statements(&self) -> Vec<&Heard> {
        let of_dns = self.store.dns.iter().filter_map(Dn::heard).flat_map(|h| &h.statements);
        let mut all: Vec<_> = of_dns.chain(&self.store.hearing.of_nobody).collect();
        all.sort_by_key(|heard| heard.at);
        all
    }

    /// The shapes of lines with no known meaning.
    #[must_use]
    pub fn shapes(&self) -> &[Shape] {
        &self.store.hearing.shapes
    }
}

impl<'a> DnView<'a> {
    /// What logs state about it, in order of time.
    pub fn statements(&self) -> impl DoubleEndedIterator<Item = &'a Heard> + use<'a> {
        let at = self.snapshot.at;
        let heard = self.record().and_then(Dn::heard).into_iter().flat_map(|h| &h.statements);
        heard.filter(move |heard| heard.time <= at)
    }

    /// Statements about it that were too many to keep.
    #[must_use]
    pub fn statements_dropped(&self) -> u32 {
        self.record().and_then(Dn::heard).map_or(0, |heard| heard.dropped)
    }

    /// The statements that were made in the exchange of an attempt.
    pub fn statements_in(
        &self,
        attempt: &AttemptView<'a>,
    ) -> impl Iterator<Item = &'a Heard> + use<'a> {
        let span = Span::of(attempt.messages().map(|m| (m.time, m.frame())));
        self.statements().filter(move |heard| span.as_ref().is_some_and(|span| span.has(heard)))
    }

    /// The statement that its registration ran out, though a refresh was granted and it runs on by that.
    #[must_use]
    pub fn expiry_against_the_wire(&self) -> Option<&'a Heard> {
        let record = self.record()?;
        let texts = &self.snapshot.store.texts;
        self.statements().rev().find(|heard| record.outlives(texts, heard))
    }

    /// The shapes of the lines in the exchange of an attempt.
    pub fn said_in(&self, attempt: &AttemptView<'a>) -> impl Iterator<Item = u16> + use<'a> {
        let frames: Vec<FrameRef> =
            attempt.messages().filter(|m| m.code == 0).map(|m| m.frame()).collect();
        let said = self.record().and_then(Dn::heard).into_iter().flat_map(|heard| &heard.said);
        said.filter(move |(request, _)| frames.contains(request)).map(|(_, shape)| *shape)
    }
}

/// Where an exchange begins and ends in a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    first: FrameRef,
    last: FrameRef,
    ended: Timestamp,
}

impl Span {
    /// That of messages in order.
    pub(super) fn of(messages: impl Iterator<Item = (Timestamp, FrameRef)>) -> Option<Self> {
        let mut span: Option<Self> = None;
        for (ended, frame) in messages {
            let first = span.map_or(frame, |span| span.first);
            span = Some(Self { first, last: frame, ended });
        }
        span
    }

    /// Whether a statement is made within it, or just after.
    pub(super) fn has(&self, heard: &Heard) -> bool {
        let file = heard.at.file();
        if self.first.file() != file || heard.at < self.first {
            return false;
        }
        let just_after = heard.time.nanos_since(self.ended) <= JUST_AFTER;
        self.last.file() == file && heard.at < self.last
            || just_after && heard.time.known().is_some()
    }
}
