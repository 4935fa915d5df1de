//! The screen Statistics: codes, delays, curves over time, registrars and sources.

use super::layout;
use super::paper::{Line, Paper};
use super::theme::Ink;
use crate::tui::state::State;
use crate::wording::layout::wrap;
use crate::wording::statistics::{self as words, Table};

/// Registrars and sources listed, at most; a report has the others.
const LISTED: usize = 100;
/// Columns of the name of a curve.
const NAME: usize = 15;
/// Columns of the number behind a curve.
const NUMBER: usize = 18;
/// Slices in a line are of no use beyond this.
const SLICES: usize = 160;

pub(super) fn draw(state: &State, paper: &mut Paper<'_>) {
    let body = layout::frame(state).body;
    let shown = state.statistics.lines.iter().skip(state.statistics.window.top);
    for (y, line) in (0..body.height).zip(shown) {
        paper.put_line(body, (1, y), line);
    }
}

/// `lines 1-20 of 34`, if they do not all fit.
pub(super) fn position(state: &State, dash: &str) -> String {
    let height = usize::from(layout::frame(state).body.height);
    let (top, all) = (state.statistics.window.top, state.statistics.lines.len());
    if all <= height {
        return String::new();
    }
    format!("lines {}{dash}{} of {all}", top + 1, (top + height).min(all))
}

/// All lines, in the width of the screen.
pub(in crate::tui) fn lines(state: &State) -> Vec<Line> {
    let (statistics, glyphs) = (&state.data.statistics, state.glyphs());
    let width = usize::from(layout::frame(state).body.width).saturating_sub(2);
    let plain = |text: &str| vec![(text.to_owned(), None)];
    let faint = |text: &str| vec![(text.to_owned(), Some(Ink::Faint))];
    let mut lines: Vec<Line> = Vec::new();
    for sentence in words::summary(statistics) {
        lines.extend(wrap(&sentence, width, width).map(plain));
    }
    table(&words::responses(statistics), width, &mut lines);
    table(&words::delays(statistics), width, &mut lines);
    curves(state, width, &mut lines);
    table(&words::registrars(statistics, LISTED), width, &mut lines);
    table(&words::sources(statistics, LISTED), width, &mut lines);
    let notes = words::notes(statistics, &state.clock, glyphs);
    if !notes.is_empty() {
        lines.push(Line::new());
    }
    for note in notes {
        lines.extend(wrap(&note, width, width).map(faint));
    }
    lines
}

fn table(table: &Table, width: usize, lines: &mut Vec<Line>) {
    if table.rows.is_empty() {
        return;
    }
    lines.push(Line::new());
    for (place, line) in table.lines(width).into_iter().enumerate() {
        lines.push(vec![(line, (place == 0).then_some(Ink::Faint))]);
    }
}

/// Attempts, failures, retransmissions and service over time, and which time that is.
fn curves(state: &State, width: usize, lines: &mut Vec<Line>) {
    let series = &state.data.statistics.series;
    let Some(span) = series.span() else { return };
    let slices = width.saturating_sub(NAME + NUMBER + 4).clamp(8, SLICES);
    lines.push(Line::new());
    for (place, curve) in words::curves(series.in_slices(slices)).into_iter().enumerate() {
        let ink = [Ink::Accent, Ink::Bad, Ink::Doubtful, Ink::Good].get(place).copied();
        lines.push(vec![
            (format!("{:NAME$}  ", curve.name), Some(Ink::Faint)),
            (curve.bars(state.glyphs()), ink),
            (format!("  {}", curve.number), None),
        ]);
    }
    let axis = words::time_axis(span, slices, &state.clock, state.glyphs());
    lines.push(vec![(format!("{}{axis}", " ".repeat(NAME + 2)), Some(Ink::Faint))]);
}
