//! A log around one of its lines.

use super::text::Window;
use crate::net::FrameRef;
use crate::tui::effect::LogLine;

/// A log around one of its lines.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Log {
    /// The line.
    pub(in crate::tui) place: FrameRef,
    /// Whether the lines were asked for.
    pub(in crate::tui) asked: bool,
    /// The lines, or why they cannot be had.
    pub(in crate::tui) lines: Option<Result<Vec<LogLine>, String>>,
    pub(in crate::tui) window: Window,
}

impl Log {
    pub(in crate::tui) const fn at(place: FrameRef) -> Self {
        Self { place, asked: false, lines: None, window: Window::START }
    }
}
