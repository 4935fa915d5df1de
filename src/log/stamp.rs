//! Reads the time stamps that logs begin their lines with.

use super::cursor::Cursor;

/// A time stamp as written: parts of it may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stamp {
    /// The day, where it has one.
    pub day: Option<Day>,
    /// The second of the day.
    pub second: u32,
    /// Nanoseconds of that second.
    pub nanos: u32,
    /// How many decimals the second has.
    pub digits: u8,
    /// Seconds east of UTC, where it says so.
    pub offset: Option<i32>,
}

/// A day as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_field_names, reason = "the day of a day is its day")]
pub(super) struct Day {
    /// The year, where it has one.
    pub year: Option<i16>,
    /// From 1.
    pub month: i8,
    /// From 1.
    pub day: i8,
}

/// The longest prefix of a stamp: sequence numbers and marks.
const MAX_LEAD: usize = 40;

/// The last second of 2199: later ones are no times of a log, and their nanoseconds would not fit.
const MAX_EPOCH: u64 = 7_258_118_400;

impl Stamp {
    /// The stamp at the start of a line, and where it ends; brackets, `@`, a clock's mark and a sequence
    /// number may precede it.
    pub(super) fn leading(line: &[u8]) -> Option<(Self, usize)> {
        let mut cursor = Cursor::new(line.get(..96).unwrap_or(line));
        loop {
            let rest = cursor.rest();
            match rest.first()? {
                b'0'..=b'9' | b'A'..=b'Z' => {
                    if let Some((stamp, length)) = Self::parse(rest) {
                        return Some((stamp, cursor.at() + length));
                    }
                    if !sequence(&mut cursor) {
                        return None;
                    }
                }
                b'[' | b'@' | b'*' | b'.' | b' ' => cursor.skip(1),
                _ => return None,
            }
            if cursor.at() > MAX_LEAD {
                return None;
            }
        }
    }

    /// The stamp at the very start of `text`, and how long it is.
    pub(super) fn parse(text: &[u8]) -> Option<(Self, usize)> {
        let mut cursor = Cursor::new(text);
        let stamp = match text.first()? {
            b'0'..=b'9' => digits_first(&mut cursor)?,
            b'A'..=b'Z' => month_first(&mut cursor)?,
            _ => return None,
        };
        Some((stamp, cursor.at()))
    }

    /// The stamp that is a number of seconds since the epoch: `1796039366.060337`.
    pub(super) fn epoch(text: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let seconds = cursor.number(1, 12).filter(|seconds| *seconds < MAX_EPOCH)?;
        let (nanos, digits) = fraction(&mut cursor);
        let days = i64::try_from(seconds / 86_400).ok()?;
        let day = jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().try_days(days).ok()?)
            .ok()?;
        let day = Day { year: Some(day.year()), month: day.month(), day: day.day() };
        let second = u32::try_from(seconds % 86_400).ok()?;
        Some(Self { day: Some(day), second, nanos, digits, offset: Some(0) })
    }
}

/// Takes a number and the `: ` or `|` behind it: `000123: `, `00005121.000 |`.
fn sequence(cursor: &mut Cursor<'_>) -> bool {
    if cursor.number(1, 18).is_none() {
        return false;
    }
    if cursor.take(b'.') && cursor.number(1, 6).is_none() {
        return false;
    }
    let before = cursor.at();
    cursor.blanks();
    cursor.take(b':') || cursor.take(b'|') || {
        // `123456 Mar  1 …`: a number and a blank
        cursor.at() > before
    }
}

/// `2026-11-30 12:00:00`, `2026/11/30 …`, `30/11/2026 …`, `12:00:00`, `30 Nov 2026 …`.
fn digits_first(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let start = *cursor;
    if let Some(clock) = clock(cursor) {
        return Some(clock);
    }
    *cursor = start;
    let first = cursor.number(1, 4)?;
    let length = cursor.at() - start.at();
    let separator = cursor.peek()?;
    let day = match (length, separator) {
        (4, b'-' | b'/') => {
            cursor.skip(1);
            let month = cursor.number(2, 2)?;
            cursor.take(separator).then_some(())?;
            day(Some(first), month, cursor.number(2, 2)?)?
        }
        (2, b'/' | b'.') => {
            cursor.skip(1);
            let month = cursor.number(2, 2)?;
            cursor.take(separator).then_some(())?;
            day(Some(cursor.number(4, 4)?), month, first)?
        }
        (1 | 2, b' ') => {
            cursor.skip(1);
            let month = month(cursor)?;
            cursor.blanks();
            day(Some(cursor.number(4, 4)?), month, first)?
        }
        _ => return None,
    };
    if !cursor.take(b'T') && !cursor.take(b' ') {
        return None;
    }
    cursor.blanks();
    let mut stamp = clock(cursor)?;
    stamp.day = Some(day);
    stamp.offset = offset(cursor);
    Some(stamp)
}

