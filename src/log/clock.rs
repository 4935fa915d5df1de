//! Turns the time stamps of one log into moments, in the order of its lines.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::stamp::{Day, Stamp};
use crate::net::Timestamp;

/// Nanoseconds of a second, a minute, an hour and a day.
pub(super) const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 3600 * SECOND;
pub(super) const DAY: i64 = 24 * HOUR;
/// The most steps that are remembered.
const MAX_STEPS: usize = 64;
/// Stamps that may be out of place together.
const OUT_OF_PLACE: u32 = 64;

/// What a log's clock is set to.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// Its zone.
    pub zone: TimeZone,
    /// The zone is an offset that was found out, which does not include summer time.
    pub is_offset: bool,
    /// The date of its first line, for stamps without one.
    pub date: Option<Date>,
    /// The year of its first line, for dates without one.
    pub year: i16,
}

/// The clock of a log as it is read.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    settled: Settled,
    /// The last stamp's wall clock, as nanoseconds since 1970 without a zone.
    wall: Option<i64>,
    /// The moment that the last stamp names.
    named: Option<Timestamp>,
    /// The moment at which the last stamp counts.
    now: Option<Timestamp>,
    /// What is added to named moments since the clock was set.
    shift: i64,
    /// The hour that comes twice has come once.
    second_time: bool,
    /// What is added since a summer time ended that no zone mentions.
    extra: i64,
    /// The zone's offset in an hour, and whether it was the hour's second time.
    known: Option<(i64, bool, i64)>,
    /// The coarsest step of its stamps that was seen.
    pub digits: Option<u8>,
    /// Lines at which it was set, and by how many nanoseconds.
    pub steps: Vec<(u64, i64)>,
    /// The last step back, until the stamps come back to where they were.
    back: Option<Back>,
    /// A jump of more than a day, until it is known whether the clock was set.
    jump: Option<Jump>,
}

/// A step back of the stamps: the clock was set, or a few lines are out of place.
#[derive(Clone, Copy, Debug)]
struct Back {
    /// The moment before it, as the stamp named it.
    from: Timestamp,
    by: i64,
    /// What is added for it.
    shift: i64,
    /// Stamps since then.
    since: u32,
}

/// A jump ahead of the stamps: the clock was set, or a long time went by.
#[derive(Clone, Copy, Debug)]
struct Jump {
    line: u64,
    /// The moment before it, as the stamp named it.
    from: Timestamp,
    by: i64,
}

impl Clock {
    /// A clock that no line was read of.
    pub(super) const fn new(settled: Settled) -> Self {
        Self {
            settled,
            wall: None,
            named: None,
            now: None,
            shift: 0,
            second_time: false,
            extra: 0,
            known: None,
            digits: None,
            steps: Vec::new(),
            back: None,
            jump: None,
        }
    }

    /// The moment of the last stamp, counted on across steps of the clock.
    pub(super) const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The moment of a stamp in that line. Where the clock was set, what follows is counted on as if it had not
    /// been; while that is not known of a jump ahead, the moment before the jump counts.
    pub(super) fn read(&mut self, stamp: &Stamp, line: u64) -> Timestamp {
        let wall = self.wall_clock(stamp);
        self.digits = Some(self.digits.unwrap_or(0).max(stamp.digits));
        let moment = if let Some(offset) = stamp.offset {
            wall - i64::from(offset) * SECOND
        } else {
            self.end_of_summer_time(wall);
            wall + self.extra - self.offset(wall)
        };
        let moment = Timestamp::from_nanos(moment);
        self.follow(moment, stamp.digits, line);
        self.wall = Some(wall);
        self.named = Some(moment);
        self.now.unwrap_or(moment)
    }

    /// Moves the clock on to a named moment.
    fn follow(&mut self, moment: Timestamp, digits: u8, line: u64) {
        // whole seconds may be one off
        let slack = if digits == 0 { SECOND + 1 } else { SECOND };
        // a stamp that nothing follows on was wrong
        let jumped = self.jump.take_if(|jump| moment.nanos_since(jump.from) < DAY);
        let Some(last) = jumped.map(|jump| jump.from).or(self.named) else {
            self.now = Some(moment);
            return;
        };
        let ahead = moment.nanos_since(last);
        if ahead > DAY && self.jump.is_none() {
            self.jump = Some(Jump { line, from: last, by: ahead });
        } else if ahead <= -slack {
            self.went_back(last, ahead, line);
        } else if let Some(mut back) = self.back.take() {
            back.since += 1;
            if ahead >= -back.by / 2 && moment >= back.from {
                self.came_back(back);
            } else {
                self.back = Some(back);
            }
        }
        if self.jump.is_none() {
            self.now = Some(Timestamp::from_nanos(moment.nanos().saturating_add(self.shift)));
        }
    }

    /// The stamps went back: what follows is counted on from where they were, unless it is a matter of seconds.
    fn went_back(&mut self, from: Timestamp, by: i64, line: u64) {
        let shift = if -by >= MINUTE { -by } else { 0 };
        self.shift = self.shift.saturating_add(shift);
        self.back = Some(Back { from, by, shift, since: 0 });
        self.remember(line, by);
    }

