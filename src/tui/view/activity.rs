//! REGISTERs and failures over the time of the capture.

use ratatui::layout::Rect;

use super::paper::Paper;
use super::theme::Ink;
use crate::tui::state::State;

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII: [&str; 4] = [".", ":", "|", "#"];
/// Slices in a line are of no use beyond this.
const MOST: u16 = 120;

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    if area.height == 0 || state.data.timeline.is_empty() {
        return;
    }
    let snapshot = &state.data.snapshot;
    let (Some(first), Some(last)) = (snapshot.first, snapshot.last) else { return };
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
    let words = super::layout::width("attempts  failed ") + 3;
    let room = area.width.saturating_sub(super::layout::width(&span) + 4 + words);
    let slices = (room / 2).min(MOST);
    if slices < 6 {
        return;
    }
    let [attempts, failures] = state.data.timeline.in_slices(usize::from(slices));
    let most = attempts.iter().chain(&failures).copied().max().unwrap_or(0);
    let x = paper.put(area, (1, 0), "attempts ", Some(Ink::Faint));
    let x = bars(area, x, &attempts, most, Ink::Accent, paper);
    let x = paper.put(area, (x + 1, 0), "failed ", Some(Ink::Faint));
    bars(area, x, &failures, most, Ink::Bad, paper);
}

/// One character a slice, as high as its share of the most.
fn bars(area: Rect, x: u16, counts: &[u64], most: u64, ink: Ink, paper: &mut Paper<'_>) -> u16 {
    let steps: &[&str] = if paper.glyphs.unicode { &BARS } else { &ASCII };
    let mut x = x;
    for &count in counts {
        let top = steps.len() as u64;
        // whatever is there is seen, however little
        let height = (count * top).div_ceil(most.max(1)).min(top) as usize;
        let bar = height.checked_sub(1).and_then(|place| steps.get(place)).copied();
        x = paper.put(area, (x, 0), bar.unwrap_or(" "), Some(ink));
    }
    x
}
