//! The keys of the screen Log.

use super::{Then, text};
use crate::tui::effect::{Effect, LogLine};
use crate::tui::keys::Action;
use crate::tui::state::log::Log;
use crate::tui::state::{Screen, State};
use crate::tui::view::{log as view, regions};

pub(super) fn act(state: &mut State, screen: &mut Log, action: Action) -> Then {
    let size = size(state, screen);
    if text::act(&mut screen.window, action, size, true) {
        return Then::Done;
    }
    if action != Action::Copy {
        return Then::Nothing;
    }
    copy(state, screen);
    Then::Done
}

/// The lines of the text, and how many are visible.
fn size(state: &State, screen: &Log) -> (usize, usize) {
    (view::lines(state, screen).len(), usize::from(regions::message(state)[1].height))
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
    let size = size(state, screen);
    text::settle(&mut screen.window, size);
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
            log.window.top = view::row_of_place(state, log).saturating_sub(height / 2);
        }
    }
    state.stack = stack;
}
