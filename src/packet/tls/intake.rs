//! Keeps the bytes of one direction until their records are read, and where they were seen.

use std::collections::VecDeque;

use super::record::Record;
use crate::net::Origin;

/// How many bytes that were read are kept until they are cut off.
const LAZY: usize = 16 << 10;

/// Bytes not read yet.
struct Held {
    piece: Piece,
    bytes: Vec<u8>,
}

/// Where bytes come from, and what is missing before them.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// Counts the pieces of both directions in the order in which they were captured.
    pub(super) order: u64,
    pub(super) origin: Origin,
    pub(super) lost: u64,
}

/// The bytes of one direction.
#[derive(Default)]
pub(super) struct Intake {
    queue: VecDeque<Held>,
    queued: usize,
    /// Bytes of the next records, and how many of them were read.
    unread: Vec<u8>,
    done: usize,
    /// Where the last of them come from.
    last: Option<Piece>,
}

impl Intake {
    /// Takes in the next bytes.
    pub(super) fn push(&mut self, piece: Piece, bytes: &[u8]) {
        self.queued += bytes.len();
        self.queue.push_back(Held { piece, bytes: bytes.to_vec() });
    }

    /// How many bytes are kept.
    pub(super) fn held(&self) -> usize {
        self.queued + self.unread.len()
    }

    /// What it takes beside its own place.
    pub(super) fn memory(&self) -> usize {
        self.queued + self.queue.capacity() * size_of::<Held>() + self.unread.capacity()
    }

    /// Which piece of the connection is to be read next; the last of all if there is none.
    pub(super) fn order(&self) -> u64 {
        let record = Record::first(self.unread()).and(self.last.as_ref());
        let next = record.or_else(|| self.queue.front().map(|held| &held.piece));
        next.map_or(u64::MAX, |piece| piece.order)
    }

    /// What is missing before the next bytes, and what they begin with.
    pub(super) fn upcoming(&self) -> Option<(u64, &[u8])> {
        self.queue.front().map(|held| (held.piece.lost, held.bytes.as_slice()))
    }

    /// Lays the next bytes behind those that are unread; false if there are none.
    pub(super) fn advance(&mut self) -> bool {
        let Some(Held { piece, bytes }) = self.queue.pop_front() else { return false };
        self.queued -= bytes.len();
        self.unread.extend_from_slice(&bytes);
        self.last = Some(piece);
        true
    }

    /// The bytes to be read.
    pub(super) fn unread(&self) -> &[u8] {
        self.unread.get(self.done..).unwrap_or_default()
    }

    /// Where the last of the bytes to be read were seen.
    pub(super) fn origin(&self) -> Option<Origin> {
        self.last.map(|piece| piece.origin)
    }

    /// Lends the bytes to be read for a moment, so that they can be read while all else changes.
    pub(super) fn lend(&mut self) -> Lent {
        Lent { bytes: std::mem::take(&mut self.unread), done: self.done }
    }

    /// Takes them back.
    pub(super) fn take_back(&mut self, lent: Lent) {
        self.unread = lent.bytes;
    }

    /// Drops `count` bytes.
    pub(super) fn pass(&mut self, count: usize) {
        self.done = (self.done + count).min(self.unread.len());
        if self.done == self.unread.len() {
            self.unread.clear();
            self.done = 0;
        } else if self.done > LAZY {
            self.unread.drain(..self.done);
            self.done = 0;
        }
    }

    /// Drops all that is unread; returns how much it was.
    pub(super) fn pass_all(&mut self) -> usize {
        let count = self.unread().len();
        self.pass(count);
        count
    }
}

/// Bytes to be read.
pub(super) struct Lent {
    bytes: Vec<u8>,
    done: usize,
}

impl Lent {
    /// The first record, if all of it is there.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        let unread = self.bytes.get(self.done..)?;
        Record::first(unread).map(|(record, _)| record)
    }
}
