//! Attempts and failures over the time of the capture.

use ratatui::layout::Rect;

use super::layout::width;
use super::paper::Paper;
use super::theme::Ink;
use crate::statistics::Slices;
use crate::tui::state::State;
use crate::wording::statistics::bar;

/// Slices in a line are of no use beyond this.
const MOST: u16 = 120;
/// Fewer show nothing.
const LEAST: u16 = 6;

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let series = &state.data.statistics.series;
    let Some((first, last)) = series.span().filter(|_| area.height > 0) else { return };
    let all = &state.data.statistics.all;
    let labels = [format!("attempts {} ", all.attempts), format!("failed {} ", all.failed)];
    let words = labels.iter().map(|label| width(label)).sum::<u16>() + 3;
    let slices_beside = |span: &str| area.width.saturating_sub(width(span) + 4 + words) / 2;
    let [from, to] = state.clock.stretch(first, last);
    let until = format!("{} {to} {}", paper.glyphs.dash, state.clock.zone(last));
    let mut span = format!("{from} {until}");
    // the day goes before the curves do
    if slices_beside(&span) < LEAST
        && let Some(time) = from.strip_prefix(&state.clock.day(last))
    {
        span = format!("{} {until}", time.trim_start());
    }
    let beside = Rect { width: area.width.saturating_sub(1), ..area };
    paper.put_right(beside, 0, &span, Some(Ink::Faint));
    let slices = slices_beside(&span).min(MOST);
    if slices < LEAST {
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
