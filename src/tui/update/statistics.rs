//! The keys of the screen Statistics.

use std::sync::Arc;

use super::Then;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::view::{layout, statistics as view};

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let height = usize::from(layout::frame(state).body.height);
    let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        Action::Back => {
            state.tell("q quits");
            return Then::Done;
        }
        Action::Copy => {
            let line = |line: &crate::tui::view::paper::Line| {
                line.iter().map(|(text, _)| text.as_str()).collect::<String>()
            };
            let text: Vec<String> = state.statistics.lines.iter().map(line).collect();
            state.tell("statistics copied");
            state.effects.push(Effect::Copy(text.join("\n")));
            return Then::Done;
        }
        _ => return Then::Nothing,
    };
    let cursor = &mut state.statistics.cursor;
    cursor.top = cursor.top.saturating_add_signed(by);
    Then::Done
}

pub(super) fn settle(state: &mut State) {
    let body = layout::frame(state).body;
    let data = Arc::clone(&state.data);
    if state.statistics.made.renew(&data, body.width) {
        state.statistics.lines = view::lines(state);
    }
    let most = state.statistics.lines.len().saturating_sub(usize::from(body.height));
    let cursor = &mut state.statistics.cursor;
    cursor.top = cursor.top.min(most);
}
