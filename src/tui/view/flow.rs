//! The screen Flow: the ladder, and the text of the selected message beside or below it.

use ratatui::layout::Rect;

use super::message::{absent, remarks, title};
use super::paper::{Line, Paper};
use super::regions::{self, FlowRegions};
use super::theme::Ink;
use super::{ladder, message, sip, spans};
use crate::net::count;
use crate::tui::state::State;
use crate::tui::state::flow::Flow;

pub(super) fn draw(state: &State, screen: &Flow, _area: Rect, paper: &mut Paper<'_>) {
    let regions = regions::flow(state, screen);
    if screen.rows.is_empty() {
        let text = "Nothing of this DN is in the capture.";
        paper.put(regions.rows, (1, 0), text, Some(Ink::Title));
        return;
    }
    ladder::draw(state, screen, &regions, paper);
    text(state, screen, &regions, paper);
}

/// The selected message.
fn text(state: &State, screen: &Flow, regions: &FlowRegions, paper: &mut Paper<'_>) {
    let Some(seen) = screen.selected() else { return };
    let name = state.data.frame_name(seen.record.frame());
    let facts: Vec<String> = std::iter::once(title(seen)).chain(remarks(seen)).collect();
    let lines = text_lines(state, screen, usize::from(regions.text.width));
    let height = usize::from(regions.text.height);
    let below = lines.len().saturating_sub(screen.text.0 + height);
    let mut words = format!("{name} {}", facts.join(", "));
    if below > 0 {
        let keys = if screen.in_text { "" } else { ": Tab" };
        words = format!("{words}, {} below{keys}", count(below as u64, "line"));
    }
    if regions.rule.height > 1 {
        let line = if paper.glyphs.unicode { "│" } else { "|" };
        for y in 0..regions.rule.height {
            paper.put(regions.rule, (0, y), line, Some(Ink::Faint));
        }
    }
    message::rule(regions.title, 0, &words, screen.in_text, paper);
    for (y, line) in (0..).zip(lines.iter().skip(screen.text.0).take(height)) {
        let line = spans::found(spans::shift(line, screen.text.1), screen.search.text());
        let indent = u16::from(regions.rule.height == 1);
        paper.put_line(regions.text, (indent, y), &line);
    }
}

/// The lines of the selected message, or what is said in their place.
pub(in crate::tui) fn text_lines(state: &State, screen: &Flow, width: usize) -> Vec<Line> {
    let Some(key) = screen.key() else { return Vec::new() };
    match state.messages.fetched(&key) {
        Some(fetched) => {
            let lines = sip::lines(&fetched.bytes, false);
            if screen.wrap { spans::fold(lines, width.saturating_sub(1)) } else { lines }
        }
        None => absent(state, &key),
    }
}

/// Whether a row's message holds what is searched for: in its line, or in its text if it is read.
pub(in crate::tui) fn holds(state: &State, screen: &Flow, row: usize) -> bool {
    let Some(seen) = screen.message(row) else { return false };
    let own = [
        title(seen),
        state.data.frame_name(seen.record.frame()),
        state.clock.time(seen.record.time),
    ];
    own.iter().any(|text| spans::contains(text, screen.search.text()))
        || state.messages.fetched(&seen.key(&screen.name)).is_some_and(|fetched| {
            sip::lines(&fetched.bytes, false)
                .iter()
                .any(|line| spans::holds(line, screen.search.text()))
        })
}
