//! The regions of the screen, shared by drawing, scrolling and the mouse.

use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr as _;

use crate::tui::columns::ColumnId;
use crate::tui::keys::KEYS;
use crate::tui::state::State;
use crate::tui::state::sources::Column as SourceColumn;

/// Below this the screen says that it is too small.
pub(in crate::tui) const LEAST: (u16, u16) = (40, 10);
/// Columns between two cells.
const GAP: u16 = 1;
/// Columns before the first cell: the mark of a selection, the mark of the state.
const MARKS: u16 = 4;

/// The regions every screen has.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Frame {
    /// What is read, totals.
    pub(in crate::tui) header: Rect,
    /// REGISTERs and failures over time; no lines on a low terminal.
    pub(in crate::tui) activity: Rect,
    /// The home screens, or the path to the current one.
    pub(in crate::tui) tabs: Rect,
    /// The screen itself.
    pub(in crate::tui) body: Rect,
    /// Keys, or what is being typed.
    pub(in crate::tui) footer: Rect,
}

/// The regions every screen has.
pub(in crate::tui) fn frame(state: &State) -> Frame {
    let (width, height) = state.size;
    let activity = u16::from(height >= 20);
    let line = |y: u16, lines: u16| Rect::new(0, y, width, lines);
    let top = 2 + activity;
    Frame {
        header: line(0, 1),
        activity: line(1, activity),
        tabs: line(1 + activity, 1),
        body: line(top, height.saturating_sub(top + 1)),
        footer: line(height.saturating_sub(1), 1),
    }
}

/// The tabs, each with its number.
pub(in crate::tui) fn tabs(state: &State) -> Vec<Rect> {
    let area = frame(state).tabs;
    let mut x = area.x + 1;
    state
        .tabs()
        .map(|tab| {
            let width = width(tab.title(is_wide(state))) + 4;
            let tab = Rect { x, width, ..area };
            x += width + 1;
            tab
        })
        .collect()
}

/// Whether all titles of tabs fit beside what a list is narrowed to.
pub(in crate::tui) const fn is_wide(state: &State) -> bool {
    state.size.0 >= 100
}

/// The regions of the DN list.
#[derive(Clone, Debug)]
pub(in crate::tui) struct DnsRegions {
    /// The titles of the columns.
    pub(in crate::tui) titles: Rect,
    /// The lines.
    pub(in crate::tui) body: Rect,
    /// The selected DN in a paragraph, its first line a rule.
    pub(in crate::tui) why: Rect,
    /// The columns that fit: first column of text and width.
    pub(in crate::tui) columns: Vec<(ColumnId, u16, u16)>,
}

impl DnsRegions {
    /// Lines of the list that are visible.
    pub(in crate::tui) fn body_height(&self) -> usize {
        usize::from(self.body.height)
    }

    /// The columns that fit.
    pub(in crate::tui) fn column_ids(&self) -> Vec<ColumnId> {
        self.columns.iter().map(|&(id, _, _)| id).collect()
    }

    /// The column whose title is at a place.
    pub(in crate::tui) fn column_at(&self, at: Position) -> Option<ColumnId> {
        let within = |&(_, x, width): &(ColumnId, u16, u16)| (x..x + width + GAP).contains(&at.x);
        let column = self.columns.iter().copied().find(within)?;
        self.titles.contains(at).then_some(column.0)
    }
}

/// The regions of the DN list.
pub(in crate::tui) fn dns(state: &State) -> DnsRegions {
    let body = frame(state).body;
    // what the list leaves, twice the usual part at most; nothing where no DN can be selected
    let left = body.height.saturating_sub(narrow(state.dns.lines.len()).saturating_add(1));
    let why = match body.height {
        12..30 if left < body.height - 1 => left.clamp(7, 14),
        30.. if left < body.height - 1 => left.clamp(10, 20),
        _ => 0,
    };
    let line = |y: u16, height: u16| Rect { y: body.y + y, height, ..body };
    DnsRegions {
        titles: line(0, 1.min(body.height)),
        body: line(1, body.height.saturating_sub(1 + why)),
        why: line(body.height.saturating_sub(why), why),
        columns: columns(state, body.width),
    }
}

