//! The keys of the screen Flow.

use ratatui::layout::Position;

use super::Then;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::flow::Flow;

pub(super) fn act(_state: &mut State, _screen: &mut Flow, _action: Action) -> Then {
    Then::Nothing
}

pub(super) fn settle(_state: &mut State, _screen: &mut Flow) {}

pub(super) fn click(_state: &mut State, _screen: &mut Flow, _at: Position) -> Then {
    Then::Nothing
}
