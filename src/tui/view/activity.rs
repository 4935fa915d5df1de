//! Attempts and failures over the time of the capture.

use ratatui::layout::Rect;

use super::paper::Paper;
use super::theme::Ink;
use crate::statistics::Slices;
use crate::tui::state::State;
use crate::wording::statistics::bar;

/// Slices in a line are of no use beyond this.
const MOST: u16 = 120;

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let series = &state.data.statistics.series;
    let Some((first, last)) = series.span().filter(|_| area.height > 0) else { return };
    let span = format!(
        "{} {} {} {}",
        state.clock.full(first),
        paper.glyphs.dash,
        state.clock.beside(last, first),
        state.clock.zone(last)
    );
    paper.put_right(
        Rect { width: area.width.saturating_sub(1), ..area },
        0,
        &span,
        Some(Ink::Faint),
    );
    let all = &state.data.statistics.all;
    let labels = [format!("attempts {} ", all.attempts), format!("failed {} ", all.failed)];
    let words = labels.iter().map(|label| super::layout::width(label)).sum::<u16>() + 3;
    let room = area.width.saturating_sub(super::layout::width(&span) + 4 + words);
    let slices = (room / 2).min(MOST);
    if slices < 6 {
        return;
    }
    let Slices { attempts, failures, .. } = series.in_slices(usize::from(slices));
    let most = attempts.iter().chain(&failures).copied().max().unwrap_or(0);
    let [of_attempts, of_failures] = &labels;
    let x = paper.put(area, (1, 0), of_attempts, Some(Ink::Faint));
    let x = bars(area, x, &attempts, most, Ink::Accent, paper);
    let x = paper.put(area, (x + 1, 0), of_failures, Some(Ink::Faint));
    bars(area, x, &failures, most, Ink::Bad, paper);
}

/// One character a slice, as high as its share of the most.
fn bars(area: Rect, x: u16, counts: &[u64], most: u64, ink: Ink, paper: &mut Paper<'_>) -> u16 {
    let unicode = paper.glyphs.unicode;
    let text: String = counts.iter().map(|&count| bar(count, most, unicode)).collect();
    paper.put(area, (x, 0), &text, Some(ink))
}
