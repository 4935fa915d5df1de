//! The addresses that send REGISTERs.

use super::cursor::Cursor;

/// The addresses that send REGISTERs.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Sources {
    pub(in crate::tui) cursor: Cursor,
    /// Text that a source must hold, in lower case.
    pub(in crate::tui) search: String,
}
