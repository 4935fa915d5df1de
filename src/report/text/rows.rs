//! One line a DN, most urgent first.

use std::borrow::Cow;
use std::io;

use unicode_width::UnicodeWidthStr as _;

use super::layout::cell;
use super::page::{Ink, Page, WIDTH};
use super::when::Clock;
use super::{names, words};
use crate::net::escape_bytes;
use crate::registration::{DnView, Snapshot, State, Verdict};
use crate::report::columns::extra_text;
use crate::report::{Column, View};
use crate::wording::device::Device;

/// The widest columns: DN, verdict, since, source.
const WIDEST: [usize; 4] = [32, 28, 11, 39];
/// What DN and verdict give up last.
const LEAST: usize = 20;
/// What a User-Agent is worth showing in.
const USEFUL: usize = 8;
/// Columns between two cells.
const GAP: usize = 2;
/// With more rows than these, only the first of each outcome are shown.
const MANY: usize = 60;
/// Rows of each outcome then.
const FIRST: usize = 8;
/// The mark and the blank behind it.
const MARK: usize = 2;

/// The cells of a row.
struct Row<'a> {
    state: State,
    cells: [Cow<'a, str>; 4],
    user_agent: Cow<'a, str>,
}

/// The widths of the columns; 0 for the User-Agent when there is no room for it.
struct Widths {
    columns: [usize; 4],
    user_agent: usize,
}

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let Some(widths) = Widths::of(view, clock) else { return Ok(()) };
    page.line("")?;
    let titles = Row {
        state: State::Unknown,
        cells: ["DN", "verdict", "since", "source"].map(Cow::Borrowed),
        user_agent: last_title(view),
    };
    let titles = page.paint(Ink::Faint, titles.line(&widths, page).trim_end());
    page.line(&format!("  {titles}"))?;
    let dns: Vec<_> = view.dns().collect();
    let fold = dns.len() > MANY && !view.style.all;
    let mut before = None;
    for alike in dns.chunk_by(|a, b| outcome(a) == outcome(b)) {
        let told = if fold && alike.len() > FIRST + 1 { FIRST } else { alike.len() };
        for dn in alike.iter().take(told) {
            let row = Row::of(view, *dn, clock);
            if before.is_some_and(|state| state != row.state) {
                page.line("")?;
            }
            before = Some(row.state);
            let (mark, ink) = page.mark_of(dn);
            let text = row.line(&widths, page);
            page.line(&format!("{} {text}", page.paint(ink, mark)))?;
        }
        let left: Vec<&[u8]> = alike.iter().skip(told).map(DnView::name).collect();
        if !left.is_empty() {
            let (number, names) = (left.len(), names::list(&left));
            page.paragraph("  ", &format!("and {number} more (--all lists them): {names}"))?;
        }
    }
    Ok(())
}

/// What adjacent DNs have in common.
fn outcome(dn: &DnView<'_>) -> (Verdict, Option<u16>, State) {
    (dn.state().verdict, dn.state().status_code, dn.state().state())
}

impl Widths {
    /// As wide as the widest cell, within the page; `None` without any row.
    fn of(view: &View<'_>, clock: &Clock) -> Option<Self> {
        let mut columns = [2, 7, 5, 6];
        let (mut rows, mut longest) = (0_usize, 0);
        for dn in view.dns() {
            let row = Row::of(view, dn, clock);
            longest = longest.max(row.cells[1].width());
            for ((width, cell), widest) in columns.iter_mut().zip(&row.cells).zip(WIDEST) {
                *width = (*width).max(cell.width()).min(widest);
            }
            rows += 1;
        }
        let used = |columns: &[usize; 4]| MARK + columns.iter().sum::<usize>() + 3 * GAP;
        let mut too_wide = used(&columns).saturating_sub(WIDTH);
        // the verdict is worth more than the User-Agent
        let spare = WIDTH.saturating_sub(used(&columns));
        let [dn, verdict, _, source] = &mut columns;
        *verdict += longest.saturating_sub(*verdict).min(spare);
        for (column, least) in [(verdict, LEAST), (dn, LEAST), (source, 0)] {
            let less = column.saturating_sub(least).min(too_wide);
            *column -= less;
            too_wide -= less;
        }
        let room = WIDTH.saturating_sub(used(&columns) + GAP);
        let user_agent = if room >= USEFUL { room } else { 0 };
        (rows > 0).then_some(Self { columns, user_agent })
    }
}

impl<'a> Row<'a> {
    fn of(view: &View<'a>, dn: DnView<'a>, clock: &Clock) -> Self {
        let state = dn.state();
        let (source, user_agent) = device(view.snapshot, dn);
        let extras: Vec<_> =
            view.columns.iter().filter_map(Column::extra).map(|e| extra_text(&dn, e)).collect();
        let user_agent = if extras.is_empty() { user_agent } else { extras.join("  ").into() };
        let verdict = words::verdict_of(&dn, clock);
        let since = state.since.map(|since| clock.short(since)).unwrap_or_default();
        Self {
            state: state.state(),
            cells: [escape_bytes(dn.name()), verdict.into(), since.into(), source.into()],
            user_agent,
        }
    }

    fn line(&self, widths: &Widths, page: &Page<'_>) -> String {
        let more = page.glyphs.more;
        let gap = " ".repeat(GAP);
        let cells = self.cells.iter().zip(widths.columns);
        let mut line =
            cells.map(|(text, width)| cell(text, width, more) + &gap).collect::<String>();
        if widths.user_agent > 0 {
            line += &cell(&self.user_agent, widths.user_agent, more);
        }
        line
    }
}

/// The title of the last column: headers and Contact parameters that were asked for take its place.
fn last_title(view: &View<'_>) -> Cow<'static, str> {
    let names: Vec<_> =
        view.columns.iter().filter_map(Column::extra).map(ToString::to_string).collect();
    if names.is_empty() { "User-Agent".into() } else { names.join("  ").into() }
}

/// The source and the User-Agent that hold the DN, or tried last; `+1` counts other sources.
fn device<'a>(snapshot: &'a Snapshot, dn: DnView<'a>) -> (String, Cow<'a, str>) {
    let Some(device) = Device::of(dn) else { return (String::new(), Cow::Borrowed("")) };
    let user_agent = snapshot.text(device.user_agent).map(escape_bytes).unwrap_or_default();
    (device.source_words(), user_agent)
}
