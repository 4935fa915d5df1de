//! Stores the messages of an attempt, each as its difference from the first: about ten bytes.

use super::memory::ALLOCATION;
use super::store::{Marks, MessageRecord};
use crate::net::{FileId, FrameRef, Timestamp};

/// Bytes of messages that an attempt holds without another allocation: a REGISTER, its challenge,
/// the retry and the response take about that.
const OWN: usize = 45;

/// Messages that most attempts hold so.
pub(super) const OWN_MESSAGES: usize = 4;
/// About what each message more takes.
pub(super) const PER_MESSAGE: usize = 20;

/// Bits of the first byte of a message beside its marks: what there is of it.
const CODE: u8 = 0x10;
const HOP: u8 = 0x20;
const CSEQ: u8 = 0x40;
const FILE: u8 = 0x80;
const MARKS: u8 = 0x0f;

/// Its second byte has the width of its time, whether that counts microseconds, as in most captures,
/// and the widths of its frame's number and its CSeq.
const TIME: u8 = 0x07;
const MICROS: u8 = 0x08;
const NUMBER_SHIFT: u8 = 4;
const CSEQ_SHIFT: u8 = 6;
/// The widths a frame's number may have, in bytes.
const NUMBER_WIDTHS: [usize; 4] = [1, 2, 3, 7];

/// Bytes a message takes at most.
const LONGEST: usize = 32;

/// The messages of an attempt in the order they were captured: 48 bytes, as long as they are few.
#[derive(Clone, Debug)]
pub(super) enum Log {
    /// That many bytes, and where in them the last message starts.
    Few {
        length: u8,
        last: u8,
        bytes: [u8; OWN],
    },
    Many(Box<(Vec<u8>, usize)>),
}

impl Default for Log {
    fn default() -> Self {
        Self::Few { length: 0, last: 0, bytes: [0; OWN] }
    }
}

impl Log {
    /// Adds a message.
    pub(super) fn push(&mut self, message: &MessageRecord) {
        let base = Messages::of(self).next().unwrap_or(Messages::START);
        let (frame, from) = (message.frame(), base.frame());
        let time = message.time.nanos().wrapping_sub(base.time.nanos());
        let micros = time % 1000 == 0;
        let time = zigzag(if micros { time / 1000 } else { time });
        let number = zigzag(frame.number().cast_signed() - from.number().cast_signed());
        let cseq = zigzag(message.cseq.wrapping_sub(base.cseq).cast_signed().into());
        let other_file = frame.file() != from.file();
        let (time_width, cseq_width) = (width(time), width(cseq));
        let number_place = NUMBER_WIDTHS.iter().position(|own| *own >= width(number)).unwrap_or(3);
        let has = |bit: u8, there: bool| if there { bit } else { 0 };
        let marks = (message.marks.bits() & MARKS)
            | has(CODE, message.code != 0)
            | has(HOP, message.hop != 0)
            | has(CSEQ, cseq != 0)
            | has(FILE, other_file);
        let widths = (time_width as u8 - 1)
            | has(MICROS, micros)
            | (number_place as u8) << NUMBER_SHIFT
            | (cseq_width as u8 - 1) << CSEQ_SHIFT;
        let (mut bytes, mut length) = ([0; LONGEST + 8], 0);
        let mut write = |number: u64, width: usize| {
            // what is written beyond its width the next one writes over
            if let Some(place) = bytes.get_mut(length..length + 8) {
                place.copy_from_slice(&number.to_le_bytes());
            }
            length += width;
        };
        write(u64::from(marks) | u64::from(widths) << 8, 2);
        write(time, time_width);
        write(number, NUMBER_WIDTHS.get(number_place).copied().unwrap_or(7));
        write(message.code.into(), if message.code != 0 { 2 } else { 0 });
        write(message.hop.into(), usize::from(message.hop != 0));
        write(cseq, if cseq != 0 { cseq_width } else { 0 });
        write(frame.file().0.into(), if other_file { 2 } else { 0 });
        self.append(bytes.get(..length).unwrap_or_default());
    }

    fn append(&mut self, message: &[u8]) {
        match self {
            Self::Few { length, last, bytes } => {
                let start = usize::from(*length);
                if let Some(place) = bytes.get_mut(start..start + message.len()) {
                    place.copy_from_slice(message);
                    (*last, *length) = (*length, *length + message.len() as u8);
                } else {
                    let all = [bytes.get(..start).unwrap_or_default(), message].concat();
                    *self = Self::Many(Box::new((all, start)));
                }
            }
            Self::Many(many) => {
                many.1 = many.0.len();
                many.0.extend_from_slice(message);
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Few { length, bytes, .. } => {
                bytes.get(..usize::from(*length)).unwrap_or_default()
            }
            Self::Many(many) => &many.0,
        }
    }

    /// The latest message.
    pub(super) fn last(&self) -> Option<MessageRecord> {
        let last = match self {
            Self::Few { last, .. } => usize::from(*last),
            Self::Many(many) => many.1,
        };
        let mut messages = self.iter();
        let first = messages.next()?;
        if last == 0 {
            return Some(first);
        }
        messages.bytes = self.bytes().get(last..)?;
        messages.next()
    }

    /// Keeps the first and the latest messages, `most` of them.
    pub(super) fn thin(&mut self, most: usize) {
        let all: Vec<_> = self.iter().collect();
        let Some(over) = all.len().checked_sub(most).filter(|over| *over > 0) else { return };
        let first = most / 2;
        *self = Self::default();
        for (place, message) in all.iter().enumerate() {
            if place < first || place >= first + over {
                self.push(message);
            }
        }
    }

    /// The messages.
    pub(super) fn iter(&self) -> Messages<'_> {
        Messages::of(self)
    }

