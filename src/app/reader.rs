//! The reading half of the pump: drops what cannot matter and finds the messages in the rest.

use std::thread::sleep;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use jiff::tz::TimeZone;

use super::batch::Batch;
use super::finder::Finder;
use super::logs::Logs;
use super::progress::Listener;
use super::survey::survey;
use super::{Failure, Opened};
use crate::capture::{LogInfo, PacketCounts, StreamCounts};
use crate::cli::{At, InputSettings};
use crate::net::Timestamp;
use crate::packet::{KeyLog, Stats, sieve};
use crate::source::{CaptureSet, Progress};

/// Frames between two progress reports, more or less.
const STRIDE: u64 = 1 << 14;

/// Items of logs between two progress reports.
const STRIDE_OF_LOGS: u64 = 1 << 10;

/// Full batches that may wait before the reader reads datagrams itself: as long as fewer do, the worker has
/// time, and as long as one waits, it need not be woken.
const ENOUGH: usize = 4;

/// How long the reader rests when no more batches may wait: the worker takes a few of them meanwhile.
const WHILE_FULL: Duration = Duration::from_micros(500);

/// The thread that looks for messages in datagrams. The result is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadBy {
    /// The thread with less queued work.
    Either,
    /// The thread that found them.
    #[cfg(test)]
    Reader,
    /// The thread that keeps the model.
    #[cfg(test)]
    Worker,
}

impl ReadBy {
    /// Whether datagrams of the next batch are left to the worker.
    fn defers(self, full: &Sender<Batch>) -> bool {
        match self {
            Self::Either => full.len() < ENOUGH,
            #[cfg(test)]
            Self::Reader => false,
            #[cfg(test)]
            Self::Worker => true,
        }
    }
}

/// What is read, and which of it goes on.
pub(super) struct Reader {
    /// The inputs.
    pub input: InputSettings,
    /// The same, open.
    pub opened: Opened,
    /// What opens TLS.
    pub keys: KeyLog,
    /// Later packets are left out.
    pub at: Option<At>,
    /// The zone `at` is meant in.
    pub zone: TimeZone,
    /// Receives progress.
    pub progress: Listener,
    /// How many bytes make a batch.
    pub batch_bytes: usize,
    /// The thread that looks for messages in datagrams.
    pub read_by: ReadBy,
}

/// What the reader returns at the end.
pub(super) struct Read {
    /// The captures, for their names and warnings.
    pub set: CaptureSet,
    /// What was found out about the logs.
    pub logs: Vec<LogInfo>,
    /// How many packets were dropped where.
    pub counts: PacketCounts,
    /// What the decoder saw.
    pub decoded: Stats,
    /// What was met in TCP streams.
    pub streams: StreamCounts,
    /// The times of the first and the last packet or message.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The times of the first and the last packet.
    pub captured: Option<(Timestamp, Timestamp)>,
    /// The latest time of all, which may be that of a line of a log.
    pub end: Option<Timestamp>,
    /// The moment to judge at.
    pub at: Option<Timestamp>,
}

impl Reader {
    /// Reads to the end, or until the worker is gone.
    pub(super) fn run(
        self,
        full: &Sender<Batch>,
        empty: &Receiver<Batch>,
    ) -> Result<Read, Failure> {
        let Self { input, opened, keys, at: wanted, zone, mut progress, .. } = self;
        let plan = survey(&input, &opened)?;
        let opened = if plan.is_empty() { opened } else { super::open(&input, &plan)? };
        let Opened { mut set, logs, mut filter } = opened;
        let mut counts = PacketCounts::default();
        let mut finder = Finder::new(keys);
        let out = Out { full, empty, bytes: self.batch_bytes, read_by: self.read_by };
        let mut timeline =
            Timeline { logs, wanted, zone, span: None, captured: None, lines: None, at: None };
        let mut batch = Batch::default();
        batch.defer(out.read_by.defers(full));
        loop {
            while let Some(secrets) = set.take_secrets() {
                finder.secrets(timeline.clock(), &secrets, &mut batch);
            }
            let before = counts.read;
            let mut matters = false;
            if filter.is_none() && timeline.wanted.is_none() {
                // most often what follows is dropped
                let passed;
                (passed, matters) = timeline.skim(&mut set);
                counts.read += passed;
                counts.not_sip += passed;
            }
            let Some(frame) = set.next_frame() else { break };
            if !timeline.logs_until(Some(frame.time), &mut batch, &out, &mut |_| ())? {
                break;
            }
            timeline.begin(frame.time)?;
            counts.read += 1;
            if timeline.is_over(frame.time) {
                counts.after_at += 1;
                continue;
            }
            let clock = timeline.pass_packet(frame.time);
            if let Some(filter) = &mut filter
                && !filter.takes(frame.link, frame.bytes)?
            {
                counts.filtered += 1;
            } else if !matters && !sieve(frame.link, frame.bytes) {
                counts.not_sip += 1;
            } else {
                finder.packet(clock, &frame, &mut batch);
                if !out.pass_on_full(&mut batch) {
                    break;
                }
            }
            if counts.read / STRIDE != before / STRIDE {
                let captured = set.progress();
                let bytes_read = captured.bytes_read + timeline.logs.bytes_read();
                progress(Progress { bytes_read, ..captured });
            }
        }
        let captured = set.progress();
        let mut tell = |bytes| {
            progress(Progress { bytes_read: captured.bytes_read + bytes, ..captured });
        };
        timeline.logs_until(None, &mut batch, &out, &mut tell)?;
        let (decoded, streams) = finder.finish(timeline.clock(), &mut batch);
        hand_on(&mut batch, full, empty);
        drop(progress);
        let Timeline { logs, span, captured, lines, at, .. } = timeline;
        // statements alone have no other times
        let end = span.into_iter().chain(lines).map(|(_, last)| last).max();
        let span = span.or(lines);
        Ok(Read { set, logs: logs.finish(), counts, decoded, streams, span, captured, end, at })
    }
}

