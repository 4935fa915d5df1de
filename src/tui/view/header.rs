//! The first line: what is read, how far, and how many DNs are in which state.

use std::time::Duration;

use ratatui::layout::Rect;

use super::layout::width;
use super::paper::Paper;
use super::theme::Ink;
use super::totals::totals;
use crate::tui::state::State;
use crate::wording::layout::cut;

/// Being so far behind the newest packet is worth a word.
const LAGS: Duration = Duration::from_secs(2);

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let totals = totals(state.data.totals, state.data.at_risk, state.glyphs());
    let totals_width: u16 = totals.iter().map(|(text, _)| width(text)).sum();
    let (progress, progress_ink) = progress(state);
    let (lost, lost_ink) = lost(state);
    // what matters least goes first where there is no room: that nothing was lost, the program's
    // name, then the rest of the title
    let room = usize::from(area.width.saturating_sub(totals_width + 4));
    let title = width(&state.options.title).min(16);
    let wanted = usize::from(width(&progress) + width(&lost)) + usize::from(title) + 12;
    let lost = if lost_ink == Ink::Faint && wanted > room { String::new() } else { lost };
    let name = if wanted > room + usize::from(width(&lost)) { "" } else { "regscope" };
    let x = paper.put(area, (1, 0), name, Some(Ink::Accent));
    let fixed = usize::from(x + width(&progress) + width(&lost)) + 4;
    let title = cut(&state.options.title, room.saturating_sub(fixed), paper.glyphs.more);
    let mut x = x;
    for (text, ink) in [(&title, Ink::Title), (&progress, progress_ink), (&lost, lost_ink)] {
        if !text.is_empty() {
            x = paper.put(area, (if x > 1 { x + 2 } else { 1 }, 0), text, Some(ink));
        }
    }
    paper.put_line(area, (area.width.saturating_sub(totals_width + 1), 0), &totals);
}

/// How far reading is; nothing when all is read.
fn progress(state: &State) -> (String, Ink) {
    let reading = &state.reading;
    if reading.failed.is_some() {
        return ("stopped".to_owned(), Ink::Bad);
    }
    if reading.paused {
        return ("paused".to_owned(), Ink::Doubtful);
    }
    if reading.finished {
        return (String::new(), Ink::Doubtful);
    }
    if let Some(live) = &reading.live {
        return match &live.trouble {
            Some(trouble) => (trouble.clone(), Ink::Bad),
            None if live.lag >= LAGS => {
                let (clock, behind) = (state.clock.short(state.now), live.lag.as_secs());
                (format!("live {clock}, {behind} s behind"), Ink::Bad)
            }
            None => (format!("live {}", state.clock.short(state.now)), Ink::Good),
        };
    }
    let words = match reading.progress {
        Some((read, Some(of))) if of > 0 => format!("reading {} %", read.min(of) * 100 / of),
        Some((read, _)) => format!("reading {} MB", read >> 20),
        None => "reading".to_owned(),
    };
    (words, Ink::Doubtful)
}

/// Packets lost of live traffic, by the part that lost them; nothing for files.
fn lost(state: &State) -> (String, Ink) {
    let Some(live) = &state.reading.live else { return (String::new(), Ink::Faint) };
    let lost: Vec<_> = live.lost.iter().filter(|(_, number)| *number > 0).collect();
    if lost.is_empty() {
        return ("nothing lost".to_owned(), Ink::Faint);
    }
    let words: Vec<_> = lost.iter().map(|(who, number)| format!("{who} {number}")).collect();
    (format!("LOST {}", words.join(", ")), Ink::Bad)
}
