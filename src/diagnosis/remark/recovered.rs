//! Out of service before, in service now.

use super::super::prelude::*;
use crate::registration::State;

static ABOUT: About = About {
    id: "recovered",
    severity: Severity::Observation,
    fragment: "recovered",
    meaning: "The DN was out of service earlier in the capture and is in service again.",
    check: "what it failed with before",
    reference: "RFC 3261 §10.2",
};

/// Out of service before, in service now.
pub(in crate::diagnosis) struct Recovered;

impl DnRule for Recovered {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::Recovered)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::Recovered) && !case.has(Flag::Flapping), || {
            Proof::observation(case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let history = case.view.history();
        let before = history.iter().rev().find(|(_, c)| c.verdict.state() == State::OutOfService);
        let what = before.map_or_else(String::new, |(_, c)| match c.code {
            0 => format!(" ({})", c.verdict.label(None)),
            code => format!(" ({})", c.verdict.label(Some(code))),
        });
        format!("{}: was out of service earlier{what} and is in service again", case.name())
    }
}
