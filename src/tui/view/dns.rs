//! The DN list: titles, lines, and groups with their counts.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::layout::{self, DnsRegions};
use super::paper::Paper;
use super::theme::{Ink, Palette};
use super::totals::totals;
use crate::tui::columns::{ColumnId, Look};
use crate::tui::state::State;
use crate::tui::state::dns::Line;
use crate::tui::state::group::Group;

pub(super) fn draw(state: &State, paper: &mut Paper<'_>) {
    let regions = layout::dns(state);
    titles(state, &regions, paper);
    let lines = &state.dns.lines;
    if lines.is_empty() {
        empty(state, regions.body, paper);
    }
    let visible = state.dns.cursor.visible(lines.len(), regions.body_height());
    let look = state.look();
    for (y, place) in (0..).zip(visible) {
        let Some(&line) = lines.get(place) else { continue };
        let area = Rect { y: regions.body.y + y, height: 1, ..regions.body };
        match line {
            Line::Dn(row) => dn(state, &look, row, &regions, area, paper),
            Line::Group(group) => {
                if let Some(group) = state.dns.groups.get(group) {
                    group_line(group, area, paper);
                }
            }
        }
        if place == state.dns.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
    super::why::draw(state, regions.why, paper);
}

fn titles(state: &State, regions: &DnsRegions, paper: &mut Paper<'_>) {
    let sort = state.dns.sort;
    for &(id, x, width) in &regions.columns {
        let column = id.column();
        let arrow = match (sort.column == id, sort.descending, paper.glyphs.unicode) {
            (false, _, _) => "",
            (true, false, true) => "▲",
            (true, true, true) => "▼",
            (true, false, false) => "^",
            (true, true, false) => "v",
        };
        let title = format!("{}{arrow}", id.title(&state.data));
        let ink = if sort.column == id { Ink::Accent } else { Ink::Heading };
        paper.put_cell(regions.titles, (x, 0), (&title, column.right), width, Some(ink));
    }
}

fn dn(
    state: &State,
    look: &Look<'_>,
    place: u32,
    regions: &DnsRegions,
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let Some((row, dn)) = state.data.row(place).zip(state.data.dn(place)) else { return };
    if state.marks.contains(dn.name()) {
        paper.put(area, (0, 0), "*", Some(Ink::Accent));
    }
    let (mark, ink) = Palette::mark_of(row.state, row.risk.is_some(), paper.glyphs);
    paper.put(area, (2, 0), mark, Some(ink));
    for &(id, x, width) in &regions.columns {
        let column = id.column();
        let cell: Cow<'_, str> = (column.cell)(look, row, place);
        // the end of a number says more than its beginning, which many share
        let cell = if id == ColumnId::Dn { paper.end_of(cell, width) } else { cell };
        let ink = match id {
            ColumnId::State => Some(ink),
            ColumnId::Dn => Some(Ink::Title),
            _ => None,
        };
        paper.put_cell(area, (x, 0), (&cell, column.right), width, ink);
    }
}

/// `▸ 192.168.210.54   3 DNs  ✗ 3 out`.
fn group_line(group: &Group, area: Rect, paper: &mut Paper<'_>) {
    let fold = paper.glyphs.fold(group.open);
    let (mark, ink) = Palette::mark_of(group.worst(), group.at_risk > 0, paper.glyphs);
    paper.put(area, (0, 0), fold, Some(Ink::Accent));
    paper.put(area, (2, 0), mark, Some(ink));
    let counts = totals(group.states, group.at_risk, paper.glyphs);
    let width: u16 = counts.iter().map(|(text, _)| layout::width(text)).sum();
    let at = area.width.saturating_sub(width + 1);
    let key = Rect { width: at.saturating_sub(1), ..area };
    let end = paper.put(key, (4, 0), &group.key, Some(Ink::Title));
    // near its name on a wide screen
    paper.put_line(area, (at.min(end.max(44) + 2), 0), &counts);
}

/// Why there is no line, and what was found all the same.
fn empty(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let text = if !state.data.rows().is_empty() {
        "No DN matches the search and filter: F5 clears them."
    } else if !state.reading.finished && state.reading.failed.is_none() {
        "No registration so far."
    } else {
        "No registration was seen."
    };
    let inside = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let mut y = paper.paragraph(inside, 1, 0, text, Some(Ink::Title));
    if !state.dns.alone.is_empty() && !state.data.rows().is_empty() {
        let words = crate::wording::filter::none_matches(&state.dns.alone);
        paper.paragraph(inside, y, 2, &words, None);
    }
    if state.data.rows().is_empty() {
        y += 1;
        for finding in &state.data.findings {
            if y >= inside.height {
                break;
            }
            let (mark, ink) = Palette::severity(finding.severity, paper.glyphs);
            paper.put(inside, (0, y), mark, Some(ink));
            let rest = Rect { x: inside.x + 2, width: inside.width.saturating_sub(2), ..inside };
            y = paper.paragraph(rest, y, 0, &format!("{}.", finding.sentence), None);
        }
        if !state.data.findings.is_empty() {
            y = paper.paragraph(inside, y, 0, "4 shows each with its frames.", Some(Ink::Faint));
        }
        for limit in &state.data.limits {
            y = paper.paragraph(inside, y, 2, limit, None);
        }
    }
}
