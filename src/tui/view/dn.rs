//! The screen Dn.

use ratatui::layout::Rect;

use super::paper::Paper;
use crate::tui::state::State;
use crate::tui::state::dn::Dn;

pub(super) fn draw(_state: &State, _screen: &Dn, _area: Rect, _paper: &mut Paper<'_>) {}
