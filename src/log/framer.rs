//! Cuts lines into messages, statements and facts.

use super::Place;
use super::collect::{Collect, Fields, Framed, Step};
use super::dialect::Takes;
use super::extract::{Said, Told, merge, read_fields, said, told};
use super::stamp::Stamp;
use super::tables::{Hits, ReadyEnvelope, Tables};

/// How many lines may come between an envelope and its start line.
const MAX_BETWEEN: usize = 8;
/// How many where the envelope says which lines they are.
const MAX_DETAILS: usize = 200;
/// The longest text of a block of indented lines.
const MAX_BLOCK: usize = 8 * 1024;

/// A line, carriers undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Where it is in the file.
    pub at: Place,
    /// The carrier's time.
    pub stamp: Option<Stamp>,
    /// The line.
    pub text: &'a [u8],
    /// It is one of several that a line of the file carried.
    pub joined: bool,
}

impl Line<'_> {
    /// Its time: its own, the carrier's, or of both what each has.
    fn time(&self) -> Option<Stamp> {
        merge(Stamp::leading(self.text).map(|(stamp, _)| stamp), self.stamp)
    }
}

/// What was found, in the order of the file.
#[derive(Debug)]
pub(super) enum Event {
    /// A message.
    Message(Box<Framed>),
    /// A statement.
    Statement(Box<Said>),
    /// A fact.
    Fact(Box<Told>),
    /// The message before, with that method, was not sent.
    NotSent(Vec<u8>),
    /// Any other line.
    Other(Place, Option<Stamp>, Vec<u8>),
}

/// Cuts one log.
#[derive(Debug)]
pub(super) struct Framer {
    tables: &'static Tables,
    /// The only dialect, as an index.
    only: Option<usize>,
    /// Messages without an envelope are taken.
    pastes: bool,
    /// Other lines are handed on with their text.
    pub wants_text: bool,
    state: State,
    /// Copies of messages that were left out.
    pub copies: u64,
}

/// What the next line may be.
#[derive(Debug, Default)]
enum State {
    /// Anything.
    #[default]
    Idle,
    /// More of an envelope, or the start line behind it.
    Await(Await),
    /// A line of a message.
    Collect(Box<Collect>),
    /// An indented line.
    Block(Block),
}

/// An envelope whose start line has not come.
#[derive(Clone, Debug)]
struct Await {
    envelope: usize,
    fields: Fields,
    /// Lines of the envelope that came.
    lines: usize,
    /// Lines since then.
    between: usize,
}

/// Lines that belong together.
#[derive(Debug)]
struct Block {
    at: Place,
    stamp: Option<Stamp>,
    text: Vec<u8>,
}

impl Framer {
    /// A framer for all dialects, or for `only` one.
    pub(super) const fn new(tables: &'static Tables, only: Option<usize>, pastes: bool) -> Self {
        Self { tables, only, pastes, wants_text: false, state: State::Idle, copies: 0 }
    }

    /// Whether the next line may be anything, so that one without a key is nothing.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Takes a start line whose envelope is not known; whether it is one.
    pub(super) fn expect(&mut self, dialect: Option<usize>, line: &Line<'_>) -> bool {
        let framed = unframed(dialect, Takes::Seen, Fields::default());
        let begun = Collect::begin(line, framed);
        self.state = begun.map_or(State::Idle, |collect| State::Collect(Box::new(collect)));
        !self.is_idle()
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &Line<'_>, out: &mut Vec<Event>) {
        match std::mem::take(&mut self.state) {
            State::Idle => self.idle(line, out),
            State::Await(wait) => self.after_envelope(wait, line, out),
            State::Collect(collect) => self.in_message(collect, line, out),
            State::Block(block) => self.in_block(block, line, out),
        }
    }

    /// Ends whatever is open.
    pub(super) fn end(&mut self, out: &mut Vec<Event>) {
        match std::mem::take(&mut self.state) {
            State::Idle | State::Await(_) => {}
            State::Collect(collect) => self.finish(*collect, out),
            State::Block(block) => self.close(&block, out),
        }
    }

    /// Takes a line that may be anything.
    fn idle(&mut self, line: &Line<'_>, out: &mut Vec<Event>) {
        let hits = self.tables.hits(line.text);
        if hits.is_empty() {
            return self.other(line, out);
        }
        if self.envelope(line, &hits, out) {
            return;
        }
        if hits.block {
            let text = line.text.get(..MAX_BLOCK).unwrap_or(line.text).to_vec();
            self.state = State::Block(Block { at: line.at, stamp: line.time(), text });
            return;
        }
        let mut known = self.not_sent(line, &hits, out);
        known |= self.statement(line.at, line.time(), line.text, &hits, out);
        self.facts(line.text, &hits, out);
        if known {
            return;
        }
        if hits.start && self.pastes {
            let framed =
                unframed(None, Takes::Seen, Fields { stamp: line.stamp, ..Fields::default() });
            if let Some(collect) = Collect::begin(line, framed) {
                self.state = State::Collect(Box::new(collect));
                return;
            }
        }
        self.other(line, out);
    }

