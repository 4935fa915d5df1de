//! Finds what is in a packet: decodes it, cuts streams into messages, and fills batches.

use crate::hashing::HashMap;

use super::batch::Batch;
use crate::capture::StreamCounts;
use crate::net::{Cut, Frame, Origin, Timestamp};
use crate::packet::{Decoder, Event, KeyLog, Limits, Stats, StreamChunk};
use crate::sip::{FramerStats, Message, Scratch, StreamFramer};

/// Bytes of unfinished messages in all streams of capture files together.
const FOR_FILES: usize = 64 << 20;

/// From packets to messages.
pub(super) struct Finder {
    decoder: Decoder,
    streams: Streams,
}

impl Finder {
    /// A finder that opens TLS with the secrets of `keys`.
    pub(super) fn new(keys: KeyLog) -> Self {
        let decoder = Decoder::with_keys(Limits::default(), keys);
        Self { decoder, streams: Streams::within(FOR_FILES) }
    }

    /// The same for a run without an end: decoder and unfinished messages take about this many bytes.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn within(decoder: usize, unfinished: usize, keys: KeyLog) -> Self {
        let decoder = Decoder::with_keys(Limits::within(decoder), keys);
        Self { decoder, streams: Streams::within(unfinished) }
    }

    /// About how many bytes the decoder holds, and unfinished messages.
    #[cfg(feature = "metrics")]
    pub(super) fn memory(&self) -> (usize, usize) {
        (self.decoder.memory(), self.streams.held)
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
        Event::Dns { origin, message } => batch.dns(clock, origin, message),
        Event::Connection(event) => batch.connection(clock, event),
        // not asked for
        Event::Joined { .. } | Event::Segment { .. } => {}
        Event::Agent(agent) => batch.agent(clock, &agent),
    }
}

/// The directions of TCP connections in which messages are looked for.
struct Streams {
    open: HashMap<u64, Stream>,
    /// About what all of them take.
    held: usize,
    /// What they may take. Beyond it those silent longest give up what they hold: a message that is
    /// still coming in is not among them.
    most: usize,
    /// Chunks so far.
    chunks: u64,
    counts: StreamCounts,
    /// For the headers of one message after the other.
    scratch: Scratch,
}

/// One direction.
#[derive(Default)]
struct Stream {
    framer: StreamFramer,
    /// The number of its latest chunk.
    latest: u64,
}

impl Stream {
    /// About what it takes, its place in a table that is half empty after it grew included.
    fn memory(&self) -> usize {
        const PLACE: usize = 2 * (size_of::<u64>() + size_of::<Stream>());
        PLACE + self.framer.capacity()
    }
}

impl Streams {
    fn within(most: usize) -> Self {
        Self {
            open: HashMap::default(),
            held: 0,
            most,
            chunks: 0,
            counts: StreamCounts::default(),
            scratch: Scratch::default(),
        }
    }

    fn chunk(&mut self, clock: Timestamp, chunk: &StreamChunk<'_>, batch: &mut Batch) {
        self.chunks += 1;
        let mut before = 0;
        let stream = self.open.entry(chunk.stream);
        let stream = stream.and_modify(|stream| before = stream.memory()).or_default();
        stream.latest = self.chunks;
        let mut found = |message: Message<'_>| {
            let mut origin: Origin = *chunk.origin;
            if message.is_cut() {
                origin.path.cut = origin.path.cut.or(Some(Cut::LostSegments));
            }
            batch.message(clock, &origin, &message);
        };
        stream.framer.push_in(chunk.bytes, chunk.lost_before, &mut self.scratch, &mut found);
        if chunk.end {
            stream.framer.end(&mut found);
        }
        self.held = self.held - before + stream.memory();
        if chunk.end {
            self.forget(chunk.stream);
        } else if self.held > self.most {
            self.make_room();
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(stream) = self.open.remove(&id) else { return };
        self.held -= stream.memory();
        add(&mut self.counts.framed, stream.framer.stats());
    }

    /// Forgets the streams silent longest until a quarter is free, so that the search for them is rare;
    /// one that continues starts over.
    #[cold]
    fn make_room(&mut self) {
        let mut order: Vec<_> = self.open.iter().map(|(id, one)| (one.latest, *id)).collect();
        order.sort_unstable();
        for (_, id) in order {
            if self.held <= self.most / 4 * 3 {
                break;
            }
            let unfinished = self.open.get(&id).is_some_and(|one| one.framer.pending() > 0);
            self.counts.given_up += u64::from(unfinished);
            self.forget(id);
        }
    }

    fn into_counts(mut self) -> StreamCounts {
        for stream in self.open.values() {
            add(&mut self.counts.framed, stream.framer.stats());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Endpoint, FrameRef, PathInfo, Transport};

    fn origin() -> Origin {
        let end = Endpoint::new([192, 0, 2, 1].into(), 5060);
        Origin {
            time: Timestamp::default(),
            frame: FrameRef::default(),
            src: end,
            dst: end,
            transport: Transport::Tcp,
            path: PathInfo::default(),
        }
    }

    #[test]
    fn unfinished_messages_are_bounded_and_the_one_that_comes_in_is_kept() {
        const MOST: usize = 100_000;
        let (mut streams, mut batch, origin) = (Streams::within(MOST), Batch::default(), origin());
        let mut send = |streams: &mut Streams, stream: u64, bytes: &[u8]| {
            let chunk = StreamChunk { stream, origin: &origin, lost_before: 0, bytes, end: false };
            streams.chunk(Timestamp::default(), &chunk, &mut batch);
        };
        let filler = [&b"REGISTER sip:a SIP/2.0\r\nSubject: "[..], &[b'x'; 1000]].concat();
        let (head, tail) =
            (&b"REGISTER sip:a SIP/2.0\r\nTo: <sip:1@a>\r\n"[..], &b"CSeq: 1 REGISTER\r\n\r\n"[..]);
        for n in 0..50 {
            let own = 1_000_000 + n;
            send(&mut streams, own, head);
            for other in 0..20 {
                send(&mut streams, n * 20 + other, &filler);
                assert!(streams.held <= MOST);
            }
            send(&mut streams, own, tail);
        }
        let counts = streams.into_counts();
        assert_eq!(counts.framed.messages, 50);
        assert!(counts.given_up > 800 && counts.given_up < 1000, "{}", counts.given_up);
    }
}
