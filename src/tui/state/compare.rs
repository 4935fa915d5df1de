//! The failing against the working DNs.

use super::cursor::Cursor;

/// The failing against the working DNs.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Compare {
    pub(in crate::tui) cursor: Cursor,
    /// Whether attributes that are the same for all are shown.
    pub(in crate::tui) same: bool,
}
