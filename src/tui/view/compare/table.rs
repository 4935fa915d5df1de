//! The attributes of a comparison, best first, with their values and how many DNs of either side
//! have them.

use ratatui::layout::Rect;

use super::super::bar::{bar, bar_of};
use super::super::layout;
use super::super::paper::Paper;
use super::super::theme::Ink;
use super::{inks, labels, marks};
use crate::compare::{Contrast, Counted, Finding, Strength};
use crate::net::count;
use crate::tui::state::State;
use crate::tui::state::compare::{Fold, Line, Section, finding, foremost};
use crate::wording::contrast::{both_in, suspects_first};

/// Columns of a bar of strength, and of its number with a mark.
const STRENGTH: u16 = 5;
const NUMBER: u16 = 5;
/// Where attributes begin.
const LABEL: u16 = 1 + STRENGTH + 1 + NUMBER + 1;

/// Where the columns are.
#[derive(Clone, Copy)]
struct Columns {
    /// Columns of a label with the mark of its fold.
    label: u16,
    /// Where each side begins.
    sides: [u16; 2],
    /// Columns of a side.
    side: u16,
    /// Columns of a count.
    count: u16,
}

impl Columns {
    fn of(contrast: &Contrast, width: u16) -> Self {
        let most = contrast.failing.dns.max(contrast.working.dns);
        let count = layout::width(&most.to_string()).max(2);
        let mixed = contrast.mixed.iter().filter(|_| contrast.leading().is_none());
        let widest = contrast.groups.iter().flat_map(|group| &group.members).chain(mixed);
        let widest = widest.map(|f| layout::width(f.attribute.label)).max().unwrap_or(0);
        // room for an IPv4 address and its count on either side comes first, where there is any
        let value = if width < 72 { 8 } else { 15 };
        let least = 2 * (value + 1 + count) + 2;
        let label = (widest.max(20) + 4).min(width.saturating_sub(LABEL + least));
        let rest = width.saturating_sub(LABEL + label + 3);
        let side = (rest / 2).min(40);
        let first = LABEL + label + 1;
        Self { label, sides: [first, first + side + 1], side, count }
    }
}

