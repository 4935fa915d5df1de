//! The reading half of the pump: drops what cannot matter and finds the messages in the rest.

use std::thread::sleep;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use jiff::tz::TimeZone;

use super::Failure;
use super::batch::Batch;
use super::filter::Filter;
use super::finder::Finder;
use super::progress::Listener;
use crate::capture::{PacketCounts, StreamCounts};
use crate::cli::At;
use crate::net::Timestamp;
use crate::packet::{KeyLog, Stats, sieve};
use crate::source::CaptureSet;

/// Frames between two looks at the progress, more or less.
const STRIDE: u64 = 1 << 14;

/// Full batches that may wait before the reader reads datagrams itself: as long as fewer do, the worker has
/// time, and as long as one waits, it need not be woken.
const ENOUGH: usize = 4;

/// How long the reader rests when no more batches may wait: the worker takes a few of them meanwhile.
const WHILE_FULL: Duration = Duration::from_micros(500);

/// Who looks for messages in datagrams. What comes of it is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadBy {
    /// Whoever has time.
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
    /// The captures.
    pub set: CaptureSet,
    /// Packets that do not pass are left out.
    pub filter: Option<Filter>,
    /// What opens TLS.
    pub keys: KeyLog,
    /// Later packets are left out.
    pub at: Option<At>,
    /// The zone `at` is meant in.
    pub zone: TimeZone,
    /// Is told how far it is.
    pub progress: Listener,
    /// How many bytes make a batch.
    pub batch_bytes: usize,
    /// Who looks for messages in datagrams.
    pub read_by: ReadBy,
}

/// What the reader has to tell when the captures are read.
pub(super) struct Read {
    /// The captures, for their names and warnings.
    pub set: CaptureSet,
    /// How many packets went which way.
    pub counts: PacketCounts,
    /// What the decoder saw.
    pub decoded: Stats,
    /// What was met in TCP streams.
    pub streams: StreamCounts,
    /// The times of the first and the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The moment to judge at.
    pub at: Option<Timestamp>,
}

impl Reader {
    /// Reads to the end, or until nobody takes the batches any more.
    pub(super) fn run(
        self,
        full: &Sender<Batch>,
        empty: &Receiver<Batch>,
    ) -> Result<Read, Failure> {
        let Self { mut set, mut filter, keys, at: wanted, zone, mut progress, .. } = self;
        let (batch_bytes, read_by) = (self.batch_bytes, self.read_by);
        let mut counts = PacketCounts::default();
        let mut span: Option<(Timestamp, Timestamp)> = None;
        let mut at = None;
        let mut finder = Finder::new(keys);
        let mut batch = Batch::default();
        batch.defer(read_by.defers(full));
        loop {
            while let Some(secrets) = set.take_secrets() {
                let clock = span.map_or_else(Timestamp::default, |(_, last)| last);
                finder.secrets(clock, &secrets, &mut batch);
            }
            let before = counts.read;
            let mut matters = false;
            if let (None, None, Some(span)) = (&filter, &wanted, &mut span) {
                // most often what follows is dropped
                let passed;
                (passed, matters) = skim(&mut set, span);
                counts.read += passed;
                counts.not_sip += passed;
            }
            let Some(frame) = set.next_frame() else { break };
            if let (None, Some(wanted)) = (at, &wanted) {
                at = Some(resolve(wanted, frame.time, &zone)?);
            }
            counts.read += 1;
            if at.is_some_and(|at| frame.time > at) {
                counts.after_at += 1;
                continue;
            }
            let (first, last) = span.unwrap_or((frame.time, frame.time));
            let clock = last.max(frame.time);
            span = Some((first.min(frame.time), clock));
            if let Some(filter) = &mut filter
                && !filter.takes(frame.link, frame.bytes)?
            {
                counts.filtered += 1;
            } else if !matters && !sieve(frame.link, frame.bytes) {
                counts.not_sip += 1;
            } else {
                finder.packet(clock, &frame, &mut batch);
                if batch.is_full(batch_bytes) {
                    if !hand_on(&mut batch, full, empty) {
                        break;
                    }
                    batch.defer(read_by.defers(full));
                }
            }
            if counts.read / STRIDE != before / STRIDE {
                progress(set.progress());
            }
        }
        let end = span.map_or_else(Timestamp::default, |(_, last)| last);
        let (decoded, streams) = finder.finish(end, &mut batch);
        hand_on(&mut batch, full, empty);
        drop(progress);
        Ok(Read { set, counts, decoded, streams, span, at })
    }
}

/// Passes over packets that the sieve drops, of which only the time counts; how many, and whether it
/// stopped at one that the sieve keeps, which is the next then.
fn skim(set: &mut CaptureSet, (first, last): &mut (Timestamp, Timestamp)) -> (u64, bool) {
    let mut matters = false;
    let passed = set.skim(|time, link, bytes| {
        matters = sieve(link, bytes);
        if !matters {
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        !matters
    });
    (passed, matters)
}

/// Sends a batch and replaces it by an empty one; false when nobody takes it.
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
