//! Puts the bytes of one direction of a TCP connection in order (RFC 9293 §3.4, §3.10.7.4).

use super::super::limits::Limits;
use super::super::pieces::{Piece, Pieces};
use crate::net::Origin;

/// Positions count on from the first sequence number, so they do not wrap and may lie before it.
const FIRST_LAP: u64 = 1 << 32;

/// How sure the position of the first byte is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Start {
    /// Nothing was seen.
    #[default]
    Unknown,
    /// From an acknowledgment without data, which a keep-alive numbers one too low (RFC 9293 §3.8.4).
    Guessed,
    /// From data.
    Data,
    /// From the SYN.
    Syn,
}

/// Bytes in order, borrowed from the segment or from what was held.
#[derive(Clone, Copy, Debug)]
pub(in crate::packet) struct Run<'a> {
    pub(in crate::packet) bytes: &'a [u8],
    /// Bytes never captured before these.
    pub(in crate::packet) lost_before: u64,
    /// The frame whose arrival made them available.
    pub(in crate::packet) origin: &'a Origin,
    /// Whether the sender closed this direction behind them.
    pub(in crate::packet) end: bool,
}

/// Where runs go.
pub(super) type Out<'o> = dyn FnMut(Run<'_>) + 'o;

/// What a segment's data turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Placed {
    /// The next bytes, or the close.
    InOrder,
    /// Bytes behind a hole.
    Early,
    /// Nothing new.
    Old,
}

/// The data of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data<'a> {
    pub(super) seq: u32,
    pub(super) bytes: &'a [u8],
    /// Bytes at its end that were not captured.
    pub(super) missing: u64,
    /// Whether the sender closes behind it.
    pub(super) fin: bool,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    start: Start,
    /// Position of the next byte to hand on.
    next: u64,
    /// How far the peer acknowledged.
    acked: u64,
    /// How far it had when that was reported to be beyond what was captured.
    missed: u64,
    held: Pieces<Origin>,
    /// Bytes lost since the last run.
    lost: u64,
    fin: Option<u64>,
    ended: bool,
}

impl Assembly {
    /// Notes that data starts at `seq`, after a SYN.
    pub(super) fn open(&mut self, seq: u32) {
        if matches!(self.start, Start::Unknown | Start::Guessed) {
            self.set_next(seq, Start::Syn);
        }
    }

    /// Notes the sender's position, from a segment without data.
    pub(super) fn hint(&mut self, seq: u32) {
        if self.start == Start::Unknown {
            self.set_next(seq, Start::Guessed);
        }
    }

    /// Forgets what was before and goes on at `seq`.
    pub(super) fn restart(&mut self, seq: u32) {
        self.held.clear();
        self.lost = 0;
        self.set_next(seq, Start::Data);
    }

    /// Takes in data; `out` gets what can be handed on now.
    pub(super) fn push(
        &mut self,
        data: &Data<'_>,
        origin: &Origin,
        limits: &Limits,
        out: &mut Out<'_>,
    ) -> Placed {
        if self.ended {
            return Placed::Old;
        }
        self.settle_start(data.seq);
        let start = self.position(data.seq);
        let end = start + data.bytes.len() as u64 + data.missing;
        if data.fin && end >= self.next {
            self.fin.get_or_insert(end);
        }
        if start > self.next {
            self.held.insert(start, data.bytes, data.missing, origin);
            self.skip_what_peer_has(out);
            while self.held.bytes() > limits.held_bytes || self.held.len() > limits.held_segments {
                self.skip_hole(out);
            }
            return Placed::Early;
        }
        if end < self.next || (end == self.next && !data.fin) {
            return Placed::Old;
        }
        self.deliver(start, data.bytes, data.missing, origin, out);
        self.drain(Some(origin), out);
        Placed::InOrder
    }

    /// Notes the peer's acknowledgment: what it has and we have not was never captured.
    pub(super) fn peer_acked(&mut self, ack: u32, out: &mut Out<'_>) {
        if self.start == Start::Unknown {
            return;
        }
        self.acked = self.acked.max(self.position(ack));
        if !self.held.is_empty() {
            self.skip_what_peer_has(out);
        }
    }

    /// Whether the peer has acknowledged more than was captured, and more than was reported before; the
    /// number of a FIN, and one too low by a keep-alive, make a difference of one.
    pub(super) fn misses_more(&mut self) -> bool {
        let more = self.acked > self.next + 1 && self.acked > self.missed;
        if more {
            self.missed = self.acked;
        }
        more
    }

    /// Gives up the first hole, handing on the bytes behind it under their own frame.
    pub(super) fn skip_hole(&mut self, out: &mut Out<'_>) {
        let Some(first) = self.held.first() else { return };
        self.lost += first.start.saturating_sub(self.next);
        self.next = self.next.max(first.start);
        self.drain(None, out);
    }

