//! Joins SCTP user messages from their DATA chunks (RFC 9260 §6.9), within bounds.

use std::collections::VecDeque;

use crate::hashing::HashMap;

use super::limits::Limits;
use super::meta::{Body, Meta, Ports};
use super::stats::Stats;
use crate::net::{Cut, Endpoint, FrameRef, Timestamp};

/// The most chunks of one message: 64 KiB in the smallest packets every path takes.
const MOST_CHUNKS: u32 = 128;
/// What a waiting chunk costs beside its bytes, in tables that are half empty after they grew.
const CHUNK_OVERHEAD: usize = 2 * (size_of::<Key>() + size_of::<Chunk>()) + 128;

/// The place of a DATA chunk in its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Transmission sequence number: that of a fragment follows that of the one before it.
    tsn: u32,
    first: bool,
    last: bool,
}

impl Place {
    /// Reads the flags of the chunk (RFC 9260 §3.3.1).
    pub(super) fn new(flags: u8, tsn: u32) -> Self {
        const BEGINNING: u8 = 0x02;
        const ENDING: u8 = 0x01;
        Self { tsn, first: flags & BEGINNING != 0, last: flags & ENDING != 0 }
    }

    /// Whether the chunk holds a whole message.
    pub(super) fn is_whole(self) -> bool {
        self.first && self.last
    }
}

/// A message put together again, or its beginning.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) meta: Meta,
    pub(super) ports: Ports,
    pub(super) bytes: Vec<u8>,
    /// At least how many bytes are missing at the end, and why.
    pub(super) missing: usize,
    pub(super) why: Cut,
    /// The frames of its chunks.
    pub(super) frames: Vec<FrameRef>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    src: Endpoint,
    dst: Endpoint,
    tsn: u32,
}

#[derive(Debug)]
struct Chunk {
    place: Place,
    bytes: Box<[u8]>,
    missing: usize,
    why: Cut,
    serial: u64,
    meta: Meta,
}

impl Chunk {
    fn cost(&self) -> usize {
        self.bytes.len() + CHUNK_OVERHEAD
    }
}

/// The chunks that wait for others of their message.
#[derive(Debug, Default)]
pub(super) struct Messages {
    chunks: HashMap<Key, Chunk>,
    /// Oldest first; chunks that no longer wait included.
    order: VecDeque<(Timestamp, u64, Key)>,
    next_serial: u64,
    held: usize,
}

impl Messages {
    /// Takes a chunk in; hands out the message it completes, under its headers.
    pub(super) fn add(
        &mut self,
        place: Place,
        data: &Body<'_>,
        ports: Ports,
        meta: &Meta,
    ) -> Option<Message> {
        let (src, dst) = (Endpoint::new(meta.src, ports.src), Endpoint::new(meta.dst, ports.dst));
        let key = Key { src, dst, tsn: place.tsn };
        self.next_serial += 1;
        let chunk = Chunk {
            place,
            bytes: data.bytes.into(),
            missing: data.missing,
            why: data.why,
            serial: self.next_serial,
            meta: *meta,
        };
        self.held += chunk.cost();
        if let Some(old) = self.chunks.insert(key, chunk) {
            self.held -= old.cost();
        }
        self.order.push_back((meta.time, self.next_serial, key));
        let (first, _) = self.reach(key, u32::wrapping_sub, |place| place.first)?;
        let (_, count) = self.reach(first, u32::wrapping_add, |place| place.last)?;
        Some(self.take(first, count, *meta))
    }

    /// Hands out, one at a time, beginnings of messages whose time is over.
    #[inline]
    pub(super) fn expired(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        stats: &mut Stats,
    ) -> Option<Message> {
        while self.order.front().is_some_and(|(at, ..)| now.since(*at) > limits.fragment_age) {
            if let Some(cut) = self.give_up_oldest(stats) {
                return Some(cut);
            }
        }
        None
    }

    /// Hands out, one at a time, beginnings of messages that no longer fit within the limits.
    pub(super) fn evicted(&mut self, limits: &Limits, stats: &mut Stats) -> Option<Message> {
        while self.held > limits.fragment_bytes || self.order.len() > 16 * limits.fragment_datagrams
        {
            if let Some(cut) = self.give_up_oldest(stats) {
                return Some(cut);
            }
        }
        None
    }

    /// Hands out, one at a time, the beginnings of messages left at the end of the capture.
    pub(super) fn left_over(&mut self, stats: &mut Stats) -> Option<Message> {
        while !self.order.is_empty() {
            if let Some(cut) = self.give_up_oldest(stats) {
                return Some(cut);
            }
        }
        None
    }

