//! A request for the DN that was refused while its binding runs.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "request-for-dn-refused",
    severity: Severity::Observation,
    fragment: "a request for it was refused",
    meaning: "The registrar refused somebody's request for the DN while its binding runs, which says \
            nothing of the binding.",
    check: "the dial plan for the number that was called, and do-not-disturb; whether calls reach the \
            device",
    reference: "RFC 3261 §21.4.5, §21.4.18",
};

/// A request for the DN that was refused while its binding runs.
pub(in crate::diagnosis) struct RequestRefused;

impl DnRule for RequestRefused {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Unrouted)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refusal = case.view.unrouted();
        let Some((_, refusal)) = refusal.filter(|_| case.is(Verdict::InService)) else {
            return Held::No;
        };
        let shown = vec![Evidence { time: refusal.time, frame: refusal.frame }];
        Held::Yes(Proof { confidence: Confidence::Possible, ..Proof::observation(shown) })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((registrar, refusal)) = case.view.unrouted() else { return String::new() };
        format!(
            "{}: {registrar} answered {} to somebody's request for it while its binding runs: a dial \
             plan or do-not-disturb; a lost binding is possible",
            case.name(),
            refusal.code
        )
    }
}