pub(super) fn draw(
    state: &State,
    contrast: &Contrast,
    titles: Rect,
    body: Rect,
    paper: &mut Paper<'_>,
) {
    let columns = Columns::of(contrast, body.width);
    self::titles(state, contrast, &columns, titles, paper);
    let lines = &state.compare.lines;
    let visible = state.compare.cursor.visible(lines.len(), usize::from(body.height));
    for (y, place) in (0..).zip(visible) {
        let Some(line) = lines.get(place) else { continue };
        let area = Rect { y: body.y + y, height: 1, ..body };
        self::line(state, contrast, line, (&columns, area), paper);
        if place == state.compare.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
    if lines.is_empty() && !state.compare.search.is_empty() {
        paper.put(body, (3, 0), "No attribute holds that: F5 clears the search.", None);
    }
}

fn titles(
    state: &State,
    contrast: &Contrast,
    columns: &Columns,
    area: Rect,
    paper: &mut Paper<'_>,
) {
    if !contrast.has_two_sides() {
        if !contrast.common.is_empty() {
            let text = format!("What all {} share", count(side_of(contrast) as u64, "DN"));
            paper.put(area, (3, 0), &text, Some(Ink::Title));
        }
        return;
    }
    paper.put(area, (1, 0), "Score", Some(Ink::Heading));
    paper.put(area, (LABEL + 2, 0), "Attribute", Some(Ink::Heading));
    let (names, marks, inks) =
        (labels(contrast), marks(&state.compare.part, paper), inks(&state.compare.part));
    let dns = [contrast.failing.dns, contrast.working.dns];
    let sides = columns.sides.into_iter().zip(names).zip(marks.into_iter().zip(inks)).zip(dns);
    for (((x, name), (mark, ink)), dns) in sides {
        let room = Rect { width: (x + columns.side).min(area.width), ..area };
        let number = dns.to_string();
        let end = (x + columns.side).saturating_sub(layout::width(&number));
        let at = paper.put(room, (x, 0), mark, Some(ink));
        let before = Rect { width: end.saturating_sub(1).min(area.width), ..area };
        paper.put(before, (at + 1, 0), &name, Some(Ink::Title));
        paper.put(room, (end, 0), &number, Some(Ink::Title));
    }
}

/// DNs of the only side.
fn side_of(contrast: &Contrast) -> usize {
    contrast.failing.dns.max(contrast.working.dns)
}

fn line(
    state: &State,
    contrast: &Contrast,
    line: &Line,
    (columns, area): (&Columns, Rect),
    paper: &mut Paper<'_>,
) {
    match line {
        Line::Combination(place) => {
            let Some(found) = contrast.combinations.get(*place) else { return };
            strength(found.separation, false, area, paper);
            paper.put(area, (LABEL + 2, 0), &both_in(found, 1), Some(Ink::Title));
        }
        Line::Attribute(name, indent) => {
            let Some(finding) = finding(contrast, name) else { return };
            attribute(state, contrast, (finding, *indent), (columns, area), paper);
        }
        Line::Coincide(name) => coincide(state, contrast, name, area, paper),
        Line::Value(_, counted) => value(state, contrast, counted, (columns, area), paper),
        Line::More(_, values, dns) => {
            let text = format!("{values} more values of {}", count(*dns, "DN"));
            paper.put(area, (LABEL + 4, 0), &text, Some(Ink::Faint));
        }
        Line::Section(section) => self::section(state, contrast, *section, area, paper),
        Line::Common(place) => {
            let Some(common) = contrast.common.get(*place) else { return };
            let share = format!("{} of {}", common.share.n, common.share.of);
            paper.put_cell(area, (3, 0), (common.attribute.label, false), 27, Some(Ink::Title));
            let end = area.width.saturating_sub(layout::width(&share) + 1);
            let room = Rect { width: end.saturating_sub(1), ..area };
            paper.put(room, (31, 0), &common.value.display(), None);
            paper.put(area, (end, 0), &share, Some(Ink::Faint));
        }
    }
}

/// `████▌ 0.93!`: how well it separates, and whether it rests on few DNs.
fn strength(separation: f64, few: bool, area: Rect, paper: &mut Paper<'_>) {
    let unicode = paper.glyphs.unicode;
    let ink = match Strength::of(separation) {
        Strength::Perfect | Strength::Strong => Some(Ink::Accent),
        Strength::Weak => None,
        Strength::None => Some(Ink::Faint),
    };
    paper.put(area, (1, 0), &bar_of(separation, usize::from(STRENGTH), unicode), ink);
    let x = paper.put(area, (2 + STRENGTH, 0), &format!("{separation:.2}"), ink);
    if few && separation > 0.0 {
        paper.put(area, (x, 0), paper.glyphs.unknown, Some(Ink::Doubtful));
    }
}

fn attribute(
    state: &State,
    contrast: &Contrast,
    (finding, indent): (&Finding, u16),
    (columns, area): (&Columns, Rect),
    paper: &mut Paper<'_>,
) {
    let name = finding.attribute.name;
    let separates = finding.separation > 0.0;
    if separates {
        strength(finding.separation, finding.is_few(), area, paper);
    }
    let open = state.compare.is_open(Fold::Values(name), contrast);
    let x = LABEL + indent;
    paper.put(area, (x, 0), paper.glyphs.fold(open), Some(Ink::Accent));
    let ink = if indent == 0 { Some(Ink::Title) } else { None };
    let room = Rect { width: (LABEL + columns.label).min(area.width), ..area };
    paper.put(room, (x + 2, 0), finding.attribute.label, ink);
    if open {
        return;
    }
    let [first, _] = columns.sides;
    if let [None, None, Some(only)] =
        [&finding.only_failing, &finding.only_working, &finding.shared]
            .map(|list| list.values.first())
        && finding.shared.values.len() == 1
    {
        // the same for all
        paper.put(area, (first, 0), &only.value.display(), None);
        return;
    }
    for (side, x) in columns.sides.into_iter().enumerate() {
        let Some((value, dns)) = foremost(finding, side) else {
            paper.put(area, (x, 0), paper.glyphs.dash, Some(Ink::Faint));
            continue;
        };
        let room = columns.side.saturating_sub(columns.count + 1);
        paper.put_cell(area, (x, 0), (&value.display(), false), room, None);
        let end = x + room + 1;
        paper.put_cell(area, (end, 0), (&dns.to_string(), true), columns.count, Some(Ink::Faint));
    }
}

/// A value between its counts: a bar on either side, as long as its share of that side.
fn value(
    state: &State,
    contrast: &Contrast,
    counted: &Counted,
    (columns, area): (&Columns, Rect),
    paper: &mut Paper<'_>,
) {
    let unicode = paper.glyphs.unicode;
    let text = counted.value.display();
    let room = (LABEL + columns.label).saturating_sub(5);
    paper.put_cell(area, (5, 0), (&text, false), room, None);
    let counts = [counted.failing, counted.working];
    let dns = [contrast.failing.dns, contrast.working.dns];
    let sides = columns.sides.into_iter().zip(counts.into_iter().zip(dns));
    for ((x, (count, of)), ink) in sides.zip(inks(&state.compare.part)) {
        let room = columns.side.saturating_sub(columns.count + 1);
        let bar = bar(count.into(), of as u64, usize::from(room), unicode);
        paper.put(area, (x, 0), &bar, Some(if count == 0 { Ink::Faint } else { ink }));
        let end = x + room + 1;
        let ink = if count == 0 { Ink::Faint } else { Ink::Title };
        paper.put_cell(area, (end, 0), (&count.to_string(), true), columns.count, Some(ink));
    }
}

/// `▸ 9 coincide with it: Contact host, Via sent-by host, ...`.
fn coincide(state: &State, contrast: &Contrast, name: &str, area: Rect, paper: &mut Paper<'_>) {
    let leads = |group: &&crate::compare::Group| {
        group.lead().is_some_and(|lead| lead.attribute.name == name)
    };
    let Some(group) = contrast.groups.iter().find(leads) else { return };
    let others = group.members.get(1..).unwrap_or_default();
    let open = group
        .lead()
        .is_some_and(|lead| state.compare.is_open(Fold::Members(lead.attribute.name), contrast));
    let x = paper.put(area, (LABEL, 0), paper.glyphs.fold(open), Some(Ink::Accent));
    let text = match others.len() {
        1 => "1 coincides with it: ".to_owned(),
        n => format!("{n} coincide with it: "),
    };
    let x = paper.put(area, (x + 1, 0), &text, None);
    let names: Vec<_> = others.iter().map(|member| member.attribute.label).collect();
    paper.put(area, (x, 0), &names.join(", "), Some(Ink::Faint));
}

/// `▸ Not the difference, the same for all (27): Registrar, Credentials given, ...`.
fn section(
    state: &State,
    contrast: &Contrast,
    section: Section,
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let findings = section.findings(contrast);
    let open = state.compare.is_open(Fold::Section(section), contrast);
    let x = paper.put(area, (1, 0), paper.glyphs.fold(open), Some(Ink::Accent));
    let text = format!("{} ({}): ", section.title(contrast), findings.len());
    let x = paper.put(area, (x + 1, 0), &text, Some(Ink::Title));
    let names: Vec<_> =
        suspects_first(findings).into_iter().map(|finding| finding.attribute.label).collect();
    paper.put(area, (x, 0), &names.join(", "), Some(Ink::Faint));
}
