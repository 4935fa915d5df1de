//! The ladder: a lane for each host, an arrow for each message, times and frames at the left.

use ratatui::layout::Rect;

use super::layout::width;
use super::message::title;
use super::paper::Paper;
use super::regions::FlowRegions;
use super::theme::Ink;
use crate::net::{Endpoint, Timestamp};
use crate::registration::{Marks, Purpose};
use crate::tui::data::Seen;
use crate::tui::state::State;
use crate::tui::state::flow::{Flow, Row};
use crate::tui::state::lanes::ends;
use crate::wording::durations::span_short;

/// Columns before the frame: mark, time, delta; a narrow ladder does without the delta.
const fn before_frame(width: u16) -> u16 {
    if width < 56 { 14 } else { 23 }
}

/// Columns between two lanes, at most: longer arrows read no better.
const WIDEST: u16 = 44;
/// Columns from the edge to the first and from the last lane, at most.
const MARGIN: u16 = 10;

/// The characters of a ladder.
struct Art {
    lane: &'static str,
    line: &'static str,
    again: &'static str,
    right: &'static str,
    left: &'static str,
    dots: &'static str,
}

const UNICODE: Art =
    Art { lane: "│", line: "─", again: "╌", right: "→", left: "←", dots: "┄" };
const ASCII: Art = Art { lane: "|", line: "-", again: ".", right: ">", left: "<", dots: "." };

