//! The state of the screen Statistics: its lines and where they are scrolled to.

use super::made::Made;
use super::text::Window;
use crate::tui::view::paper::Line;

/// The numbers of all that was read.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Statistics {
    pub(in crate::tui) window: Window,
    pub(in crate::tui) lines: Vec<Line>,
    pub(in crate::tui) made: Made,
}
