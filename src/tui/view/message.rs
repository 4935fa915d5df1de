//! The screen Message.

use ratatui::layout::Rect;

use super::paper::Paper;
use crate::tui::state::State;
use crate::tui::state::message::Message;

pub(super) fn draw(_state: &State, _screen: &Message, _area: Rect, _paper: &mut Paper<'_>) {}
