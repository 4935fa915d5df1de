//! The messages of an attempt, each told by what sets it apart from the first: about ten bytes.

use smallvec::SmallVec;

use super::memory::spilled;
use super::store::{Marks, MessageRecord};
use crate::net::{FileId, FrameRef, Timestamp};

/// Bytes of messages that an attempt holds without another allocation: a REGISTER, its challenge,
/// the retry and the answer take about so many.
const OWN: usize = 40;

/// Messages that most attempts hold so.
pub(super) const OWN_MESSAGES: usize = 4;
/// About what each message more takes.
pub(super) const PER_MESSAGE: usize = 20;

/// Bits of the first byte of a message beside its marks: what follows.
const CODE: u8 = 0x10;
const HOP: u8 = 0x20;
const CSEQ: u8 = 0x40;
const FILE: u8 = 0x80;
const MARKS: u8 = 0x0f;

/// The messages of an attempt in the order they were captured.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(SmallVec<[u8; OWN]>);

impl Log {
    /// Adds a message.
    pub(super) fn push(&mut self, message: &MessageRecord) {
        let base = Messages::of(self).next().unwrap_or(Messages::START);
        let (frame, from) = (message.frame(), base.frame());
        let cseq = message.cseq.wrapping_sub(base.cseq).cast_signed();
        let has = |bit: u8, there: bool| if there { bit } else { 0 };
        let bits = has(CODE, message.code != 0)
            | has(HOP, message.hop != 0)
            | has(CSEQ, cseq != 0)
            | has(FILE, frame.file() != from.file());
        self.0.push(message.marks.bits() & MARKS | bits);
        self.time(message.time.nanos().wrapping_sub(base.time.nanos()));
        self.number(zigzag(frame.number().cast_signed() - from.number().cast_signed()));
        if message.code != 0 {
            self.number(u64::from(message.code));
        }
        if message.hop != 0 {
            self.0.push(message.hop);
        }
        if cseq != 0 {
            self.number(zigzag(cseq.into()));
        }
        if bits & FILE != 0 {
            self.number(u64::from(frame.file().0));
        }
    }

    /// Writes nanoseconds; most captures count microseconds, and the lowest bit says so.
    fn time(&mut self, nanos: i64) {
        let whole = nanos % 1000 == 0;
        let number = zigzag(if whole { nanos / 1000 } else { nanos });
        let (low, rest) = ((number as u8 & 0x3f) << 1 | u8::from(whole), number >> 6);
        self.0.push(if rest > 0 { low | 0x80 } else { low });
        if rest > 0 {
            self.number(rest);
        }
    }

    /// Writes seven bits a byte, the lowest first; the last byte has the highest bit clear.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Keeps the first and the latest messages, `most` of them; says how many went.
    pub(super) fn thin(&mut self, most: usize) -> usize {
        let all: Vec<_> = self.iter().collect();
        let Some(over) = all.len().checked_sub(most).filter(|over| *over > 0) else { return 0 };
        let first = most / 2;
        *self = Self::default();
        for (place, message) in all.iter().enumerate() {
            if place < first || place >= first + over {
                self.push(message);
            }
        }
        over
    }

    /// The messages.
    pub(super) fn iter(&self) -> Messages<'_> {
        Messages::of(self)
    }

    /// The bytes it takes beside its record.
    pub(super) fn heap_bytes(&self) -> usize {
        spilled(&self.0)
    }
}

/// The messages of an attempt, in order.
#[derive(Clone, Debug)]
pub(crate) struct Messages<'a> {
    bytes: &'a [u8],
    base: Option<MessageRecord>,
}

impl<'a> Messages<'a> {
    /// What the first message is told apart from.
    const START: MessageRecord = MessageRecord {
        time: Timestamp::from_nanos(0),
        frame: FrameRef::new(FileId(0), 0),
        code: 0,
        marks: Marks::NONE,
        hop: 0,
        cseq: 0,
    };

    fn of(log: &'a Log) -> Self {
        Self { bytes: &log.0, base: None }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn time(&mut self) -> Option<i64> {
        let low = self.byte()?;
        let rest = if low & 0x80 != 0 { self.number()? << 6 } else { 0 };
        let number = unzigzag(rest | u64::from(low >> 1 & 0x3f));
        Some(if low & 1 == 1 { number.wrapping_mul(1000) } else { number })
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Iterator for Messages<'_> {
    type Item = MessageRecord;

    fn next(&mut self) -> Option<MessageRecord> {
        let bits = self.byte()?;
        let base = self.base.unwrap_or(Self::START);
        let time = base.time.nanos().wrapping_add(self.time()?);
        let frame = base.frame().number().cast_signed() + unzigzag(self.number()?);
        let code = if bits & CODE != 0 { self.number()? as u16 } else { 0 };
        let hop = if bits & HOP != 0 { self.byte()? } else { 0 };
        let cseq = if bits & CSEQ != 0 { unzigzag(self.number()?) } else { 0 };
        let file =
            if bits & FILE != 0 { FileId(self.number()? as u16) } else { base.frame().file() };
        let message = MessageRecord {
            time: Timestamp::from_nanos(time),
            frame: FrameRef::new(file, frame.cast_unsigned()),
            code,
            marks: Marks::from_bits(bits & MARKS),
            hop,
            cseq: base.cseq.wrapping_add_signed(cseq as i32),
        };
        self.base.get_or_insert(message);
        Some(message)
    }
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
            let over = all.len().saturating_sub(most);
            prop_assert_eq!(log.thin(most), over);
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
