//! The keys of the screen Statistics.

use std::sync::Arc;

use super::{Then, text};
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::view::paper::Line;
use crate::tui::view::{layout, statistics as view};

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let size = size(state);
    if text::act(&mut state.statistics.window, action, size, false) {
        return Then::Done;
    }
    match action {
        Action::Back => state.tell("q quits"),
        Action::Copy => copy(state),
        _ => return Then::Nothing,
    }
    Then::Done
}

/// The lines of the text, and how many are visible.
fn size(state: &State) -> (usize, usize) {
    (state.statistics.lines.len(), usize::from(layout::frame(state).body.height))
}

fn copy(state: &mut State) {
    let line = |line: &Line| line.iter().map(|(text, _)| text.as_str()).collect::<String>();
    let text: Vec<String> = state.statistics.lines.iter().map(line).collect();
    state.effects.push(Effect::Copy(text.join("\n")));
    state.tell("statistics copied");
}

pub(super) fn settle(state: &mut State) {
    let data = Arc::clone(&state.data);
    if state.statistics.made.renew(&data, layout::frame(state).body.width) {
        state.statistics.lines = view::lines(state);
    }
    let size = size(state);
    text::settle(&mut state.statistics.window, size);
}
