//! The ladder of a DN's messages.

use super::cursor::Cursor;
use crate::tui::effect::Key;

/// The ladder of a DN's messages.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Flow {
    /// The DN, as on the wire.
    pub(in crate::tui) name: Vec<u8>,
    pub(in crate::tui) cursor: Cursor,
    /// Marked messages, two at most.
    pub(in crate::tui) marks: Vec<Key>,
    pub(in crate::tui) wrap: bool,
}
