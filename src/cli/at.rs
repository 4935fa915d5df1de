//! Parses moments as people write them.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use crate::net::Timestamp;

/// A moment that may need the capture's first packet to be known.
#[derive(Clone, Debug)]
pub enum At {
    /// A moment everywhere.
    Instant(Timestamp),
    /// A date and time in the zone of the output.
    Local(DateTime),
    /// A time on the day of the first packet, in the zone of the output.
    OfFirstDay(Time),
}

/// What no moment looks like.
#[derive(Debug, thiserror::Error)]
#[error("neither RFC 3339, nor `2026-11-22 21:04:05`, nor `21:04:05`, nor epoch seconds")]
pub struct NotATime;

impl At {
    /// Reads a moment.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        if let Some(instant) = epoch_seconds(text) {
            return Ok(Self::Instant(instant));
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            let nanos = i64::try_from(instant.as_nanosecond()).map_err(|_| NotATime)?;
            return Ok(Self::Instant(Timestamp::from_nanos(nanos)));
        }
        let starts_with_date = text.len() > 10 && text.as_bytes().get(4) == Some(&b'-');
        if starts_with_date && let Ok(local) = text.parse() {
            return Ok(Self::Local(local));
        }
        match text.parse() {
            Ok(time) if text.contains(':') => Ok(Self::OfFirstDay(time)),
            _ => Err(NotATime),
        }
    }

    /// The moment, for a capture that begins at `first`; `None` if the calendar ends before it.
    ///
    /// A time without a date that is earlier than the first packet is the next day's: a capture
    /// that begins before midnight is asked about what came after.
    #[must_use]
    pub fn resolve(&self, first: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let instant = |local: DateTime| {
            let zoned = local.to_zoned(zone.clone()).ok()?;
            i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(Timestamp::from_nanos)
        };
        match self {
            Self::Instant(at) => Some(*at),
            Self::Local(local) => instant(*local),
            Self::OfFirstDay(time) => {
                let first_local = jiff::Timestamp::from_nanosecond(first.nanos().into()).ok()?;
                let day = first_local.to_zoned(zone.clone()).date();
                let at = instant(day.to_datetime(*time))?;
                if at >= first {
                    return Some(at);
                }
                instant(day.tomorrow().ok()?.to_datetime(*time))
            }
        }
    }
}

/// Reads `1700000000` or `1700000000.123456789`.
fn epoch_seconds(text: &str) -> Option<Timestamp> {
    let (secs, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(secs) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let secs: i64 = secs.parse().ok().filter(|&s| s < i64::MAX / 1_000_000_000)?;
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(Timestamp::from_parts(secs, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, zone: &TimeZone) -> Option<String> {
        // 2025-11-18 22:30:00 UTC, 23:30:00 in Berlin
        let first = Timestamp::from_parts(1_763_505_000, 0);
        At::parse(text).ok()?.resolve(first, zone).map(Timestamp::epoch_string)
    }

    #[test]
    fn a_moment_is_read_in_the_zone_of_the_output() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (text, utc, local) in [
            ("1763505000", "1763505000.000000000", "1763505000.000000000"),
            ("1763505000.25", "1763505000.250000000", "1763505000.250000000"),
            ("2025-11-18T22:30:00Z", "1763505000.000000000", "1763505000.000000000"),
            ("2025-11-18T23:30:00+01:00", "1763505000.000000000", "1763505000.000000000"),
            ("2025-11-18 22:30", "1763505000.000000000", "1763501400.000000000"),
            ("2025-11-18 22:30:05.5", "1763505005.500000000", "1763501405.500000000"),
            ("22:31:00", "1763505060.000000000", "1763587860.000000000"),
            ("00:10", "1763511000.000000000", "1763507400.000000000"),
        ] {
            assert_eq!(resolved(text, &TimeZone::UTC).as_deref(), Some(utc), "{text} in UTC");
            assert_eq!(resolved(text, &berlin).as_deref(), Some(local), "{text} in Berlin");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "soon", "25:00", "2025-13-01 10:00", "99999999999999", "2025-11-18", "-5"]
        {
            assert!(At::parse(text).is_err(), "{text}");
        }
    }
}
