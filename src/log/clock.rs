//! Makes moments of the time stamps of one log, in the order of its lines.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::stamp::{Day, Stamp};
use crate::net::Timestamp;

/// Nanoseconds of a second, an hour and a day.
pub(super) const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;
pub(super) const DAY: i64 = 24 * HOUR;
/// The most steps that are remembered.
const MAX_STEPS: usize = 64;

/// What a log's clock is set to.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// Its zone.
    pub zone: TimeZone,
    /// The zone is an offset that was found out, so that it does not tell of summer time.
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
    /// The moment of the last stamp.
    now: Option<Timestamp>,
    /// The hour that comes twice has come once.
    second_time: bool,
    /// What is added since a summer time that no zone tells of ended.
    extra: i64,
    /// The zone's offset in an hour, and whether it was the hour's second time.
    known: Option<(i64, bool, i64)>,
    /// The coarsest step of its stamps that was seen.
    pub digits: Option<u8>,
    /// Lines at which it was set.
    pub steps: Vec<u64>,
    /// The line of a jump of more than a day, until it is known whether the clock was set.
    jump: Option<u64>,
}

impl Clock {
    /// A clock that no line was read of.
    pub(super) const fn new(settled: Settled) -> Self {
        Self {
            settled,
            wall: None,
            now: None,
            second_time: false,
            extra: 0,
            known: None,
            digits: None,
            steps: Vec::new(),
            jump: None,
        }
    }

    /// The moment of the last stamp.
    pub(super) const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The moment of a stamp in that line.
    pub(super) fn read(&mut self, stamp: &Stamp, line: u64) -> Timestamp {
        let wall = self.wall_clock(stamp);
        self.digits = Some(self.digits.unwrap_or(0).max(stamp.digits));
        let moment = if let Some(offset) = stamp.offset {
            wall - i64::from(offset) * SECOND
        } else {
            self.step_back(wall, stamp.digits, line);
            wall + self.extra - self.offset(wall)
        };
        let moment = Timestamp::from_nanos(moment);
        self.step(moment, stamp, line);
        self.wall = Some(wall);
        self.now = Some(moment);
        moment
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
    fn step_back(&mut self, wall: i64, digits: u8, line: u64) {
        let Some(last) = self.wall else { return };
        let back = last - wall;
        let an_hour = (HOUR * 3 / 4..=HOUR * 5 / 4).contains(&back);
        if an_hour && !self.second_time && self.may_be_change(wall) {
            self.second_time = true;
            if !self.is_twice(wall) {
                self.extra = HOUR;
            }
            return;
        }
        let slack = if digits == 0 { SECOND + 1 } else { SECOND };
        if back >= slack {
            self.remember(line);
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

    /// Looks for a jump of more than a day, or a step back of a clock that knows its zone.
    fn step(&mut self, moment: Timestamp, stamp: &Stamp, line: u64) {
        let Some(last) = self.now else { return };
        let ahead = moment.nanos_since(last);
        if ahead > DAY {
            self.jump = Some(line);
        } else if ahead <= -SECOND && stamp.offset.is_some() && stamp.digits > 0 {
            self.remember(line);
        }
    }

    /// The line of the last jump ahead, once.
    pub(super) const fn take_jump(&mut self) -> Option<u64> {
        self.jump.take()
    }

    /// Remembers that the clock was set at a line.
    pub(super) fn remember(&mut self, line: u64) {
        if self.steps.len() < MAX_STEPS && self.steps.last() != Some(&line) {
            self.steps.push(line);
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
        assert_eq!(read(&mut clock, "11:00:00.000"), "2026-05-05T11:00:00Z");
        assert_eq!(clock.steps, [7]);
    }

    #[test]
    fn a_leap_day_in_another_year_is_some_day() {
        let mut clock = clock(TimeZone::UTC, None);
        assert_eq!(read(&mut clock, "Feb 29 12:00:00"), "2026-03-01T12:00:00Z");
    }
}
