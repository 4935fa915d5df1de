//! The screen Pair.

use ratatui::layout::Rect;

use super::paper::Paper;
use crate::tui::state::State;
use crate::tui::state::pair::Pair;

pub(super) fn draw(_state: &State, _screen: &Pair, _area: Rect, _paper: &mut Paper<'_>) {}