/// The chosen columns as far as they fit, what is left given to those that grow.
fn columns(state: &State, width: u16) -> Vec<(ColumnId, u16, u16)> {
    let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let mut room = width.saturating_sub(MARKS);
    let mut fitting: Vec<(usize, ColumnId, u16, u16)> = Vec::new();
    // what identifies a DN stays first of all; of the others those at the right are dropped first
    let mut by_need: Vec<(usize, ColumnId)> =
        state.dns.columns.iter().copied().enumerate().collect();
    by_need.sort_by_key(|&(place, id)| (id.column().keep, place));
    for (place, id) in by_need {
        let (least, want) = (id.column().width)(&state.data);
        let least = narrow(least);
        if least + GAP <= room {
            room -= least + GAP;
            fitting.push((place, id, least, narrow(want).max(least)));
        }
    }
    // in the same order they then take what they would like
    for (_, _, width, want) in &mut fitting {
        let more = (*want - *width).min(room);
        *width += more;
        room -= more;
    }
    if let Some((_, _, width, _)) = fitting.iter_mut().find(|(_, id, _, _)| id.column().grows) {
        *width += room;
    }
    fitting.sort_by_key(|&(place, ..)| place);
    let mut x = MARKS;
    fitting
        .into_iter()
        .map(|(_, id, width, _)| {
            let at = x;
            x += width + GAP;
            (id, at, width)
        })
        .collect()
}

/// The regions of the screen Compare.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct CompareRegions {
    /// Which comparisons there are.
    pub(in crate::tui) parts: Rect,
    /// What separates best.
    pub(in crate::tui) headline: Rect,
    /// The titles of the columns.
    pub(in crate::tui) titles: Rect,
    /// The lines.
    pub(in crate::tui) body: Rect,
    /// The selected line in a paragraph, its first line a rule.
    pub(in crate::tui) why: Rect,
}

/// The regions of the screen Compare.
pub(in crate::tui) fn compare(state: &State) -> CompareRegions {
    let body = frame(state).body;
    let two_sides =
        state.compare.contrast(&state.data).is_some_and(crate::compare::Contrast::has_two_sides);
    let [headline, gap, why] = match (body.height, two_sides) {
        (0..12, true) => [2, 0, 0],
        (0..12, false) => [3, 0, 0],
        (12..16, _) => [3, 0, 4],
        (16..30, true) => [3, 1, 5],
        (16..30, false) => [5, 1, 4],
        _ => [4, 1, 8],
    };
    let rows = [1, headline, gap, 1].map(|lines: u16| lines.min(body.height));
    let line = |y: u16, height: u16| Rect { y: body.y + y, height, ..body }.intersection(body);
    let top = rows.iter().sum::<u16>();
    CompareRegions {
        parts: line(0, 1),
        headline: line(1, headline),
        titles: line(top.saturating_sub(1), 1),
        body: line(top, body.height.saturating_sub(top + why)),
        why: line(body.height.saturating_sub(why), why),
    }
}

/// The regions of the screen Sources.
#[derive(Clone, Debug)]
pub(in crate::tui) struct SourcesRegions {
    /// The titles of the columns.
    pub(in crate::tui) titles: Rect,
    /// The lines.
    pub(in crate::tui) body: Rect,
    /// The selected source in a paragraph, its first line a rule.
    pub(in crate::tui) why: Rect,
    /// The columns that fit: first column of text and width.
    pub(in crate::tui) columns: Vec<(SourceColumn, u16, u16)>,
}

