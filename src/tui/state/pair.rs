//! Two DNs or two messages side by side.

use super::cursor::Cursor;
use crate::tui::effect::Key;

/// What is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Subjects {
    /// Two DNs.
    Dns([Vec<u8>; 2]),
    /// Two messages.
    Messages([Key; 2]),
}

/// Two DNs or two messages side by side.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Pair {
    pub(in crate::tui) of: Subjects,
    pub(in crate::tui) cursor: Cursor,
    /// Whether equal rows are shown.
    pub(in crate::tui) same: bool,
    /// Of DNs: their messages instead of their attributes.
    pub(in crate::tui) raw: bool,
    pub(in crate::tui) wrap: bool,
}
