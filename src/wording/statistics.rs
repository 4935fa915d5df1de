//! Puts statistics into sentences, tables and bars, the same in reports and on the screen.

use super::durations::{duration_short, span_short};
use super::glyphs::Glyphs;
use super::layout::cell;
use super::when::Clock;
use super::words;
use crate::net::{Timestamp, count};
use crate::statistics::{Delays, Slices, Statistics, Traffic};

/// Gaps of watching named one by one, at most.
const GAPS: usize = 3;
/// Columns between two cells.
const BETWEEN: usize = 2;
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_BARS: [&str; 4] = [".", ":", "|", "#"];

/// Rows of cells under their heads; the first cell of a row names it, the others are numbers.
pub(crate) struct Table {
    pub heads: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
    /// Rows that are left out.
    pub more: usize,
}

impl Table {
    /// Its lines, the heads first; a name that leaves no room for the numbers has a line of its own.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let cells_of = |place: usize| self.rows.iter().filter_map(move |row| row.get(place));
        let widths: Vec<usize> = (0..)
            .zip(self.heads)
            .map(|(place, head)| {
                cells_of(place).map(|own| cells(own)).fold(cells(head), usize::max)
            })
            .collect();
        let (names, numbers) = widths.split_first().map_or((0, &[][..]), |(n, rest)| (*n, rest));
        let used: usize = numbers.iter().map(|width| width + BETWEEN).sum();
        let room = width.saturating_sub(used).min(names);
        let mut lines = Vec::new();
        let heads = self.heads.iter().map(|head| (*head).to_owned()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let name = row.first().map_or("", String::as_str);
            let fits = cells(name) <= room;
            if !fits {
                lines.push(name.to_owned());
            }
            let mut line = cell(if fits { name } else { "" }, room, "");
            for (number, width) in row.iter().skip(1).zip(numbers) {
                line += &" ".repeat(BETWEEN + width.saturating_sub(cells(number)));
                line += number;
            }
            lines.push(line);
        }
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines
    }
}