    /// Gives up all holes; nothing will follow.
    pub(super) fn flush(&mut self, out: &mut Out<'_>) {
        while !self.held.is_empty() {
            self.skip_hole(out);
        }
        self.ended = true;
    }

    /// Goes past the data without handing it on.
    pub(super) fn pass(&mut self, data: &Data<'_>) {
        self.held.clear();
        let end = self.position(data.seq) + data.bytes.len() as u64 + data.missing;
        self.next = self.next.max(end);
        self.ended |= data.fin;
    }

    /// Whether `seq` is not behind what was handed on or passed.
    pub(super) fn is_news(&self, seq: u32) -> bool {
        self.start == Start::Unknown || self.position(seq) >= self.next
    }

    /// Whether `seq` lies less than a window before the first byte seen.
    pub(super) fn is_just_before(&self, seq: u32) -> bool {
        const WINDOW: u64 = 1 << 16;
        self.start != Start::Unknown
            && self.next.checked_sub(self.position(seq)).is_some_and(|before| before <= WINDOW)
    }

    /// Whether the first byte seen is the first byte sent.
    pub(super) fn is_from_start(&self) -> bool {
        self.start == Start::Syn
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// About what the segments behind holes take.
    pub(super) fn held_memory(&self) -> usize {
        self.held.memory()
    }

    /// The frame of the first bytes that wait.
    pub(super) fn waiting(&self) -> Option<&Origin> {
        self.held.first().map(|piece| &piece.tag)
    }

    /// Drops what waits.
    pub(super) fn drop_held(&mut self) {
        self.held.clear();
    }

    /// Takes the count of bytes that are lost and not yet reported.
    pub(super) fn take_lost(&mut self) -> u64 {
        let acked = if self.acked > self.next + 1 { self.acked } else { 0 };
        let behind = self.fin.unwrap_or(acked).saturating_sub(self.next);
        self.next += behind;
        std::mem::take(&mut self.lost) + behind
    }

    fn set_next(&mut self, seq: u32, start: Start) {
        self.next = FIRST_LAP + u64::from(seq);
        self.acked = 0;
        self.missed = 0;
        self.start = start;
    }

    /// The first data decides where a stream starts that was joined midway.
    fn settle_start(&mut self, seq: u32) {
        match self.start {
            Start::Unknown => self.set_next(seq, Start::Data),
            Start::Guessed => {
                let position = self.position(seq);
                if position < self.next || position == self.next + 1 {
                    self.set_next(seq, Start::Data);
                }
                self.start = Start::Data;
            }
            Start::Data | Start::Syn => {}
        }
    }

    /// The position nearest to the next byte that has this sequence number.
    fn position(&self, seq: u32) -> u64 {
        let distance = seq.wrapping_sub(self.next as u32).cast_signed();
        self.next.saturating_add_signed(distance.into())
    }

    fn skip_what_peer_has(&mut self, out: &mut Out<'_>) {
        while self.held.first().is_some_and(|first| first.start <= self.acked) {
            self.skip_hole(out);
        }
    }

    /// Hands on everything held that is now in order, under `origin` or each under its own.
    fn drain(&mut self, origin: Option<&Origin>, out: &mut Out<'_>) {
        while let Some(Piece { start, bytes, missing, tag }) = self.held.pop_reached(self.next) {
            if self.ended {
                self.held.clear();
            } else if start + bytes.len() as u64 + missing > self.next {
                self.deliver(start, &bytes, missing, origin.unwrap_or(&tag), out);
            }
        }
    }

    /// Hands on the part of the data that is new; it starts at or before the next byte.
    fn deliver(
        &mut self,
        start: u64,
        bytes: &[u8],
        missing: u64,
        origin: &Origin,
        out: &mut Out<'_>,
    ) {
        let old = self.next - start;
        let bytes_old = usize::try_from(old).unwrap_or(usize::MAX).min(bytes.len());
        let missing = missing - (old - bytes_old as u64).min(missing);
        let bytes = bytes.get(bytes_old..).unwrap_or_default();
        self.next += bytes.len() as u64 + missing;
        self.ended |= self.fin.is_some_and(|fin| fin <= self.next);
        let end = self.ended;
        if !bytes.is_empty() || (end && missing == 0) {
            let lost_before = std::mem::take(&mut self.lost);
            out(Run { bytes, lost_before, origin, end: end && missing == 0 });
        }
        self.lost += missing;
        if missing > 0 {
            let lost_before = std::mem::take(&mut self.lost);
            out(Run { bytes: &[], lost_before, origin, end });
        }
    }
}
