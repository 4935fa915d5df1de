//! A nonce that worked before, and is refused without stale.

use super::super::prelude::*;
use crate::registration::Excuse;

static ABOUT: About = About {
    id: "nonce-outlived",
    severity: Severity::Error,
    fragment: "nonce no longer accepted, and not called stale",
    meaning: "The credentials use a nonce that the registrar had accepted before; it challenges \
            them without stale=true, and the device does not go on with the new nonce.",
    check: "the lifetime of a nonce at the registrar, which should say stale=true, and whether the \
            device uses the new nonce; the password was right before",
    reference: "RFC 7616 §3.3",
};

/// A nonce that worked before, and is refused without stale.
pub(in crate::diagnosis) struct NonceOutlived;

impl DnRule for NonceOutlived {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed).or(Signs::verdict(Verdict::Challenged))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = matches!(case.verdict(), Verdict::AuthFailed | Verdict::Challenged);
        let outlived = case.decider().is_some_and(|a| a.excuse() == Some(Excuse::Outlived));
        Held::when(refused && outlived, || Proof::error(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let before = case.accepted_before(last.started).map_or_else(String::new, |a| {
            format!(" {} before", span(last.last.nanos_since(decided_at(a))))
        });
        format!(
            "{}: {} answered {} to credentials for an old nonce, which it had accepted{before}, and \
             does not call it stale; no credentials for the new nonce were accepted",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}
