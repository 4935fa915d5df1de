//! One message alone.

use crate::tui::effect::Key;

/// One message alone.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(in crate::tui) struct Message {
    pub(in crate::tui) key: Key,
    /// The first visible line.
    pub(in crate::tui) top: usize,
    /// The first visible column of lines that are not wrapped.
    pub(in crate::tui) left: usize,
    pub(in crate::tui) wrap: bool,
    /// Bytes instead of text.
    pub(in crate::tui) bytes: bool,
    /// Digest responses are shown, because that was asked for.
    pub(in crate::tui) reveal: bool,
    /// Only the frame is known: whether it holds a request or a response is tried.
    pub(in crate::tui) guess: bool,
}

impl Message {
    pub(in crate::tui) const fn new(key: Key) -> Self {
        Self { key, top: 0, left: 0, wrap: true, bytes: false, reveal: false, guess: false }
    }
}
