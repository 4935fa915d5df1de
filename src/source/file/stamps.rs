//! Decides which time stamps of a capture its clock follows: the one place that does, for whatever reads files.
//!
//! A stamp is compared with the one before it in the file. Where they are close, that is all. Where they are
//! far apart, up to [`AHEAD`] of the packets behind are examined, and there are four cases:
//!
//! - The stamps come back to where they were after one packet, or after a few that are more than a day off:
//!   these are *misstamped*. So are one at the very end or at the very start that is more than a day (and more
//!   than everything else spans) away, and a few there that are more than a year away.
//! - They stay, and the messages before and behind are parts of the same exchanges: the *clock was set*, ahead
//!   by more than a day, or back. What follows is counted as if it had not been.
//! - They stay, and nothing connects the two sides: time went by without packets, or files were joined. The
//!   clock follows.
//!
//! A misstamped packet counts at the time of the packet before it, or at the very start of the one behind.

use std::time::Duration;

use crate::net::{Frame, FrameRef, LinkType, Timestamp};

/// Distinguishes a clock that was set from time that passed: it reads the frames.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// Whether a frame may say anything; the others are not kept.
    pub matters: fn(LinkType, &[u8]) -> bool,
    /// Whether the exchanges in frames go on in those that are stamped much later or earlier.
    pub goes_on: fn(before: &[Frame<'_>], after: &[Frame<'_>]) -> bool,
}

/// Stamps this close, in nanoseconds, are accepted without reading ahead.
const NEAR: u64 = 600_000_000_000;
const DAY: u64 = 86_400_000_000_000;
const YEAR: u64 = 365 * DAY;
/// How many packets are a few.
const FEW: usize = 8;
/// Packets that are examined behind a stamp that is far from the one before it, and their bytes.
pub(super) const AHEAD: usize = 64;
pub(super) const AHEAD_BYTES: usize = 128 << 10;
/// Packets after which the witness is asked again.
const PATIENCE: u64 = 256;
/// Steps of the clock that are kept, one by one.
const STEPS: usize = 16;

/// What was found out about the stamps of a capture.
#[derive(Clone, Debug, Default)]
pub struct StampFacts {
    /// Misstamped packets.
    pub misstamped: u64,
    /// The number of the first of them, and by how many nanoseconds it is off.
    pub first: Option<(u64, i64)>,
    /// How often the clock was set.
    pub times_set: u64,
    /// Before which packets the clock was set, and by how many nanoseconds: the first of them.
    pub steps: Vec<(u64, i64)>,
}

/// The stamps of a capture, as far as it was read.
pub(super) struct Stamps {
    /// The first and the latest stamp that the clock followed, as they are in the file.
    first: Timestamp,
    before: Option<Timestamp>,
    followed: u64,
    /// By how much the clock was set so far.
    shift: i64,
    /// Packets that follow and are misstamped.
    wrong: usize,
    /// Before this packet the witness is not asked again: a capture of nothing but steps must not cost a reading of
    /// all messages around each.
    patience: u64,
    facts: StampFacts,
}

/// The clock of a capture between stamps that are close to each other.
#[derive(Clone, Copy)]
pub(super) struct Steady {
    before: Timestamp,
    shift: i64,
}

impl Steady {
    /// The time a packet counts at; `None` if its stamp is not close to the one before it.
    #[inline]
    pub(super) const fn time(self, stamp: Timestamp) -> Option<Timestamp> {
        if stamp.nanos().abs_diff(self.before.nanos()) > NEAR {
            return None;
        }
        Some(shifted(stamp, self.shift))
    }

    /// Follows that stamp.
    #[inline]
    pub(super) const fn follow(&mut self, stamp: Timestamp) {
        self.before = stamp;
    }
}

/// A stamp as the clock counts it that was set by so much.
#[inline]
const fn shifted(stamp: Timestamp, shift: i64) -> Timestamp {
    Timestamp::from_nanos(stamp.nanos().saturating_sub(shift))
}

/// What the stamps ahead show.
enum Case {
    Follow,
    /// This many packets are misstamped, this one first.
    Misstamped(usize),
    Set,
}

impl Stamps {
    pub(super) fn new() -> Self {
        Self {
            first: Timestamp::default(),
            before: None,
            followed: 0,
            shift: 0,
            wrong: 0,
            patience: 0,
            facts: StampFacts::default(),
        }
    }

    /// Whether there was a packet.
    pub(super) const fn has_begun(&self) -> bool {
        self.before.is_some()
    }

    pub(super) const fn facts(&self) -> &StampFacts {
        &self.facts
    }

