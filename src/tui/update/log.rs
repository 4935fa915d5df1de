//! The keys of the screen Log.

use super::{Then, scroll};
use crate::tui::effect::{Effect, LogLine};
use crate::tui::keys::Action;
use crate::tui::state::cursor::Cursor;
use crate::tui::state::log::Log;
use crate::tui::state::{Screen, State};
use crate::tui::view::{log as view, regions};

/// Columns the text moves at once.
const STEP: usize = 8;

pub(super) fn act(state: &mut State, screen: &mut Log, action: Action) -> Then {
    let height = usize::from(regions::message(state)[1].height);
    let most = view::lines(state, screen).len().saturating_sub(height);
    let mut cursor = Cursor { selected: screen.top, top: 0 };
    if scroll(&mut cursor, action, most + 1, height) {
        screen.top = cursor.selected;
        return Then::Done;
    }
    match action {
        Action::Wrap => {
            screen.wrap = !screen.wrap;
            screen.left = 0;
        }
        Action::Left => screen.left = screen.left.saturating_sub(STEP),
        Action::Right if !screen.wrap => screen.left += STEP,
        Action::Right => {}
        Action::Copy => copy(state, screen),
        _ => return Then::Nothing,
    }
    Then::Done
}

fn copy(state: &mut State, screen: &Log) {
    let Some(Ok(lines)) = &screen.lines else {
        return state.complain("the log is not read yet");
    };
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    state.effects.push(Effect::Copy(text.join("\n")));
    state.tell("lines copied, secrets masked");
}

pub(super) fn settle(state: &mut State, screen: &mut Log) {
    if !screen.asked {
        screen.asked = true;
        state.effects.push(Effect::Lines(screen.place));
    }
    let height = usize::from(regions::message(state)[1].height);
    let lines = view::lines(state, screen).len();
    screen.top = screen.top.min(lines.saturating_sub(height));
}

/// Takes in the lines around a line, and shows that in the middle.
pub(super) fn take(
    state: &mut State,
    place: crate::net::FrameRef,
    lines: &Result<Vec<LogLine>, String>,
) {
    let height = usize::from(regions::message(state)[1].height);
    let mut stack = std::mem::take(&mut state.stack);
    for screen in &mut stack {
        if let Screen::Log(log) = screen
            && log.place == place
        {
            log.lines = Some(lines.clone());
            log.top = view::row_of_place(state, log).saturating_sub(height / 2);
        }
    }
    state.stack = stack;
}
