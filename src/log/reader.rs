//! Reads a log: recognizes it by its start, then hands on what it holds.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::carrier::{Record, Stack};
use super::clock::Clock;
use super::dialect;
use super::finish::{Finish, Found};
use super::framer::{Event, Framer, Line};
use super::lines::Lines;
use super::stamp::Stamp;
use super::survey::Survey;
use super::tables::Tables;
use super::utf16::{Order, Text};
use super::{Item, Profile, Settings};
use crate::net::escape_bytes;

/// How much of a log is examined before it is read.
const HEAD: usize = 4 * 1024 * 1024;
/// How many lines are looked back for the last one with a time.
const MAX_BACK: usize = 64;
/// The most bytes of a first line that are quoted.
const MAX_QUOTE: usize = 120;

/// Why an input is not read as a log.
#[derive(Debug, thiserror::Error)]
pub enum NotALog {
    /// There is no message and no statement in it.
    #[error("{reason}")]
    Unknown {
        /// Its first line, escaped and shortened.
        first_line: String,
        /// What was missing.
        reason: String,
    },
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The names of the dialects, for `--log-format`.
pub fn formats() -> impl Iterator<Item = &'static str> {
    dialect::ALL.iter().map(|dialect| dialect.name).chain([PASTE])
}

/// What a log of messages without envelopes is called.
const PASTE: &str = "paste";

/// Whether an input that begins with `head` may be a log: it is text.
///
/// A cheap test for files found in directories; [`LogReader::open`] decides.
#[must_use]
pub fn could_be_log(head: &[u8]) -> bool {
    if head.is_empty() {
        return false;
    }
    if Order::of(head).is_some() {
        return true;
    }
    let head = head.get(..4096).unwrap_or(head);
    let odd = head.iter().filter(|byte| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f));
    odd.count() * 50 <= head.len()
}

/// Reads a log.
#[derive(Debug)]
pub struct LogReader<R> {
    lines: Lines<Text<R>>,
    order: Option<Order>,
    stack: Stack,
    framer: Framer,
    finish: Finish,
    events: Vec<Event>,
    queue: VecDeque<(Found, usize)>,
    /// The item handed on last.
    current: Option<(Found, usize)>,
    follow: bool,
    /// Which of several files is read.
    part: usize,
    /// The file that a message cut by a rotation began in, until it is handed on.
    begun: Option<usize>,
    /// How many more lines may say that the last message was not sent.
    holding: u8,
    /// Up to where the lines were searched for keys.
    searched: u64,
    /// The hour that lines without a date show, and where they show it.
    hour: Hour,
    /// Its start did not hold all of it.
    is_long: bool,
}

/// The hour in the stamps of a log without dates: a line that shows another one is read.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    at: usize,
    digits: [u8; 2],
    watched: bool,
}

impl Hour {
    /// Remembers where a line has its hour.
    fn watch(&mut self, line: &[u8]) {
        let Some((stamp, end)) = Stamp::leading(line) else { return };
        let decimals = if stamp.digits > 0 { usize::from(stamp.digits) + 1 } else { 0 };
        let at = end.saturating_sub(8 + decimals);
        self.watched = stamp.day.is_none();
        if let Some([high, low]) = line.get(at..at + 2) {
            self.at = at;
            self.digits = [*high, *low];
        }
    }

    /// Whether a line shows another hour.
    fn differs(&self, line: &[u8]) -> bool {
        let Some(digits) = line.get(self.at..self.at + 2) else { return false };
        digits != self.digits && digits.iter().all(u8::is_ascii_digit)
    }
}

