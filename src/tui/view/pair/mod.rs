//! The screen Pair: two DNs, or two messages, side by side; what differs has a mark.

use ratatui::layout::Rect;

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::compare::pair::Kind;
use crate::tui::state::State;
use crate::tui::state::pair::Pair;
use crate::wording::layout::{cell, cut, wrap};
use rows::{Row, Sheet};

mod attributes;
mod messages;
mod rows;

pub(in crate::tui) use rows::{keys, sheet};

/// Columns before the label: a blank, the mark, a blank.
const MARK: u16 = 3;
/// Columns of the narrowest and of the widest label.
const LABELS: (u16, u16) = (12, 28);

/// One line as it is on the screen.
pub(in crate::tui) struct Line {
    kind: Option<Kind>,
    title: bool,
    label: String,
    cells: Cells,
}

/// The cells beside a label.
enum Cells {
    /// Left and right.
    Two([String; 2]),
    /// The same for both, or a sentence.
    One(String),
}

/// Where the columns are: those of the label, and of a side.
#[derive(Clone, Copy)]
pub(in crate::tui) struct Columns {
    label: u16,
    side: u16,
}

impl Columns {
    pub(in crate::tui) fn of(sheet: &Sheet, width: u16) -> Self {
        let widest = u16::try_from(sheet.widest).unwrap_or(u16::MAX);
        let most = u16::try_from(u32::from(width) * 3 / 10).unwrap_or(width);
        let label = widest.clamp(LABELS.0, LABELS.1.min(most).max(LABELS.0));
        let side = width.saturating_sub(MARK + label + 1 + 2) / 2;
        Self { label, side: side.max(1) }
    }

    const fn sides(self) -> [u16; 2] {
        let first = MARK + self.label + 1;
        [first, first + self.side + 1]
    }
}

/// The fixed lines at the top.
pub(in crate::tui) fn head_height(area: Rect) -> u16 {
    if area.height < 10 { 2 } else { 5.min(area.height) }
}

/// The lines of a sheet, wrapped or cut.
pub(in crate::tui) fn lines(
    sheet: &Sheet,
    columns: Columns,
    wrapped: bool,
    more: &str,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &sheet.rows {
        row_lines(row, columns, wrapped, more, &mut lines);
    }
    lines
}

fn row_lines(row: &Row, columns: Columns, wrapped: bool, more: &str, lines: &mut Vec<Line>) {
    let side = usize::from(columns.side);
    let whole = side * 2 + 1;
    let pieces = |text: &str, width: usize| -> Vec<String> {
        if wrapped {
            wrap(text, width, width).map(str::to_owned).collect()
        } else {
            vec![cut(text, width, more)]
        }
    };
    let label = pieces(&row.label, usize::from(columns.label));
    let (left, right, one) = match &row.cells {
        rows::Cells::Two([left, right]) => (pieces(left, side), pieces(right, side), false),
        rows::Cells::One(text) => (pieces(text, whole), Vec::new(), true),
    };
    let height = label.len().max(left.len()).max(right.len()).max(1);
    for place in 0..height {
        let take = |pieces: &[String]| pieces.get(place).cloned().unwrap_or_default();
        lines.push(Line {
            kind: row.kind.filter(|kind| place == 0 || *kind == Kind::Same),
            title: row.title,
            label: take(&label),
            cells: if one {
                Cells::One(take(&left))
            } else {
                Cells::Two([take(&left), take(&right)])
            },
        });
    }
}

pub(super) fn draw(state: &State, screen: &Pair, area: Rect, paper: &mut Paper<'_>) {
    let sheet = sheet(state, screen);
    let columns = Columns::of(&sheet, area.width);
    let head = head_height(area);
    self::head(&sheet, columns, Rect { height: head, ..area }, paper);
    let body = Rect { y: area.y + head, height: area.height.saturating_sub(head), ..area };
    let lines = lines(&sheet, columns, screen.wrap, paper.glyphs.more);
    let visible = lines.iter().skip(screen.cursor.selected);
    for (y, line) in (0..body.height).zip(visible) {
        self::line(line, columns, Rect { y: body.y + y, height: 1, ..body }, paper);
    }
}

