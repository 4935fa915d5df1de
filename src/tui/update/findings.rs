//! The keys of the screen Findings.

use std::sync::Arc;

use ratatui::layout::Position;

use super::{Then, dn, scroll};
use crate::compare::Needle;
use crate::diagnosis::Severity;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::prose;
use crate::tui::state::findings::{Findings, Line};
use crate::tui::state::log::Log;
use crate::tui::state::overlay::Purpose;
use crate::tui::state::{Screen, State};
use crate::tui::view::regions;

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let height = usize::from(regions::findings(state)[0].height.saturating_sub(1));
    let len = state.findings.lines.len();
    if scroll(&mut state.findings.cursor, action, len, height) {
        return Then::Done;
    }
    let data = Arc::clone(&state.data);
    match action {
        Action::Open => return open(state),
        Action::Right | Action::Left => {
            // on a line that does not open the key does nothing
            let _ = state.findings.set_open(Some(action == Action::Right), &data);
        }
        Action::Flow => {
            let Some(name) = name(state) else { return about_no_dn(state) };
            return dn::flow(state, &name, frame(state));
        }
        Action::Compare => {
            let Some(name) = name(state) else { return about_no_dn(state) };
            return dn::compare(state, &name);
        }
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::Filter => {
            relist(state, |findings| {
                findings.least = match findings.least {
                    Severity::Observation => Severity::Error,
                    Severity::Error => Severity::Warning,
                    Severity::Warning => Severity::Observation,
                };
            });
        }
        Action::Clear => relist(state, |findings| {
            findings.least = Severity::Observation;
            findings.search = Needle::default();
        }),
        Action::Back => undo(state),
        Action::Copy => copy(state),
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State) {
    let data = Arc::clone(&state.data);
    if state.findings.made.renew(&data, 0) {
        state.findings.relist(&data);
    }
    let height = usize::from(regions::findings(state)[0].height.saturating_sub(1));
    let len = state.findings.lines.len();
    state.findings.cursor.fit(len, height);
}

fn relist(state: &mut State, change: impl FnOnce(&mut Findings)) {
    let data = Arc::clone(&state.data);
    change(&mut state.findings);
    state.findings.relist(&data);
}

/// Keeps only findings that contain the text.
pub(super) fn search(state: &mut State, text: Needle) {
    relist(state, |findings| findings.search = text);
}

/// Undoes the search, then the severity.
fn undo(state: &mut State) {
    if !state.findings.search.is_empty() {
        relist(state, |findings| findings.search = Needle::default());
    } else if state.findings.least > Severity::Observation {
        relist(state, |findings| findings.least = Severity::Observation);
    } else {
        state.tell("q quits");
    }
}

/// The DN of the selected finding.
fn name(state: &State) -> Option<Vec<u8>> {
    let finding = state.data.findings.get(state.findings.selected()?)?;
    finding.dn.clone()
}

/// The first frame that shows the selected finding.
fn frame(state: &State) -> Option<crate::net::FrameRef> {
    let finding = state.data.findings.get(state.findings.selected()?)?;
    finding.evidence.first().map(|evidence| evidence.frame)
}

fn open(state: &mut State) -> Then {
    let data = Arc::clone(&state.data);
    if state.findings.set_open(None, &data) {
        return Then::Done;
    }
    match (name(state), frame(state)) {
        (Some(name), Some(frame)) => dn::to_frame(state, &name, frame),
        (Some(name), None) => dn::flow(state, &name, None),
        (None, Some(frame)) if state.data.is_line(frame) => Then::Open(Screen::Log(Log::at(frame))),
        (None, _) => about_no_dn(state),
    }
}

/// What can be opened where no DN is named.
fn about_no_dn(state: &mut State) -> Then {
    let text = match (state.findings.line(), state.findings.selected()) {
        (Some(Line::Limit(_)), _) => {
            "No DN belongs to this: it is about the whole capture".to_owned()
        }
        (_, Some(number)) => match state.data.findings.get(number) {
            Some(finding) => {
                let frame = finding.evidence.first();
                let frame =
                    frame.map(|e| format!("; see frame {}", state.data.frame_name(e.frame)));
                let source = finding.source.map(|s| format!(" of {s} (3 shows the sources)"));
                format!(
                    "No DN belongs to this finding{}{}",
                    source.unwrap_or_default(),
                    frame.unwrap_or_default()
                )
            }
            None => return Then::Done,
        },
        _ => return Then::Done,
    };
    state.tell(text);
    Then::Done
}

fn copy(state: &mut State) {
    let text = match state.findings.line() {
        Some(Line::Limit(place)) => state.data.limits.get(place).cloned(),
        Some(Line::Rule(place)) => state.findings.rules.get(place).map(|rule| {
            let findings = rule.findings.iter().filter_map(|&n| state.data.findings.get(n));
            let told: Vec<String> = findings
                .map(|finding| prose::finding::plain(&state.data, &state.clock, finding))
                .collect();
            format!("{}\n\n{}", rule.title, told.join("\n"))
        }),
        Some(Line::Finding(number)) => {
            let finding = state.data.findings.get(number);
            finding.map(|finding| prose::finding::plain(&state.data, &state.clock, finding))
        }
        None => None,
    };
    if let Some(text) = text {
        state.effects.push(Effect::Copy(text));
        state.tell("copied");
    }
}

pub(super) fn click(state: &mut State, at: Position) -> Then {
    let [list, _] = regions::findings(state);
    if !list.contains(at) || at.y == list.y {
        return Then::Nothing;
    }
    let row = state.findings.cursor.top + usize::from(at.y - list.y - 1);
    if row >= state.findings.lines.len() {
        return Then::Done;
    }
    if row == state.findings.cursor.selected {
        return open(state);
    }
    state.findings.cursor.selected = row;
    Then::Done
}
