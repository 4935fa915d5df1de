//! The screen Compare.

use ratatui::layout::Rect;

use super::paper::Paper;
use crate::tui::state::State;

pub(super) fn draw(_state: &State, _area: Rect, _paper: &mut Paper<'_>) {}
