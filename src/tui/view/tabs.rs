//! The home screens, or the path to the current one.

use ratatui::layout::Rect;

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::net::escape_bytes;
use crate::tui::state::pair::Subjects;
use crate::tui::state::{Screen, State, Tab};

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    for (number, (tab, place)) in state.tabs().zip(layout::tabs(state)).enumerate() {
        let current = tab == state.tab;
        let text = format!(" {} {} ", number + 1, tab.title(layout::is_wide(state)));
        paper.put(place, (0, 0), &text, Some(if current { Ink::Title } else { Ink::Faint }));
        if current {
            let style = paper.style(Some(Ink::Bar));
            paper.over(place, style);
        }
    }
    let (text, ink) = if state.stack.is_empty() {
        (status(state, paper.glyphs.dash), Ink::Accent)
    } else {
        let path = state.stack.iter().enumerate();
        let path: Vec<String> = path.map(|(place, screen)| title(screen, place == 0)).collect();
        (path.join(&format!(" {} ", paper.glyphs.arrow)), Ink::Title)
    };
    let end = layout::tabs(state).last().map_or(0, |tab| tab.right() + 2);
    let width = area.width.saturating_sub(end + 1);
    let right = Rect { x: end, width, ..area };
    paper.put_right(right, 0, &text, Some(ink));
}

/// What an opened screen is about; the first names its DN.
fn title(screen: &Screen, first: bool) -> String {
    let of = |dn: &[u8]| if first { format!("{} ", escape_bytes(dn)) } else { String::new() };
    match screen {
        Screen::Dn(dn) => escape_bytes(&dn.name).into_owned(),
        Screen::Flow(flow) => format!("{}Flow", of(&flow.name)),
        Screen::Message(message) => {
            format!("{}frame {}", of(&message.key.dn), message.key.frame.number())
        }
        Screen::Log(log) => format!("line {}", log.place.number()),
        Screen::Pair(pair) => match &pair.of {
            Subjects::Dns([a, b]) => format!("{} | {}", escape_bytes(a), escape_bytes(b)),
            Subjects::Messages([a, b]) => {
                format!("frames {} | {}", a.frame.number(), b.frame.number())
            }
        },
    }
}

/// What the list is narrowed to and grouped by, or how far it is scrolled.
fn status(state: &State, dash: &str) -> String {
    match state.tab {
        Tab::Dns => {}
        Tab::Statistics => return super::statistics::position(state, dash),
        Tab::Compare | Tab::Sources | Tab::Findings | Tab::Cluster => return String::new(),
    }
    let dns = &state.dns;
    // what was typed comes last: it may be long
    let mut parts = Vec::new();
    if !dns.search.is_empty() || !dns.filter.is_all() {
        parts.push(format!("{} of {}", dns.shown, state.data.rows().len()));
    }
    if !state.marks.is_empty() {
        parts.push(format!("{} marked", state.marks.len()));
    }
    if let Some(group) = dns.group {
        parts.push(format!("by {}", group.label()));
    }
    if !dns.search.is_empty() {
        parts.push(format!("search: {}", crate::net::escape_text(dns.search.as_typed().trim())));
    }
    if !dns.filter.is_all() {
        parts.push(format!("filter: {}", crate::net::escape_text(dns.filter.text())));
    }
    parts.join("  ")
}
