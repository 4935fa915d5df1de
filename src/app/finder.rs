//! Finds what is in a packet: decodes it, cuts streams into messages, and fills batches.

use crate::hashing::HashMap;

use super::batch::Batch;
use crate::capture::StreamCounts;
use crate::net::{Cut, Frame, Origin, Timestamp};
use crate::packet::{Decoder, Event, KeyLog, Limits, Stats, StreamChunk};
use crate::sip::{FramerStats, Message, Scratch, StreamFramer};

/// Bytes of unfinished messages in all streams together; one that would hold more is given up.
const HELD_BYTES: usize = 64 << 20;

/// From packets to messages.
pub(super) struct Finder {
    decoder: Decoder,
    streams: Streams,
}

impl Finder {
    /// A finder that opens TLS with the secrets of `keys`.
    pub(super) fn new(keys: KeyLog) -> Self {
        let decoder = Decoder::with_keys(Limits::default(), keys);
        Self { decoder, streams: Streams::default() }
    }

    /// Takes in a TLS key log that a capture held.
    pub(super) fn secrets(&mut self, clock: Timestamp, log: &[u8], batch: &mut Batch) {
        let streams = &mut self.streams;
        self.decoder.add_secrets(log, &mut |event| take(clock, event, streams, batch));
    }

    /// Takes in a packet; `clock` is the latest time of all packets so far, dropped ones included.
    pub(super) fn packet(&mut self, clock: Timestamp, frame: &Frame<'_>, batch: &mut Batch) {
        let streams = &mut self.streams;
        self.decoder.decode_at(clock, frame, &mut |event| take(clock, event, streams, batch));
    }

    /// Moves the trace's clock on, which also runs while packets are dropped.
    pub(super) fn pass_time(&mut self, clock: Timestamp, batch: &mut Batch) {
        let streams = &mut self.streams;
        self.decoder.tick(clock, &mut |event| take(clock, event, streams, batch));
    }

    /// Asks for a key in what a listener received.
    #[cfg(feature = "hep")]
    pub(super) fn require_hep_key(&mut self, key: &str) {
        self.decoder.require_hep_key(key.as_bytes());
    }

    /// Takes in a HEP packet that a listener received.
    #[cfg(feature = "hep")]
    pub(super) fn hep(
        &mut self,
        clock: Timestamp,
        packet: &crate::source::hep::HepPacket,
        at: crate::net::FrameRef,
        batch: &mut Batch,
    ) {
        self.pass_time(clock, batch);
        let streams = &mut self.streams;
        self.decoder.hep(&packet.bytes, packet.time, packet.from, at, &mut |event| {
            take(clock, event, streams, batch);
        });
    }

    /// What was counted so far.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn stats(&self) -> &Stats {
        self.decoder.stats()
    }

    /// What was met in streams that ended so far.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn stream_counts(&self) -> StreamCounts {
        self.streams.counts
    }

    /// Gives what is left when the capture ends, and what was counted.
    pub(super) fn finish(mut self, clock: Timestamp, batch: &mut Batch) -> (Stats, StreamCounts) {
        self.pass_time(clock, batch);
        let streams = &mut self.streams;
        self.decoder.finish(&mut |event| take(clock, event, streams, batch));
        (self.decoder.stats().clone(), self.streams.into_counts())
    }
}

/// Leads an event to what it is for.
fn take(clock: Timestamp, event: Event<'_>, streams: &mut Streams, batch: &mut Batch) {
    match event {
        Event::Datagram { origin, bytes } => {
            batch.datagram(clock, origin, bytes);
        }
        Event::Stream(chunk) => streams.chunk(clock, &chunk, batch),
        Event::Icmp(error) => batch.icmp(clock, &error),
        Event::Connection(event) => batch.connection(clock, event),
        // not asked for
        Event::Joined { .. } | Event::Segment { .. } => {}
        Event::Agent(agent) => batch.agent(clock, &agent),
    }
}

/// The directions of TCP connections in which messages are looked for.
#[derive(Default)]
struct Streams {
    framers: HashMap<u64, StreamFramer>,
    /// Bytes of unfinished messages in all of them.
    held: usize,
    counts: StreamCounts,
    /// For the headers of one message after the other.
    scratch: Scratch,
}

impl Streams {
    fn chunk(&mut self, clock: Timestamp, chunk: &StreamChunk<'_>, batch: &mut Batch) {
        let framer = self.framers.entry(chunk.stream).or_default();
        let mut found = |message: Message<'_>| {
            let mut origin: Origin = *chunk.origin;
            if message.is_cut() {
                origin.path.cut = origin.path.cut.or(Some(Cut::LostSegments));
            }
            batch.message(clock, &origin, &message);
        };
        let before = framer.pending();
        framer.push_in(chunk.bytes, chunk.lost_before, &mut self.scratch, &mut found);
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
