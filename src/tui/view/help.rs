//! The keys of the screen, from the table, and what the marks mean.

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::tui::keys::{KEYS, holds_in};
use crate::tui::state::State;

/// Lines after the keys.
pub(in crate::tui) const EXTRA: [&str; 6] = [
    "",
    "A filter holds words to search for and conditions; or, not, ( ) join them:",
    "  failing (code=403 or code>=500)  source=10.0.0.0/8  not ua~Asterisk",
    "  dn=5001-5020,10*  flag=nat  registrar!=10.1.1.1:5060  expires<120",
    "  hdr.X-Site~berlin is any header; Tab lists fields, then values with counts",
    "With the mouse: click selects, again opens, the wheel scrolls, titles sort.",
];

pub(super) fn draw(state: &State, top: usize, paper: &mut Paper<'_>) {
    let below = layout::help_lines(state).saturating_sub(top + layout::help_height(state));
    let title = match (top, below) {
        (0, 0) => "Keys here (any key closes)".to_owned(),
        (_, 0) => "Keys here (Up scrolls, any other key closes)".to_owned(),
        (_, below) => format!("Keys here, {below} more below (Down scrolls, any other key closes)"),
    };
    let inside = paper.frame(layout::help(state), &title);
    let place = state.place();
    let keys = KEYS.iter().filter(|binding| holds_in(binding, place));
    let keys = keys.map(|binding| (binding.shown, binding.help));
    let lines = keys.chain(EXTRA.iter().map(|text| ("", *text)));
    for (y, (key, text)) in (0..inside.height).zip(lines.skip(top)) {
        paper.put(inside, (0, y), key, Some(Ink::Accent));
        let x = if key.is_empty() { 0 } else { 9 };
        paper.put(inside, (x, y), text, None);
    }
}
