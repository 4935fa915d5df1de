//! The selected line of a list and the first one that is visible.

use ratatui::layout::{Position, Rect};

/// The selected line of a list and the first one that is visible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::tui) struct Cursor {
    pub(in crate::tui) selected: usize,
    pub(in crate::tui) top: usize,
}

impl Cursor {
    /// Moves by `by` lines, within `len`.
    pub(in crate::tui) const fn step(&mut self, by: isize, len: usize) {
        let last = len.saturating_sub(1);
        let moved = self.selected.saturating_add_signed(by);
        self.selected = if moved < last { moved } else { last };
    }

    /// Keeps the selected line within `len` and among the `height` visible ones.
    pub(in crate::tui) const fn fit(&mut self, len: usize, height: usize) {
        self.step(0, len);
        if self.selected < self.top {
            self.top = self.selected;
        } else if height > 0 && self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
        // no blank lines below while there are lines above
        let most = len.saturating_sub(height);
        if self.top > most {
            self.top = most;
        }
    }

    /// The line at a place of the region that shows `len` lines.
    pub(in crate::tui) fn line_at(&self, region: Rect, at: Position, len: usize) -> Option<usize> {
        let line = self.top + usize::from(at.y.checked_sub(region.y)?);
        (region.contains(at) && line < len).then_some(line)
    }

    /// Selects a line that is pointed at; true if it was selected before.
    pub(in crate::tui) const fn point(&mut self, line: usize) -> bool {
        let again = self.selected == line;
        self.selected = line;
        again
    }

    /// The visible lines.
    pub(in crate::tui) const fn visible(
        &self,
        len: usize,
        height: usize,
    ) -> std::ops::Range<usize> {
        let end = self.top.saturating_add(height);
        self.top..if end < len { end } else { len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_line_stays_visible() {
        let mut cursor = Cursor::default();
        for (by, len, height, want) in [
            (5, 100, 10, (5, 0)),
            (10, 100, 10, (15, 6)),
            (-1, 100, 10, (14, 6)),
            (-20, 100, 10, (0, 0)),
            (200, 100, 10, (99, 90)),
            (0, 12, 10, (11, 2)),
            (0, 0, 10, (0, 0)),
        ] {
            cursor.step(by, len);
            cursor.fit(len, height);
            assert_eq!((cursor.selected, cursor.top), want, "{by} of {len}");
        }
    }
}
