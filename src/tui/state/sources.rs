//! The addresses that send REGISTERs.

use super::cursor::Cursor;

/// The addresses that send REGISTERs.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Sources {
    pub(in crate::tui) cursor: Cursor,
}
