//! Where a long text is looked at, and whether its lines are wrapped.

/// The visible part of a long text.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Window {
    /// The first visible line.
    pub(in crate::tui) top: usize,
    /// The first visible column of lines that are not wrapped.
    pub(in crate::tui) left: usize,
    pub(in crate::tui) wrap: bool,
}

impl Window {
    /// The start of a text whose lines are wrapped.
    pub(in crate::tui) const START: Self = Self { top: 0, left: 0, wrap: true };
}

impl Default for Window {
    fn default() -> Self {
        Self::START
    }
}
