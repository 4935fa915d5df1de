//! The keys of the screen Dn.

use ratatui::layout::Position;

use super::Then;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::dn::Dn;

pub(super) fn act(_state: &mut State, _screen: &mut Dn, _action: Action) -> Then {
    Then::Nothing
}

pub(super) fn settle(_state: &mut State, _screen: &mut Dn) {}

pub(super) fn click(_state: &mut State, _screen: &mut Dn, _at: Position) -> Then {
    Then::Nothing
}
