//! The screen Compare: the DNs compared, the leading attribute, all attributes in order, the selected one in words.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use super::layout;
use super::paper::Paper;
use super::theme::Ink;
use crate::tui::state::State;
use crate::tui::state::compare::Part;
use crate::tui::update::compare::{Choice, parts};
use crate::wording::contrast::labels;

mod behind;
mod headline;
mod table;

pub(super) fn draw(state: &State, paper: &mut Paper<'_>) {
    let regions = layout::compare(state);
    choices(state, regions.parts, paper);
    let Some(contrast) = state.compare.contrast(&state.data) else { return };
    headline::draw(state, contrast, regions.headline, paper);
    table::draw(state, contrast, regions.titles, regions.body, paper);
    behind::draw(state, contrast, regions.why, paper);
}

/// The colors of the two sides: failing and working, or none in particular.
pub(super) const fn inks(part: &Part) -> [Ink; 2] {
    match part {
        Part::All | Part::Kind(_) => [Ink::Bad, Ink::Good],
        Part::Marked | Part::Listed => [Ink::Accent, Ink::Doubtful],
    }
}

/// The marks of the two sides, for users who see no colors.
pub(super) const fn marks(part: &Part, paper: &Paper<'_>) -> [&'static str; 2] {
    match part {
        Part::All | Part::Kind(_) => [paper.glyphs.out_of_service, paper.glyphs.in_service],
        Part::Marked | Part::Listed => ["*", " "],
    }
}

/// `[all failing 3]  rejected 403 Forbidden 2              against 2 working`.
fn choices(state: &State, area: Rect, paper: &mut Paper<'_>) {
    for (choice, x, text) in placed(state) {
        let current = choice.part == state.compare.part;
        let ink = if current { Ink::Accent } else { Ink::Faint };
        paper.put(area, (x, 0), &text, Some(ink));
    }
    let Some(contrast) = state.compare.contrast(&state.data) else { return };
    let [_, other] = labels(contrast);
    let own = state.compare.own.as_ref().filter(|own| own.part == state.compare.part);
    let outdated =
        own.is_some_and(|own| !std::ptr::eq(own.data.as_ptr(), Arc::as_ptr(&state.data)));
    let when = if outdated { ", as it was before" } else { "" };
    let text = format!("against {} {other}{when}", contrast.working.dns);
    let end = placed(state).last().map_or(0, |(_, x, text)| x + layout::width(text));
    if end + layout::width(&text) + 3 < area.width {
        paper.put_right(Rect { width: area.width - 1, ..area }, 0, &text, Some(Ink::Faint));
    }
}

/// The comparisons with their places; on a narrow screen those before the current one are dropped.
fn placed(state: &State) -> Vec<(Choice, u16, String)> {
    let choices = parts(state);
    let current = choices.iter().position(|choice| choice.part == state.compare.part);
    let text = |place: usize, choice: &Choice| {
        let [open, close] = if Some(place) == current { ['[', ']'] } else { [' ', ' '] };
        format!("{open}{} {}{close}", choice.label, choice.dns)
    };
    let texts: Vec<String> = choices.iter().enumerate().map(|(n, c)| text(n, c)).collect();
    let mut first = 0;
    let room = state.size.0.saturating_sub(2);
    let needs = |first: usize| {
        let shown = texts.get(first..=current.unwrap_or_default()).unwrap_or_default();
        shown.iter().map(|text| layout::width(text) + 1).sum::<u16>()
    };
    while first < current.unwrap_or_default() && needs(first) > room {
        first += 1;
    }
    let mut x = 1;
    choices
        .into_iter()
        .zip(texts)
        .skip(first)
        .map(|(choice, text)| {
            let at = x;
            x += layout::width(&text) + 1;
            (choice, at, text)
        })
        .collect()
}

/// The comparison whose name is at a place.
pub(in crate::tui) fn part_at(state: &State, area: Rect, at: Position) -> Option<Part> {
    if !area.contains(at) {
        return None;
    }
    let within = |(_, x, text): &(Choice, u16, String)| {
        (*x..*x + layout::width(text)).contains(&(at.x - area.x))
    };
    placed(state).into_iter().find(within).map(|(choice, _, _)| choice.part)
}
