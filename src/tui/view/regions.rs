//! The regions of the screens of a DN, its messages and the findings.

use ratatui::layout::Rect;

use super::layout;
use crate::tui::state::State;
use crate::tui::state::flow::Flow;

/// From this many columns on, two parts are side by side.
const BESIDE: u16 = 100;
/// Columns of the ladder before its lanes, about: mark, time, delta, frame.
const BEFORE_LANES: u16 = 30;
/// Columns a lane takes at least: `── REGISTER →`.
const LEAST_LANE: u16 = 12;

/// The regions of the ladder.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct FlowRegions {
    /// The heads of the lanes.
    pub(in crate::tui) heads: Rect,
    /// The ladder.
    pub(in crate::tui) rows: Rect,
    /// What parts the ladder from the text: a line, or a column.
    pub(in crate::tui) rule: Rect,
    /// The title of the text.
    pub(in crate::tui) title: Rect,
    /// The text of the selected message.
    pub(in crate::tui) text: Rect,
}

/// The regions of the ladder.
pub(in crate::tui) fn flow(state: &State, screen: &Flow) -> FlowRegions {
    let body = layout::frame(state).body;
    let heads = 2.min(body.height);
    let lanes = u16::try_from(screen.lanes.len()).unwrap_or(u16::MAX / 48);
    let most = (body.width * 6 / 10).max(56);
    if body.width >= BESIDE && BEFORE_LANES + LEAST_LANE * lanes <= most {
        let width = (BEFORE_LANES + 24 * lanes).clamp(56, most);
        let right = body.x + width + 2;
        let text = Rect { x: right, width: body.right().saturating_sub(right), ..body };
        return FlowRegions {
            heads: Rect { width, height: heads, ..body },
            rows: below(Rect { width, ..body }, heads),
            rule: Rect { x: body.x + width, width: 1, ..body },
            title: Rect { height: 1, ..text },
            text: below(text, 1),
        };
    }
    // the ladder has a little more than half, or what it needs
    let room = body.height.saturating_sub(heads);
    let rows = u16::try_from(screen.rows.len()).unwrap_or(u16::MAX);
    let rows = rows.min(room - room * 9 / 20).min(room.saturating_sub(3));
    let upper = Rect { height: heads + rows, ..body };
    let lower = below(body, upper.height);
    FlowRegions {
        heads: Rect { height: heads.min(upper.height), ..upper },
        rows: below(upper, heads),
        rule: Rect { height: 1, ..lower },
        title: Rect { height: 1, ..lower },
        text: below(lower, 1),
    }
}

/// Lanes that fit on this screen.
pub(in crate::tui) fn most_lanes(state: &State) -> usize {
    let body = layout::frame(state).body;
    usize::from(body.width.saturating_sub(BEFORE_LANES) / LEAST_LANE).max(2)
}

/// The regions of a message: its head, a line between, its text.
pub(in crate::tui) fn message(state: &State) -> [Rect; 2] {
    let body = layout::frame(state).body;
    let head = Rect { height: 3.min(body.height), ..body };
    let text = below(body, head.height);
    [head, Rect { x: text.x + 1, width: text.width.saturating_sub(2), ..text }]
}

/// The regions of a DN: its head with the timeline, and its lines.
pub(in crate::tui) fn dn(state: &State, bars: usize) -> [Rect; 2] {
    let body = layout::frame(state).body;
    let bars = u16::try_from(bars).unwrap_or(u16::MAX);
    let head = match body.height {
        0..12 => 1,
        _ => bars.saturating_add(5).min(body.height / 2),
    };
    let head = Rect { height: head.min(body.height), ..body };
    [head, below(body, head.height)]
}

/// The regions of the findings: the list, and the selected one.
pub(in crate::tui) fn findings(state: &State) -> [Rect; 2] {
    let body = layout::frame(state).body;
    let lower = match body.height {
        0..10 => 0,
        10..30 => body.height / 2,
        _ => 16,
    };
    let list = Rect { height: body.height - lower, ..body };
    [list, below(body, list.height)]
}

/// A region without its first lines.
const fn below(area: Rect, lines: u16) -> Rect {
    let lines = if lines < area.height { lines } else { area.height };
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}
