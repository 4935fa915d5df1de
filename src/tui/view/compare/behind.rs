//! The selected line of a comparison in words: its meaning, and its DNs.

use ratatui::layout::Rect;

use super::super::paper::Paper;
use super::super::theme::Ink;
use super::{inks, labels, marks};
use crate::compare::{Contrast, Finding};
use crate::tui::state::State;
use crate::tui::state::compare::{Line, Section, finding};
use crate::wording::contrast::{condition, support, suspects_first, verdict};

pub(super) fn draw(state: &State, contrast: &Contrast, area: Rect, paper: &mut Paper<'_>) {
    let Some(line) = state.compare.line().filter(|_| area.height > 1) else { return };
    let inside = paper.pane(area);
    match line {
        Line::Value(name, counted) => {
            let label = finding(contrast, name).map_or(*name, |f| f.attribute.label);
            let title = format!("{label}: {}", counted.value.display());
            let y = paper.paragraph(inside, 0, 2, &title, Some(Ink::Title));
            names(state, contrast, [counted.failing, counted.working], (inside, y), paper);
        }
        Line::Attribute(name, _) => {
            if let Some(finding) = finding(contrast, name) {
                attribute(contrast, finding, inside, paper);
            }
        }
        Line::Coincide(name) => coincide(contrast, name, inside, paper),
        Line::Section(section) => self::section(contrast, *section, inside, paper),
        Line::Combination(place) => {
            let Some(found) = contrast.combinations.get(*place) else { return };
            let names = labels(contrast);
            let names = names.each_ref().map(String::as_str);
            let title = format!("Together: {}", support(&found.support, names));
            let y = paper.paragraph(inside, 0, 2, &title, Some(Ink::Title));
            let also = found.also.iter().map(|[a, b]| format!(" The same DNs: {a} and {b}."));
            let text = "Neither of the two alone separates as well.";
            paper.paragraph(inside, y, 2, &format!("{text}{}", also.collect::<String>()), None);
        }
        Line::More(name, ..) => {
            let text = format!(
                "Only the most frequent values of {name} are kept. The DN list finds the others: \
                 F7 with {name}~TEXT."
            );
            paper.paragraph(inside, 0, 2, &text, None);
        }
        Line::Common(place) => {
            let Some(common) = contrast.common.get(*place) else { return };
            let title = format!("{}: {}", common.attribute.label, common.value.display());
            paper.paragraph(inside, 0, 2, &title, Some(Ink::Title));
        }
    }
}

/// `✗ 3 failing: 5001, 5002, 5008`.
fn names(
    state: &State,
    contrast: &Contrast,
    counts: [u32; 2],
    (area, y): (Rect, u16),
    paper: &mut Paper<'_>,
) {
    let told = state.compare.behind.as_ref().map(|behind| behind.names.clone());
    let sides = labels(contrast).into_iter().zip(told.unwrap_or_default()).zip(counts);
    let looks = marks(&state.compare.part, paper).into_iter().zip(inks(&state.compare.part));
    let mut y = y;
    for (((label, names), count), (mark, ink)) in sides.zip(looks) {
        paper.put(area, (0, y), mark, Some(ink));
        let rest = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        let text = match count {
            0 => format!("no {label} DN"),
            count => format!("{count} {label}: {names}"),
        };
        y = paper.paragraph(rest, y, 2, &text, None);
    }
    if y < area.height {
        paper.put(area, (2, y), "Enter lists them.", Some(Ink::Faint));
    }
}

fn attribute(contrast: &Contrast, finding: &Finding, area: Rect, paper: &mut Paper<'_>) {
    let label = finding.attribute.label;
    let names = labels(contrast);
    let names = names.each_ref().map(String::as_str);
    let (title, text) = match &finding.condition {
        Some(found) => {
            let numbers = support(&finding.support, names);
            (format!("{label} {}", condition(found)), format!("{numbers}; {}.", verdict(finding)))
        }
        None if contrast.same.contains(finding) => {
            (label.to_owned(), "The same for all of either side: not the difference.".to_owned())
        }
        None => (label.to_owned(), "It does not tell the two sides apart.".to_owned()),
    };
    let y = paper.paragraph(area, 0, 2, &title, Some(Ink::Title));
    let unknown = [finding.support.failing.not_known, finding.support.working.not_known];
    let text = match unknown {
        [0, 0] => text,
        [f, w] => format!("{text} Not known of {f} {} and {w} {}.", names[0], names[1]),
    };
    let y = paper.paragraph(area, y, 2, &text, None);
    if y < area.height {
        paper.put(area, (0, y), "Enter shows its values.", Some(Ink::Faint));
    }
}

fn coincide(contrast: &Contrast, name: &str, area: Rect, paper: &mut Paper<'_>) {
    let group = contrast.groups.iter().find(|group| group.names().next() == Some(name));
    let Some((lead, others)) = group.and_then(|group| group.members.split_first()) else { return };
    let title = format!(
        "These divide the DNs in the same way as {}: the capture cannot tell which of them matters.",
        lead.attribute.label
    );
    let y = paper.paragraph(area, 0, 2, &title, Some(Ink::Title));
    let told: Vec<String> = others.iter().map(told).collect();
    paper.paragraph(area, y, 2, &told.join("; "), None);
}

/// `User-Agent: Asterisk PBX 16`, the value that speaks for failing where there is one.
fn told(finding: &Finding) -> String {
    let lists = [&finding.only_failing, &finding.shared];
    let value = lists.into_iter().find_map(|list| list.values.first());
    value.map_or_else(
        || finding.attribute.label.to_owned(),
        |counted| format!("{}: {}", finding.attribute.label, counted.value.display()),
    )
}

fn section(contrast: &Contrast, section: Section, area: Rect, paper: &mut Paper<'_>) {
    let findings = section.findings(contrast);
    let meaning = match section {
        Section::Same => "All DNs of both sides have the same value.",
        Section::Mixed => "Values overlap, or too few DNs.",
        Section::Outcomes => {
            "These follow from the response: they differ because the outcome does."
        }
        Section::NotKnown => "The capture tells these of one side at most.",
    };
    let y = paper.paragraph(area, 0, 2, meaning, Some(Ink::Title));
    let told: Vec<String> = suspects_first(findings)
        .into_iter()
        .map(|finding| match section {
            Section::Same => told(finding),
            _ if finding.separation > 0.0 => {
                format!("{} {:.2}", finding.attribute.label, finding.separation)
            }
            _ => finding.attribute.label.to_owned(),
        })
        .collect();
    paper.paragraph(area, y, 0, &told.join("; "), None);
}