/// Where full batches go.
struct Out<'c> {
    full: &'c Sender<Batch>,
    empty: &'c Receiver<Batch>,
    bytes: usize,
    read_by: ReadBy,
}

impl Out<'_> {
    /// Hands a batch on when it is full; false when the worker is gone.
    fn pass_on_full(&self, batch: &mut Batch) -> bool {
        if !batch.is_full(self.bytes) {
            return true;
        }
        let taken = hand_on(batch, self.full, self.empty);
        batch.defer(self.read_by.defers(self.full));
        taken
    }
}

/// The logs, and the times of all that was read.
struct Timeline {
    logs: Logs,
    wanted: Option<At>,
    zone: TimeZone,
    /// The first and the last time of packets and messages.
    span: Option<(Timestamp, Timestamp)>,
    /// The same of packets.
    captured: Option<(Timestamp, Timestamp)>,
    /// The same of dated lines.
    lines: Option<(Timestamp, Timestamp)>,
    /// The moment to judge at.
    at: Option<Timestamp>,
}

impl Timeline {
    /// The latest time so far.
    fn clock(&self) -> Timestamp {
        self.span.map_or_else(Timestamp::default, |(_, last)| last)
    }

    /// The trace begins, if it has not yet: now it is known what `--at` means.
    fn begin(&mut self, time: Timestamp) -> Result<(), Failure> {
        if let (None, Some(wanted)) = (self.at, &self.wanted) {
            self.at = Some(resolve(wanted, time, &self.zone)?);
        }
        Ok(())
    }

    /// Whether a time is later than the moment to judge at.
    fn is_over(&self, time: Timestamp) -> bool {
        self.at.is_some_and(|at| time > at)
    }

    /// Notes the time of a packet; the latest one so far.
    fn pass_packet(&mut self, time: Timestamp) -> Timestamp {
        widen(&mut self.captured, time);
        self.pass(time)
    }

    /// Notes the time of a packet or message; the latest one so far.
    fn pass(&mut self, time: Timestamp) -> Timestamp {
        widen(&mut self.span, time)
    }

    /// Passes over packets of which only the time counts, up to what a log holds before them.
    fn skim(&mut self, set: &mut CaptureSet) -> (u64, bool) {
        let due = self.logs.due();
        let Some(span) = &mut self.captured else { return (0, false) };
        let skimmed = skim(set, span, due);
        let (first, last) = *span;
        self.pass(first);
        self.pass(last);
        skimmed
    }

    /// Takes what the logs hold up to a time, or all the rest; false when the worker is gone.
    fn logs_until(
        &mut self,
        until: Option<Timestamp>,
        batch: &mut Batch,
        out: &Out<'_>,
        tell: &mut dyn FnMut(u64),
    ) -> Result<bool, Failure> {
        let mut taken = 0;
        while let Some(due) = self.logs.due()
            && until.is_none_or(|until| due <= until)
        {
            let Some((_, entry)) = self.logs.next() else { break };
            taken += 1;
            if taken % STRIDE_OF_LOGS == 0 {
                tell(self.logs.bytes_read());
            }
            if let Some(stated) = entry.clock.known() {
                self.begin(stated)?;
                if self.is_over(entry.time) {
                    continue;
                }
                widen(&mut self.lines, stated);
                if entry.is_message() {
                    self.pass(entry.time);
                }
            }
            entry.put(self.clock(), batch);
            if !out.pass_on_full(batch) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Takes a time into a span; the latest one so far.
fn widen(span: &mut Option<(Timestamp, Timestamp)>, time: Timestamp) -> Timestamp {
    let (first, last) = span.unwrap_or((time, time));
    let latest = last.max(time);
    *span = Some((first.min(time), latest));
    latest
}

/// Passes over packets that the sieve drops, of which only the time counts; how many, and whether it
/// stopped at one that the sieve keeps, which is the next then.
fn skim(
    set: &mut CaptureSet,
    (first, last): &mut (Timestamp, Timestamp),
    due: Option<Timestamp>,
) -> (u64, bool) {
    let mut matters = false;
    let passed = set.skim(|time, link, bytes| {
        if due.is_some_and(|due| due <= time) {
            return false;
        }
        matters = sieve(link, bytes);
        if !matters {
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        !matters
    });
    (passed, matters)
}

/// Sends a batch and replaces it by an empty one; false when the worker is gone.
fn hand_on(batch: &mut Batch, full: &Sender<Batch>, empty: &Receiver<Batch>) -> bool {
    let next = empty.try_recv().unwrap_or_default();
    let mut batch = std::mem::replace(batch, next);
    loop {
        match full.try_send(batch) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(back)) => batch = back,
        }
        // a thread that waits for room would be woken for every batch, at the worker's expense
        sleep(WHILE_FULL);
    }
}

/// The moment `--at` means, now that it is known when the capture begins.
fn resolve(at: &At, first: Timestamp, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let at = at.resolve(first, zone);
    at.ok_or_else(|| Failure::Usage("--at names a moment beyond the calendar".to_owned()))
}
