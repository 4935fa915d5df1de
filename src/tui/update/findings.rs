//! The keys of the screen Findings.

use ratatui::layout::Position;

use super::Then;
use crate::tui::keys::Action;
use crate::tui::state::State;

pub(super) fn act(_state: &mut State, _action: Action) -> Then {
    Then::Nothing
}

pub(super) fn settle(_state: &mut State) {}

pub(super) fn click(_state: &mut State, _at: Position) -> Then {
    Then::Nothing
}
