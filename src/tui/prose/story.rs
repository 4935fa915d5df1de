//! The story of a DN: what happened in order of time, and what to check.

use super::{Goes, Page, capitalised};
use crate::diagnosis::explain::explain;
use crate::tui::columns::Look;
use crate::tui::view::theme::Ink;

/// Writes the story of a DN.
pub(in crate::tui) fn write(page: &mut Page, look: &Look<'_>, dn: &[u8]) {
    let Some(story) = explain(&look.data.snapshot, dn) else { return };
    page.title(&format!("{}.", story.verdict));
    page.title("What happened");
    if story.paragraphs.is_empty() {
        page.text(&[("  ".to_owned(), None)], "Nothing of it is in the capture.", None);
    }
    for event in &story.paragraphs {
        page.goes = event.frames.first().copied().map(Goes::Frame);
        let at = format!("  {}  ", look.clock.precise(event.time));
        let names: Vec<_> = event.frames.iter().map(|&frame| look.data.frame_name(frame)).collect();
        let between = if event.count > 1 { page.glyphs.more } else { page.glyphs.arrow };
        let seen = match names.len() {
            0 => String::new(),
            _ => format!(" ({})", names.join(&format!(" {between} "))),
        };
        page.text(
            &[(at, Some(Ink::Faint))],
            &format!("{}{seen}", capitalised(&event.sentence)),
            None,
        );
    }
    if !story.checks.is_empty() {
        page.title("What to check");
    }
    for (place, check) in story.checks.iter().enumerate() {
        page.text(
            &[(format!("{:>3}. ", place + 1), None)],
            &format!("{}.", capitalised(check)),
            None,
        );
    }
}
