//! The last line: the keys of the screen, what is being typed, or a notice.

use ratatui::layout::Rect;

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::net::escape_text;
use crate::tui::data::Seen;
use crate::tui::keys::{Action, Binding, KEYS, holds_in};
use crate::tui::state::overlay::{Prompt, Purpose};
use crate::tui::state::{Notice, Screen, State, Tab};

/// The keys, or a notice in their place.
pub(super) fn keys(state: &State, area: Rect, paper: &mut Paper<'_>) {
    match &state.notice {
        Some(Notice::Info(text)) => {
            paper.put(area, (1, 0), &escape_text(text), Some(Ink::Accent));
            return;
        }
        Some(Notice::Error(text)) => {
            let x = paper.put(area, (1, 0), paper.glyphs.unknown, Some(Ink::Bad));
            paper.put(area, (x + 1, 0), &escape_text(text), Some(Ink::Bad));
            return;
        }
        None => {}
    }
    let place = state.place();
    let shown = |binding: &&Binding| holds_in(binding, place) && binding.footer.is_some();
    let mut room = area.width.saturating_sub(1);
    // quitting must be shown, however little room there is
    let quit = KEYS.iter().filter(shown).find(|binding| binding.action == Action::Quit);
    if let Some(quit) = quit {
        room = room.saturating_sub(width(quit));
        key(quit, area, room, paper);
    }
    let mut x = 1;
    for binding in KEYS.iter().filter(shown).filter(|binding| binding.action != Action::Quit) {
        if x + width(binding) + GAP <= room {
            x = key(binding, area, x, paper) + GAP;
        }
    }
}

/// Columns between two keys.
const GAP: u16 = 2;

/// Columns of a key and its label.
fn width(binding: &Binding) -> u16 {
    layout::width(name(binding)) + 1 + layout::width(binding.footer.unwrap_or_default())
}

/// The first of the keys.
fn name(binding: &Binding) -> &'static str {
    binding.shown.split(' ').next().unwrap_or(binding.shown)
}

/// Puts a key and its label; returns the column after them.
fn key(binding: &Binding, area: Rect, x: u16, paper: &mut Paper<'_>) -> u16 {
    let x = paper.put(area, (x, 0), name(binding), Some(Ink::Accent));
    paper.put(area, (x + 1, 0), binding.footer.unwrap_or_default(), None)
}

/// Lines above the one being typed that what is wrong with it may take.
const MOST_ABOVE: u16 = 3;

/// What is being typed; returns the position of the text cursor.
pub(super) fn prompt(
    state: &State,
    prompt: &Prompt,
    area: Rect,
    paper: &mut Paper<'_>,
) -> (u16, u16) {
    let label = match prompt.purpose {
        Purpose::Search => "Search: ",
        Purpose::Filter => "Filter: ",
    };
    paper.clear(area);
    let x = paper.put(area, (1, 0), label, Some(Ink::Accent));
    let help = match (&prompt.error, prompt.purpose) {
        _ if prompt.menu.is_some() => "Tab next, Enter takes it, Esc closes".to_owned(),
        (Some(error), _) => format!("{} {error}", paper.glyphs.unknown),
        (None, Purpose::Filter) if prompt.input.value().is_empty() => {
            "Tab lists fields and values; for example failing (code=403 or ua~Asterisk)".to_owned()
        }
        (None, _) if !prompt.alone.is_empty() => {
            crate::wording::filter::none_matches(&prompt.alone)
        }
        (None, _) => found(state),
    };
    let ink = if prompt.error.is_some() { Ink::Bad } else { Ink::Faint };
    let typed = layout::width(prompt.input.value()).max(12);
    let room = area.width.saturating_sub(x + typed + 3);
    if room < layout::width(&help) {
        // what is wrong is worth lines of its own
        let inside = area.width.saturating_sub(2);
        let lines = layout::width(&help).div_ceil(inside.max(1)).clamp(1, MOST_ABOVE);
        let above = Rect { y: area.y.saturating_sub(lines), height: lines, ..area };
        paper.clear(above);
        let above = Rect { x: area.x + 1, width: inside, ..above };
        paper.paragraph(above, 0, 2, &escape_text(&help), Some(ink));
    } else {
        paper.put(area, (x + typed + 3, 0), &escape_text(&help), Some(ink));
    }
    let field = Rect { x: area.x + x, width: area.width.saturating_sub(x + 1), ..area };
    let scroll = prompt.input.visual_scroll(usize::from(field.width));
    let shown: String = prompt.input.value().chars().skip(scroll).collect();
    paper.put(field, (0, 0), &escape_text(&shown), None);
    if let Some(menu) = &prompt.menu {
        let before = prompt.input.value().get(..menu.at).unwrap_or_default();
        let at = layout::width(before).saturating_sub(u16::try_from(scroll).unwrap_or(0));
        super::completion::draw(menu, field.x + at, area, paper);
    }
    let cursor = prompt.input.visual_cursor().saturating_sub(scroll);
    (field.x + u16::try_from(cursor).unwrap_or(0), field.y)
}

/// How much the visible screen finds.
fn found(state: &State) -> String {
    let lines = |found: usize| format!("{found} found, n goes on");
    match state.stack.last() {
        Some(Screen::Flow(flow)) if flow.search.is_empty() => String::new(),
        Some(Screen::Flow(flow)) => {
            let rows = 0..flow.rows.len();
            let found = rows.filter(|&row| super::flow::holds(state, flow, row)).count();
            let read = |seen: &&Seen| state.messages.fetched(&seen.key(&flow.name)).is_some();
            match (flow.seen.iter().filter(read).count(), flow.seen.len()) {
                (read, all) if read < all => {
                    format!("{} (of {read} of {all} messages the text is read)", lines(found))
                }
                _ => lines(found),
            }
        }
        Some(Screen::Dn(dn)) if dn.search.is_empty() => String::new(),
        Some(Screen::Dn(dn)) => {
            lines(dn.lines.iter().filter(|told| told.holds(dn.search.text())).count())
        }
        None if matches!(
            state.tab,
            Tab::Compare | Tab::Sources | Tab::Statistics | Tab::Cluster
        ) =>
        {
            String::new()
        }
        None if state.tab == Tab::Findings => {
            format!("{} of {}", state.findings.shown, state.data.findings.len())
        }
        _ => format!("{} of {}", state.dns.shown, state.data.rows().len()),
    }
}
