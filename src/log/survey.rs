//! Examines the start of a log before it is read: its kind, its clock, the host that wrote it.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::address::Address;
use super::clock::{DAY, SECOND, Settled, civil, days};
use super::collect::Framed;
use super::dialect::{Fact, Takes};
use super::extract::Told;
use super::framer::Event;
use super::sides::{Found, Known, Local};
use super::stamp::Stamp;
use super::{Clock as Described, Settings};
use crate::net::Timestamp;
use crate::sip::Message;

/// The most measurements of the zone that are kept.
const MAX_MEASURED: usize = 64;
/// A quarter of an hour, to which offsets are rounded.
const QUARTER: i64 = 900;

/// What the start of a log shows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Messages with an envelope.
    pub framed: u64,
    /// Messages without one.
    pub pastes: u64,
    /// Statements.
    pub statements: u64,
    /// The program as it names itself, as an index of dialects.
    pub program: Option<usize>,
    /// The node's name.
    pub node: Option<String>,
    found: Found,
    /// Seconds west of UTC, from the header.
    west: Option<i32>,
    /// Offsets that stamps carry.
    stamped: Option<i32>,
    /// The offset of a date in a statement.
    said: Option<i32>,
    /// Offsets measured, in seconds.
    measured: Vec<i64>,
    /// Any line had a time.
    timed: bool,
    /// A stamp without an offset.
    zoneless: bool,
    /// A stamp without a date, or without a year.
    dateless: bool,
    /// The day, counted from the first line, that the last line is on.
    day: i64,
    second: Option<u32>,
    /// The last stamp.
    last: Option<Stamp>,
    /// The first stamp.
    first: Option<Stamp>,
    /// The date of the first line.
    date: Option<Date>,
    /// Dates without a year: the first and the last.
    yearless: Option<((i8, i8), (i8, i8))>,
    /// A date with a year.
    year: Option<Date>,
}

