//! The server logs among the inputs, merged with each other by the times they state.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::io::{self, Read};
use std::path::Path;

use super::batch::Batch;
use super::rotation::Rotation;
use super::survey::Plan;
use crate::capture::{Compared, LogInfo, Offset};
use crate::cli::{InputSettings, LogSettings};
use crate::log::{Direction, Item, LogReader, LoggedMessage, NotALog, Said, Settings, Statement};
use crate::net::{Cut, FileId, FrameRef, LogMarks, Origin, PathInfo, Timestamp};
use crate::source::{Meter, NotTaken, Other, OtherStream, Others};

/// What a log of messages without envelopes is called.
const PASTE: &str = "paste";
/// Items read ahead for the first time of a log that begins without one.
const AHEAD: usize = 4096;
/// How many logs have a thread of their own that reads them.
const MAX_READING_AHEAD: usize = 4;
/// The same, in bytes of messages.
const AHEAD_BYTES: usize = 4 << 20;

/// By how long a log waits for captures of the same messages: it is written a moment later.
const BEHIND: i64 = 100_000_000;
/// The same for a log whose times are whole seconds.
const BEHIND_COARSE: i64 = 1_000_000_000;

/// Every log of a run; opened by the set of inputs, which knows what is no capture.
pub(super) struct Logs {
    settings: LogSettings,
    plan: Plan,
    all: Vec<Log>,
    /// Files that logs continue in, not read yet.
    later: Later,
    /// How much was read of each file.
    meters: Vec<Meter>,
    /// The time of the next item of every log, and its place.
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

/// Files that are open and not read.
type Later = BTreeMap<FileId, OtherStream>;

/// One log, in one file or several.
struct Log {
    /// Its files that were begun.
    files: Vec<FileId>,
    reader: LogReader<OtherStream>,
    /// Read, and not given yet.
    ahead: VecDeque<Entry>,
    /// The latest time it stated.
    clock: Timestamp,
    /// How its clock compares with the others'.
    compared: Compared,
    node: Option<String>,
    damage: Option<String>,
    /// A thread of its own reads it.
    reads_ahead: bool,
}

/// Something of a log, and when it is its turn.
pub(super) struct Entry {
    /// Its turn among all inputs: a log keeps its own order, whatever its clock does.
    pub due: Timestamp,
    /// The latest time its log stated by then.
    pub clock: Timestamp,
    /// Its own time, or else that.
    pub time: Timestamp,
    /// The file it is in.
    pub file: FileId,
    /// What is true of all that its log holds.
    pub marks: LogMarks,
    pub what: What,
}

/// An item of a log that is kept.
pub(super) enum What {
    Message(LoggedMessage<'static>),
    Statement(Statement),
    Said(Said),
    Time,
}

impl Logs {
    /// No log yet; what is known of them is in `plan`.
    pub(super) fn new(input: &InputSettings, plan: &Plan) -> Self {
        let (settings, plan) = (input.logs.clone(), plan.clone());
        let (all, later, meters, due) =
            (Vec::new(), BTreeMap::new(), Vec::new(), BinaryHeap::new());
        Self { settings, plan, all, later, meters, due }
    }

    /// Reads on to the first time of each, once all of them are open.
    pub(super) fn begin(&mut self) {
        for place in 0..self.all.len() {
            let Some(log) = self.all.get_mut(place) else { continue };
            log.read_to_first_time(&self.plan.rotation, &mut self.later);
            if let Some(first) = log.ahead.front() {
                self.due.push(Reverse((first.due, place)));
            }
        }
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// How many bytes of their files were read, compressed as they are.
    pub(super) fn bytes_read(&self) -> u64 {
        self.meters.iter().map(Meter::bytes).sum()
    }

    /// When the next item of any log is due; `None` when all are read.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((time, _))| *time)
    }

    /// The next item of all logs.
    pub(super) fn next(&mut self) -> Option<(FileId, Entry)> {
        let Reverse((_, place)) = self.due.pop()?;
        let log = self.all.get_mut(place)?;
        let entry = log.ahead.pop_front()?;
        if log.ahead.is_empty() {
            log.read(&self.plan.rotation, &mut self.later);
        }
        if let Some(next) = log.ahead.front() {
            self.due.push(Reverse((next.due, place)));
        }
        Some((entry.file, entry))
    }

