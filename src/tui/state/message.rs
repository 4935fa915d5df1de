//! One message alone.

use crate::tui::effect::Key;

/// One message alone.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Message {
    pub(in crate::tui) key: Key,
    /// The first visible line.
    pub(in crate::tui) top: usize,
    /// The first visible column of lines that are not wrapped.
    pub(in crate::tui) left: usize,
    pub(in crate::tui) wrap: bool,
    /// Bytes instead of text.
    pub(in crate::tui) bytes: bool,
}