impl<R: Read> LogReader<R> {
    /// Recognizes a log by its first few megabytes.
    pub fn open(mut input: R, settings: &Settings) -> Result<Self, NotALog> {
        let (head, order) = read_head(&mut input)?;
        let first_line = first_line(&head);
        let unknown = |reason: &str| NotALog::Unknown {
            first_line: first_line.clone(),
            reason: reason.to_owned(),
        };
        let only = match settings.format.as_deref() {
            None => None,
            Some(PASTE) => Some(usize::MAX),
            Some(name) => {
                let known = dialect::ALL.iter().position(|dialect| dialect.name == name);
                Some(known.ok_or_else(|| unknown(&format!("no log format is named {name}")))?)
            }
        };
        let separator = separator(&head);
        let mut sample = Lines::new(head.clone(), io::empty(), separator);
        let stack = Stack::detect(first_lines(&mut sample)?.iter().map(Vec::as_slice));
        let is_long = head.len() >= HEAD;
        let survey = look(&head, separator, &stack, only)?;
        let pastes = survey.framed == 0;
        let is_empty = survey.framed + survey.pastes + survey.statements == 0;
        // in a long log the first of them may come later
        let may_come =
            only.is_some() || survey.program.is_some() || (is_long && survey.has_times());
        if is_empty && !may_come {
            return Err(unknown("not a log that regscope knows"));
        }
        let program = survey.program.and_then(|program| dialect::ALL.get(program));
        let first = survey.first();
        let (settled, described, local, node) = survey.settle(settings);
        let clock = Clock::new(settled);
        let mut profile = Profile {
            dialect: program.map_or("", |program| program.name),
            carriers: stack.names().to_vec(),
            first: first.map(|stamp| clock.clone().read(&stamp, 1)),
            clock: described,
            local: local.all.clone(),
            local_from: local.from,
            node,
            ..Profile::default()
        };
        if order.is_some() {
            profile.carriers.insert(0, "utf-16");
        }
        Ok(Self {
            lines: Lines::new(head, Text::new(input, order), separator),
            order,
            framer: Framer::new(Tables::all(), only, pastes),
            stack,
            finish: Finish::new(clock, local, profile),
            events: Vec::new(),
            queue: VecDeque::new(),
            current: None,
            follow: false,
            part: 0,
            begun: None,
            holding: 0,
            searched: 0,
            hour: Hour::default(),
            is_long,
        })
    }

    /// Sets whether the log may grow: its end is then not the end of its last line and message.
    pub const fn follow(&mut self, follow: bool) {
        self.follow = follow;
    }

    /// Goes on with the file that continues this one, as after a rotation; call it at this one's end.
    ///
    /// A message that the rotation cut is put together. [`LogReader::part`] says which file an item is in.
    pub fn continue_with(&mut self, mut input: R) -> io::Result<()> {
        if let Some(last) = self.lines.next(true)? {
            self.raw_line(&last);
        }
        self.count();
        self.finish.next_part();
        let mut mark = [0; 2];
        let mut have = 0;
        while have < mark.len() {
            match input.read(mark.get_mut(have..).unwrap_or_default())? {
                0 => break,
                count => have += count,
            }
        }
        let start = mark.get(..have).unwrap_or_default();
        self.order = Order::of(start);
        let mut text = Text::new(input, self.order);
        text.put_back(start);
        self.lines.go_on_with(text);
        self.searched = 0;
        self.begun = (!self.framer.is_idle()).then_some(self.part);
        self.part += 1;
        Ok(())
    }