    /// The bytes it takes beside its record.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few { .. } => 0,
            Self::Many(many) => size_of::<(Vec<u8>, usize)>() + many.0.capacity() + 2 * ALLOCATION,
        }
    }
}

/// The messages of an attempt, in order.
#[derive(Clone, Debug)]
pub(crate) struct Messages<'a> {
    bytes: &'a [u8],
    base: Option<MessageRecord>,
}

impl<'a> Messages<'a> {
    /// What the first message is encoded against.
    const START: MessageRecord = MessageRecord {
        time: Timestamp::from_nanos(0),
        frame: FrameRef::new(FileId(0), 0),
        code: 0,
        marks: Marks::NONE,
        hop: 0,
        cseq: 0,
    };

    fn of(log: &'a Log) -> Self {
        Self { bytes: log.bytes(), base: None }
    }

    /// Reads a number of at most eight bytes.
    #[inline]
    fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.bytes;
        let number = match bytes.first_chunk::<8>() {
            Some(chunk) => u64::from_le_bytes(*chunk) & (u64::MAX >> (64 - 8 * width)),
            None => {
                bytes.get(..width)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            }
        };
        self.bytes = bytes.get(width..)?;
        Some(number)
    }

    /// Reads a number that is there if a bit says so; else it is 0.
    #[inline]
    fn number_if(&mut self, there: bool, width: usize) -> Option<u64> {
        if there { self.number(width) } else { Some(0) }
    }
}

impl Iterator for Messages<'_> {
    type Item = MessageRecord;

    fn next(&mut self) -> Option<MessageRecord> {
        let (&[marks, widths], rest) = self.bytes.split_first_chunk::<2>()?;
        self.bytes = rest;
        let base = self.base.unwrap_or(Self::START);
        let from = base.frame();
        let time = unzigzag(self.number(usize::from(widths & TIME) + 1)?);
        let time = if widths & MICROS != 0 { time.wrapping_mul(1000) } else { time };
        let number_width = NUMBER_WIDTHS.get(usize::from(widths >> NUMBER_SHIFT & 3))?;
        let number = unzigzag(self.number(*number_width)?);
        let code = self.number_if(marks & CODE != 0, 2)?;
        let hop = self.number_if(marks & HOP != 0, 1)?;
        let cseq_width = usize::from(widths >> CSEQ_SHIFT) + 1;
        let cseq = unzigzag(self.number_if(marks & CSEQ != 0, cseq_width)?);
        let other = marks & FILE != 0;
        let file = self.number_if(other, 2)? as u16;
        let message = MessageRecord {
            time: Timestamp::from_nanos(base.time.nanos().wrapping_add(time)),
            frame: FrameRef::new(
                if other { FileId(file) } else { from.file() },
                from.number().wrapping_add_signed(number),
            ),
            code: code as u16,
            marks: Marks::from_bits(marks & MARKS),
            hop: hop as u8,
            cseq: base.cseq.wrapping_add_signed(cseq as i32),
        };
        self.base.get_or_insert(message);
        Some(message)
    }
}

/// The bytes a number takes, one at least.
const fn width(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(8)
}

/// Small numbers of either sign as small numbers.
const fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn message()(
            time in prop_oneof![any::<i64>(), (0..100_000_i64).prop_map(|ms| ms * 1_000_000)],
            file in 0..3_u16,
            number in prop_oneof![0..1_u64 << 48, 0..1000_u64],
            code in prop_oneof![Just(0), 100..700_u16],
            marks in 0..16_u8,
            hop in prop_oneof![Just(0), any::<u8>()],
            cseq in prop_oneof![any::<u32>(), 0..9_u32],
        ) -> MessageRecord {
            MessageRecord {
                time: Timestamp::from_nanos(time),
                frame: FrameRef::new(FileId(file), number),
                code,
                marks: Marks::from_bits(marks),
                hop,
                cseq,
            }
        }
    }

    proptest! {
        #[test]
        fn messages_come_back_as_they_were(all in prop::collection::vec(message(), 0..9), most in 1..9_usize) {
            let mut log = Log::default();
            for message in &all {
                log.push(message);
            }
            let same = |log: &Log, all: &[MessageRecord]| {
                format!("{:?}", log.iter().collect::<Vec<_>>()) == format!("{all:?}")
            };
            prop_assert!(same(&log, &all));
            prop_assert_eq!(format!("{:?}", log.last()), format!("{:?}", all.last()));
            let over = all.len().saturating_sub(most);
            log.thin(most);
            let first = if over > 0 { most / 2 } else { 0 };
            let kept = [&all[..first], &all[first + over..]].concat();
            prop_assert!(same(&log, &kept));
        }
    }

    #[test]
    fn a_round_of_challenge_and_answer_takes_no_allocation() {
        let mut log = Log::default();
        for n in 0..4_u32 {
            let nanos = 1_793_700_014_517_384_000 + i64::from(n) * 29_000_000;
            log.push(&MessageRecord {
                time: Timestamp::from_nanos(nanos),
                frame: FrameRef::new(FileId(0), 116_846 + u64::from(n) * 200),
                code: [0, 401, 0, 200][n as usize],
                marks: Marks::NONE,
                hop: 0,
                cseq: 60_000 + n / 2,
            });
        }
        assert_eq!((log.heap_bytes(), log.iter().count()), (0, 4));
    }
}
