//! The save dialog.

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::net::escape_text;
use crate::tui::effect::SaveFormat;
use crate::tui::state::State;
use crate::tui::state::overlay::{Field, Save};

/// Draws the dialog; returns the position of the text cursor.
pub(super) fn draw(state: &State, save: &Save, paper: &mut Paper<'_>) -> Option<(u16, u16)> {
    let scopes = u16::try_from(save.scopes.len()).unwrap_or(3);
    let area = layout::centred(state, 66, scopes + 13);
    let inside = paper.frame(area, "Save");
    let mut y = 0;
    let heading = |field: Field| if save.field == field { Ink::Accent } else { Ink::Faint };
    let radio = |on: bool| if on { "(o)" } else { "( )" };
    paper.put(inside, (0, y), "Which DNs", Some(heading(Field::Scope)));
    for (place, (_, words, _)) in save.scopes.iter().enumerate() {
        paper.put(inside, (12, y), &format!("{} {words}", radio(place == save.scope)), None);
        y += 1;
    }
    y += 1;
    paper.put(inside, (0, y), "As", Some(heading(Field::Format)));
    for format in SaveFormat::ALL {
        let text = format!("{} {}", radio(format == save.format), format.label());
        paper.put(inside, (12, y), &text, None);
        y += 1;
    }
    y += 1;
    paper.put(inside, (0, y), "File", Some(heading(Field::Path)));
    let width = usize::from(inside.width.saturating_sub(13));
    let scroll = save.path.visual_scroll(width);
    let shown: String = save.path.value().chars().skip(scroll).collect();
    paper.put(inside, (12, y), &escape_text(&shown), Some(Ink::Title));
    let path_line = inside.y + y;
    y += 2;
    let (text, ink) = if save.exists {
        ("File exists. Overwrite? (y/N)".to_owned(), Ink::Bad)
    } else if let Some(failed) = &save.failed {
        (escape_text(failed).into_owned(), Ink::Bad)
    } else if save.busy {
        ("writing ...".to_owned(), Ink::Doubtful)
    } else {
        ("Up and Down choose, Tab goes on, Enter saves, Esc cancels".to_owned(), Ink::Faint)
    };
    paper.paragraph(inside, y, 0, &text, Some(ink));
    let cursor = u16::try_from(save.path.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
    (save.field == Field::Path).then_some((inside.x + 12 + cursor, path_line))
}