    /// The stamps are back where they were: the lines between were out of place, or the clock was set right again.
    fn came_back(&mut self, back: Back) {
        self.shift = self.shift.saturating_sub(back.shift);
        if back.since <= OUT_OF_PLACE {
            self.steps.pop();
        }
    }

    /// Decides on a jump ahead, now that it is known whether the clock `was_set`; the moment that counts then.
    pub(super) fn decide(&mut self, was_set: bool) -> Option<Timestamp> {
        let jump = self.jump.take()?;
        if was_set {
            self.shift = self.shift.saturating_sub(jump.by);
            self.remember(jump.line, jump.by);
        }
        self.now =
            self.named.map(|named| Timestamp::from_nanos(named.nanos().saturating_add(self.shift)));
        self.now
    }

    /// How long the jump is that is to be decided on.
    pub(super) fn jump(&self) -> Option<i64> {
        self.jump.map(|jump| jump.by)
    }

    /// The wall clock of a stamp, its missing date filled in.
    fn wall_clock(&mut self, stamp: &Stamp) -> i64 {
        let time = i64::from(stamp.second) * SECOND + i64::from(stamp.nanos);
        match stamp.day {
            Some(Day { year: Some(year), month, day }) => days(year, month, day) * DAY + time,
            Some(Day { year: None, month, day }) => self.without_year(month, day) * DAY + time,
            None => self.without_date(time),
        }
    }

    /// The day with that month and day nearest to the last line.
    fn without_year(&mut self, month: i8, day: i8) -> i64 {
        let year = self.settled.year;
        let this = days(year, month, day);
        let Some(last) = self.wall.map(|wall| wall.div_euclid(DAY)) else { return this };
        if this + 180 < last && days(year.saturating_add(1), month, day) - last < 180 {
            self.settled.year = year.saturating_add(1);
            return days(self.settled.year, month, day);
        }
        if this > last + 180 && last - days(year.saturating_sub(1), month, day) < 180 {
            return days(year.saturating_sub(1), month, day);
        }
        this
    }

    /// The wall clock of a time of day: backwards by more than half a day is midnight.
    fn without_date(&self, time: i64) -> i64 {
        let Some(last) = self.wall else {
            let date = self.settled.date.unwrap_or(Date::ZERO);
            let known = self.settled.date.is_some();
            let day = if known { days(date.year(), date.month(), date.day()) } else { 0 };
            return day * DAY + time;
        };
        let wall = last.div_euclid(DAY) * DAY + time;
        if wall < last - DAY / 2 {
            wall + DAY
        } else if wall > last + DAY - HOUR / 6 {
            // the line before was a little ahead, across midnight
            wall - DAY
        } else {
            wall
        }
    }

    /// Looks for the end of summer time: the wall clock goes back by about an hour.
    fn end_of_summer_time(&mut self, wall: i64) {
        let Some(last) = self.wall else { return };
        let an_hour = (HOUR * 3 / 4..=HOUR * 5 / 4).contains(&(last - wall));
        if an_hour && !self.second_time && self.may_be_change(wall) {
            self.second_time = true;
            if !self.is_twice(wall) {
                self.extra = HOUR;
            }
        }
    }

    /// Whether summer time may end at that wall clock: the zone says so, or the date does where the zone
    /// has no summer time (the last week of October, the first of November, before four).
    fn may_be_change(&self, wall: i64) -> bool {
        if self.is_twice(wall) {
            return true;
        }
        let Some(at) = civil(wall) else { return false };
        let season = (at.month() == 10 && at.day() >= 24) || (at.month() == 11 && at.day() <= 8);
        let night = at.hour() < 4 && at.weekday() == jiff::civil::Weekday::Sunday;
        season && night && self.settled.is_offset
    }

    /// Whether that wall clock comes twice in the zone.
    fn is_twice(&self, wall: i64) -> bool {
        let Some(at) = civil(wall) else { return false };
        matches!(
            self.settled.zone.to_ambiguous_zoned(at).offset(),
            jiff::tz::AmbiguousOffset::Fold { .. }
        )
    }

    /// The zone's offset at a wall clock, as nanoseconds.
    fn offset(&mut self, wall: i64) -> i64 {
        let hour = wall.div_euclid(HOUR / 4);
        if let Some((known, twice, offset)) = self.known
            && known == hour
            && twice == self.second_time
        {
            return offset;
        }
        let offset = civil(wall).map_or(0, |at| {
            let zoned = self.settled.zone.to_ambiguous_timestamp(at);
            let moment = if self.second_time { zoned.later() } else { zoned.earlier() };
            moment.map_or(0, |moment| {
                let nanos = i64::try_from(moment.as_nanosecond()).unwrap_or(wall);
                wall - nanos
            })
        });
        self.known = Some((hour, self.second_time, offset));
        offset
    }

    /// Remembers that the clock was set at a line.
    fn remember(&mut self, line: u64, by: i64) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push((line, by));
        }
    }
}

