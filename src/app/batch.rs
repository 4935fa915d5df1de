//! Packets on their way from the reader to the worker, many at a time.

use std::ops::Range;

use crate::net::{Frame, FrameRef, LinkType, Timestamp};

/// Copies of packets in one arena, emptied and used again.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Meta>,
    /// In the last batch the time of the last packet, which may have been dropped.
    pub end: Option<Timestamp>,
}

/// A packet of a batch, its bytes aside.
struct Meta {
    time: Timestamp,
    clock: Timestamp,
    link: LinkType,
    at: FrameRef,
    wire_len: u32,
    bytes: Range<usize>,
}

impl Batch {
    /// Copies a packet; `clock` is the latest time of all packets read so far, dropped ones
    /// included.
    pub(super) fn push(&mut self, frame: &Frame<'_>, clock: Timestamp) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame.bytes);
        self.frames.push(Meta {
            time: frame.time,
            clock,
            link: frame.link,
            at: frame.at,
            wire_len: frame.wire_len,
            bytes: start..self.bytes.len(),
        });
    }

    /// The packets in order, each with the clock at it.
    pub(super) fn frames(&self) -> impl Iterator<Item = (Timestamp, Frame<'_>)> {
        self.frames.iter().map(|meta| {
            let bytes = self.bytes.get(meta.bytes.clone()).unwrap_or_default();
            let Meta { time, clock, link, at, wire_len, .. } = *meta;
            (clock, Frame { time, link, at, wire_len, bytes })
        })
    }

    /// Whether it holds so many bytes, records of the packets included.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.bytes.len() + self.frames.len() * size_of::<Meta>() >= limit
    }

    /// Forgets the packets and keeps the room for others.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let mut batch = Batch::default();
        let frame = |secs: i64, bytes| Frame {
            time: Timestamp::from_parts(secs, 0),
            link: LinkType(1),
            at: FrameRef { number: 7, ..FrameRef::default() },
            wire_len: 9,
            bytes,
        };
        let clock = Timestamp::from_parts(5, 0);
        batch.push(&frame(1, b"abc"), clock);
        batch.push(&frame(2, b""), clock);
        assert!(batch.is_full(3));
        let out: Vec<_> = batch.frames().map(|(at, f)| (at, f.time, f.bytes.to_vec())).collect();
        let second = |secs| Timestamp::from_parts(secs, 0);
        assert_eq!(out, [(clock, second(1), b"abc".to_vec()), (clock, second(2), Vec::new())]);
        batch.clear();
        assert_eq!(batch.frames().count(), 0);
    }
}
