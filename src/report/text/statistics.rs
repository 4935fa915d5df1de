//! Codes, delays, retransmissions and service over time, by registrar and by source.

use std::io;

use super::page::{Ink, Page, WIDTH};
use super::when::Clock;
use crate::report::View;
use crate::wording::statistics::{self as words, Table};

/// Registrars and sources listed, at most.
const LISTED: usize = 20;
/// Slices of time in a line.
const SLICES: usize = 40;
/// Columns of the name of a curve.
const NAME: usize = 15;

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    if !view.style.statistics {
        return Ok(());
    }
    let statistics = view.statistics();
    page.title("Statistics")?;
    for sentence in words::summary(&statistics) {
        page.paragraph("  ", &sentence)?;
    }
    table(&words::responses(&statistics), page)?;
    table(&words::delays(&statistics), page)?;
    if let Some(span) = statistics.series.span() {
        let title = words::time_axis(span, SLICES, clock, page.glyphs);
        let title = page.paint(Ink::Faint, &title);
        page.line("")?;
        page.line(&format!("  {title}"))?;
        for curve in words::curves(statistics.series.in_slices(SLICES)) {
            let bars = curve.bars(page.glyphs);
            page.line(&format!("  {:NAME$}  {bars}  {}", curve.name, curve.number))?;
        }
    }
    table(&words::registrars(&statistics, LISTED), page)?;
    table(&words::sources(&statistics, LISTED), page)?;
    let notes = words::notes(&statistics, clock, page.glyphs);
    if !notes.is_empty() {
        page.line("")?;
    }
    for note in notes {
        page.paragraph("  ", &note)?;
    }
    Ok(())
}

fn table(table: &Table, page: &mut Page<'_>) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    page.line("")?;
    for (place, line) in table.lines(WIDTH - 2).iter().enumerate() {
        let line = if place == 0 { page.paint(Ink::Faint, line) } else { line.clone() };
        page.line(&format!("  {line}"))?;
    }
    Ok(())
}
