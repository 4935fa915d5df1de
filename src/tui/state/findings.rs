//! All findings, the most urgent first.

use super::cursor::Cursor;

/// All findings.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Findings {
    pub(in crate::tui) cursor: Cursor,
}
