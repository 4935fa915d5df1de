//! Retry-After not obeyed.

use super::super::prelude::*;
use crate::registration::{AttemptView, Demand};

static ABOUT: About = About {
    id: "retry-after-not-obeyed",
    severity: Severity::Warning,
    fragment: "Retry-After not obeyed",
    meaning: "The server asked the device to wait and the device came back sooner.",
    check: "the retry interval of the device: it adds to the load it is asked to spare",
    reference: "RFC 3261 §20.33, §21.5.4",
};

/// Retry-After not obeyed.
pub(in crate::diagnosis) struct RetryAfter;

impl DnRule for RetryAfter {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Hasty)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(hasty(case).is_some(), || {
            let shown = hasty(case).map(shown_by).unwrap_or_default();
            if case.is_failing() {
                Proof::warning(Confidence::Certain, shown)
            } else {
                Proof::observation(shown)
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(attempt) = hasty(case) else { return String::new() };
        let asked = match attempt.demand() {
            Some((Demand::RetryAfter(seconds), _)) => seconds,
            _ => 0,
        };
        let next = case
            .attempts
            .iter()
            .find(|a| a.started > attempt.started && a.source.addr == attempt.source.addr);
        let after = next.map_or(0, |next| next.started.nanos_since(attempt.last));
        format!(
            "{}: {} asked to wait {asked} s ({}) and the next REGISTER came after {}",
            case.name(),
            attempt.registrar,
            attempt.code,
            span(after)
        )
    }
}

fn hasty<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .rev()
        .find(|a| matches!(a.demand(), Some((Demand::RetryAfter(_), Some(false)))))
}
