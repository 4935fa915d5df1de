//! Carries captured frames from the capture thread to their reader, many at a time.

use std::ops::Range;

use crate::net::{FileId, Frame, FrameRef, LinkType, Timestamp};

/// Frames in the order they were captured; emptied and used again.
#[derive(Default, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

#[derive(Debug)]
struct Record {
    time: Timestamp,
    link: LinkType,
    number: u64,
    wire_len: u32,
    bytes: Range<usize>,
}

/// Numbers frames from 1 and counts their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Position {
    frames: u64,
}

impl Batch {
    /// The frames. `at.number()` counts from 1.
    #[must_use]
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.records.iter().map(|record| Frame {
            time: record.time,
            link: record.link,
            at: FrameRef::new(FileId(0), record.number),
            wire_len: record.wire_len,
            bytes: self.bytes.get(record.bytes.clone()).unwrap_or_default(),
        })
    }

    /// How many frames it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The time of its last frame.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        self.records.last().map(|record| record.time)
    }

    /// Copies a frame.
    pub(super) fn push(
        &mut self,
        position: &mut Position,
        (time, link, wire_len): (Timestamp, LinkType, u32),
        bytes: &[u8],
    ) {
        position.frames += 1;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let (number, bytes) = (position.frames, start..self.bytes.len());
        self.records.push(Record { time, link, number, wire_len, bytes });
    }

    /// Whether it holds `limit` bytes, records included.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.bytes.len() + self.records.len() * size_of::<Record>() >= limit
    }

    /// Takes what it holds out of it; it continues as `next`, emptied.
    pub(super) fn replace(&mut self, mut next: Self, limit: usize) -> Self {
        next.clear(limit);
        std::mem::replace(self, next)
    }

    /// Empties it and keeps its memory, unless a burst of giants made it large.
    pub(super) fn clear(&mut self, limit: usize) {
        self.records.clear();
        self.bytes.clear();
        self.bytes.shrink_to(limit.saturating_mul(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in() {
        let (mut batch, mut position) = (Batch::default(), Position::default());
        let header = (Timestamp::from_parts(1, 2), LinkType(1), 1500);
        batch.push(&mut position, header, b"one");
        batch.push(&mut position, header, b"four");
        let seen: Vec<_> = batch.frames().map(|f| (f.at.number(), f.bytes.to_vec())).collect();
        assert_eq!(seen, [(1, b"one".to_vec()), (2, b"four".to_vec())]);
        assert!(batch.is_full(1));
        batch.clear(64);
        assert!(batch.is_empty() && !batch.is_full(1));
        batch.push(&mut position, header, b"x");
        assert_eq!(batch.frames().next().map(|f| f.at.number()), Some(3));
    }
}
