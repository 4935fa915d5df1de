//! The lines of a device from `AudioCodes`: long ones come in parts, each with a number and a time of its own.

use super::{Carrier, Part, split, trim_start};
use crate::log::stamp::{Day, Stamp};

/// `[S=n] [SID=mac:boot:session]  text [Time:dd-mm@HH:MM:SS.mmm]`.
pub(super) const PARTS: Carrier = Carrier {
    name: "audiocodes",
    share: 50,
    fits: |line| header(line).is_some(),
    undo: |line, out| {
        let Some((_, _, text)) = header(line) else { return false };
        let (text, stamp) = without_time(text);
        out.stamp = stamp;
        out.text.extend_from_slice(text);
        true
    },
    part: Some(part),
};

/// The number, the session, and the text behind them.
fn header(line: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (digits, rest) = split(trim_start(line).strip_prefix(b"[S=")?, b']')?;
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (session, rest) = match trim_start(rest).strip_prefix(b"[") {
        Some(rest) => split(rest, b']')?,
        None => (&b""[..], rest),
    };
    // two blanks precede the text, whatever it begins with
    let text = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" ")).unwrap_or(rest);
    Some((number, session, text))
}

/// Which part a line is: those that do not begin with `(module)` go on with the line before.
fn part(line: &[u8]) -> Option<Part<'_>> {
    let (number, of, text) = header(line)?;
    Some(Part { number, of, first: trim_start(text).first() == Some(&b'(') })
}

/// The text before `[Time:…]`, and that time.
fn without_time(text: &[u8]) -> (&[u8], Option<Stamp>) {
    let Some(at) = memchr::memmem::rfind(text, b"[Time:") else { return (text, None) };
    let stamp = time(text.get(at + 6..).unwrap_or_default());
    let before = text.get(..at).unwrap_or_default();
    (before.strip_suffix(b" ").unwrap_or(before), stamp)
}

/// `dd-mm@HH:MM:SS.mmm`.
fn time(text: &[u8]) -> Option<Stamp> {
    let (day, rest) = split(text, b'@')?;
    let (day, month) = split(day, b'-')?;
    let number = |text| std::str::from_utf8(text).ok()?.parse::<i8>().ok();
    let day = Day { year: None, month: number(month)?, day: number(day)? };
    jiff::civil::Date::new(2024, day.month, day.day).ok()?;
    Some(Stamp { day: Some(day), ..Stamp::parse(rest)?.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_numbers() {
        let line = b"[S=6058] [SID=0a1b2c:1:77]  (  sip_stack)(  83)   ---- Incoming [Time:22-11@00:07:55.947]";
        let (number, session, text) = header(line).unwrap();
        assert_eq!((number, session), (6058, &b"SID=0a1b2c:1:77"[..]));
        let (text, stamp) = without_time(text);
        assert_eq!(text, b"(  sip_stack)(  83)   ---- Incoming");
        let stamp = stamp.unwrap();
        assert_eq!(stamp.day, Some(Day { year: None, month: 11, day: 22 }));
        assert_eq!((stamp.second, stamp.nanos), (475, 947_000_000));
        assert!(part(line).unwrap().first);
        assert!(!part(b"[S=6059] [SID=0a1b2c:1:77]  h=z9hG4bK").unwrap().first);
        assert!(header(b"[Nov 22 00:00:00] x").is_none());
    }
}