    /// Looks for an envelope; whether the line is one.
    fn envelope(&mut self, line: &Line<'_>, hits: &Hits, out: &mut Vec<Event>) -> bool {
        for index in &hits.envelopes {
            let index = usize::from(*index);
            let Some(ready) = self.tables.envelopes.get(index) else { continue };
            if !self.takes(ready.dialect) {
                continue;
            }
            let Some(found) = ready.lines.first().and_then(|pattern| pattern.find(line.text))
            else {
                continue;
            };
            let mut fields = Fields::default();
            read_fields(&found, &mut fields);
            fields.stamp = merge(fields.stamp, line.time());
            // a line may be glued to the end of another
            let before = found.get(0).map_or(0, |whole| whole.start());
            let glued = line.text.get(..before).unwrap_or_default();
            self.statement(line.at, line.time(), glued, hits, out);
            let wait = Await { envelope: index, fields, lines: 1, between: 0 };
            if let Some(sip) = found.name("sip") {
                let text = sip.as_bytes();
                self.after_envelope(wait, &Line { text, ..*line }, out);
            } else {
                self.state = State::Await(wait);
            }
            return true;
        }
        false
    }

    /// Takes a line behind an envelope.
    fn after_envelope(&mut self, mut wait: Await, line: &Line<'_>, out: &mut Vec<Event>) {
        let tables = self.tables;
        let Some(ready) = tables.envelopes.get(wait.envelope) else { return };
        if wait.lines > 0 && ready.lines.first().is_some_and(|p| p.begins(line.text).is_some()) {
            return self.idle(line, out);
        }
        if let Some(sip) = more_envelope(ready, &mut wait, line) {
            let line = Line { text: sip, ..*line };
            match Self::begin(ready, &wait, &line) {
                Some(collect) if !sip.is_empty() => self.state = State::Collect(Box::new(collect)),
                _ => self.state = State::Await(wait),
            }
            return;
        }
        let complete = wait.lines == ready.lines.len();
        if complete && let Some(collect) = Self::begin(ready, &wait, line) {
            self.state = State::Collect(Box::new(collect));
            return;
        }
        let is_blank = line.text.trim_ascii().is_empty();
        let may_stand =
            is_blank || ready.between.as_ref().is_some_and(|p| p.begins(line.text).is_some());
        let most = if ready.between.is_some() { MAX_DETAILS } else { MAX_BETWEEN };
        if may_stand && wait.between < most {
            wait.between += 1;
            self.state = State::Await(wait);
            return;
        }
        self.idle(line, out);
    }

    /// Begins the message behind an envelope.
    fn begin(ready: &ReadyEnvelope, wait: &Await, line: &Line<'_>) -> Option<Collect> {
        let framed = unframed(Some(ready.dialect), ready.row.takes, wait.fields.clone());
        Collect::begin(line, framed)
    }

    /// Takes a line while a message is open.
    fn in_message(&mut self, mut collect: Box<Collect>, line: &Line<'_>, out: &mut Vec<Event>) {
        if self.is_envelope(line) {
            self.finish(*collect, out);
            return self.idle(line, out);
        }
        match collect.take(line, self.tables) {
            Step::More => self.state = State::Collect(collect),
            Step::Last => self.finish(*collect, out),
            Step::Before => {
                self.finish(*collect, out);
                if matches!(self.state, State::Idle) {
                    self.idle(line, out);
                } else {
                    self.line(line, out);
                }
            }
            Step::None => self.idle(line, out),
        }
    }

    /// Whether a line inside a message is the envelope of the next one.
    fn is_envelope(&self, line: &Line<'_>) -> bool {
        if super::start::is_header(line.text) {
            return false;
        }
        let hits = self.tables.hits(line.text);
        hits.envelopes.iter().any(|index| {
            let ready = self.tables.envelopes.get(usize::from(*index));
            ready.is_some_and(|ready| {
                let first = ready.lines.first();
                self.takes(ready.dialect) && first.is_some_and(|p| p.begins(line.text).is_some())
            })
        })
    }

