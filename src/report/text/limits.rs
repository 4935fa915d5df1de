//! The section that says what this capture cannot show.

use std::io;

use super::page::{Ink, Page};
use crate::report::View;
use crate::wording::limits::limits;

pub(super) fn write(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let limits = limits(view.capture, view.snapshot);
    if limits.is_empty() {
        return Ok(());
    }
    let title = page.paint(Ink::Doubtful, "What this capture cannot show");
    page.line("")?;
    page.line(&title)?;
    for limit in &limits {
        page.paragraph(&format!("{} ", page.glyphs.bullet), limit)?;
    }
    Ok(())
}
