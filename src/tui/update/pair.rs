//! The keys of the screen Pair.

use ratatui::layout::Position;

use super::{Then, scroll};
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::pair::{Pair, Subjects};
use crate::tui::view::{layout, pair as picture};

/// Columns of what is copied.
const COPIED: u16 = 100;

pub(super) fn act(state: &mut State, screen: &mut Pair, action: Action) -> Then {
    let (lines, height) = lines(state, screen);
    // the cursor is the first visible line: there is nothing to select
    let places = lines.len().saturating_sub(height) + 1;
    if scroll(&mut screen.cursor, action, places, height) {
        return Then::Done;
    }
    match action {
        Action::Same => screen.same = !screen.same,
        Action::Wrap => screen.wrap = !screen.wrap,
        Action::Raw if matches!(screen.of, Subjects::Dns(_)) => {
            screen.raw = !screen.raw;
            screen.cursor.selected = 0;
        }
        Action::Raw => state.tell("these are the messages"),
        Action::NextPart => {
            let starts = picture::part_starts(&lines);
            let next = starts.iter().find(|&&start| start > screen.cursor.selected);
            screen.cursor.selected = next.copied().unwrap_or(0).min(places - 1);
        }
        Action::Copy => {
            let text = picture::as_text(&picture::sheet(state, screen), COPIED);
            state.effects.push(Effect::Copy(text));
            state.tell("copied: both sides as text");
        }
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State, screen: &mut Pair) {
    let asked = state.messages.ask(picture::keys(state, screen));
    if !asked.is_empty() {
        state.effects.push(Effect::Read(asked));
    }
    let (lines, height) = lines(state, screen);
    screen.cursor.step(0, lines.len().saturating_sub(height) + 1);
}

pub(super) const fn click(_state: &mut State, _screen: &mut Pair, _at: Position) -> Then {
    Then::Nothing
}

/// The lines below the head, and how many of them are visible.
fn lines(state: &State, screen: &Pair) -> (Vec<picture::Line>, usize) {
    let area = layout::frame(state).body;
    let sheet = picture::sheet(state, screen);
    let columns = picture::Columns::of(&sheet, area.width);
    let lines = picture::lines(&sheet, columns, screen.wrap, state.glyphs().more);
    (lines, usize::from(area.height.saturating_sub(picture::head_height(area))))
}