    /// Hands a message on. What its envelope counts behind it is another.
    fn finish(&mut self, collect: Collect, out: &mut Vec<Event>) {
        let rest = collect.rest();
        let dialect = collect.dialect();
        let Some(framed) = collect.end() else { return };
        let takes = framed.takes;
        if takes == Takes::Copy {
            self.copies += 1;
            return;
        }
        if let (Some(fields), Some(dialect)) = (rest, dialect) {
            let envelope = self
                .tables
                .envelopes
                .iter()
                .position(|ready| ready.dialect == dialect && ready.row.takes == takes);
            if let Some(envelope) = envelope {
                let lines =
                    self.tables.envelopes.get(envelope).map_or(0, |ready| ready.lines.len());
                self.state = State::Await(Await { envelope, fields, lines, between: 0 });
            }
        }
        out.push(Event::Message(Box::new(framed)));
    }

    /// Takes a line while indented lines may come.
    fn in_block(&mut self, mut block: Block, line: &Line<'_>, out: &mut Vec<Event>) {
        let indented = matches!(line.text.first(), Some(b'\t' | b' '));
        if indented && block.text.len() + line.text.len() < MAX_BLOCK {
            block.text.push(b'\n');
            block.text.extend_from_slice(line.text);
            self.state = State::Block(block);
            return;
        }
        self.close(&block, out);
        self.idle(line, out);
    }

    /// Reads a block that is complete.
    fn close(&self, block: &Block, out: &mut Vec<Event>) {
        let hits = self.tables.hits(&block.text);
        self.facts(&block.text, &hits, out);
        if !self.statement(block.at, block.stamp, &block.text, &hits, out) {
            out.push(Event::Other(block.at, block.stamp, Vec::new()));
        }
    }

    /// Looks for the first statement of the tables; whether there was one.
    fn statement(
        &self,
        at: Place,
        stamp: Option<Stamp>,
        text: &[u8],
        hits: &Hits,
        out: &mut Vec<Event>,
    ) -> bool {
        for index in &hits.statements {
            let Some(row) = self.tables.statements.get(usize::from(*index)) else { continue };
            if !self.takes(row.dialect) {
                continue;
            }
            let Some(found) = row.line.find(text) else { continue };
            out.push(Event::Statement(Box::new(said(
                &found,
                row.dialect,
                row.means,
                at,
                stamp,
                text,
            ))));
            return true;
        }
        false
    }

    /// Looks for facts.
    fn facts(&self, text: &[u8], hits: &Hits, out: &mut Vec<Event>) {
        for index in &hits.facts {
            let Some(row) = self.tables.facts.get(usize::from(*index)) else { continue };
            if let Some(found) = row.line.find(text).filter(|_| self.takes(row.dialect)) {
                out.push(Event::Fact(Box::new(told(&found, (row.dialect, row.means)))));
            }
        }
    }

    /// Looks for words that the message before was not sent.
    fn not_sent(&self, line: &Line<'_>, hits: &Hits, out: &mut Vec<Event>) -> bool {
        for index in &hits.not_sent {
            let row = self.tables.not_sent.get(usize::from(*index));
            if let Some(found) = row.and_then(|row| row.line.find(line.text)) {
                let method = found.name("method").map(|method| method.as_bytes().to_vec());
                out.push(Event::NotSent(method.unwrap_or_default()));
                return true;
            }
        }
        false
    }

    /// Hands on a line that is nothing else.
    fn other(&self, line: &Line<'_>, out: &mut Vec<Event>) {
        let stamp = line.time();
        if self.wants_text || stamp.is_some() {
            let text = if self.wants_text { line.text.to_vec() } else { Vec::new() };
            out.push(Event::Other(line.at, stamp, text));
        }
    }

    /// Whether that dialect counts.
    fn takes(&self, dialect: usize) -> bool {
        self.only.is_none_or(|only| only == dialect)
    }
}

/// Takes another line of an envelope: the start line in it, or nothing of one. Lines that a program leaves
/// out are passed over.
fn more_envelope<'t>(ready: &ReadyEnvelope, wait: &mut Await, line: &Line<'t>) -> Option<&'t [u8]> {
    for (index, pattern) in ready.lines.iter().enumerate().skip(wait.lines) {
        if let Some(found) = pattern.find(line.text) {
            read_fields(&found, &mut wait.fields);
            wait.lines = index + 1;
            return Some(found.name("sip").map_or(&b""[..], |sip| sip.as_bytes()));
        }
    }
    None
}

/// A message of which only the envelope is known.
fn unframed(dialect: Option<usize>, takes: Takes, fields: Fields) -> Framed {
    Framed {
        at: Place::default(),
        dialect,
        takes,
        fields,
        bytes: Vec::new(),
        cut: false,
        mended: false,
        not_sent: false,
        overlong: false,
    }
}