fn art(paper: &Paper<'_>) -> &'static Art {
    if paper.glyphs.unicode { &UNICODE } else { &ASCII }
}

pub(super) fn draw(state: &State, screen: &Flow, regions: &FlowRegions, paper: &mut Paper<'_>) {
    // the frame, a blank, the mark of a retransmission, a blank
    let start = before_frame(regions.rows.width) + screen.frame_width + 3;
    let room = regions.rows.width.saturating_sub(start + 1);
    let columns = columns(screen.lanes.len(), start, room);
    heads(screen, &columns, regions.heads, paper);
    let visible = screen.cursor.visible(screen.rows.len(), usize::from(regions.rows.height));
    for (y, place) in (0..).zip(visible) {
        let Some(&row) = screen.rows.get(place) else { continue };
        let area = Rect { y: regions.rows.y + y, height: 1, ..regions.rows };
        match row {
            Row::Message(_) => {
                if let Some(seen) = screen.message(place) {
                    lanes(&columns, area, paper);
                    message(state, screen, seen, place, &columns, area, paper);
                }
            }
            Row::Attempt(attempt, gap) => begins(state, screen, (place, attempt, gap), area, paper),
            Row::Silence(gap) => {
                lanes(&columns, area, paper);
                let more = paper.glyphs.more;
                let text = format!("{more} {} of silence {more}", span_short(gap));
                paper.put(area, (15, 0), &text, Some(Ink::Faint));
            }
            Row::Ending(attempt) => {
                lanes(&columns, area, paper);
                ending(screen, attempt, &columns, area, paper);
            }
        }
        if place == screen.cursor.selected {
            let style = paper.palette.selected();
            // the lanes go on through the selected line
            let whole = if screen.in_text { Rect { width: 1, ..area } } else { area };
            paper.over(whole, style);
        }
    }
}

/// The positions of the lanes, from the left edge of the ladder.
fn columns(lanes: usize, start: u16, room: u16) -> Vec<u16> {
    let lanes = u16::try_from(lanes).unwrap_or(u16::MAX);
    if lanes < 2 {
        return (0..lanes).map(|_| start + room / 2).collect();
    }
    let margin = MARGIN.min(room / (2 * lanes));
    let gap = (room.saturating_sub(2 * margin) / (lanes - 1)).min(WIDEST);
    (0..lanes).map(|lane| start + margin + lane * gap).collect()
}

/// The heads of the lanes: role and address, centered over each.
fn heads(screen: &Flow, columns: &[u16], area: Rect, paper: &mut Paper<'_>) {
    let others = screen.lanes.others;
    let shared = (others > 0).then(|| ("others".to_owned(), format!("{others} more"), None));
    let named = screen
        .lanes
        .all
        .iter()
        .map(|lane| (lane.role().to_owned(), lane.address(), Some(lane.host())));
    let gap = match columns {
        [first, second, ..] => second - first,
        _ => area.width,
    };
    for ((role, address, host), &column) in shared.into_iter().chain(named).zip(columns) {
        // a port that does not fit is left out before the address is cut
        let room = gap.saturating_sub(1);
        let address = if width(&address) > room { host.unwrap_or(address) } else { address };
        let address = tail(address, room, paper);
        for (y, text, ink) in [(0, role, Ink::Faint), (1, address, Ink::Title)] {
            let wide = width(&text).min(room);
            let left = column.saturating_sub(wide / 2).max(1);
            let left = left.min(area.width.saturating_sub(wide));
            let cell = Rect { x: area.x + left, width: wide, ..area };
            paper.put(cell, (0, y), &text, Some(ink));
        }
    }
}

/// The end of an address that is too long: the end distinguishes it from others.
fn tail(address: String, room: u16, paper: &Paper<'_>) -> String {
    let over = usize::from(width(&address).saturating_sub(room));
    if over == 0 {
        return address;
    }
    format!("{}{}", paper.glyphs.more, address.chars().skip(over + 1).collect::<String>())
}

fn lanes(columns: &[u16], area: Rect, paper: &mut Paper<'_>) {
    for &column in columns {
        paper.put(area, (column, 0), art(paper).lane, Some(Ink::Faint));
    }
}

fn message(
    state: &State,
    screen: &Flow,
    seen: &Seen,
    place: usize,
    columns: &[u16],
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let marks = seen.record.marks;
    let faint = marks.has(Marks::RETRANSMISSION) || marks.has(Marks::DUPLICATE);
    let side = Some(Ink::Faint).filter(|_| faint);
    if screen.marks.contains(&seen.key(&screen.name)) {
        paper.put(area, (0, 0), "*", Some(Ink::Accent));
    }
    let at = seen.record.time;
    paper.put(area, (1, 0), &state.clock.time(at), side);
    let frame_at = before_frame(area.width);
    let room = frame_at.saturating_sub(15);
    if room > 0 {
        let delta = delta(screen, place, at);
        paper.put_cell(area, (13, 0), (&delta, true), room, Some(Ink::Faint));
    }
    let frame = state.data.frame_name(seen.record.frame());
    let wide = screen.frame_width;
    paper.put_cell(area, (frame_at, 0), (&frame, true), wide, side);
    let mark = match () {
        () if marks.has(Marks::RETRANSMISSION) && paper.glyphs.unicode => "»",
        () if marks.has(Marks::RETRANSMISSION) => ">",
        () if marks.has(Marks::DUPLICATE) => "=",
        () => " ",
    };
    paper.put(area, (frame_at + wide + 1, 0), mark, Some(Ink::Doubtful));
    let labels = labels(screen, seen);
    let ink = if faint { Some(Ink::Faint) } else { ink(seen, screen) };
    let Some([from, to]) = ends(seen, &screen.tries, &screen.ends) else {
        let text = labels.first().cloned().unwrap_or_default();
        let column = columns.first().map_or(frame_at + wide + 3, |first| first + 2);
        paper.put(area, (column, 0), &text, ink);
        return;
    };
    let column = |place: usize| columns.get(place).or_else(|| columns.last()).copied().unwrap_or(0);
    for end in [from, to] {
        port(screen, end, columns, area, paper);
    }
    let ends = (column(screen.lanes.place(from)), column(screen.lanes.place(to)));
    arrow(area, ends, &labels, ink, faint, paper);
}

/// The port of an end at the outside of its lane, where the host uses several.
fn port(screen: &Flow, end: Endpoint, columns: &[u16], area: Rect, paper: &mut Paper<'_>) {
    if screen.lanes.has_one_port(end) {
        return;
    }
    let place = screen.lanes.place(end);
    let Some(&column) = columns.get(place) else { return };
    let text = format!(":{}", end.port);
    if place == 0 {
        paper.put(area, (column.saturating_sub(width(&text)), 0), &text, Some(Ink::Faint));
    } else if place + 1 == columns.len() {
        paper.put(area, (column + 1, 0), &text, Some(Ink::Faint));
    }
}

/// Time since the message before.
fn delta(screen: &Flow, place: usize, at: Timestamp) -> String {
    let before = (0..place).rev().find_map(|row| screen.message(row));
    before.map_or_else(String::new, |before| {
        format!("+{}", span_short(at.nanos_since(before.record.time)))
    })
}

/// The labels of the arrow, the longest first: what decides stays the longest.
fn labels(screen: &Flow, seen: &Seen) -> Vec<String> {
    let attempt = screen.tries.get(seen.attempt);
    let marks = seen.record.marks;
    let (again, again_short) = match () {
        () if marks.has(Marks::RETRANSMISSION) => (" (retransmission)", " again"),
        () if marks.has(Marks::DUPLICATE) => (" (captured before)", " copy"),
        () if marks.has(Marks::CUT) => (" (cut)", " cut"),
        () => ("", ""),
    };
    let whole = title(seen);
    let (details, short) = match (seen.record.code, attempt) {
        (0, Some(attempt)) => match (attempt.purpose, attempt.asked) {
            (Purpose::Remove, _) => (", Expires 0".to_owned(), Some(" exp 0".to_owned())),
            (Purpose::Query, _) => (", no Contact".to_owned(), Some(" query".to_owned())),
            (_, Some(seconds)) => (format!(" for {seconds} s"), None),
            _ => (String::new(), None),
        },
        (200..=299, Some(attempt)) => match attempt.granted {
            Some(s) => (format!(", {s} s granted"), Some(format!(", {s} s"))),
            None => (String::new(), None),
        },
        _ => (String::new(), None),
    };
    let mut labels = vec![format!("{whole}{details}{again}"), format!("{whole}{details}")];
    let short = short.unwrap_or_default();
    let (usual, least) = match seen.record.code {
        0 if marks.has(Marks::CREDENTIALS) => ("REGISTER +auth".to_owned(), "REG +auth".to_owned()),
        0 => ("REGISTER".to_owned(), "REG".to_owned()),
        code => (whole.clone(), code.to_string()),
    };
    if short.is_empty() {
        labels.extend([format!("{whole}{again}"), whole]);
    }
    for name in [&usual, &least] {
        labels.extend([format!("{name}{short}{again_short}"), format!("{name}{short}")]);
    }
    // what was asked for goes last of all
    if marks.has(Marks::CREDENTIALS) && !short.is_empty() {
        labels.push(format!("REG{short}"));
    }
    labels.push(least);
    labels
}

fn ink(seen: &Seen, screen: &Flow) -> Option<Ink> {
    let failed = screen.tries.get(seen.attempt).is_some_and(|t| t.outcome.failure().is_some());
    match seen.record.code {
        0 => None,
        1..200 => Some(Ink::Faint),
        200..300 => Some(Ink::Good),
        // a challenge is no failure unless the attempt ends with it
        401 | 407 => Some(Ink::Doubtful).filter(|_| failed),
        _ => Some(Ink::Bad),
    }
}

/// An arrow between two lanes with a label on it.
fn arrow(
    area: Rect,
    (from, to): (u16, u16),
    labels: &[String],
    ink: Option<Ink>,
    again: bool,
    paper: &mut Paper<'_>,
) {
    let art = art(paper);
    let (left, right) = (from.min(to) + 1, from.max(to));
    let room = right.saturating_sub(left);
    if room < 2 {
        let text = labels.last().cloned().unwrap_or_default();
        paper.put(area, (left + 1, 0), &text, ink);
        return;
    }
    let line = if again { art.again } else { art.line };
    let line_ink = Some(Ink::Faint).filter(|_| again);
    paper.put(area, (left, 0), &line.repeat(usize::from(room)), line_ink);
    if to > from {
        paper.put(area, (right - 1, 0), art.right, ink.or(line_ink));
    } else {
        paper.put(area, (left, 0), art.left, ink.or(line_ink));
    }
    // a blank on each side, and the arrow's head
    let inside = room.saturating_sub(3);
    let fitting = labels.iter().find(|label| width(label) <= inside).or_else(|| labels.last());
    if let Some(label) = fitting {
        let label = format!(" {label} ");
        // the head stays visible
        let head = u16::from(to < from);
        let start = left + (room.saturating_sub(width(&label)) / 2).max(head);
        let within = Rect { width: right, ..area };
        paper.put(within, (start, 0), &label, ink);
    }
}

/// An arrow that ends nowhere.
fn ending(screen: &Flow, attempt: usize, columns: &[u16], area: Rect, paper: &mut Paper<'_>) {
    let Some(attempt) = screen.tries.get(attempt) else { return };
    let Some(words) = attempt.ending() else { return };
    let column = |end| columns.get(screen.lanes.place(end)).copied().unwrap_or(0);
    let (from, to) = (column(attempt.source), column(attempt.registrar));
    let (left, right) = (from.min(to) + 1, from.max(to));
    let line = art(paper).dots.repeat(usize::from(right.saturating_sub(left)));
    paper.put(area, (left, 0), &line, Some(Ink::Bad));
    let text = format!(" {words} {}", paper.glyphs.out_of_service);
    let start = right.saturating_sub(width(&text)).max(left);
    paper.put(area, (start, 0), &text, Some(Ink::Bad));
}

/// The line over an attempt: which, on which day, how long after the message before.
fn begins(
    state: &State,
    screen: &Flow,
    (place, attempt, gap): (usize, usize, Option<i64>),
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let next = screen.message(place + 1).map(|seen| seen.record.time);
    let before = place.checked_sub(1).and_then(|row| {
        (0..=row).rev().find_map(|row| screen.message(row)).map(|seen| seen.record.time)
    });
    let mut words = format!("attempt {} of {}", attempt + 1, screen.tries.len());
    if let Some(gap) = gap {
        words = format!("{words}, {} later", span_short(gap));
    }
    if let Some(day) = next.map(|at| state.clock.day(at))
        && before.map(|at| state.clock.day(at)).as_ref() != Some(&day)
    {
        words = format!("{words}, {day}");
    }
    let line = art(paper).dots.repeat(usize::from(area.width.saturating_sub(2)));
    paper.put(area, (1, 0), &line, Some(Ink::Faint));
    paper.put(area, (4, 0), &format!(" {words} "), Some(Ink::Faint));
}
