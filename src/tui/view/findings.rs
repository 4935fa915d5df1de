//! The screen Findings: the findings of each rule, and the selected one whole.

use ratatui::layout::Rect;

use super::paper::Paper;
use super::theme::{Ink, Palette};
use super::{message, regions};
use crate::diagnosis::{Finding, Severity};
use crate::net::count;
use crate::net::escape_bytes;
use crate::tui::prose::{self, Page};
use crate::tui::state::State;
use crate::tui::state::findings::{Line, Rule};
use crate::wording::names;

/// Columns of the DN or the source before the sentence.
const WHO: u16 = 16;

pub(super) fn draw(state: &State, _area: Rect, paper: &mut Paper<'_>) {
    let [list, detail] = regions::findings(state);
    let findings = &state.findings;
    title(state, list, paper);
    let body = Rect { y: list.y + 1, height: list.height.saturating_sub(1), ..list };
    if findings.lines.is_empty() {
        empty(state, body, paper);
    }
    let visible = findings.cursor.visible(findings.lines.len(), usize::from(body.height));
    for (y, place) in (0..).zip(visible) {
        let Some(&line) = findings.lines.get(place) else { continue };
        let area = Rect { y: body.y + y, height: 1, ..body };
        match line {
            Line::Rule(rule) => {
                if let Some(rule) = findings.rules.get(rule) {
                    rule_line(state, rule, area, paper);
                }
            }
            Line::Finding(number) => {
                if let Some(finding) = state.data.findings.get(number) {
                    finding_line(state, finding, number, area, paper);
                }
            }
            Line::Limit(limit) => {
                let text = state.data.limits.get(limit).map_or("", String::as_str);
                paper.put(area, (2, 0), paper.glyphs.bullet, Some(Ink::Faint));
                paper.put(area, (4, 0), text, Some(Ink::Faint));
            }
        }
        if place == findings.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
    selected(state, detail, paper);
}

/// What is listed.
fn title(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let findings = &state.findings;
    let all = state.data.findings.len();
    let mut words = match findings.least {
        Severity::Observation => count(all as u64, "finding"),
        Severity::Warning => format!("errors and warnings: {} of {all}", findings.shown),
        Severity::Error => format!("errors: {} of {all}", findings.shown),
    };
    if !findings.search.is_empty() {
        let text = crate::net::escape_text(findings.search.as_typed().trim());
        words = format!("{words}, search: {text}: {} of {all}", findings.shown);
    }
    let ink = if findings.shown == all { Ink::Title } else { Ink::Accent };
    paper.put(area, (1, 0), &words, Some(ink));
    let limits = state.data.limits.len();
    if limits > 0 {
        let text = format!("{} of this capture at the end", count(limits as u64, "limit"));
        let room = Rect { width: area.width.saturating_sub(1), ..area };
        paper.put_right(room, 0, &text, Some(Ink::Faint));
    }
}

/// `▸ ✗ 3 DNs: wrong password  5001-5003`.
fn rule_line(state: &State, rule: &Rule, area: Rect, paper: &mut Paper<'_>) {
    let fold = paper.glyphs.fold(rule.open);
    let (mark, ink) = Palette::severity(rule.severity, paper.glyphs);
    paper.put(area, (0, 0), fold, Some(Ink::Accent));
    paper.put(area, (2, 0), mark, Some(ink));
    let x = paper.put(area, (4, 0), &rule.title, Some(Ink::Title));
    paper.put(area, (x + 2, 0), &dns(state, rule), Some(Ink::Faint));
}

fn dns(state: &State, rule: &Rule) -> String {
    let findings = rule.findings.iter().filter_map(|&number| state.data.findings.get(number));
    let dns: Vec<&[u8]> = findings.filter_map(|finding| finding.dn.as_deref()).collect();
    names::list(&dns)
}

/// `✗ 5002  the registrar refused the password`.
fn finding_line(
    state: &State,
    finding: &Finding,
    number: usize,
    area: Rect,
    paper: &mut Paper<'_>,
) {
    let in_rule = state
        .findings
        .rules
        .iter()
        .any(|rule| rule.open && rule.findings.len() > 1 && rule.findings.contains(&number));
    let indent = if in_rule { 2 } else { 0 };
    let (mark, ink) = Palette::severity(finding.severity, paper.glyphs);
    paper.put(area, (2 + indent, 0), mark, Some(ink));
    let who = match (&finding.dn, finding.source) {
        (Some(dn), _) => escape_bytes(dn).into_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => String::new(),
    };
    // of a source the sentence itself begins with its name
    let own = finding.dn.is_none() && finding.sentence.starts_with(&who);
    let who = if own { String::new() } else { who };
    let sentence =
        format!("{}{}", prose::finding::without_dn(finding), prose::finding::sure(finding));
    let x = 4 + indent;
    if who.is_empty() {
        paper.put(area, (x, 0), &sentence, None);
        return;
    }
    let wide = super::layout::width(&who).clamp(5, WHO);
    paper.put_cell(area, (x, 0), (&who, false), wide, Some(Ink::Title));
    paper.put(area, (x + wide + 1, 0), &sentence, None);
}

/// The selected finding whole.
fn selected(state: &State, area: Rect, paper: &mut Paper<'_>) {
    if area.height < 2 {
        return;
    }
    let mut page = Page::new(usize::from(area.width.saturating_sub(2)), state.glyphs());
    let words = match state.findings.line() {
        Some(Line::Limit(place)) => {
            let text = state.data.limits.get(place).map_or("", String::as_str);
            page.text(&[], text, None);
            "what this capture cannot show".to_owned()
        }
        Some(Line::Rule(place)) => {
            let Some(rule) = state.findings.rules.get(place) else { return };
            let names = dns(state, rule);
            if !names.is_empty() {
                page.text(&[], &names, Some(Ink::Title));
            }
            if let Some(first) = rule.findings.first().and_then(|&n| state.data.findings.get(n)) {
                prose::finding::whole(&mut page, &state.data, &state.clock, first);
            }
            format!("{}, for instance", rule.title)
        }
        Some(Line::Finding(number)) => {
            let Some(finding) = state.data.findings.get(number) else { return };
            prose::finding::whole(&mut page, &state.data, &state.clock, finding);
            finding.severity.name().to_owned()
        }
        None => String::new(),
    };
    message::rule(area, 0, &words, true, paper);
    let room = usize::from(area.height - 1);
    let over = page.lines.len() > room;
    for (y, told) in (1..).zip(page.lines.iter().take(room)) {
        paper.put_line(area, (1, y), &told.line);
    }
    if over {
        let more = format!(" {} ", paper.glyphs.more);
        paper.put_right(area, area.height - 1, &more, Some(Ink::Bar));
    }
}

/// Why there is no line.
fn empty(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let text = if !state.data.findings.is_empty() {
        "No finding passes: F5 shows all."
    } else if state.reading.finished || state.reading.failed.is_some() {
        "Nothing was found: no rule holds."
    } else {
        "Nothing was found so far."
    };
    paper.put(area, (2, 1), text, Some(Ink::Title));
}
