//! The keys of the screen Pair.

use ratatui::layout::Position;

use super::Then;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::pair::Pair;

pub(super) fn act(_state: &mut State, _screen: &mut Pair, _action: Action) -> Then {
    Then::Nothing
}

pub(super) fn settle(_state: &mut State, _screen: &mut Pair) {}

pub(super) fn click(_state: &mut State, _screen: &mut Pair, _at: Position) -> Then {
    Then::Nothing
}