    /// What is held, in bytes.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    fn give_up_oldest(&mut self, stats: &mut Stats) -> Option<Message> {
        let (_, serial, key) = self.order.pop_front()?;
        let chunk = self.chunks.get(&key).filter(|chunk| chunk.serial == serial)?;
        let (meta, first) = (chunk.meta, chunk.place.first);
        if !first {
            self.take(key, 1, meta);
            return None;
        }
        stats.sctp_fragmented += 1;
        let mut count = 1;
        while count < MOST_CHUNKS && self.chunks.contains_key(&step(key, count)) {
            count += 1;
        }
        let mut message = self.take(key, count, meta);
        if message.missing == 0 {
            (message.missing, message.why) = (1, Cut::LostFragments);
        }
        Some(message)
    }

    /// Goes from chunk to neighboring chunk until one is `wanted`; counts those passed, both ends
    /// included.
    fn reach(
        &self,
        from: Key,
        towards: fn(u32, u32) -> u32,
        wanted: fn(Place) -> bool,
    ) -> Option<(Key, u32)> {
        for count in 0..MOST_CHUNKS {
            let key = Key { tsn: towards(from.tsn, count), ..from };
            if wanted(self.chunks.get(&key)?.place) {
                return Some((key, count + 1));
            }
        }
        None
    }

    /// Takes out `count` chunks from `first` on, and joins their bytes up to the first that lacks any.
    fn take(&mut self, first: Key, count: u32, meta: Meta) -> Message {
        let mut message = Message {
            meta: Meta { fragmented: true, ..meta },
            ports: Ports { src: first.src.port, dst: first.dst.port },
            bytes: Vec::new(),
            missing: 0,
            why: Cut::Snaplen,
            frames: Vec::new(),
        };
        for offset in 0..count {
            let Some(chunk) = self.chunks.remove(&step(first, offset)) else { break };
            self.held -= chunk.cost();
            message.frames.push(chunk.meta.frame);
            if message.missing == 0 {
                message.bytes.extend_from_slice(&chunk.bytes);
                (message.missing, message.why) = (chunk.missing, chunk.why);
            }
        }
        message
    }
}

/// The key of the chunk `count` after that of `key`.
fn step(key: Key, count: u32) -> Key {
    Key { tsn: key.tsn.wrapping_add(count), ..key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::testkit;

    struct Bench {
        messages: Messages,
        stats: Stats,
    }

    const PORTS: Ports = Ports { src: 5060, dst: 5060 };

    impl Bench {
        fn new() -> Self {
            Self { messages: Messages::default(), stats: Stats::default() }
        }

        fn add(&mut self, flags: u8, tsn: u32, text: &str, ms: i64) -> Option<String> {
            let data = Body { bytes: text.as_bytes(), missing: 0, why: Cut::Snaplen };
            let message =
                self.messages.add(Place::new(flags, tsn), &data, PORTS, &testkit::meta(ms))?;
            assert_eq!((message.missing, message.meta.fragmented), (0, true));
            assert_eq!(message.meta.time, testkit::at_ms(ms));
            Some(String::from_utf8(message.bytes).unwrap())
        }
    }

    #[test]
    fn chunks_in_any_order_make_the_message() {
        let mut bench = Bench::new();
        let last = u32::MAX;
        assert_eq!(bench.add(1, 1, "c", 0), None);
        assert_eq!(bench.add(0, last, "a", 1), None);
        assert_eq!(bench.add(2, last - 1, "-", 2), None);
        assert_eq!(bench.add(0, last, "A", 3), None);
        assert_eq!(bench.add(0, 0, "b", 4).as_deref(), Some("-Abc"));
        assert_eq!(bench.messages.held, 0);
        assert!(bench.messages.left_over(&mut bench.stats).is_none());
        assert_eq!(bench.stats.sctp_fragmented, 0);
    }

    #[test]
    fn neighbouring_messages_are_kept_apart() {
        let mut bench = Bench::new();
        assert_eq!(bench.add(2, 1, "a", 0), None);
        assert_eq!(bench.add(2, 3, "c", 0), None);
        assert_eq!(bench.add(1, 4, "d", 0).as_deref(), Some("cd"));
        assert_eq!(bench.add(1, 2, "b", 0).as_deref(), Some("ab"));
    }

    #[test]
    fn a_lost_chunk_leaves_a_cut_message() {
        let mut bench = Bench::new();
        assert_eq!(bench.add(2, 1, "a", 0), None);
        assert_eq!(bench.add(0, 2, "b", 1), None);
        assert_eq!(bench.add(1, 4, "d", 2), None);
        let limits = Limits::default();
        let later = testkit::at_ms(60_000);
        let cut = bench.messages.expired(later, &limits, &mut bench.stats).unwrap();
        assert_eq!((&cut.bytes[..], cut.missing, cut.why), (&b"ab"[..], 1, Cut::LostFragments));
        assert!(bench.messages.expired(later, &limits, &mut bench.stats).is_none());
        assert_eq!((bench.stats.sctp_fragmented, bench.messages.held), (1, 0));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut bench = Bench::new();
        let limits = Limits { fragment_bytes: 2000, ..Limits::default() };
        for tsn in 0..100 {
            assert_eq!(bench.add(0, tsn * 2, "middle", 0), None);
            assert!(bench.messages.evicted(&limits, &mut bench.stats).is_none());
            assert!(bench.messages.held <= 2000);
        }
    }
}