fn cells(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// Attempts and messages in sentences.
pub(crate) fn summary(statistics: &Statistics) -> Vec<String> {
    let all = &statistics.all;
    let mut ends = vec![format!("{} succeeded", all.succeeded), format!("{} failed", all.failed)];
    if all.unknown > 0 {
        ends.push(format!("{} of unknown outcome", all.unknown));
    }
    if all.pending > 0 {
        ends.push(format!("{} pending", all.pending));
    }
    let mut sentences = vec![format!("{}: {}.", count(all.attempts, "attempt"), ends.join(", "))];
    if let Some(percent) = all.ineffective_percent() {
        let of = all.succeeded + all.failed;
        sentences.push(format!(
            "Ineffective registration attempts (RFC 6076): {} of {of}, {percent:.1}%.",
            all.ineffective
        ));
    }
    let responses: u64 = statistics.codes.values().map(|own| own.retransmissions).sum();
    sentences.push(format!(
        "{}, {}{}; {}, {}.",
        count(all.requests, "REGISTER"),
        repeated(all.retransmissions),
        all.retransmission_percent()
            .filter(|_| all.retransmissions > 0)
            .map_or_else(String::new, |own| format!(" ({own:.1}%)")),
        count(all.responses, "response"),
        repeated(responses)
    ));
    sentences
}

/// How many of the messages just counted are retransmissions.
fn repeated(retransmissions: u64) -> String {
    match retransmissions {
        0 => "no retransmissions".to_owned(),
        1 => "1 of them a retransmission".to_owned(),
        several => format!("{several} of them retransmissions"),
    }
}

/// Responses by status code.
pub(crate) fn responses(statistics: &Statistics) -> Table {
    let all = statistics.all.responses.max(1) as f64;
    let row = |(&code, own): (&u16, &crate::statistics::Responses)| {
        let share = 100.0 * own.count as f64 / all;
        let repeated = own.retransmissions.to_string();
        vec![words::status(code), own.count.to_string(), format!("{share:.1}%"), repeated]
    };
    Table {
        heads: &["Response", "Count", "Share", "Retransmitted"],
        rows: statistics.codes.iter().map(row).collect(),
        more: 0,
    }
}

/// Percentiles of delays.
pub(crate) fn delays(statistics: &Statistics) -> Table {
    let row = |name: &str, delays: &Delays| {
        let percentiles = [50, 95, 99].map(|percent| delays.percentile(percent));
        let [median, p95, p99] = percentiles;
        let times = [delays.least(), median, p95, p99, delays.most()].map(time);
        [name.to_owned(), delays.count().to_string()].into_iter().chain(times).collect()
    };
    let all = &statistics.all;
    Table {
        heads: &["Delay", "Count", "Min", "Median", "95%", "99%", "Max"],
        rows: vec![row("Response time", &all.response_time), row("RRD (RFC 6076)", &all.rrd)],
        more: 0,
    }
}

/// The registrars, those with the most failed attempts first.
pub(crate) fn registrars(statistics: &Statistics, most: usize) -> Table {
    groups(
        &["Registrar", "Attempts", "Failed", "Ineff.", "Retrans.", "Median", "95%"],
        statistics.registrars.iter(),
        most,
    )
}

/// The sources, those with the most failed attempts first.
pub(crate) fn sources(statistics: &Statistics, most: usize) -> Table {
    groups(
        &["Source", "Attempts", "Failed", "Ineff.", "Retrans.", "Median", "95%"],
        statistics.sources.iter(),
        most,
    )
}

fn groups<'t, K: ToString + Ord + 't>(
    heads: &'static [&'static str],
    all: impl Iterator<Item = (&'t K, &'t Traffic)>,
    most: usize,
) -> Table {
    let mut all: Vec<_> = all.collect();
    let more = all.len().saturating_sub(most);
    let urgent = |own: &Traffic| std::cmp::Reverse((own.failed, own.retransmissions, own.attempts));
    all.sort_by(|(a, of_a), (b, of_b)| urgent(of_a).cmp(&urgent(of_b)).then_with(|| a.cmp(b)));
    let row = |(name, own): &(&K, &Traffic)| {
        vec![
            name.to_string(),
            own.attempts.to_string(),
            own.failed.to_string(),
            own.ineffective_percent().map_or_else(|| "-".to_owned(), |own| format!("{own:.1}%")),
            own.retransmissions.to_string(),
            time(own.response_time.percentile(50)),
            time(own.response_time.percentile(95)),
        ]
    };
    Table { heads, rows: all.iter().take(most).map(row).collect(), more }
}

fn time(nanos: Option<i64>) -> String {
    nanos.map_or_else(|| "-".to_owned(), duration_short)
}

/// When the curves begin and end, and how long a slice is.
pub(crate) fn time_axis(
    (first, last): (Timestamp, Timestamp),
    slices: usize,
    clock: &Clock,
    glyphs: &Glyphs,
) -> String {
    let [from, to] = clock.stretch(first, last);
    let slice = last.nanos_since(first) / i64::try_from(slices).unwrap_or(i64::MAX).max(1);
    let (dash, zone) = (glyphs.dash, clock.zone(last));
    format!("{from} {dash} {to} {zone}, {} a column", span_short(slice))
}

/// A number over time: its name, its value in each slice, and what a person compares: the greatest, or the last.
pub(crate) struct Curve {
    pub name: &'static str,
    /// `None` where it is unknown.
    pub values: Vec<Option<u64>>,
    pub number: String,
}

/// Attempts, failures, retransmissions and service over time.
pub(crate) fn curves(slices: Slices) -> [Curve; 4] {
    let counted = |name, values: Vec<u64>| Curve {
        name,
        number: format!("peak {}", values.iter().max().copied().unwrap_or(0)),
        values: values.into_iter().map(Some).collect(),
    };
    let last = slices.in_service.iter().rev().copied().flatten().next().unwrap_or(0);
    [
        counted("attempts", slices.attempts),
        counted("failed", slices.failures),
        counted("retransmissions", slices.retransmissions),
        Curve {
            name: "DNs in service",
            number: format!("{last} at the end"),
            values: slices.in_service,
        },
    ]
}

