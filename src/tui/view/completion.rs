//! What may come next in a filter, above the line being typed.

use ratatui::layout::Rect;

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::tui::state::overlay::Menu;

/// Choices that are shown at once.
const SHOWN: usize = 8;

/// Draws the choices above the line being typed, at `x`, the column where they go.
pub(super) fn draw(menu: &Menu, x: u16, line: Rect, paper: &mut Paper<'_>) {
    let choices = &menu.choices;
    let widest = |of: fn(&crate::compare::Choice) -> &str| {
        choices.iter().map(|choice| layout::width(of(choice))).max().unwrap_or(0)
    };
    let (texts, abouts) = (widest(|c| &c.text).min(40), widest(|c| &c.about).min(48));
    let width = (texts + abouts + 6).min(line.width);
    let shown = choices.len().min(SHOWN).min(usize::from(line.y.saturating_sub(2)));
    let height = u16::try_from(shown + 2).unwrap_or(2);
    let area = Rect {
        x: x.min(line.right().saturating_sub(width)),
        y: line.y.saturating_sub(height),
        width,
        height,
    };
    let title = format!("{} of {}", menu.selected + 1, choices.len());
    let inside = paper.frame(area, &title);
    let top = menu.selected.saturating_sub(shown.saturating_sub(1));
    for (y, (place, choice)) in (0..inside.height).zip(choices.iter().enumerate().skip(top)) {
        paper.put_cell(inside, (0, y), (&choice.text, false), texts, Some(Ink::Title));
        let room = inside.width.saturating_sub(texts + 2);
        paper.put_cell(inside, (texts + 2, y), (&choice.about, false), room, Some(Ink::Faint));
        if place == menu.selected {
            let style = paper.palette.selected();
            paper.over(Rect { y: inside.y + y, height: 1, ..inside }, style);
        }
    }
}