    /// The time of a packet whose stamp is close to the one before it; `None` if it is not.
    #[inline]
    pub(super) fn follow(&mut self, stamp: Timestamp) -> Option<Timestamp> {
        let mut steady = self.steady()?;
        let time = steady.time(stamp)?;
        steady.follow(stamp);
        self.resume(steady, 1);
        Some(time)
    }

    /// The same, of a packet that arrived so long after the one before it: a pause is no reason to doubt its stamp.
    pub(super) fn follow_after(&mut self, stamp: Timestamp, paused: Duration) -> Option<Timestamp> {
        let before = self.steady()?.before;
        let paused = i64::try_from(paused.as_nanos()).unwrap_or(i64::MAX);
        let expected = before.nanos().saturating_add(paused);
        if stamp.nanos().abs_diff(expected) > NEAR {
            return None;
        }
        self.before = Some(stamp);
        self.followed += 1;
        Some(shifted(stamp, self.shift))
    }

    /// The clock while stamps are close to each other, for a loop over many packets; `None` when the next one has
    /// to be judged. [`Self::resume`] puts it back.
    pub(super) const fn steady(&self) -> Option<Steady> {
        match self.before {
            Some(before) if self.wrong == 0 => Some(Steady { before, shift: self.shift }),
            _ => None,
        }
    }

    /// Goes on where a loop over so many packets ended.
    pub(super) const fn resume(&mut self, steady: Steady, followed: u64) {
        self.before = Some(steady.before);
        self.followed += followed;
    }

    /// The time packet `number` counts at, whatever its stamp; `ahead` has that and those behind it, `ended`
    /// if that is all there are.
    pub(super) fn judge(
        &mut self,
        number: u64,
        ahead: &[Timestamp],
        ended: bool,
        goes_on: impl FnOnce() -> bool,
    ) -> Timestamp {
        let Some(&stamp) = ahead.first() else { return Timestamp::default() };
        if self.wrong == 0 {
            match self.before {
                None => self.begin(ahead),
                Some(before) => match self.case(number, before, ahead, ended, goes_on) {
                    Case::Follow => self.before = Some(stamp),
                    Case::Misstamped(count) => self.wrong = count,
                    Case::Set => self.set(number, stamp.nanos_since(before)),
                },
            }
        }
        let at = self.before.unwrap_or(stamp);
        if let Some(left) = self.wrong.checked_sub(1) {
            self.wrong = left;
            self.facts.misstamped += 1;
            self.facts.first.get_or_insert_with(|| (number, stamp.nanos_since(at)));
        } else {
            self.before = Some(stamp);
            self.followed += 1;
            return shifted(stamp, self.shift);
        }
        shifted(at, self.shift)
    }

    fn set(&mut self, number: u64, by: i64) {
        self.shift = self.shift.saturating_add(by);
        self.facts.times_set += 1;
        if self.facts.steps.len() < STEPS {
            self.facts.steps.push((number, by));
        }
    }

    /// Whether the first packets are misstamped; the stamp the clock begins with.
    fn begin(&mut self, ahead: &[Timestamp]) {
        let Some(&first) = ahead.first() else { return };
        let is_off = |stamp: &Timestamp| distance(*stamp, first) > NEAR;
        let count = ahead.iter().position(is_off).unwrap_or(ahead.len());
        let rest = ahead.get(count..).unwrap_or_default();
        let start = rest.first().copied().filter(|start| {
            let span = rest.iter().map(|stamp| distance(*stamp, *start)).max().unwrap_or(0);
            let least = if count == 1 { DAY } else { YEAR };
            count <= FEW
                && rest.len() > count
                && rest.iter().all(is_off)
                && distance(*start, first) > least.max(span)
        });
        if start.is_some() {
            self.wrong = count;
        }
        self.first = start.unwrap_or(first);
        self.before = Some(self.first);
    }

    fn case(
        &mut self,
        number: u64,
        before: Timestamp,
        ahead: &[Timestamp],
        ended: bool,
        goes_on: impl FnOnce() -> bool,
    ) -> Case {
        let Some(&stamp) = ahead.first() else { return Case::Follow };
        let (off, by) = (distance(stamp, before), stamp.nanos_since(before));
        let back = ahead.iter().position(|stamp| distance(*stamp, before) <= NEAR);
        match back {
            Some(1) => return Case::Misstamped(1),
            Some(count) if count <= FEW && off > DAY => return Case::Misstamped(count),
            None if ended && self.is_astray(off, before, ahead.len()) => {
                return Case::Misstamped(ahead.len());
            }
            _ => {}
        }
        // a clock that was set wrong is set right by as much
        let undoes = self.shift != 0 && self.shift.saturating_add(by).unsigned_abs() <= NEAR;
        let is_step = if by > 0 { off > DAY || undoes } else { off > NEAR };
        if !is_step || number < self.patience {
            return Case::Follow;
        }
        self.patience = number + PATIENCE;
        if goes_on() { Case::Set } else { Case::Follow }
    }