impl Survey {
    /// Takes what was found in the next lines.
    pub(super) fn take(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Message(framed) => self.message(framed),
                Event::Statement(said) => {
                    self.statements += 1;
                    self.stamp(said.stamp.as_ref());
                }
                Event::Fact(told) => self.fact(told),
                Event::Other(_, stamp, _) => self.stamp(stamp.as_ref()),
                Event::NotSent(_) => {}
            }
        }
    }

    /// Whether its lines have times, as those of a log.
    pub(super) const fn has_times(&self) -> bool {
        self.timed
    }

    /// The first time in the log.
    pub(super) const fn first(&self) -> Option<Stamp> {
        self.first
    }

    /// Takes a message.
    fn message(&mut self, framed: &Framed) {
        if framed.dialect.is_some() {
            self.framed += 1;
        } else {
            self.pastes += 1;
        }
        self.stamp(framed.fields.stamp.as_ref());
        let Some(message) = Message::parse(&framed.bytes, framed.cut) else { return };
        self.found.message(framed, &message);
        if framed.takes == Takes::Sent
            && !message.is_request()
            && let Some(stamp) = framed.fields.stamp.or(self.last)
            && let Some(date) = date_header(&framed.bytes)
        {
            self.measure(&stamp, date);
        }
    }

    /// Takes what the program reports about itself.
    fn fact(&mut self, told: &Told) {
        match told.fact {
            Fact::Local => {
                if let Some(endpoint) = told.local.and_then(Address::endpoint) {
                    self.found.add(Known::Stated, endpoint);
                }
            }
            Fact::Node => {
                let node = String::from_utf8_lossy(&told.value).into_owned();
                self.node.get_or_insert(node);
            }
            Fact::West => {
                let west = std::str::from_utf8(&told.value).ok().and_then(|west| west.parse().ok());
                let west = west.filter(|west: &i32| west.abs() <= 15 * 3600);
                self.west = self.west.or(west);
            }
            Fact::Date => {
                if let Some(stamp) = &told.stamp {
                    self.said = self.said.or(stamp.offset);
                    self.dated(stamp);
                }
            }
            Fact::Program => {
                self.program.get_or_insert(told.dialect);
            }
            Fact::Moment => {
                if let (Some(stamp), Some(moment)) = (&told.stamp, &told.moment) {
                    self.measure(stamp, wall(moment));
                }
            }
        }
    }

    /// Takes the time of a line.
    fn stamp(&mut self, stamp: Option<&Stamp>) {
        let Some(stamp) = stamp else { return };
        self.timed = true;
        self.last = Some(*stamp);
        self.first.get_or_insert(*stamp);
        self.stamped = self.stamped.or(stamp.offset);
        self.zoneless |= stamp.offset.is_none();
        if let Some(last) = self.second
            && i64::from(last) - i64::from(stamp.second) > DAY / SECOND / 2
        {
            self.day += 1;
        }
        self.second = Some(stamp.second);
        match stamp.day {
            Some(day) => {
                if day.year.is_none() {
                    let this = (day.month, day.day);
                    self.yearless = Some((self.yearless.map_or(this, |(first, _)| first), this));
                    self.dateless = true;
                }
                self.dated(stamp);
            }
            None => self.dateless = true,
        }
    }

    /// Takes a date that the log has.
    fn dated(&mut self, stamp: &Stamp) {
        let Some(day) = stamp.day else { return };
        let Some(date) = day.year.and_then(|year| Date::new(year, day.month, day.day).ok()) else {
            return;
        };
        self.year.get_or_insert(date);
        self.on(date);
    }

    /// The last line is on that date.
    fn on(&mut self, date: Date) {
        if self.date.is_none() {
            self.date = jiff::Span::new()
                .try_days(self.day)
                .ok()
                .and_then(|span| date.checked_sub(span).ok());
        }
    }

    /// A line's time and the moment it is: the zone, and the date.
    fn measure(&mut self, stamp: &Stamp, utc: i64) {
        if stamp.offset.is_some() {
            return;
        }
        let utc = utc.div_euclid(SECOND);
        let day = DAY / SECOND;
        let mut offset = i64::from(stamp.second) - utc.rem_euclid(day);
        // from -12:00 to +14:00
        if offset < -12 * 3600 {
            offset += day;
        } else if offset > 14 * 3600 {
            offset -= day;
        }
        let offset = (offset + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        if self.measured.len() < MAX_MEASURED {
            self.measured.push(offset);
        }
        if let Some(local) = civil((utc + offset).saturating_mul(SECOND)) {
            self.year.get_or_insert_with(|| local.date());
            if stamp.day.is_none() {
                self.on(local.date());
            }
        }
    }

    /// The offset that three measurements agree on, or all of them.
    fn agreed(&self) -> Option<i64> {
        let times = |offset: i64| self.measured.iter().filter(|other| **other == offset).count();
        let best = self.measured.iter().copied().max_by_key(|offset| times(*offset))?;
        (times(best) >= 3 || times(best) == self.measured.len()).then_some(best)
    }

    /// The zone, and how it is known.
    fn zone(&self, settings: &Settings) -> (TimeZone, &'static str) {
        let fixed = |seconds: i32| Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?));
        if !self.zoneless
            && let Some(zone) = self.stamped.and_then(fixed)
        {
            return (zone, "stamp");
        }
        if let Some(zone) = self.west.and_then(|west| fixed(-west)) {
            return (zone, "header");
        }
        if let Some(zone) = &settings.zone {
            return (zone.clone(), "given");
        }
        if let Some(zone) = self.said.and_then(fixed) {
            return (zone, "stamp");
        }
        if let Some(zone) = self.agreed().and_then(|o| i32::try_from(o).ok()).and_then(fixed) {
            return (zone, "measured");
        }
        match self.stamped.and_then(fixed) {
            Some(zone) => (zone, "stamp"),
            None => (TimeZone::system(), "assumed"),
        }
    }

    /// The date of the first line, and whether it is known.
    fn first_date(&self, settings: &Settings, zone: &TimeZone) -> Option<Date> {
        self.date
            .or(settings.date)
            .or_else(|| date_in_name(&settings.name))
            .or_else(|| self.date_of_file(settings.modified?, zone))
    }

    /// The date of the first line, if the last one was written when the file was.
    fn date_of_file(&self, modified: Timestamp, zone: &TimeZone) -> Option<Date> {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(modified.nanos())).ok()?;
        let at = zone.to_datetime(moment);
        let second =
            i64::from(at.hour()) * 3600 + i64::from(at.minute()) * 60 + i64::from(at.second());
        // a last line that is later in the day than the file was on the day before
        let back = self.day + i64::from(i64::from(self.second?) > second + 60);
        at.date().checked_sub(jiff::Span::new().try_days(back).ok()?).ok()
    }

    /// The year of the first line.
    fn first_year(&self, settings: &Settings, zone: &TimeZone) -> i16 {
        let (first, last) = self.yearless.unwrap_or(((1, 1), (1, 1)));
        if let Some(date) = settings.date {
            return date.year();
        }
        if let Some(date) = self.year {
            let before = (date.month(), date.day()) < first && first.0 - date.month() > 6;
            return date.year() - i16::from(before);
        }
        let now = settings.now.map_or_else(jiff::Timestamp::now, |now| {
            jiff::Timestamp::from_nanosecond(i128::from(now.nanos())).unwrap_or_default()
        });
        let today = zone.to_datetime(now).date();
        let turned = i16::from(last < first && first.0 - last.0 > 6);
        let last_day = days(today.year(), last.0, last.1);
        let is_future = last_day > days(today.year(), today.month(), today.day()) + 1;
        today.year() - turned - i16::from(is_future)
    }

    /// How the clock is set, its description, and the addresses of the host.
    pub(super) fn settle(self, settings: &Settings) -> (Settled, Described, Local, Option<String>) {
        let (zone, zone_from) = self.zone(settings);
        let date = self.first_date(settings, &zone);
        let year = self.first_year(settings, &zone);
        let undated = self.dateless && self.yearless.is_none();
        let described = Described {
            present: self.timed,
            date: self.timed && (!undated || date.is_some()),
            year: self.timed && self.yearless.is_none_or(|_| self.year.is_some()),
            zone: self.timed.then(|| name_of(&zone)),
            zone_from: self.timed.then_some(zone_from),
            granularity: None,
            steps: Vec::new(),
        };
        let local = self.found.settle(settings.local);
        let settled = Settled { zone, is_offset: zone_from != "given", date, year };
        (settled, described, local, self.node)
    }
}

