//! Times as people read them, in one zone.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::net::Timestamp;

/// Days this many months apart are shown with their year.
const MONTHS: i32 = 6;

/// Formats times; the date is left out on the day of the moment judged at.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    today: Option<Date>,
}

impl Clock {
    pub(crate) fn new(zone: &TimeZone, at: Timestamp) -> Self {
        let today = zoned(zone, at).map(|at| at.date());
        Self { zone: zone.clone(), today }
    }

    /// `21:04:05`, or `11-18 21:04` on another day; `2162-04-09` where the year is not plain.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        let day = zoned(&self.zone, at).map(|at| at.date());
        let far = day.zip(self.today).is_some_and(|(day, today)| {
            let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
            (months(day) - months(today)).abs() > MONTHS
        });
        self.format(at, "%H:%M:%S", if far { "%Y-%m-%d" } else { "%m-%d %H:%M" })
    }

    /// `21:04:05.123`, with the date on another day.
    pub(crate) fn precise(&self, at: Timestamp) -> String {
        self.format(at, "%H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// `21:04:05.123`, whatever the day.
    #[cfg_attr(not(any(test, feature = "tui")), expect(dead_code, reason = "for the screen"))]
    pub(crate) fn time(&self, at: Timestamp) -> String {
        const TIME: &str = "%H:%M:%S%.3f";
        self.format(at, TIME, TIME)
    }

    /// `2026-11-22`.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        const DAY: &str = "%Y-%m-%d";
        self.format(at, DAY, DAY)
    }

    /// `2026-11-22 21:04:05`.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        const FULL: &str = "%Y-%m-%d %H:%M:%S";
        self.format(at, FULL, FULL)
    }

    /// `21:04:05` if it is on the same day as `other`, else the date too.
    pub(crate) fn beside(&self, at: Timestamp, other: Timestamp) -> String {
        let day = |t| zoned(&self.zone, t).map(|t| t.date());
        if day(at) == day(other) { self.format(at, "%H:%M:%S", "%H:%M:%S") } else { self.full(at) }
    }

    /// When a stretch of time begins and ends, with milliseconds if it is short: `2026-11-22 21:04:05`, `21:09:12`.
    pub(crate) fn stretch(&self, first: Timestamp, last: Timestamp) -> [String; 2] {
        const SHORT: i64 = 2_000_000_000;
        const FULL: &str = "%Y-%m-%d %H:%M:%S%.3f";
        if last.nanos_since(first) >= SHORT {
            return [self.full(first), self.beside(last, first)];
        }
        let end = if self.day(first) == self.day(last) { "%H:%M:%S%.3f" } else { FULL };
        [self.format(first, FULL, FULL), self.format(last, end, end)]
    }

    /// The zone of the times at this moment: `UTC`, `CET (+01:00)`.
    pub(crate) fn zone(&self, at: Timestamp) -> String {
        let Some(at) = zoned(&self.zone, at) else { return "UTC".to_owned() };
        let (name, offset) = (at.strftime("%Z").to_string(), at.strftime("%:z").to_string());
        match name.as_str() {
            "UTC" => name,
            _ if name.starts_with(['+', '-']) => format!("UTC{offset}"),
            _ => format!("{name} ({offset})"),
        }
    }

    fn format(&self, at: Timestamp, today: &str, other_day: &str) -> String {
        if at == Timestamp::NONE {
            return "no clock".to_owned();
        }
        let Some(at) = zoned(&self.zone, at) else { return "?".to_owned() };
        let format = if self.today == Some(at.date()) { today } else { other_day };
        at.strftime(format).to_string()
    }
}

/// `2026-11-22T21:04:05.123+01:00`, for programs and spreadsheets.
pub(crate) fn iso(zone: &TimeZone, at: Timestamp) -> String {
    at.known()
        .and_then(|at| zoned(zone, at))
        .map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
}

fn zoned(zone: &TimeZone, at: Timestamp) -> Option<Zoned> {
    let at = jiff::Timestamp::from_nanosecond(at.nanos().into()).ok()?;
    Some(at.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_told_on_another_day_only() {
        let at = Timestamp::from_parts(1_763_505_000, 250_000_000);
        let clock = Clock::new(&TimeZone::UTC, at);
        assert_eq!(clock.short(at), "22:30:00");
        assert_eq!(clock.precise(at), "22:30:00.250");
        assert_eq!(clock.full(at), "2025-11-18 22:30:00");
        let before = Timestamp::from_parts(1_763_405_000, 0);
        assert_eq!(clock.short(before), "11-17 18:43");
        assert_eq!(clock.short(Timestamp::from_parts(6_058_472_402, 0)), "2161-12-26");
        assert_eq!(clock.precise(before), "2025-11-17 18:43:20.000");
        assert_eq!(clock.time(before), "18:43:20.000");
        assert_eq!(clock.day(before), "2025-11-17");
        assert_eq!(clock.zone(at), "UTC");
    }

    #[test]
    fn a_short_stretch_has_milliseconds() {
        let at = |millis: i64| Timestamp::from_nanos((1_763_505_000_250 + millis) * 1_000_000);
        let clock = Clock::new(&TimeZone::UTC, at(0));
        let short = ["2025-11-18 22:30:00.250", "22:30:00.253"];
        assert_eq!(clock.stretch(at(0), at(3)), short);
        assert_eq!(clock.stretch(at(0), at(2000)), ["2025-11-18 22:30:00", "22:30:02"]);
        let midnight = at(-250 + 5_400_000);
        let before = Timestamp::from_nanos(midnight.nanos() - 1_000_000);
        let both = ["2025-11-18 23:59:59.999", "2025-11-19 00:00:00.000"];
        assert_eq!(clock.stretch(before, midnight), both);
    }

    #[test]
    fn the_zone_is_named_with_its_offset() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = Timestamp::from_parts(1_763_505_000, 0);
        let clock = Clock::new(&zone, at);
        assert_eq!(clock.zone(at), "CET (+01:00)");
        assert_eq!(iso(&zone, at), "2025-11-18T23:30:00.000+01:00");
        assert_eq!(clock.short(at), "23:30:00");
    }
}