/// Names, verdicts, the path of the request; then how much differs.
fn head(sheet: &Sheet, columns: Columns, area: Rect, paper: &mut Paper<'_>) {
    for (side, x) in sheet.sides.iter().zip(columns.sides()) {
        let room = Rect { width: (x + columns.side).min(area.width), ..area };
        let at = side.state.map_or(x, |service| {
            let (mark, ink) = super::theme::Palette::mark(service, paper.glyphs);
            paper.put(room, (x, 0), mark, Some(ink)) + 1
        });
        paper.put(room, (at, 0), &side.name, Some(Ink::Title));
        for (y, text) in (1..area.height.saturating_sub(1)).zip(&side.lines) {
            let ink = match (y, side.state) {
                (1, Some(service)) => super::theme::Palette::mark(service, paper.glyphs).1,
                _ => Ink::Faint,
            };
            paper.put(room, (x, y), text, Some(ink));
        }
    }
    paper.put(area, (1, 0), &sheet.title, Some(Ink::Faint));
    let last = area.height.saturating_sub(1);
    let rule = paper.glyphs.rule;
    paper.rule(area, last, rule, Some(Ink::Faint));
    paper.put(area, (1, last), &format!(" {} ", sheet.summary), None);
    let legend = " ! differs  ~ as expected  ? unknown ";
    if layout::width(&sheet.summary) + layout::width(legend) + 6 < area.width {
        paper.put_right(Rect { width: area.width - 1, ..area }, last, legend, Some(Ink::Faint));
    }
}

/// The mark of a kind, and its color.
const fn mark(kind: Kind) -> (&'static str, Ink) {
    match kind {
        Kind::Same => (" ", Ink::Faint),
        Kind::Expected => ("~", Ink::Doubtful),
        Kind::NotKnown => ("?", Ink::Doubtful),
        Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => ("!", Ink::Bad),
    }
}

fn line(line: &Line, columns: Columns, area: Rect, paper: &mut Paper<'_>) {
    let ink = match (line.title, line.kind) {
        (true, _) => Some(Ink::Accent),
        (false, Some(Kind::Same)) => Some(Ink::Faint),
        (false, _) => None,
    };
    if let Some(kind) = line.kind {
        let (mark, ink) = mark(kind);
        paper.put(area, (1, 0), mark, Some(ink));
    }
    paper.put_cell(area, (MARK, 0), (&line.label, false), columns.label, ink);
    let [left, right] = columns.sides();
    match &line.cells {
        Cells::One(text) => {
            paper.put(area, (left, 0), text, ink);
        }
        Cells::Two([a, b]) => {
            paper.put_cell(area, (left, 0), (a, false), columns.side, ink);
            paper.put_cell(area, (right, 0), (b, false), columns.side, ink);
        }
    }
}

/// The sheet as text of `width` columns, for the clipboard.
pub(in crate::tui) fn as_text(sheet: &Sheet, width: u16) -> String {
    let columns = Columns::of(sheet, width);
    let (label, side) = (usize::from(columns.label), usize::from(columns.side));
    let two = |mark: &str, name: &str, [a, b]: [&str; 2]| {
        let text = format!("{mark} {} {} {b}", cell(name, label, "~"), cell(a, side, "~"));
        text.trim_end().to_owned()
    };
    let [a, b] = &sheet.sides;
    let mut out = vec![two(" ", &sheet.title, [&a.name, &b.name])];
    out.extend(a.lines.iter().zip(&b.lines).map(|(a, b)| two(" ", "", [a, b])));
    out.push(String::new());
    for line in lines(sheet, columns, true, "~") {
        let mark = line.kind.map_or(" ", |kind| mark(kind).0);
        out.push(match &line.cells {
            Cells::Two([a, b]) => two(mark, &line.label, [a, b]),
            Cells::One(text) => {
                format!("{mark} {} {text}", cell(&line.label, label, "~")).trim_end().to_owned()
            }
        });
    }
    out.push(String::new());
    out.push("! differs   ~ differs as it has to between any two   ? not captured".to_owned());
    out.join("\n") + "\n"
}

/// The lines at which parts of the sheet begin.
pub(in crate::tui) fn part_starts(lines: &[Line]) -> Vec<usize> {
    let titles = lines.iter().enumerate().filter(|(_, line)| line.title);
    titles.map(|(place, _)| place).collect()
}
