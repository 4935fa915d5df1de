//! The selected DN or group in a paragraph: why it is so, and what it shares with the others.

use ratatui::layout::Rect;

use super::paper::Paper;
use super::theme::{Ink, Palette};
use crate::compare::Leading;
use crate::net::escape_bytes;
use crate::registration::{Cohort, DnView, Flag, State as Service};
use crate::tui::state::State;
use crate::tui::state::group::Group;
use crate::wording::contrast::{both, condition};
use crate::wording::durations::seconds_short;
use crate::wording::words;

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    if area.height == 0 {
        return;
    }
    let inside = paper.pane(area);
    if let Some(group) = state.dns.selected_group() {
        return of_group(state, group, inside, paper);
    }
    let Some(place) = state.dns.row() else { return };
    let Some(dn) = state.data.dn(place) else { return };
    let (mark, ink) =
        Palette::mark_of(dn.state().state(), dn.flags().contains(Flag::AtRisk), paper.glyphs);
    let x = paper.put(inside, (0, 0), mark, Some(ink));
    let x = paper.put(inside, (x + 1, 0), &headline(state, dn), Some(Ink::Title));
    let route = crate::tui::prose::dn::route(dn, paper.glyphs.arrow);
    if x + 2 + super::layout::width(&route) <= inside.width {
        paper.put(inside, (x + 2, 0), &route, Some(Ink::Faint));
    }
    let mut y = 1;
    let mut told = false;
    let name = format!("{}: ", escape_bytes(dn.name()));
    for finding in state.data.findings_of(place) {
        let (mark, ink) = Palette::severity(finding.severity, paper.glyphs);
        paper.put(inside, (0, y), mark, Some(ink));
        let rest = Rect { x: inside.x + 2, width: inside.width.saturating_sub(2), ..inside };
        // its name is above
        let sentence = finding.sentence.strip_prefix(&name).unwrap_or(&finding.sentence);
        y = paper.paragraph(rest, y, 0, &format!("{sentence}."), None);
        told = true;
    }
    if !told {
        y = paper.paragraph(inside, y, 2, &plain(state, dn), None);
    }
    if let Some(shares) = shares(state, dn) {
        paper.paragraph(inside, y, 2, &shares, Some(Ink::Accent));
    }
}

/// `5002 rejected 403 Forbidden since 15:57:00`.
fn headline(state: &State, dn: DnView<'_>) -> String {
    let s = dn.state();
    let words = words::verdict(s.verdict, s.status_code, s.expires_at, &state.clock);
    let since = s.since.map_or_else(String::new, |at| format!(" since {}", state.clock.short(at)));
    format!("{} {words}{since}{}", escape_bytes(dn.name()), words::at_risk(dn.risk()))
}

/// A sentence for a DN that no rule reports.
fn plain(state: &State, dn: DnView<'_>) -> String {
    let bindings: Vec<String> = dn
        .bindings()
        .map(|(registrar, binding)| {
            let contact = state.data.snapshot.text(binding.contact).map(escape_bytes);
            let contact = contact.unwrap_or_default();
            let left = binding.expires_at.map_or_else(String::new, |end| {
                let seconds = end.nanos_since(state.now) / 1_000_000_000;
                format!(", {} left", seconds_short(seconds))
            });
            format!("{contact} at {registrar}{left}")
        })
        .collect();
    match dn.state().state() {
        Service::InService if !bindings.is_empty() => format!("Bound: {}.", bindings.join("; ")),
        _ => String::new(),
    }
}

/// What separates the failing from the working, for a DN on either side.
fn shares(state: &State, dn: DnView<'_>) -> Option<String> {
    let contrast = &state.data.contrast;
    let cohort = dn.cohort();
    if cohort == Cohort::Unclear || !contrast.has_two_sides() {
        return None;
    }
    let (what, holds, few) = match contrast.leading()? {
        Leading::Group(group) => {
            let lead = group.lead()?;
            let condition = lead.condition.as_ref()?;
            let words = format!("{} {}", lead.attribute.label, self::condition(condition));
            let holds = condition.holds(lead.attribute, &state.data.snapshot, dn)?;
            (words, holds, lead.is_few())
        }
        Leading::Combination(found) => {
            let mut holds = true;
            for (attribute, condition) in &found.parts {
                holds &= condition.holds(attribute, &state.data.snapshot, dn)?;
            }
            (both(found), holds, false)
        }
    };
    let support = match contrast.leading()? {
        Leading::Group(group) => group.lead()?.support,
        Leading::Combination(found) => found.support,
    };
    let (f, w) = (support.failing, support.working);
    let numbers = format!("{} of {} failing, {} of {} working", f.n, f.of, w.n, w.of);
    let few = if few { "; small sample" } else { "" };
    Some(match (cohort, holds) {
        (Cohort::Failing, true) => format!("Shared with the failing: {what} ({numbers}{few})."),
        (Cohort::Failing, false) => {
            format!("Does not match the main pattern: {what} ({numbers}{few}).")
        }
        (_, true) => format!("Working, although it shares: {what} ({numbers}{few})."),
        (_, false) => {
            format!("Not shared with the failing DNs, which have: {what} ({numbers}{few}).")
        }
    })
}

/// DNs of a group that fare alike: how urgent that is, what it is called, and they.
type Kind<'a> = ((usize, Option<u16>), String, Vec<&'a [u8]>);

/// What a group consists of.
fn of_group(state: &State, group: &Group, area: Rect, paper: &mut Paper<'_>) {
    let (mark, ink) = Palette::mark_of(group.worst(), group.at_risk > 0, paper.glyphs);
    let x = paper.put(area, (0, 0), mark, Some(ink));
    paper.put(area, (x + 1, 0), &group.key, Some(Ink::Title));
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for &place in &group.rows {
        let Some((row, dn)) = state.data.row(place).zip(state.data.dn(place)) else { continue };
        let key = (row.verdict.urgency(), row.status_code);
        if let Some((_, _, dns)) = kinds.iter_mut().find(|(other, _, _)| *other == key) {
            dns.push(dn.name());
        } else {
            let words = row.verdict.label(row.status_code);
            kinds.push((key, words, vec![dn.name()]));
        }
    }
    kinds.sort_by_key(|(key, _, _)| *key);
    let mut y = 1;
    for (_, words, dns) in kinds {
        let names = crate::wording::names::list(&dns);
        let text = format!("{} {words}: {names}", dns.len());
        y = paper.paragraph(area, y, 2, &text, None);
    }
}
