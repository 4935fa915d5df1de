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

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Challenged).or(Signs::verdict(Verdict::AuthFailed))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            matches!(case.verdict(), Verdict::Challenged | Verdict::AuthFailed)
                && (case.decider().is_some_and(|a| a.stale() > 1) || is_said(case)),
            || {
                let sure = if is_said(case) { Confidence::Likely } else { Confidence::Certain };
                Proof::error(sure, case.shown())
            },
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        if is_said(case) {
            return format!(
                "{}: {} refused the credentials with {}: by its own words the nonce, not the \
                 password, though it does not call it stale",
                case.name(),
                last.registrar,
                case.code_of(last)
            );
        }
        format!(
            "{}: {} called the nonce stale {} in one attempt of {}",
            case.name(),
            last.registrar,
            times(last.stale()),
            span(last.last.nanos_since(last.started))
        )
    }
}

/// Whether the registrar blames the nonce in its reason phrase only (seen: "nonce has changed").
fn is_said(case: &Case<'_>) -> bool {
    case.is(Verdict::AuthFailed)
        && case.decider().is_some_and(|a| {
            let reason = case.bytes(a.reason).to_ascii_lowercase();
            let says = |word: &[u8]| reason.windows(word.len()).any(|part| part == word);
            matches!(a.code, 401 | 407) && (says(b"nonce") || says(b"stale"))
        })
}