    /// Whether `count` packets at the end of the capture are too far from all before them to be true.
    fn is_astray(&self, off: u64, before: Timestamp, count: usize) -> bool {
        let least = if count == 1 { DAY } else { YEAR };
        count <= FEW
            && self.followed > count as u64
            && off > least.max(distance(before, self.first))
    }
}

fn distance(a: Timestamp, b: Timestamp) -> u64 {
    a.nanos().abs_diff(b.nanos())
}

/// Bytes kept of a frame, and of frames before the oldest are dropped.
const KEPT_OF_FRAME: usize = 2048;
const KEPT: usize = 48 << 10;

/// The latest frames that were lent: what is captured after a step of the clock is compared with them.
#[derive(Default)]
pub(super) struct Recent {
    newer: Kept,
    older: Kept,
}

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    frames: Vec<(Timestamp, LinkType, FrameRef, u32, usize)>,
}

impl Recent {
    /// Keeps a frame.
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        if self.newer.bytes.len() >= KEPT {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.bytes.clear();
            self.newer.frames.clear();
        }
        let bytes = frame.bytes.get(..KEPT_OF_FRAME).unwrap_or(frame.bytes);
        self.newer.bytes.extend_from_slice(bytes);
        let end = self.newer.bytes.len();
        self.newer.frames.push((frame.time, frame.link, frame.at, frame.wire_len, end));
    }

    /// The frames kept, oldest first.
    pub(super) fn frames(&self) -> Vec<Frame<'_>> {
        self.older.frames().chain(self.newer.frames()).collect()
    }
}

