//! The column chooser.

use ratatui::layout::Rect;

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::tui::state::State;
use crate::tui::state::overlay::Chooser;

pub(super) fn draw(state: &State, chooser: &Chooser, paper: &mut Paper<'_>) {
    let lines = u16::try_from(chooser.columns.len()).unwrap_or(u16::MAX);
    let area = layout::centred(state, 70, lines.saturating_add(4));
    let inside = paper.frame(area, "Columns");
    let fitting = layout::dns(state).column_ids();
    let room = inside.height.saturating_sub(2);
    let top = chooser.selected.saturating_sub(usize::from(room.saturating_sub(1)));
    for (y, (place, &(id, shown))) in (0..room).zip(chooser.columns.iter().enumerate().skip(top)) {
        let column = id.column();
        paper.put(inside, (0, y), if shown { "[x]" } else { "[ ]" }, Some(Ink::Accent));
        let end = paper.put(inside, (4, y), &id.title(&state.data), Some(Ink::Title));
        let at = (16.max(end + 2), y);
        if shown && !fitting.contains(&id) {
            paper.put(inside, at, "shown on a wider terminal: does not fit", Some(Ink::Doubtful));
        } else {
            paper.put(inside, at, column.about, Some(Ink::Faint));
        }
        if place == chooser.selected {
            let style = paper.palette.selected();
            paper.over(Rect { y: inside.y + y, height: 1, ..inside }, style);
        }
    }
    let keys = "Space shows or hides, Left and Right move, Enter closes";
    paper.put(inside, (0, inside.height.saturating_sub(1)), keys, Some(Ink::Faint));
}
