//! The server logs among the inputs, merged with each other by the times they state.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::batch::Batch;
use crate::capture::LogInfo;
use crate::cli::{InputSettings, LogSettings};
use crate::log::{Direction, Item, LogReader, LoggedMessage, NotALog, Said, Settings, Statement};
use crate::net::{Cut, FileId, FrameRef, LogMarks, Origin, PathInfo, Timestamp};
use crate::source::{NotTaken, Other, OtherStream, Others};

/// What a log of messages without envelopes is called.
const PASTE: &str = "paste";
/// Items read ahead for the first time of a log that begins without one.
const AHEAD: usize = 4096;
/// The same, in bytes of messages.
const AHEAD_BYTES: usize = 4 << 20;

/// Every log of a run; opened by the set of inputs, which knows what is no capture.
pub(super) struct Logs {
    settings: LogSettings,
    all: Vec<Log>,
    /// The time of the next item of every log, and its place.
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

/// One log.
struct Log {
    file: FileId,
    reader: LogReader<OtherStream>,
    /// Read, and not given yet.
    ahead: VecDeque<Entry>,
    /// The latest time it stated.
    clock: Timestamp,
    node: Option<String>,
    damage: Option<String>,
}

/// Something of a log, and when it is its turn.
pub(super) struct Entry {
    /// The latest time its log stated by then: a log keeps its own order, whatever its clock does.
    pub due: Timestamp,
    /// Its own time, or else that.
    pub time: Timestamp,
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
    /// No log yet.
    pub(super) fn new(input: &InputSettings) -> Self {
        Self { settings: input.logs.clone(), all: Vec::new(), due: BinaryHeap::new() }
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
            log.read();
        }
        if let Some(next) = log.ahead.front() {
            self.due.push(Reverse((next.due, place)));
        }
        Some((log.file, entry))
    }

    /// What was found out about the logs.
    pub(super) fn finish(self) -> Vec<LogInfo> {
        let info = |log: Log| LogInfo {
            file: log.file,
            node: log.node,
            damage: log.damage,
            profile: log.reader.profile().clone(),
        };
        self.all.into_iter().map(info).collect()
    }

    fn settings(&self, other: &Other) -> Settings {
        let now = jiff::Timestamp::now();
        Settings {
            format: self.settings.format.clone(),
            zone: self.settings.zone.clone(),
            date: self.settings.date,
            local: self.settings.local,
            name: other.path.to_string_lossy().into_owned(),
            modified: other.modified,
            now: Some(Timestamp::from_parts(now.as_second(), now.subsec_nanosecond().into())),
        }
    }
}

impl Others for Logs {
    fn take(&mut self, other: Other) -> Result<(), NotTaken> {
        let settings = self.settings(&other);
        let given = self.settings.nodes.iter().find(|node| node.file == other.path);
        let node = given.map(|given| given.node.clone());
        let reader = LogReader::open(other.stream, &settings).map_err(|error| match error {
            NotALog::Unknown { first_line, .. } => NotTaken { first_line: Some(first_line) },
            NotALog::Io(_) => NotTaken::default(),
        })?;
        let (ahead, clock) = (VecDeque::new(), Timestamp::NONE);
        let mut log = Log { file: other.file, reader, ahead, clock, node, damage: None };
        log.read_to_first_time();
        if let Some(first) = log.ahead.front() {
            self.due.push(Reverse((first.due, self.all.len())));
        }
        self.all.push(log);
        Ok(())
    }
}

impl Log {
    /// Reads on until a time is stated, which all before it take.
    fn read_to_first_time(&mut self) {
        let mut bytes = 0;
        while self.clock == Timestamp::NONE && self.ahead.len() < AHEAD && bytes < AHEAD_BYTES {
            if !self.read() {
                break;
            }
            bytes += self.ahead.back().map_or(0, Entry::bytes);
        }
        for entry in &mut self.ahead {
            entry.due = entry.due.max(self.clock);
            entry.time = entry.time.max(self.clock);
        }
    }

    /// Reads one more item; false at the end.
    fn read(&mut self) -> bool {
        let item = match self.reader.next() {
            Ok(Some(item)) => item,
            Ok(None) => return false,
            Err(error) => {
                self.damage = Some(error.to_string());
                return false;
            }
        };
        let (time, what) = match item {
            Item::Message(message) => (message.time, What::Message(owned(message))),
            Item::Statement(statement) => (statement.time, What::Statement(statement)),
            Item::Said(said) => (said.time, What::Said(said)),
            Item::Time(time) => (Some(time), What::Time),
        };
        self.clock = time.map_or(self.clock, |time| time.max(self.clock));
        let (due, time) = (self.clock, time.unwrap_or(self.clock));
        let profile = self.reader.profile();
        let marks = LogMarks::default()
            .with_if(LogMarks::COARSE, profile.clock.granularity == Some("s"))
            .with_if(LogMarks::PASTED, profile.dialect == PASTE);
        self.ahead.push_back(Entry { due, time, marks, what });
        true
    }
}

impl Entry {
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
    pub(super) fn put(self, clock: Timestamp, file: FileId, batch: &mut Batch) {
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
