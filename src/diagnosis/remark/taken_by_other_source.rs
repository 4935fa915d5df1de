//! Two sources take a DN from each other.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "taken-by-other-source",
    severity: Severity::Warning,
    fragment: "taken by sources from each other",
    meaning: "Two addresses register the DN in turn, and each time the binding of the other \
            goes.",
    check: "which two devices have this DN configured",
    reference: "RFC 3261 §10.2.4",
};

/// Two sources take a DN from each other.
pub(in crate::diagnosis) struct TakenByOther;

impl DnRule for TakenByOther {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::Conflict)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let held = case
            .view
            .state()
            .registrations
            .iter()
            .filter(|r| r.verdict == Verdict::InService)
            .count();
        Held::when(case.has(Flag::Conflict) && held < 2, || {
            Proof::warning(
                Confidence::Certain,
                turns(case).into_iter().flat_map(shown_by).collect(),
            )
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let turns = turns(case);
        let mut names: Vec<_> = turns.iter().map(|a| a.source.addr.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        format!(
            "{}: {} register it in turn ({} so far), each taking it from the other",
            case.name(),
            names.join(" and "),
            count(turns.len() as u64, "turn")
        )
    }
}

/// The accepted attempts with which the holder changed.
fn turns<'c, 'a>(case: &'c Case<'a>) -> Vec<&'c AttemptView<'a>> {
    let mut turns: Vec<&AttemptView<'a>> = Vec::new();
    for attempt in case.attempts.iter().filter(|a| a.outcome == Outcome::Accepted) {
        if turns.last().is_none_or(|last| last.source.addr != attempt.source.addr) {
            turns.push(attempt);
        }
    }
    turns
}
