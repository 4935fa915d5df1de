//! The keys that move through a long text.

use super::scroll;
use crate::tui::keys::Action;
use crate::tui::state::cursor::Cursor;
use crate::tui::state::text::Window;

/// Columns the text moves at once.
const STEP: usize = 8;

/// Moves through a text of `lines` lines, `height` of them visible; false for other actions.
///
/// `is_wide`: lines may be wider than the screen where they are not wrapped.
pub(super) fn act(
    window: &mut Window,
    action: Action,
    (lines, height): (usize, usize),
    is_wide: bool,
) -> bool {
    let most = lines.saturating_sub(height);
    let mut cursor = Cursor { selected: window.top, top: 0 };
    if scroll(&mut cursor, action, most + 1, height) {
        window.top = cursor.selected;
        return true;
    }
    match action {
        Action::Wrap => (window.wrap, window.left) = (!window.wrap, 0),
        Action::Left => window.left = window.left.saturating_sub(STEP),
        Action::Right if is_wide && !window.wrap => window.left += STEP,
        Action::Right => {}
        _ => return false,
    }
    true
}

/// Shows no more than the end of a text that has become shorter.
pub(super) fn settle(window: &mut Window, (lines, height): (usize, usize)) {
    window.top = window.top.min(lines.saturating_sub(height));
}