/// `Nov 30 12:00:00`, `Nov 30 2026 12:00:00`, `Mon Nov 30 …`, `Mon, 30 Nov 2026 12:00:00 GMT`.
fn month_first(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let start = *cursor;
    if weekday(cursor) {
        cursor.take(b',');
        cursor.blanks();
        if cursor.peek()?.is_ascii_digit() {
            return digits_first(cursor);
        }
    } else {
        *cursor = start;
    }
    let month = month(cursor)?;
    cursor.take(b' ').then_some(())?;
    cursor.blanks();
    let number = cursor.number(1, 2)?;
    cursor.take(b' ').then_some(())?;
    cursor.blanks();
    let before = *cursor;
    let mut year = None;
    let mut stamp = clock(cursor);
    if stamp.is_none() {
        *cursor = before;
        year = Some(cursor.number(4, 4)?);
        cursor.take(b' ').then_some(())?;
        stamp = clock(cursor);
    }
    let mut stamp = stamp?;
    stamp.offset = offset(cursor);
    if year.is_none() {
        year = year_behind(cursor);
    }
    stamp.day = Some(day(year, month, number)?);
    Some(stamp)
}

/// The year of `Mon Nov 30 12:00:00 2026`.
fn year_behind(cursor: &mut Cursor<'_>) -> Option<u64> {
    let before = *cursor;
    let year = if cursor.take(b' ') { cursor.number(4, 4) } else { None };
    let ends = !cursor.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b':');
    let year = year.filter(|year| ends && (1990..2100).contains(year));
    if year.is_none() {
        *cursor = before;
    }
    year
}

/// A day that there is.
fn day(year: Option<u64>, month: u64, day: u64) -> Option<Day> {
    let year = match year {
        Some(year) => Some(i16::try_from(year).ok().filter(|year| (1970..2200).contains(year))?),
        None => None,
    };
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(day).ok()?;
    // a leap year, where it has none
    jiff::civil::Date::new(year.unwrap_or(2024), month, day).ok()?;
    Some(Day { year, month, day })
}

/// `HH:MM:SS` and its decimals, behind a point, a comma or (three of them) a colon.
fn clock(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let hour = cursor.number(2, 2)?;
    cursor.take(b':').then_some(())?;
    let minute = cursor.number(2, 2)?;
    cursor.take(b':').then_some(())?;
    let second = cursor.number(2, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, digits) = fraction(cursor);
    let second = u32::try_from(hour * 3600 + minute * 60 + second.min(59)).ok()?;
    Some(Stamp { day: None, second, nanos, digits, offset: None })
}

/// The decimals of a second: nanoseconds, and how many decimals there are.
fn fraction(cursor: &mut Cursor<'_>) -> (u32, u8) {
    let before = *cursor;
    let colon = cursor.peek() == Some(b':');
    if colon || matches!(cursor.peek(), Some(b'.' | b',')) {
        cursor.skip(1);
        let start = cursor.at();
        if let Some(number) = cursor.number(1, 9) {
            let digits = cursor.at() - start;
            if !colon || (digits == 3 && cursor.peek() != Some(b':')) {
                let scale = 10_u64.pow(u32::try_from(9 - digits.min(9)).unwrap_or(0));
                let nanos = u32::try_from(number * scale).unwrap_or(0);
                return (nanos, u8::try_from(digits).unwrap_or(9));
            }
        }
    }
    *cursor = before;
    (0, 0)
}

/// Seconds east of UTC: `Z`, `+0100`, `-05:00`, ` GMT`, ` UTC`, ` GMT+0800`.
fn offset(cursor: &mut Cursor<'_>) -> Option<i32> {
    let before = *cursor;
    cursor.blanks();
    let rest = cursor.rest();
    let named = rest.starts_with(b"GMT") || rest.starts_with(b"UTC");
    if named {
        cursor.skip(3);
    } else if cursor.take(b'Z') {
        return Some(0);
    }
    let sign = match cursor.peek() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ if named => return Some(0),
        _ => {
            *cursor = before;
            return None;
        }
    };
    cursor.skip(1);
    let numbers = hours_and_minutes(cursor);
    match numbers {
        Some((hours, minutes)) if hours < 15 && minutes < 60 => {
            Some(sign * i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0))
        }
        _ if named => Some(0),
        _ => {
            *cursor = before;
            None
        }
    }
}

