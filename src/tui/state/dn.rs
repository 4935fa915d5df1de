//! One DN: its service over time, attempts, bindings and findings.

use super::cursor::Cursor;

/// One DN.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Dn {
    /// The DN, as on the wire.
    pub(in crate::tui) name: Vec<u8>,
    pub(in crate::tui) cursor: Cursor,
}
