//! The addresses that send REGISTERs, or whose connections fail, and the details of the selected one.

use ratatui::layout::Rect;

use super::layout::{self, SourcesRegions};
use super::paper::Paper;
use super::theme::{Ink, Palette};
use crate::net::count;
use crate::net::escape_bytes;
use crate::tui::state::State;
use crate::tui::state::sources::{Column, Source};
use crate::wording::hosts::known_at;

pub(super) fn draw(state: &State, paper: &mut Paper<'_>) {
    let regions = layout::sources(state);
    titles(state, &regions, paper);
    let lines = &state.sources.lines;
    if lines.is_empty() {
        let text = if state.sources.search.is_empty() {
            "No address was seen that registers or tries to."
        } else {
            "No address holds that: F5 clears the search."
        };
        paper.put(regions.body, (2, 1), text, Some(Ink::Title));
    }
    let visible = state.sources.cursor.visible(lines.len(), usize::from(regions.body.height));
    for (y, place) in (0..).zip(visible) {
        let Some(source) = lines.get(place) else { continue };
        let area = Rect { y: regions.body.y + y, height: 1, ..regions.body };
        line(state, source, &regions, area, paper);
        if place == state.sources.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
    about(state, regions.why, paper);
}

const fn title(column: Column) -> &'static str {
    match column {
        Column::Address => "Source",
        Column::Dns => "DNs",
        Column::Out => "Out",
        Column::Working => "Works",
        Column::Requests => "REGs",
        Column::Unknown => "404s",
        Column::Role => "What",
        Column::Agent => "User-Agent",
    }
}

/// Numbers are right-aligned.
const fn is_right(column: Column) -> bool {
    !matches!(column, Column::Address | Column::Role | Column::Agent)
}

fn titles(state: &State, regions: &SourcesRegions, paper: &mut Paper<'_>) {
    for &(column, x, width) in &regions.columns {
        let sorted = column == state.sources.column;
        let descending = is_right(column) != state.sources.reversed;
        let arrow = match (sorted, descending, paper.glyphs.unicode) {
            (false, _, _) => "",
            (true, false, true) => "▲",
            (true, true, true) => "▼",
            (true, false, false) => "^",
            (true, true, false) => "v",
        };
        let text = format!("{}{arrow}", title(column));
        let ink = if sorted { Ink::Accent } else { Ink::Heading };
        paper.put_cell(regions.titles, (x, 0), (&text, is_right(column)), width, Some(ink));
    }
}

fn line(
    state: &State,
    source: &Source,
    regions: &SourcesRegions,
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let (mark, ink) = Palette::mark_of(source.worst(), source.at_risk > 0, paper.glyphs);
    paper.put(area, (2, 0), mark, Some(ink));
    for &(column, x, width) in &regions.columns {
        let ink = match column {
            Column::Address => Some(Ink::Title),
            Column::Out if source.out > 0 => Some(Ink::Bad),
            Column::Role => Some(ink),
            _ => None,
        };
        let text = cell(state, source, column, paper);
        paper.put_cell(area, (x, 0), (&text, is_right(column)), width, ink);
    }
}

fn cell(state: &State, source: &Source, column: Column, paper: &Paper<'_>) -> String {
    // a dot, so that the numbers that are there stand out
    let dot = if paper.glyphs.unicode { "·" } else { "." };
    let number = |n: u64| if n == 0 { dot.to_owned() } else { n.to_string() };
    match column {
        Column::Address => source.address.to_string(),
        Column::Dns => number(source.dns.into()),
        Column::Out => number(source.out.into()),
        Column::Working => number(source.working.into()),
        Column::Requests => number(source.requests),
        Column::Unknown => number(source.unknown_dn),
        Column::Role => source.role.word().to_owned(),
        Column::Agent if source.dns == 0 && source.requests == 0 => {
            count(source.connections, "connection")
        }
        Column::Agent => {
            let agent =
                state.data.snapshot.text(source.agent).map(escape_bytes).unwrap_or_default();
            match source.more_agents {
                0 => agent.into_owned(),
                more => format!("{agent} +{more}"),
            }
        }
    }
}

/// The selected address: what it is, how its DNs fare, what was found of it.
fn about(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let Some(source) = state.sources.selected().filter(|_| area.height > 1) else { return };
    let inside = paper.pane(area);
    let x = paper.put(inside, (0, 0), &source.address.to_string(), Some(Ink::Title));
    paper.put(inside, (x + 2, 0), source.role.meaning(), Some(Ink::Faint));
    let Some(about) = &state.sources.about else { return };
    let rest = Rect { x: inside.x + 2, width: inside.width.saturating_sub(2), ..inside };
    let mut y = 1;
    if let Some(words) = known_at(&state.data.capture.hosts, source.address) {
        y = paper.paragraph(rest, y, 2, &words, None);
    }
    for (service, words, names) in &about.kinds {
        let (mark, ink) = Palette::mark(*service, paper.glyphs);
        paper.put(inside, (0, y), mark, Some(ink));
        y = paper.paragraph(rest, y, 2, &format!("{words}: {names}"), None);
    }
    for finding in &about.findings {
        paper.put(inside, (0, y), paper.glyphs.bullet, Some(Ink::Doubtful));
        y = paper.paragraph(rest, y, 2, &format!("{finding}."), None);
    }
    if source.connections > 0 && about.findings.is_empty() {
        let text = format!("{} without a DN.", count(source.connections, "connection"));
        paper.paragraph(rest, y, 2, &text, None);
    }
}
