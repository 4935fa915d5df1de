//! One message alone.

use super::text::Window;
use crate::tui::effect::Key;

/// One message alone.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Message {
    pub(in crate::tui) key: Key,
    pub(in crate::tui) window: Window,
    /// Bytes instead of text.
    pub(in crate::tui) bytes: bool,
    /// Digest responses are shown, because that was asked for.
    pub(in crate::tui) reveal: bool,
    /// Only the frame is known: whether it holds a request or a response is tried.
    pub(in crate::tui) guess: bool,
}

impl Message {
    pub(in crate::tui) const fn new(key: Key) -> Self {
        Self { key, window: Window::START, bytes: false, reveal: false, guess: false }
    }
}
