//! The first line: what is read, how far, and how many DNs are in which state.

use ratatui::layout::Rect;

use super::paper::Paper;
use super::theme::Ink;
use super::totals::totals;
use crate::tui::state::State;
use crate::wording::layout::cut;

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let totals = totals(state.data.totals, state.glyphs());
    let totals_width: u16 = totals.iter().map(|(text, _)| super::layout::width(text)).sum();
    // on a narrow screen the totals matter more than the name
    let name = if area.width > totals_width + 12 { "regscope" } else { "" };
    let x = paper.put(area, (1, 0), name, Some(Ink::Accent));
    let progress = progress(state);
    let fixed = usize::from(x + totals_width) + progress.len() + 6;
    let room = usize::from(area.width).saturating_sub(fixed);
    let title = cut(&state.options.title, room, paper.glyphs.more);
    let x = paper.put(area, (x + 2, 0), &title, Some(Ink::Title));
    paper.put(area, (x + 2, 0), &progress, Some(Ink::Doubtful));
    paper.put_line(area, (area.width.saturating_sub(totals_width + 1), 0), &totals);
}

/// How far reading is; nothing when all is read.
fn progress(state: &State) -> String {
    let reading = &state.reading;
    if reading.failed.is_some() {
        return "stopped".to_owned();
    }
    if reading.paused {
        return "paused".to_owned();
    }
    if reading.finished {
        return String::new();
    }
    match reading.progress {
        Some((read, Some(of))) if of > 0 => format!("reading {} %", read.min(of) * 100 / of),
        Some((read, _)) => format!("reading {} MB", read >> 20),
        None => "reading".to_owned(),
    }
}