impl Kept {
    fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.frames.iter().map(move |&(time, link, at, wire_len, end)| {
            let bytes = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            Frame { time, link, at, wire_len, bytes }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_763_481_420;
    const HOUR: i64 = 3600;
    const DAYS: i64 = 86_400;
    /// 2096, as seconds after `T0`.
    const Y2096: i64 = 70 * 365 * DAYS;

    /// The seconds after `T0` that packets with these stamps count at, and what was found out.
    fn judged(stamps: &[i64], goes_on: bool) -> (Vec<i64>, StampFacts) {
        let all: Vec<_> = stamps.iter().map(|s| Timestamp::from_parts(T0 + s, 0)).collect();
        let mut clock = Stamps::new();
        let mut out = Vec::new();
        for (place, stamp) in all.iter().enumerate() {
            let time = clock.follow(*stamp).unwrap_or_else(|| {
                let end = all.len().min(place + AHEAD);
                let ahead = &all[place..end];
                clock.judge(place as u64 + 1, ahead, end == all.len(), || goes_on)
            });
            out.push(time.nanos() / 1_000_000_000 - T0);
        }
        (out, clock.facts)
    }

    /// Packets a second apart, from a second on.
    fn run(from: i64, count: i64) -> Vec<i64> {
        (from..from + count).collect()
    }

    #[test]
    fn a_lone_stamp_far_away_moves_no_clock() {
        for (off, place) in [
            (Y2096, 5),
            (-T0, 5),
            (2 * HOUR, 5),
            (-2 * HOUR, 5),
            (Y2096, 0),
            (-T0, 0),
            (2 * DAYS, 0),
            (Y2096, 9),
            (-T0, 9),
            (2 * DAYS, 9),
        ] {
            let mut stamps = run(0, 10);
            stamps[place] += off;
            for goes_on in [false, true] {
                let (times, facts) = judged(&stamps, goes_on);
                assert!(times.iter().all(|t| (0..10).contains(t)), "{off} at {place}: {times:?}");
                assert_eq!((facts.misstamped, facts.times_set), (1, 0), "{off} at {place}");
                assert_eq!(facts.first.unwrap().0, place as u64 + 1);
            }
        }
    }

    #[test]
    fn a_pause_is_no_reason_to_doubt_a_stamp_that_came_after_it() {
        let at = |seconds| Timestamp::from_parts(T0 + seconds, 0);
        let mut clock = Stamps::new();
        clock.judge(1, &[at(0)], false, || false);
        let hour = Duration::from_secs(3600);
        assert_eq!(clock.follow(at(HOUR)), None, "without the pause it has to be judged");
        assert_eq!(clock.follow_after(at(HOUR), hour), Some(at(HOUR)));
        // at once or after an hour: that is no stamp of now
        assert_eq!(clock.follow_after(at(Y2096), Duration::ZERO), None);
        assert_eq!(clock.follow_after(at(Y2096), hour), None);
        assert_eq!(clock.follow(at(HOUR + 1)), Some(at(HOUR + 1)), "the clock did not move");
    }

    #[test]
    fn a_few_stamps_far_away_move_no_clock() {
        for at in [0, 5, 20] {
            let mut stamps = run(0, 20);
            for n in 0..3 {
                stamps.insert(at, Y2096 + n);
            }
            let (times, facts) = judged(&stamps, false);
            assert!(times.iter().all(|t| (0..20).contains(t)), "at {at}: {times:?}");
            assert_eq!(facts.misstamped, 3, "at {at}");
        }
        // here and there, a different one each time
        let mut stamps = run(0, 20);
        (stamps[3], stamps[9], stamps[10], stamps[19]) = (Y2096, -T0, 3 * DAYS, -DAYS * 900);
        let (times, facts) = judged(&stamps, false);
        assert!(times.iter().all(|t| (0..20).contains(t)), "{times:?}");
        assert_eq!(facts.misstamped, 4);
    }

    #[test]
    fn true_times_are_left_as_they_are() {
        for (what, stamps) in [
            ("steady", run(0, 100)),
            ("a quiet night", [run(0, 20), run(10 * HOUR, 20)].concat()),
            ("a keep-alive an hour later", [run(0, 20), vec![HOUR]].concat()),
            ("a keep-alive twenty hours later", [run(0, 20), vec![20 * HOUR]].concat()),
            ("two captures days apart", [run(0, 20), run(5 * DAYS, 20)].concat()),
            ("a short capture days later", [run(0, 20), run(5 * DAYS, 2)].concat()),
            ("a long capture after a short one", [run(0, 2), run(5 * DAYS, 200)].concat()),
            ("joined out of order", [run(5 * DAYS, 20), run(0, 20)].concat()),
            ("joined out of order, hours", [run(5 * HOUR, 20), run(0, 20)].concat()),
            ("a packet a day", (0..9).map(|n| n * 2 * DAYS).collect()),
            ("two packets", vec![0, 9 * DAYS]),
            ("a packet each half hour", (0..90).map(|n| n * HOUR / 2).collect()),
            ("nothing", Vec::new()),
        ] {
            let (times, facts) = judged(&stamps, false);
            assert_eq!(times, stamps, "{what}");
            assert_eq!((facts.misstamped, facts.times_set), (0, 0), "{what}");
        }
    }

    #[test]
    fn a_clock_that_was_set_while_exchanges_went_on_is_counted_on() {
        for by in [2 * DAYS, Y2096, -HOUR, -2 * DAYS, -T0] {
            let stamps = [run(0, 20), run(20 + by, 80)].concat();
            let (times, facts) = judged(&stamps, true);
            // the time of the step itself is lost
            let want = [run(0, 20), run(19, 80)].concat();
            assert_eq!(times, want, "{by}");
            assert_eq!((facts.misstamped, facts.times_set), (0, 1), "{by}");
            assert_eq!(facts.steps[0].0, 21);
        }
        // hours ahead are a pause, whatever goes on
        let stamps = [run(0, 20), run(5 * HOUR, 80)].concat();
        assert_eq!(judged(&stamps, true).0, stamps);
    }

    #[test]
    fn a_capture_of_nothing_but_steps_asks_seldom() {
        let stamps: Vec<_> = (0..2000).map(|n| Timestamp::from_parts(T0 - n * HOUR, 0)).collect();
        let (mut clock, mut asked) = (Stamps::new(), 0);
        for (place, _) in stamps.iter().enumerate() {
            let ahead = &stamps[place..stamps.len().min(place + AHEAD)];
            clock.judge(place as u64 + 1, ahead, false, || {
                asked += 1;
                false
            });
        }
        assert!((1..10).contains(&asked), "{asked}");
    }

    #[test]
    fn a_clock_that_was_set_wrong_and_right_again_is_counted_on() {
        let stamps = [run(0, 20), run(20 - 5 * HOUR, 300), run(320, 80)].concat();
        let (times, facts) = judged(&stamps, true);
        assert!(times.is_sorted() && *times.last().unwrap() < 400, "{times:?}");
        assert_eq!(facts.times_set, 2);
    }
}
