//! Small pieces of sentences, the same in every rule.

use std::borrow::Cow;

use crate::net::{escape_bytes, escape_text, shortened};
use crate::registration::{AttemptView, Marks, NodeId, Snapshot};

/// Longest text from the wire a sentence quotes.
const QUOTED: usize = 80;

/// Text from the wire, made safe, and cut where it is very long.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.get(..QUOTED) {
        Some(start) if bytes.len() > QUOTED => Cow::Owned(format!("{}…", escape_bytes(start))),
        _ => escape_bytes(bytes),
    }
}

/// A node's name; a log of which no node is known has none.
pub(super) fn node(snapshot: &Snapshot, node: NodeId) -> String {
    snapshot.node_name(node).unwrap_or("a node without a name").to_owned()
}

/// The longest line of a log a sentence quotes.
const SAID: usize = 160;

/// A line of a log, made safe, and cut where it is very long.
pub(super) fn said(line: &str) -> String {
    shortened(&escape_text(line.trim()), SAID).into_owned()
}

/// A span of time as a person says it, rounded: `3.0 s`, `12 min`, `2 h 5 min`.
pub(super) fn span(nanos: i64) -> String {
    let nanos = nanos.unsigned_abs();
    let rounded = |unit: u64| (nanos + unit / 2) / unit;
    let (millis, tenths) = (rounded(1_000_000), rounded(100_000_000));
    let (seconds, minutes) = (rounded(1_000_000_000), rounded(60_000_000_000));
    match (millis, tenths, seconds, minutes) {
        (..1000, ..) => format!("{millis} ms"),
        (_, ..600, ..) => format!("{}.{} s", tenths / 10, tenths % 10),
        (_, _, ..600, _) => format!("{} min {} s", seconds / 60, seconds % 60),
        (_, _, _, ..60) => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// How often the latest request of an attempt was sent on its first hop, and within which time in
/// nanoseconds.
pub(super) fn sendings(attempt: &AttemptView<'_>) -> (u32, i64) {
    let own = attempt.messages().filter(|m| {
        m.code == 0 && m.hop == 0 && m.cseq == attempt.cseq && !m.marks.has(Marks::DUPLICATE)
    });
    let (mut count, mut times) = (0, None);
    for message in own {
        count += 1;
        let (first, _) = times.unwrap_or((message.time, message.time));
        times = Some((first, message.time));
    }
    (count, times.map_or(0, |(first, last)| last.nanos_since(first)))
}

/// `once`, `twice`, `7 times`.
pub(super) fn times(n: u32) -> Cow<'static, str> {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times").into(),
    }
}

/// What an ICMP error says (RFC 792, RFC 4443).
pub(super) const fn icmp(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (3, 3) | (1, 4) => "port unreachable: nothing listens there",
        (3, 9 | 10 | 13) | (1, 1) => "prohibited: a filter on the way refuses it",
        (3, 1 | 7) | (1, 3) => "host unreachable",
        (3, 0 | 6) | (1, 0) => "network unreachable",
        (11, _) => "time exceeded: a routing loop",
        _ => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_say_them() {
        for (millis, want) in [
            (12, "12 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (29_980, "30.0 s"),
            (59_960, "1 min 0 s"),
            (119_600, "2 min 0 s"),
            (599_700, "10 min"),
            (1_199_990, "20 min"),
            (3_599_990, "1 h 0 min"),
            (3040, "3.0 s"),
            (-2500, "2.5 s"),
            (61_000, "1 min 1 s"),
            (1_800_000, "30 min"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(span(millis * 1_000_000), want);
        }
    }

    #[test]
    fn long_and_hostile_text_is_tamed() {
        assert_eq!(text(b"a\x1b[2J"), "a\\u{1b}[2J");
        assert!(text(&[b'x'; 500]).chars().count() <= QUOTED + 1);
    }
}
