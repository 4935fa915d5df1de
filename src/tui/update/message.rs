//! The keys of the screen Message.

use super::Then;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::message::Message;

pub(super) fn act(_state: &mut State, _screen: &mut Message, _action: Action) -> Then {
    Then::Nothing
}

pub(super) fn settle(_state: &mut State, _screen: &mut Message) {}
