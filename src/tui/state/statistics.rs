//! The state of the screen Statistics: its lines and where they are scrolled to.

use super::cursor::Cursor;
use super::made::Made;
use crate::tui::view::paper::Line;

/// The numbers of all that was read.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Statistics {
    /// Its first visible line is what counts: no line is selected.
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) lines: Vec<Line>,
    pub(in crate::tui) made: Made,
}
