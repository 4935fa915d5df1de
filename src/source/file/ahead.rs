//! Examines the packets around a time stamp that is far from the one before it.

use std::io::Read;

use super::stamps::{AHEAD, AHEAD_BYTES, Stamps};
use super::{Reader, Record, Walk};
use crate::net::{Frame, FrameRef, LinkType, Timestamp};

impl Walk {
    /// Reads the packets at the start of `bytes` that are complete, as long as `pass` accepts them; returns how many
    /// bytes that was.
    pub(super) fn peek(
        &self,
        bytes: &[u8],
        pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool,
    ) -> usize {
        match self {
            Self::Pcap(pcap) => pcap.skim(bytes, pass).0,
            Self::Pcapng(pcapng) => pcapng.peek(bytes, pass),
            Self::Snoop(snoop) => snoop.peek(bytes, pass),
        }
    }
}

impl<R: Read> Reader<R> {
    /// Keeps the frame that was lent, if what came before a step of the clock may be asked for.
    #[inline]
    pub(super) fn keep_recent(&mut self) {
        let (Some(witness), Some(record)) = (self.witness, &self.record) else { return };
        let Record { time, link, wire_len, ref range } = *record;
        let bytes = self.buffer.lend(range.clone());
        if !(witness.matters)(link, bytes) {
            return;
        }
        let at = FrameRef::new(self.file, self.numbered);
        self.recent.push(&Frame { time, link, at, wire_len, bytes });
    }

    /// The time that a packet counts at if its stamp is far from the one before.
    #[cold]
    pub(super) fn judge_stamp(&mut self, record: &mut Record) -> Timestamp {
        if let (Some(arrived), Some(stamps)) = (self.arrived, &mut self.stamps)
            && let Some(time) = stamps.follow_after(record.time, arrived.elapsed())
        {
            return time;
        }
        let mut ahead = vec![record.time];
        let mut ended = false;
        // the first packet is read while a capture is opened: that must not wait for what comes later
        let may_wait = self.stamps.as_ref().is_some_and(Stamps::has_begun);
        while !ended
            && self.peek(&mut ahead)
            && may_wait
            && self.buffer.unread().len() < AHEAD_BYTES
        {
            let more = self.buffer.unread().len() + 1;
            ended = !self.buffer.read_ahead(&mut record.range, more);
        }
        // a file that is damaged there continues, as far as is known
        let ended = ended && ahead.len() < AHEAD && self.is_whole();
        let Self { stamps, recent, buffer, walk, witness, numbered, file, .. } = self;
        let goes_on = || {
            let Some(witness) = witness else { return false };
            let mut after = vec![Frame {
                time: record.time,
                link: record.link,
                at: FrameRef::new(*file, *numbered),
                wire_len: record.wire_len,
                bytes: buffer.lend(record.range.clone()),
            }];
            let unread = buffer.unread();
            walk.peek(unread, |time, link, packet| {
                let bytes = bytes_in(unread, packet);
                let (at, wire_len) = (FrameRef::new(*file, *numbered), bytes.len() as u32);
                after.push(Frame { time, link, at, wire_len, bytes });
                after.len() < AHEAD
            });
            (witness.goes_on)(&recent.frames(), &after)
        };
        let Some(stamps) = stamps else { return record.time };
        stamps.judge(*numbered, &ahead, ended, goes_on)
    }

    /// The stamps of the packets that are in memory behind the first of `ahead`; whether more are wanted.
    fn peek(&self, ahead: &mut Vec<Timestamp>) -> bool {
        ahead.truncate(1);
        self.walk.peek(self.buffer.unread(), |time, _, _| {
            ahead.push(time);
            ahead.len() < AHEAD
        });
        ahead.len() < AHEAD
    }

    /// Whether all bytes in memory are whole packets.
    fn is_whole(&self) -> bool {
        let unread = self.buffer.unread();
        self.walk.peek(unread, |_, _, _| true) == unread.len()
    }
}

/// The part of `whole` that `part` is.
fn bytes_in<'b>(whole: &'b [u8], part: &[u8]) -> &'b [u8] {
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    whole.get(start..start.saturating_add(part.len())).unwrap_or_default()
}
