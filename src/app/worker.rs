//! The working half of the pump: decodes packets, finds the messages and folds them into the model.

use std::io;

use crossbeam_channel::{Receiver, Sender};
use rustc_hash::FxHashMap;

use super::batch::Batch;
use crate::net::{Cut, Origin, Timestamp};
use crate::packet::{Decoder, Event, Limits, Stats, StreamChunk};
use crate::registration::{Ingested, Tracker};
use crate::report::StreamCounts;
use crate::sip::{self, FramerStats, Message, StreamFramer};

/// Takes every REGISTER and every answer to one, as they come.
pub(super) type MessageSink<'s> =
    dyn FnMut(&Origin, &Message<'_>, Ingested) -> io::Result<()> + Send + 's;

/// Bytes of unfinished messages in all streams together; one that would hold more is given up.
const HELD_BYTES: usize = 64 << 20;

/// What the worker has to tell when all batches are done.
pub(super) struct Work {
    /// The model.
    pub tracker: Tracker,
    /// What the decoder saw.
    pub decoded: Stats,
    /// What was met in TCP streams.
    pub streams: StreamCounts,
}

/// Takes batches until there are no more, or until the sink fails.
pub(super) fn run(
    full: &Receiver<Batch>,
    empty: &Sender<Batch>,
    sink: Option<&mut MessageSink<'_>>,
) -> io::Result<Work> {
    let mut decoder = Decoder::new(Limits::default());
    let mut streams = Streams::default();
    let mut model = Model { tracker: Tracker::new(), sink, error: None };
    for mut batch in full {
        for (clock, frame) in batch.frames() {
            pass_time(clock, &mut decoder, &mut streams, &mut model);
            decoder.decode(&frame, &mut |event| take(event, &mut streams, &mut model));
        }
        if let Some(end) = batch.end {
            pass_time(end, &mut decoder, &mut streams, &mut model);
        }
        if let Some(error) = model.error {
            return Err(error);
        }
        batch.clear();
        // the reader may be done and gone
        drop(empty.try_send(batch));
    }
    decoder.finish(&mut |event| take(event, &mut streams, &mut model));
    if let Some(error) = model.error {
        return Err(error);
    }
    let (tracker, streams) = (model.tracker, streams.into_counts());
    Ok(Work { tracker, decoded: decoder.stats().clone(), streams })
}

/// Moves the trace's clock on, which also runs while packets are dropped.
fn pass_time(
    clock: Timestamp,
    decoder: &mut Decoder,
    streams: &mut Streams,
    model: &mut Model<'_, '_>,
) {
    model.tracker.advance(clock);
    decoder.tick(clock, &mut |event| take(event, streams, model));
}

/// Leads an event to what it is for.
fn take(event: Event<'_>, streams: &mut Streams, model: &mut Model<'_, '_>) {
    match event {
        Event::Datagram { origin, bytes } => {
            for message in sip::datagram(bytes, origin.path.cut.is_some()) {
                model.message(origin, &message);
            }
        }
        Event::Stream(chunk) => streams.chunk(&chunk, model),
        Event::Icmp(error) => model.tracker.icmp(&error),
        Event::Connection(event) => model.tracker.connection(&event),
    }
}

/// The model, and who else wants the messages.
struct Model<'a, 's> {
    tracker: Tracker,
    sink: Option<&'a mut MessageSink<'s>>,
    error: Option<io::Error>,
}

impl Model<'_, '_> {
    fn message(&mut self, origin: &Origin, message: &Message<'_>) {
        let seen = self.tracker.message(origin, message);
        if let (Some(sink), None, true) = (&mut self.sink, &self.error, seen.register) {
            self.error = sink(origin, message, seen).err();
        }
    }
}

/// The directions of TCP connections in which messages are looked for.
#[derive(Default)]
struct Streams {
    framers: FxHashMap<u64, StreamFramer>,
    /// Bytes of unfinished messages in all of them.
    held: usize,
    counts: StreamCounts,
}

impl Streams {
    fn chunk(&mut self, chunk: &StreamChunk<'_>, model: &mut Model<'_, '_>) {
        let framer = self.framers.entry(chunk.stream).or_default();
        let mut found = |message: Message<'_>| {
            let mut origin = *chunk.origin;
            if message.is_cut() {
                origin.path.cut = origin.path.cut.or(Some(Cut::LostSegments));
            }
            model.message(&origin, &message);
        };
        let before = framer.pending();
        framer.push(chunk.bytes, chunk.lost_before, &mut found);
        let too_much = self.held - before + framer.pending() > HELD_BYTES;
        if chunk.end || too_much {
            framer.end(&mut found);
        }
        self.held = self.held - before + framer.pending();
        self.counts.given_up += u64::from(too_much && !chunk.end);
        if chunk.end
            && let Some(framer) = self.framers.remove(&chunk.stream)
        {
            self.held -= framer.pending();
            add(&mut self.counts.framed, framer.stats());
        }
    }

    fn into_counts(mut self) -> StreamCounts {
        for framer in self.framers.values() {
            add(&mut self.counts.framed, framer.stats());
        }
        self.counts
    }
}

fn add(total: &mut FramerStats, one: FramerStats) {
    total.messages += one.messages;
    total.cut += one.cut;
    total.bytes_skipped += one.bytes_skipped;
    total.resyncs += one.resyncs;
}
