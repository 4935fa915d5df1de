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
        // what very many did is reported once, for their registrar
        let storms = |a: &AttemptView<'_>| {
            case.scene.storms.iter().any(|s| s.server == a.registrar && s.hasty >= MANY)
        };
        let hasty = hasty(case).filter(|(a, _)| !storms(a) || case.is_failing());
        Held::when(hasty.is_some(), || {
            let shown = hasty.map(|(a, next)| {
                let next = shown_by(next).into_iter().next();
                shown_by(a).into_iter().chain(next).collect()
            });
            let shown = shown.unwrap_or_default();
            if case.is_failing() {
                Proof::warning(Confidence::Certain, shown)
            } else {
                Proof::observation(shown)
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((attempt, next)) = hasty(case) else { return String::new() };
        let asked = match attempt.demand() {
            Some((Demand::RetryAfter(seconds), _)) => seconds,
            _ => 0,
        };
        let after = next.started.nanos_since(decided_at(attempt));
        format!(
            "{}: {} asked to wait {asked} s ({}) and the next REGISTER came after {}",
            case.name(),
            attempt.registrar,
            case.code_of(attempt),
            span(after)
        )
    }
}

/// This many devices of one registrar are reported together.
const MANY: u32 = 5;

/// The latest attempt after which the device came back too early, and the one it came back with.
fn hasty<'c, 'a>(case: &'c Case<'a>) -> Option<(&'c AttemptView<'a>, &'c AttemptView<'a>)> {
    let rest = case.attempts.iter().enumerate().rev();
    let mut early =
        rest.filter(|(_, a)| matches!(a.demand(), Some((Demand::RetryAfter(_), Some(false)))));
    early.find_map(|(place, a)| {
        let mut later = case.attempts.iter().skip(place + 1);
        Some((a, later.find(|next| next.source.addr == a.source.addr)?))
    })
}