    /// Whether there is more of it than was read to recognize it: 4 MB.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.is_long
    }

    /// Which file the last item begins in: 0, and one more after each [`LogReader::continue_with`].
    #[must_use]
    pub fn part(&self) -> usize {
        self.current.as_ref().map_or(0, |(_, part)| *part)
    }

    /// The next item, in the order of the file; `None` at its end, for now when it is followed.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, io::Error> {
        self.current = self.advance()?;
        Ok(self.current.as_ref().map(|(found, _)| found.item()))
    }

    /// What is known of the log, or of its latest file; complete once [`LogReader::next`] has come to its end.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        self.finish.profile()
    }

    /// What is known of each file of the log, in the order of [`LogReader::continue_with`].
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.finish.profiles()
    }

    /// The next item, its bytes its own.
    fn advance(&mut self) -> io::Result<Option<(Found, usize)>> {
        loop {
            if self.holding == 0
                && let Some(found) = self.queue.pop_front()
            {
                return Ok(Some(found));
            }
            self.skip();
            match self.lines.next(!self.follow)? {
                Some(line) => self.raw_line(&line),
                None if self.holding > 0 && !self.queue.is_empty() => self.holding = 0,
                None => {
                    if !self.follow {
                        self.end();
                    }
                    self.count();
                    return Ok(self.queue.pop_front());
                }
            }
        }
    }

    /// Leaves out lines that can be nothing: none of the dialects' keys is in them.
    fn skip(&mut self) {
        let waits = !self.framer.is_idle() || self.framer.wants_text || self.holding > 0;
        let from = self.lines.position();
        if waits || from < self.searched || !self.stack.is_plain() {
            return;
        }
        let until = self.lines.without_key(Tables::all().search());
        let mut clear = until.len();
        let mut end = last_stamped(until);
        if self.hour.watched {
            let mut begin = 0;
            for line_end in memchr::memchr_iter(b'\n', until.get(..end).unwrap_or_default()) {
                if self.hour.differs(until.get(begin..line_end).unwrap_or_default()) {
                    end = begin;
                    clear = line_end;
                    break;
                }
                begin = line_end + 1;
            }
        }
        self.searched = from + u64::try_from(clear).unwrap_or(u64::MAX);
        self.lines.skip(end);
    }

    /// Takes a line of the file.
    fn raw_line(&mut self, line: &super::lines::RawLine) {
        let text = self.lines.text(line);
        if self.framer.is_idle() {
            self.hour.watch(text);
        }
        let record = self.stack.undo(line.at, text);
        self.holding = self.holding.saturating_sub(1);
        if let Some(record) = record {
            self.record(&record);
        }
    }

    /// Takes what a line carried.
    fn record(&mut self, record: &Record) {
        for_each_line(record, |line| {
            self.framer.wants_text = self.finish.wants_text();
            self.framer.line(line, &mut self.events);
            self.hand_on();
        });
    }

    /// Takes the end of the log.
    fn end(&mut self) {
        if let Some(record) = self.stack.flush() {
            self.record(&record);
        }
        self.framer.end(&mut self.events);
        self.hand_on();
        self.holding = 0;
        if let Some(last) = self.finish.end() {
            self.queue.push_back((last, self.part));
        }
    }

    /// Makes items of what the framer found.
    fn hand_on(&mut self) {
        for event in self.events.drain(..) {
            let part = self.begun.take().unwrap_or(self.part);
            if let Event::NotSent(method) = &event {
                let last = self.queue.iter_mut().rev().find_map(|(found, _)| found.message_mut());
                if let Some(last) = last {
                    last.was_not_sent(method);
                }
                self.holding = 0;
                continue;
            }
            let Some(mut found) = self.finish.event(event) else { continue };
            if let Some(answer) = found.message_mut() {
                for (earlier, _) in &mut self.queue {
                    if let Some(request) = earlier.message_mut() {
                        request.learn(answer);
                    }
                }
                self.holding = found.hold();
            }
            self.queue.push_back((found, part));
        }
    }

    /// Keeps the counts of the profile.
    fn count(&mut self) {
        self.finish.count(self.lines.count(), self.lines.cut, self.framer.copies);
    }
}

impl<R: Read + Send + 'static> LogReader<R> {
    /// Reads on in a thread of its own; not for a log that grows. To be called again after
    /// [`LogReader::continue_with`].
    pub fn read_ahead(&mut self) -> io::Result<()> {
        let search = self.stack.is_plain().then(|| Tables::all().search());
        self.lines.read_ahead(search)
    }
}

/// Where the last line with a time begins in `until`, which ends inside a line; at most a few lines are examined.
fn last_stamped(until: &[u8]) -> usize {
    let mut end = memchr::memrchr(b'\n', until).map_or(0, |end| end + 1);
    for _ in 0..MAX_BACK {
        let before = until.get(..end.saturating_sub(1)).unwrap_or_default();
        if end == 0 {
            break;
        }
        let begin = memchr::memrchr(b'\n', before).map_or(0, |begin| begin + 1);
        let stamped = Stamp::leading(before.get(begin..).unwrap_or_default()).is_some();
        end = begin;
        if stamped {
            break;
        }
    }
    end
}