/// Days from 1970 to a date that there is.
pub(super) fn days(year: i16, month: i8, day: i8) -> i64 {
    // 29 February of a year that has none is the day behind the 28th
    let date = Date::new(year, month, day).or_else(|_| Date::new(year, 3, 1)).unwrap_or(Date::ZERO);
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// The date of a wall clock.
pub(super) fn civil(wall: i64) -> Option<DateTime> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(wall)).ok()?;
    Some(TimeZone::UTC.to_datetime(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: TimeZone, date: Option<Date>) -> Clock {
        let is_offset = zone == TimeZone::UTC;
        Clock::new(Settled { zone, is_offset, date, year: 2026 })
    }

    fn read(clock: &mut Clock, text: &str) -> String {
        let (stamp, _) = Stamp::leading(text.as_bytes()).unwrap();
        let nanos = clock.read(&stamp, 7).nanos();
        jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap().to_string()
    }

    #[test]
    fn midnight_turns_the_date() {
        let mut clock = clock(TimeZone::UTC, Some(jiff::civil::date(2026, 11, 21)));
        assert_eq!(read(&mut clock, "23:59:59.900"), "2026-11-21T23:59:59.9Z");
        assert_eq!(read(&mut clock, "00:00:00.100"), "2026-11-22T00:00:00.1Z");
        // a second clock, a little behind
        assert_eq!(read(&mut clock, "23:59:59.990"), "2026-11-21T23:59:59.99Z");
        assert_eq!(read(&mut clock, "00:00:00.200"), "2026-11-22T00:00:00.2Z");
        assert!(clock.steps.is_empty());
    }

    #[test]
    fn new_year_turns_the_year() {
        let mut clock = clock(TimeZone::UTC, None);
        assert_eq!(read(&mut clock, "Dec 31 23:59:57.000"), "2026-12-31T23:59:57Z");
        assert_eq!(read(&mut clock, "Jan  1 00:00:01.000"), "2027-01-01T00:00:01Z");
        assert_eq!(read(&mut clock, "Dec 31 23:59:59.000"), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn the_end_of_summer_time_adds_an_hour() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let mut named = clock(zone, None);
        assert_eq!(read(&mut named, "Oct 25 02:59:56.500"), "2026-10-25T00:59:56.5Z");
        assert_eq!(read(&mut named, "Oct 25 02:00:01.000"), "2026-10-25T01:00:01Z");
        assert_eq!(read(&mut named, "Oct 25 03:00:01.000"), "2026-10-25T02:00:01Z");
        let mut unnamed = clock(TimeZone::UTC, None);
        assert_eq!(read(&mut unnamed, "Oct 25 02:59:56.500"), "2026-10-25T02:59:56.5Z");
        assert_eq!(read(&mut unnamed, "Oct 25 02:00:01.000"), "2026-10-25T03:00:01Z");
        assert!(named.steps.is_empty() && unnamed.steps.is_empty());
    }

    #[test]
    fn other_steps_are_remembered_and_small_ones_are_not() {
        let mut clock = clock(TimeZone::UTC, Some(jiff::civil::date(2026, 5, 5)));
        read(&mut clock, "12:00:00.500");
        read(&mut clock, "11:59:59.600");
        assert!(clock.steps.is_empty());
        assert_eq!(read(&mut clock, "11:00:00.000"), "2026-05-05T11:59:59.6Z");
        assert_eq!(clock.steps, [(7, -3_599_600_000_000)]);
        assert_eq!(read(&mut clock, "11:00:10.000"), "2026-05-05T12:00:09.6Z");
    }

    #[test]
    fn lines_out_of_place_are_no_step() {
        let mut clock = clock(TimeZone::UTC, Some(jiff::civil::date(2026, 5, 5)));
        for _ in 0..100 {
            assert_eq!(read(&mut clock, "12:00:00.000"), "2026-05-05T12:00:00Z");
            read(&mut clock, "11:58:00.000");
            read(&mut clock, "11:58:01.000");
        }
        assert_eq!(read(&mut clock, "12:00:01.000"), "2026-05-05T12:00:01Z");
        assert!(clock.steps.is_empty());
    }

    #[test]
    fn a_jump_ahead_counts_when_it_is_decided() {
        for (was_set, after) in [(true, "2026-01-01T00:00:15Z"), (false, "2026-05-27T10:00:05Z")] {
            let mut clock = clock(TimeZone::UTC, None);
            read(&mut clock, "Jan  1 00:00:10.000");
            assert_eq!(read(&mut clock, "May 27 10:00:00.000"), "2026-01-01T00:00:10Z");
            clock.decide(was_set);
            assert_eq!(read(&mut clock, "May 27 10:00:05.000"), after);
            assert_eq!(clock.steps.len(), usize::from(was_set));
        }
    }

    #[test]
    fn a_leap_day_in_another_year_is_some_day() {
        let mut clock = clock(TimeZone::UTC, None);
        assert_eq!(read(&mut clock, "Feb 29 12:00:00"), "2026-03-01T12:00:00Z");
    }
}