    /// What was found out about the logs, a file each; those of a rotated log in the order of their lines.
    pub(super) fn finish(self) -> Vec<LogInfo> {
        let rotation = &self.plan.rotation;
        self.all.into_iter().flat_map(|log| log.infos(rotation)).collect()
    }
}

/// What is known of a log from outside.
pub(super) fn settings_of(
    logs: &LogSettings,
    path: &Path,
    modified: Option<Timestamp>,
) -> Settings {
    let now = jiff::Timestamp::now();
    Settings {
        format: logs.format.clone(),
        zone: logs.zone.clone(),
        date: logs.date,
        local: logs.local,
        name: path.to_string_lossy().into_owned(),
        modified,
        now: Some(Timestamp::from_parts(now.as_second(), now.subsec_nanosecond().into())),
    }
}

impl Others for Logs {
    fn take(&mut self, other: Other) -> Result<(), NotTaken> {
        let meter = other.stream.meter();
        if self.plan.rotation.continues(other.file) {
            self.meters.push(meter);
            self.later.insert(other.file, other.stream);
            return Ok(());
        }
        let settings = settings_of(&self.settings, &other.path, other.modified);
        let node = self.settings.node_of(&other.path).map(str::to_owned);
        let reader = LogReader::open(other.stream, &settings).map_err(|error| match error {
            NotALog::Unknown { first_line, .. } => NotTaken { first_line: Some(first_line) },
            NotALog::Io(_) => NotTaken::default(),
        })?;
        let mut log = Log {
            files: vec![other.file],
            reader,
            ahead: VecDeque::new(),
            clock: Timestamp::NONE,
            compared: self.plan.compared.get(&other.file).copied().unwrap_or_default(),
            node,
            damage: None,
            reads_ahead: false,
        };
        log.reader.follow(self.plan.rotation.next(other.file).is_some());
        let reading_ahead = self.all.iter().filter(|log| log.reads_ahead).count();
        if log.reader.is_long() && reading_ahead < MAX_READING_AHEAD {
            log.read_ahead();
        }
        self.all.push(log);
        self.meters.push(meter);
        Ok(())
    }
}

impl Log {
    /// Reads on until a time is stated, which all before it take.
    fn read_to_first_time(&mut self, rotation: &Rotation, later: &mut Later) {
        let mut bytes = 0;
        while self.clock == Timestamp::NONE && self.ahead.len() < AHEAD && bytes < AHEAD_BYTES {
            if !self.read(rotation, later) {
                break;
            }
            bytes += self.ahead.back().map_or(0, Entry::bytes);
        }
        let clock = self.shifted(self.clock);
        let due = self.turn(clock);
        for entry in &mut self.ahead {
            entry.due = entry.due.max(due);
            entry.clock = entry.clock.max(clock);
            entry.time = entry.time.max(clock);
        }
    }

    /// A moment of its clock as one of the clock it was compared with.
    fn shifted(&self, time: Timestamp) -> Timestamp {
        match (self.compared, time.known()) {
            (Compared::Measured(offset), Some(time)) => {
                Timestamp::from_nanos(time.nanos().saturating_add(offset.nanos))
            }
            _ => time,
        }
    }

    /// When it is the turn of what was stated at a moment.
    fn turn(&self, clock: Timestamp) -> Timestamp {
        match (self.compared, clock.known()) {
            (Compared::Measured(Offset { with: None, .. }), Some(clock)) => {
                let coarse = self.reader.profile().clock.granularity == Some("s");
                let behind = if coarse { BEHIND_COARSE } else { BEHIND };
                Timestamp::from_nanos(clock.nanos().saturating_add(behind))
            }
            _ => clock,
        }
    }

    /// Reads one more item, of this file or of those it goes on in; false at the end.
    fn read(&mut self, rotation: &Rotation, later: &mut Later) -> bool {
        while !self.read_file() {
            let next = self.files.last().and_then(|last| rotation.next(*last));
            let Some((file, stream)) = next.and_then(|next| later.remove_entry(&next)) else {
                return false;
            };
            self.go_on_with(file, stream, rotation.next(file).is_some());
        }
        true
    }

    /// Reads one more item of this file; false at its end.
    fn read_file(&mut self) -> bool {
        let entry = match Entry::next(&mut self.reader, &self.files, &mut self.clock) {
            Ok(Some(entry)) => entry,
            Ok(None) => return false,
            Err(error) => {
                self.damage = Some(error.to_string());
                return false;
            }
        };
        let clock = self.shifted(entry.clock);
        let (due, time) = (self.turn(clock), self.shifted(entry.time));
        self.ahead.push_back(Entry { due, clock, time, ..entry });
        true
    }

    /// Goes on with the next file of a rotated log, which may be the last one.
    fn go_on_with(&mut self, file: FileId, stream: OtherStream, is_cut: bool) {
        if self.damage.is_none()
            && let Err(error) = self.reader.continue_with(stream)
        {
            self.damage = Some(error.to_string());
        }
        if self.reads_ahead {
            self.read_ahead();
        }
        self.reader.follow(is_cut);
        self.files.push(file);
    }

    /// Lets a thread of its own read on.
    fn read_ahead(&mut self) {
        self.reads_ahead = true;
        if let Err(error) = self.reader.read_ahead() {
            self.damage = Some(error.to_string());
        }
    }

