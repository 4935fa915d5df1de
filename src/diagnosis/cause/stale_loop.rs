//! The nonce is stale whenever it is used.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "stale-loop",
    severity: Severity::Error,
    fragment: "nonce stale every time",
    meaning: "The registrar calls the nonce stale again and again: it lives shorter than one \
            round, or several nodes do not share their nonces.",
    check: "the life of a nonce at the registrar, and whether challenge and answer reach \
            the same node of a cluster",
    reference: "RFC 7616 §3.3",
};

/// The nonce is stale whenever it is used.
pub(in crate::diagnosis) struct StaleLoop;

impl DnRule for StaleLoop {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            matches!(case.verdict(), Verdict::Challenged | Verdict::AuthFailed)
                && case.decider().is_some_and(|a| a.stale > 1),
            || Proof::error(Confidence::Certain, case.shown()),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} called the nonce stale {} in one attempt of {}",
            case.name(),
            last.registrar,
            times(last.stale),
            span(last.last.nanos_since(last.started))
        )
    }
}