/// How a zone is shown: its name, or its offset.
fn name_of(zone: &TimeZone) -> String {
    if *zone == TimeZone::UTC {
        return "UTC".to_owned();
    }
    if let Some(name) = zone.iana_name() {
        return name.to_owned();
    }
    zone.to_fixed_offset().map_or_else(
        |_| "local".to_owned(),
        |offset| match offset.seconds() {
            0 => "UTC".to_owned(),
            seconds => {
                let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
                format!("{sign}{:02}:{:02}", seconds / 3600, seconds % 3600 / 60)
            }
        },
    )
}

/// The wall clock of a stamp with a date, as nanoseconds since 1970.
fn wall(stamp: &Stamp) -> i64 {
    let day = stamp.day.and_then(|day| Some(days(day.year?, day.month, day.day)));
    day.unwrap_or(0) * DAY + i64::from(stamp.second) * SECOND
}

/// The moment in a message's Date header (RFC 3261 §20.17), as nanoseconds since 1970.
fn date_header(bytes: &[u8]) -> Option<i64> {
    let at = memchr::memmem::find(bytes, b"\r\nDate:")?;
    let value = bytes.get(at + 7..)?.trim_ascii_start();
    let (stamp, _) = Stamp::parse(value.get(..40).unwrap_or(value))?;
    (stamp.day?.year.is_some() && stamp.offset == Some(0)).then(|| wall(&stamp))
}

/// The date in a file's name: `NAME-001.20261130_120000_000.log`, `full-20261130`, `x.2026-11-30`.
fn date_in_name(name: &str) -> Option<Date> {
    let bytes = name.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if before.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let digits: Vec<u8> =
            bytes.get(at..)?.iter().copied().filter(|b| *b != b'-').take(8).collect();
        let plain = bytes.get(at..at + 8)?.iter().all(u8::is_ascii_digit);
        let dashed = bytes.get(at + 4) == Some(&b'-') && bytes.get(at + 7) == Some(&b'-');
        if !(plain || dashed) || digits.len() < 8 {
            return None;
        }
        let text = std::str::from_utf8(&digits).ok()?;
        let year = text.get(..4)?.parse().ok().filter(|year| (1995..2100).contains(year))?;
        Date::new(year, text.get(4..6)?.parse().ok()?, text.get(6..8)?.parse().ok()?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_names() {
        let wanted = Some(jiff::civil::date(2026, 11, 30));
        for name in ["A-001.20261130_120000_000.log", "full-20261130", "messages.2026-11-30"] {
            assert_eq!(date_in_name(name), wanted, "{name}");
        }
        for name in ["full.1", "pbx-120261130", "x.20261399", ""] {
            assert_eq!(date_in_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_date_header_measures_the_zone_and_the_date() {
        let mut survey = Survey::default();
        let (stamp, _) = Stamp::leading(b"01:30:00.000: x").unwrap();
        survey.stamp(Some(&stamp));
        let date = date_header(b"SIP/2.0 200 OK\r\nDate: Mon, 30 Nov 2026 20:00:01 GMT\r\n\r\n");
        survey.measure(&stamp, date.unwrap());
        let settings = Settings { zone: None, ..Settings::default() };
        let (settled, clock, ..) = survey.settle(&settings);
        assert_eq!((clock.zone.as_deref(), clock.zone_from), (Some("+05:30"), Some("measured")));
        assert_eq!(settled.date, Some(jiff::civil::date(2026, 12, 1)));
    }

    #[test]
    fn the_latest_year_that_is_not_in_the_future() {
        let now = Timestamp::from_parts(1_796_000_000, 0); // 30 November 2026
        let settings =
            Settings { now: Some(now), zone: Some(TimeZone::UTC), ..Settings::default() };
        for (lines, year) in [
            (&["Nov 30 12:00:00"][..], 2026),
            (&["Dec 24 12:00:00"], 2025),
            (&["Dec 31 23:59:59", "Jan  1 00:00:01"], 2025),
        ] {
            let mut survey = Survey::default();
            for line in lines {
                survey.stamp(Stamp::leading(line.as_bytes()).map(|(stamp, _)| stamp).as_ref());
            }
            assert_eq!(survey.settle(&settings).0.year, year, "{lines:?}");
        }
    }
}