impl Curve {
    /// A character a slice, as high as its share of the greatest; a shade where it is unknown.
    pub(crate) fn bars(&self, glyphs: &Glyphs) -> String {
        let most = self.values.iter().copied().flatten().max().unwrap_or(0);
        self.values
            .iter()
            .map(|value| match value {
                Some(value) => bar(*value, most, glyphs.unicode),
                None if glyphs.unicode => "░",
                None => "?",
            })
            .collect()
    }
}

/// A character as high as the share of a number of the greatest.
pub(crate) fn bar(value: u64, most: u64, unicode: bool) -> &'static str {
    let steps: &[&str] = if unicode { &BARS } else { &ASCII_BARS };
    let top = steps.len() as u64;
    // whatever is there is seen, however little
    let height = (value.saturating_mul(top)).div_ceil(most.max(1)).min(top) as usize;
    height.checked_sub(1).and_then(|place| steps.get(place)).copied().unwrap_or(" ")
}

/// What the numbers leave out, and how they are meant.
pub(crate) fn notes(statistics: &Statistics, clock: &Clock, glyphs: &Glyphs) -> Vec<String> {
    let mut notes = Vec::new();
    let all = &statistics.all;
    if all.unknown > 0 {
        let attempts = count(all.unknown, "attempt");
        notes.push(format!(
            "The outcome of {attempts} is not in this capture (responses not captured, or truncated): neither \
             succeeded nor failed."
        ));
    }
    if all.rrd_unknown > 0 {
        let attempts = count(all.rrd_unknown, "accepted attempt");
        notes.push(format!(
            "No delay of {attempts}: the REGISTER was not captured, or its time is not precise enough."
        ));
    }
    if let Some(messages) = statistics.not_counted.filter(|number| *number > 0) {
        let messages = count(messages, "REGISTER message");
        notes.push(format!(
            "Not counted: {messages} without a DN or truncated before it, sent for a third party, of a DN that only \
             scanners tried, or no longer kept."
        ));
    }
    if statistics.copies > 0 {
        let copies = count(statistics.copies, "message");
        notes.push(format!("Captured more than once and counted once: {copies}."));
    }
    if statistics.hops {
        notes.push(
            "A message that a proxy passes on counts once on each side of it; delays are those on the side of the \
             device."
                .to_owned(),
        );
    }
    for &(from, to) in statistics.gaps.iter().take(GAPS) {
        let (from, to) = (clock.full(from), clock.beside(to, from));
        notes.push(format!("No input covers {from} {} {to}.", glyphs.dash));
    }
    if let Some(more) = statistics.gaps.len().checked_sub(GAPS).filter(|more| *more > 0) {
        notes.push(format!("{} more that no input covers.", count(more as u64, "stretch of time")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_under_their_heads_and_a_long_name_is_whole() {
        let row = |name: &str| vec![name.to_owned(), "12".to_owned(), "3".to_owned()];
        let heads = &["Source", "All", "Failed"];
        let table = Table { heads, rows: vec![row("10.0.0.1")], more: 2 };
        let want = ["Source    All  Failed", "10.0.0.1   12       3", "and 2 more"];
        assert_eq!(table.lines(40), want);
        let long = Table { heads, rows: vec![row("2001:db8::1234:5678")], more: 0 };
        let want = ["Source    All  Failed", "2001:db8::1234:5678", "           12       3"];
        assert_eq!(long.lines(21), want);
    }

    #[test]
    fn little_is_seen_and_the_unknown_is_shaded() {
        let values = vec![Some(0), Some(1), Some(800), None];
        let curve = Curve { name: "attempts", values, number: String::new() };
        assert_eq!(curve.bars(Glyphs::of(true)), " ▁█░");
        assert_eq!(curve.bars(Glyphs::of(false)), " .#?");
    }
}