/// `0100`, `01:00`.
fn hours_and_minutes(cursor: &mut Cursor<'_>) -> Option<(u64, u64)> {
    let (hours, minutes) = if let Some(both) = cursor.number(4, 4) {
        (both / 100, both % 100)
    } else {
        let hours = cursor.number(2, 2)?;
        cursor.take(b':').then_some(())?;
        (hours, cursor.number(2, 2)?)
    };
    let ends = !cursor.peek().is_some_and(|b| b.is_ascii_alphanumeric());
    ends.then_some((hours, minutes))
}

/// Takes the name of a day of the week.
fn weekday(cursor: &mut Cursor<'_>) -> bool {
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let known = cursor.rest().get(..3).is_some_and(|name| DAYS.contains(&name));
    if known {
        cursor.skip(3);
    }
    known
}

/// The number of the month whose name comes next.
fn month(cursor: &mut Cursor<'_>) -> Option<u64> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let name = cursor.rest().get(..3)?;
    let index = MONTHS.iter().position(|month| *month == name)?;
    cursor.skip(3);
    u64::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Year, month and day; second, nanoseconds, decimals, offset.
    type Parts = (Option<(Option<i16>, i8, i8)>, u32, u32, u8, Option<i32>);

    fn read(text: &str) -> Option<Parts> {
        let (stamp, _) = Stamp::leading(text.as_bytes())?;
        let day = stamp.day.map(|d| (d.year, d.month, d.day));
        Some((day, stamp.second, stamp.nanos, stamp.digits, stamp.offset))
    }

    #[test]
    fn reads_the_stamps_of_known_logs() {
        let day = Some((Some(2026), 11, 30));
        let short = Some((None, 11, 30));
        let noon = 12 * 3600;
        for (text, day, nanos, digits, offset) in [
            ("2026-11-30T12:00:00.675 Trc 04112", day, 675_000_000, 3, None),
            ("12:00:00.123: SIPTR: Received", None, 123_000_000, 3, None),
            ("@12:00:00.0100 [0] 8.1", None, 10_000_000, 4, None),
            ("[Nov 30 12:00:00] NOTICE[1]", short, 0, 0, None),
            ("[Nov  3 12:00:00] x", Some((None, 11, 3)), 0, 0, None),
            ("[2026-11-30 12:00:00.090] VERBOSE", day, 90_000_000, 3, None),
            ("2026-11-30 12:00:00.095442 97.37% [WARNING]", day, 95_442_000, 6, None),
            ("00005121.000 |12:00:00.423 |SdlSig", None, 423_000_000, 3, None),
            ("000123: *Nov 30 12:00:00.003 CET: //-1", short, 3_000_000, 3, None),
            ("2026-11-30T12:00:00+0100 pbx1", day, 0, 0, Some(3600)),
            ("2026-11-30T12:00:00.5-05:30 pbx1", day, 500_000_000, 1, Some(-19_800)),
            ("2026/11/30 12:00:00.560569 192.0.2.1", day, 560_569_000, 6, None),
            ("30/11/2026 12:00:00.001 -->", day, 1_000_000, 3, None),
            ("2026-11-30 12:00:00:123 [/belle-sip]", day, 123_000_000, 3, None),
            ("Mon Nov 30 2026 12:00:00 GMT+0800 (CST)", day, 0, 0, Some(28_800)),
            ("Mon Nov 30 12:00:00 2026", day, 0, 0, None),
            ("Mon, 30 Nov 2026 12:00:00 GMT", day, 0, 0, Some(0)),
        ] {
            assert_eq!(read(text), Some((day, noon, nanos, digits, offset)), "{text}");
        }
    }

    #[test]
    fn takes_nothing_else_for_a_stamp() {
        for text in [
            "Max-Forwards: 70",
            "May I ask: 1",
            "12:61:00 x",
            "Via: SIP/2.0/UDP",
            "2026-13-01 12:00:00",
            "v=0",
            "12 headers",
            "",
            "[",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn reads_seconds_since_the_epoch() {
        let stamp = Stamp::epoch(b"1796039366.060337").unwrap();
        assert_eq!(stamp.day, Some(Day { year: Some(2026), month: 11, day: 30 }));
        assert_eq!((stamp.second, stamp.nanos), (42_566, 60_337_000));
        assert_eq!(Stamp::epoch(b"99999999999.0"), None);
    }
}
