//! The screen Flow.

use ratatui::layout::Rect;

use super::paper::Paper;
use crate::tui::state::State;
use crate::tui::state::flow::Flow;

pub(super) fn draw(_state: &State, _screen: &Flow, _area: Rect, _paper: &mut Paper<'_>) {}