impl SourcesRegions {
    /// The column whose title is at a place.
    pub(in crate::tui) fn column_at(&self, at: Position) -> Option<SourceColumn> {
        let within =
            |(_, x, width): &(SourceColumn, u16, u16)| (*x..*x + *width + GAP).contains(&at.x);
        let column = self.columns.iter().find(|column| within(column))?;
        self.titles.contains(at).then_some(column.0)
    }
}

/// The regions of the screen Sources.
pub(in crate::tui) fn sources(state: &State) -> SourcesRegions {
    let body = frame(state).body;
    let why = match body.height {
        0..12 => 0,
        12..30 => 7,
        _ => 10,
    };
    let line = |y: u16, height: u16| Rect { y: body.y + y, height, ..body };
    let [dns, requests] = state.sources.digits;
    let mut x = MARKS;
    let mut columns = Vec::new();
    for column in SourceColumn::ALL {
        let width = match column {
            SourceColumn::Address => state.sources.widest.clamp(7, 39),
            SourceColumn::Dns | SourceColumn::Out => dns.max(4),
            SourceColumn::Working => dns.max(6),
            SourceColumn::Requests | SourceColumn::Unknown => requests.max(5),
            SourceColumn::Role => 13,
            SourceColumn::Agent => body.width.saturating_sub(x + 1).max(10),
        };
        if x + width > body.width {
            break;
        }
        columns.push((column, x, width));
        x += width + GAP;
        // text after a number needs a gap
        x += u16::from(column == SourceColumn::Unknown);
    }
    SourcesRegions {
        titles: line(0, 1.min(body.height)),
        body: line(1, body.height.saturating_sub(1 + why)),
        why: line(body.height.saturating_sub(why), why),
        columns,
    }
}

/// The regions of the screen Cluster.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct ClusterRegions {
    /// How large it is, and the nodes over time.
    pub(in crate::tui) head: Rect,
    /// The titles of the columns.
    pub(in crate::tui) titles: Rect,
    /// The lines.
    pub(in crate::tui) body: Rect,
    /// The selected DN in a paragraph, its first line a rule.
    pub(in crate::tui) why: Rect,
}

/// The regions of the screen Cluster.
pub(in crate::tui) fn cluster(state: &State) -> ClusterRegions {
    /// Nodes with a bar, at most.
    const BARS: u16 = 4;
    let body = frame(state).body;
    let bars = narrow(state.data.cluster.nodes.len()).min(BARS);
    let (head, why) = match body.height {
        0..12 => (1, 0),
        12..30 => (bars + 2, 7),
        _ => (bars + 2, 10),
    };
    let line = |y: u16, height: u16| Rect { y: body.y + y, height, ..body }.intersection(body);
    ClusterRegions {
        head: line(0, head),
        // a blank line between bars and list
        titles: line(head + u16::from(why > 0), 1),
        body: line(head + 1 + u16::from(why > 0), body.height.saturating_sub(head + 2 + why)),
        why: line(body.height.saturating_sub(why), why),
    }
}

/// The help over the screen.
pub(in crate::tui) fn help(state: &State) -> Rect {
    centred(state, 78, narrow(help_lines(state)) + 2)
}

/// Lines of the help that are visible.
pub(in crate::tui) fn help_height(state: &State) -> usize {
    usize::from(help(state).height.saturating_sub(2))
}

/// Lines of the help.
pub(in crate::tui) fn help_lines(state: &State) -> usize {
    let place = state.place();
    KEYS.iter().filter(|binding| crate::tui::keys::holds_in(binding, place)).count()
        + super::help::EXTRA.len()
}

/// A region of this size in the middle of the screen, or as large as the screen allows.
pub(in crate::tui) fn centred(state: &State, width: u16, height: u16) -> Rect {
    let (columns, rows) = state.size;
    let (width, height) = (width.min(columns), height.min(rows));
    Rect::new((columns - width) / 2, (rows - height) / 2, width, height)
}

fn narrow(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Columns of text.
pub(in crate::tui) fn width(text: &str) -> u16 {
    narrow(text.width())
}