/// Calls `take` with each line of a record.
pub(super) fn for_each_line(record: &Record, mut take: impl FnMut(&Line<'_>)) {
    let several = memchr::memchr(b'\n', &record.text).is_some();
    for (index, text) in record.text.split(|byte| *byte == b'\n').enumerate() {
        let ends = text.iter().rev().take_while(|byte| **byte == b'\r').count();
        let text = text.get(..text.len() - ends).unwrap_or_default();
        take(&Line { at: record.at, stamp: record.stamp, text, joined: several && index > 0 });
    }
}

/// Reads the start of an input, as UTF-8.
fn read_head<R: Read>(input: &mut R) -> io::Result<(Vec<u8>, Option<Order>)> {
    let mut head = Vec::new();
    input.by_ref().take(4).read_to_end(&mut head)?;
    let order = Order::of(&head);
    let limit = u64::try_from(HEAD & !1).unwrap_or(0);
    input.by_ref().take(limit).read_to_end(&mut head)?;
    if order.is_some() {
        let mut text = Vec::new();
        Text::new(head.as_slice(), order).read_to_end(&mut text)?;
        head = text;
    }
    Ok((head, order))
}

/// What ends the lines: LF, or CR where there is no LF.
fn separator(head: &[u8]) -> u8 {
    let has_lf = memchr::memchr(b'\n', head).is_some();
    if !has_lf && memchr::memchr(b'\r', head).is_some() { b'\r' } else { b'\n' }
}

/// The first lines of a log, to find its carriers.
fn first_lines<R: Read>(lines: &mut Lines<R>) -> io::Result<Vec<Vec<u8>>> {
    let mut first = Vec::new();
    while first.len() < 600
        && let Some(line) = lines.next(true)?
    {
        first.push(lines.text(&line).to_vec());
    }
    Ok(first)
}

/// The first line with anything in it, escaped and shortened.
fn first_line(head: &[u8]) -> String {
    let line =
        head.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let quoted = escape_bytes(line.get(..MAX_QUOTE).unwrap_or(line)).into_owned();
    if line.len() > MAX_QUOTE { quoted + "…" } else { quoted }
}

/// Looks through the start of a log.
fn look(head: &[u8], separator: u8, stack: &Stack, only: Option<usize>) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let mut stack = stack.again();
    let mut framer = Framer::new(Tables::all(), only, true);
    let mut lines = Lines::new(Vec::new(), head, separator);
    let mut events = Vec::new();
    while let Some(line) = lines.next(true)? {
        let record = stack.undo(line.at, lines.text(&line));
        if let Some(record) = &record {
            for_each_line(record, |line| framer.line(line, &mut events));
        }
        survey.take(&events);
        events.clear();
    }
    if let Some(record) = stack.flush() {
        for_each_line(&record, |line| framer.line(line, &mut events));
    }
    framer.end(&mut events);
    survey.take(&events);
    Ok(survey)
}

/// Whether `second` may be the log that `first` goes on in: the same program on the same host, later.
#[must_use]
pub fn continues(first: &Profile, second: &Profile) -> bool {
    let same =
        first.dialect == second.dialect || first.dialect.is_empty() || second.dialect.is_empty();
    let alike =
        |a: &[_], b: &[_]| a.is_empty() || b.is_empty() || a.iter().any(|one| b.contains(one));
    let hosts = alike(&first.local, &second.local);
    let nodes = first.node.is_none() || second.node.is_none() || first.node == second.node;
    let later = match (first.last, second.first) {
        (Some(last), Some(next)) => next.nanos() >= last.nanos() - 1_000_000_000,
        _ => false,
    };
    same && hosts && nodes && later
}
