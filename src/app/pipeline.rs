//! The pump: a thread that reads and one that works, the caller's, with a bounded channel between them.
//!
//! ```text
//!  reader ── full batches ──▶ worker      messages copied once, kept in order
//!         ◀─ empty batches ──             the same few batches go round
//! ```
//!
//! The reader decodes, the worker keeps the model; what is between, finding and reading the messages in
//! datagrams, is done by the one that has time, batch by batch. Batches only group messages; what becomes of
//! them depends on them and their order alone, so results are the same whatever the size of a batch and
//! whichever thread reads it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, scope};

use crossbeam_channel::bounded;
use jiff::tz::TimeZone;

use super::progress::{Listener, ProgressLine};
use super::reader::{ReadBy, Reader};
use super::worker::{self, MessageSink, Watch};
use super::{Failure, Opened, coverage, keys, nodes, survey};
use crate::capture::{Capture, Hosts};
use crate::cli::{At, InputSettings};
use crate::net::Timestamp;
use crate::packet::KeyLog;
use crate::registration::Tracker;
use crate::source::{Warning, WarningKind};

/// Bytes of a batch.
const BATCH_BYTES: usize = 128 << 10;
/// Full batches that may wait.
const WAITING: usize = 8;

/// What is pumped, and how.
pub(super) struct Plan {
    input: InputSettings,
    opened: Opened,
    keys: KeyLog,
    at: Option<At>,
    zone: TimeZone,
    progress: Listener,
    batch_bytes: usize,
    read_by: ReadBy,
}

/// The result of a run.
pub(super) struct Trace {
    /// The model at the last packet.
    pub tracker: Tracker,
    /// What was read, and what could not be used.
    pub capture: Capture,
    /// The moment to judge at, if it is not the last packet's.
    pub at: Option<Timestamp>,
}

impl Plan {
    /// Opens the inputs.
    pub(super) fn new(
        input: &InputSettings,
        at: Option<&At>,
        zone: &TimeZone,
    ) -> Result<Self, Failure> {
        let opened = super::open(input, &survey::Plan::default())?;
        let keys = keys::read(&input.keylogs)?;
        let (at, zone) = (at.cloned(), zone.clone());
        let progress = ProgressLine::listener(input.progress);
        let (batch_bytes, read_by) = (BATCH_BYTES, ReadBy::Either);
        let input = input.clone();
        Ok(Self { input, opened, keys, at, zone, progress, batch_bytes, read_by })
    }

    /// Reports progress to `listener` instead of standard error.
    #[cfg(feature = "tui")]
    pub(super) fn telling(self, listener: Listener) -> Self {
        Self { progress: listener, ..self }
    }

    /// The files as they are before they are read.
    pub(super) fn inputs(&self) -> &[crate::source::FileInfo] {
        self.opened.set.files()
    }

    /// Runs the pipeline; `sink` sees the messages on their way to the model.
    pub(super) fn run(self, sink: Option<&mut MessageSink<'_>>) -> Result<Trace, Failure> {
        self.run_watched(sink, None)
    }

    /// Runs the pipeline; calls `watch` after each batch.
    pub(super) fn run_watched(
        self,
        sink: Option<&mut MessageSink<'_>>,
        watch: Option<&mut Watch<'_>>,
    ) -> Result<Trace, Failure> {
        let (known, extras) = (self.input.logs.clone(), self.input.extras.clone());
        let reader = Reader {
            input: self.input,
            opened: self.opened,
            keys: self.keys,
            at: self.at,
            zone: self.zone,
            progress: self.progress,
            batch_bytes: self.batch_bytes,
            read_by: self.read_by,
        };
        let (full, to_work) = bounded(WAITING);
        let (emptied, empty) = bounded(WAITING);
        let (read, work) = scope(|scope| {
            let reading = Builder::new()
                .name("reader".to_owned())
                .spawn_scoped(scope, move || reader.run(&full, &empty))
                .map_err(|error| Failure::Start("reader", error))?;
            // here: an allocator gives what one thread frees to the same thread, and once the model
            // is whole, this one goes on with it
            let known = (&known, &*extras);
            let work =
                AssertUnwindSafe(move || worker::run(known, &to_work, &emptied, sink, watch));
            let work = catch_unwind(work).map_err(|_| Failure::Thread("worker"));
            let read = reading.join().map_err(|_| Failure::Thread("reader"));
            // an output that failed ends the reading too, and is the reason
            let work = work??;
            Ok::<_, Failure>((read??, work))
        })?;
        let damaged = |w: &&Warning| matches!(w.kind, WarningKind::Damaged(_));
        if read.counts.read == 0
            && let Some(warning) = read.set.warnings().iter().find(damaged)
        {
            return Err(Failure::Damaged(Box::new(warning.clone())));
        }
        let mut tracker = work;
        if let Some((first, last)) = read.span {
            tracker.advance(first);
            tracker.advance(last);
        }
        // a log goes on behind its last message
        read.end.into_iter().for_each(|end| tracker.tick(end));
        tracker.note_clock_set(read.set.clock_set());
        tracker.note_coverage(coverage::of(&read));
        let capture = Capture {
            files: read.set.files().to_vec(),
            logs: read.logs,
            losses: Vec::new(),
            hosts: Hosts::default(),
            warnings: read.set.warnings().to_vec(),
            packets: read.counts,
            decoded: read.decoded,
            streams: read.streams,
        };
        nodes::name(&mut tracker, &capture, &known);
        Ok(Trace { tracker, capture, at: read.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Contrast;
    use crate::registration::SnapshotOptions;
    use crate::report::{Style, View, json};
    use crate::select::Selection;
    use std::path::Path;

    fn report(file: &Path, batch_bytes: usize, read_by: ReadBy) -> String {
        let (files, zone) = (vec![file.to_owned()], TimeZone::UTC);
        let input = InputSettings { files, ..InputSettings::default() };
        let mut plan = Plan::new(&input, None, &zone).unwrap();
        (plan.batch_bytes, plan.read_by) = (batch_bytes, read_by);
        let trace = plan.run(None).unwrap();
        let snapshot = trace.tracker.finish(&SnapshotOptions::default());
        let (selection, style) = (&Selection::default(), Style::default());
        let (snapshot, capture, zone) = (&snapshot, &trace.capture, &zone);
        let mut out = Vec::new();
        let contrast = &Contrast::default();
        let view = View {
            snapshot,
            capture,
            findings: &[],
            contrast,
            selection,
            columns: &[],
            zone,
            style,
        };
        json::write(&view, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_size_of_a_batch_and_who_reads_it_change_nothing() {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        for case in captures.read_dir().into_iter().flatten() {
            let file = case.unwrap().path().join("input.pcap");
            if file.exists() {
                let whole = report(&file, usize::MAX, ReadBy::Reader);
                for read_by in [ReadBy::Either, ReadBy::Reader, ReadBy::Worker] {
                    for size in [1, 1000, 4096, usize::MAX] {
                        let same = report(&file, size, read_by) == whole;
                        assert!(same, "{} by {size}, {read_by:?}", file.display());
                    }
                }
            }
        }
    }

    #[test]
    fn a_sink_that_fails_ends_the_run_with_its_error() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/incident/input.pcap");
        if !file.exists() {
            return;
        }
        let input = InputSettings { files: vec![file], ..InputSettings::default() };
        let plan = Plan::new(&input, None, &TimeZone::UTC).unwrap();
        let broken = std::io::ErrorKind::BrokenPipe;
        let error = plan.run(Some(&mut |_, _, _| Err(broken.into()))).err().unwrap();
        assert!(error.is_closed_pipe());
    }
}