    /// What was found out about each of its files.
    fn infos(self, rotation: &Rotation) -> Vec<LogInfo> {
        let Self { files, reader, compared, node, damage, .. } = self;
        let last = files.last().copied();
        let mut before = None;
        let parts = files.into_iter().zip(reader.profiles().cloned());
        let info = parts.map(|(file, mut profile)| {
            if rotation.is_behind_gap(file) {
                let words = "the file of the log before this one is missing".to_owned();
                profile.warnings.push((1, words));
            }
            LogInfo {
                file,
                node: node.clone(),
                damage: damage.clone().filter(|_| Some(file) == last),
                profile,
                continues: before.replace(file),
                compared,
            }
        });
        info.collect()
    }
}

impl Entry {
    /// The next item of a log that is in `files`, `clock` being the latest time it stated; `None` at its end.
    pub(super) fn next<R: Read>(
        reader: &mut LogReader<R>,
        files: &[FileId],
        clock: &mut Timestamp,
    ) -> io::Result<Option<Self>> {
        let Some(item) = reader.next()? else { return Ok(None) };
        let (time, what) = match item {
            Item::Message(message) => (message.time, What::Message(owned(message))),
            Item::Statement(statement) => (statement.time, What::Statement(statement)),
            Item::Said(said) => (said.time, What::Said(said)),
            Item::Time(time) => (Some(time), What::Time),
        };
        *clock = time.map_or(*clock, |time| time.max(*clock));
        let profile = reader.profile();
        let marks = LogMarks::default()
            .with_if(LogMarks::COARSE, profile.clock.granularity == Some("s"))
            .with_if(LogMarks::PASTED, profile.dialect == PASTE);
        let file = files.get(reader.part()).or_else(|| files.last()).copied().unwrap_or_default();
        let time = time.unwrap_or(*clock);
        Ok(Some(Self { due: *clock, clock: *clock, time, file, marks, what }))
    }

    /// Its line; 0 for a mere time.
    pub(super) fn line(&self) -> u64 {
        match &self.what {
            What::Message(message) => message.at.line,
            What::Statement(statement) => statement.at.line,
            What::Said(said) => said.at.line,
            What::Time => 0,
        }
    }

    /// Whether it is a message.
    pub(super) const fn is_message(&self) -> bool {
        matches!(self.what, What::Message(_))
    }

    fn bytes(&self) -> usize {
        match &self.what {
            What::Message(message) => message.bytes.len(),
            _ => 0,
        }
    }

    /// Puts it into a batch; `clock` is the latest time of the whole trace.
    pub(super) fn put(self, clock: Timestamp, batch: &mut Batch) {
        let file = self.file;
        match self.what {
            What::Message(message) => {
                let origin = origin(&message, self.time, file, self.marks);
                batch.datagram(clock, &origin, &message.bytes);
            }
            What::Statement(statement) => {
                let at = FrameRef::new(file, statement.at.line);
                batch.statement(clock, at, self.time, statement);
            }
            What::Said(said) => batch.said(clock, FrameRef::new(file, said.at.line), said),
            What::Time => {}
        }
    }
}

fn owned(message: LoggedMessage<'_>) -> LoggedMessage<'static> {
    let bytes = Cow::Owned(message.bytes.into_owned());
    let LoggedMessage { at, time, src, dst, transport, transport_inferred, direction, .. } =
        message;
    let LoggedMessage { cut, mended, not_sent, .. } = message;
    LoggedMessage {
        at,
        time,
        src,
        dst,
        transport,
        transport_inferred,
        direction,
        bytes,
        cut,
        mended,
        not_sent,
    }
}

/// Where a logged message was, as one that was captured has it.
fn origin(message: &LoggedMessage<'_>, time: Timestamp, file: FileId, marks: LogMarks) -> Origin {
    let log = marks
        .with_if(LogMarks::LOGGED, true)
        .with_if(LogMarks::SRC_INFERRED, message.src.inferred)
        .with_if(LogMarks::DST_INFERRED, message.dst.inferred)
        .with_if(LogMarks::TRANSPORT_INFERRED, message.transport_inferred)
        .with_if(LogMarks::NOT_SENT, message.not_sent)
        .with_if(LogMarks::SENT, message.direction == Some(Direction::Sent))
        .with_if(LogMarks::RECEIVED, message.direction == Some(Direction::Received))
        .with_if(LogMarks::UNTIMED, time.known().is_none());
    let cut = message.cut.then_some(Cut::Snaplen);
    Origin {
        time,
        frame: FrameRef::new(file, message.at.line),
        src: message.src.endpoint,
        dst: message.dst.endpoint,
        transport: message.transport,
        // a log has both directions
        path: PathInfo { cut, peer_seen: true, log, ..PathInfo::default() },
    }
}
