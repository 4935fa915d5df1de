//! A nonce count that was used before.

use super::super::prelude::*;
use crate::registration::Excuse;

static ABOUT: About = About {
    id: "digest-replayed",
    severity: Severity::Error,
    fragment: "nonce count that does not rise",
    meaning: "The device uses a nonce again with a nonce count (nc) that was accepted before: to \
            the registrar the request is a replay, and nothing is known of the password.",
    check: "whether the device counts nc up with each request that uses the same nonce",
    reference: "RFC 7616 §3.4, §3.4.5",
};

/// A nonce count that was used before.
pub(in crate::diagnosis) struct Replayed;

impl DnRule for Replayed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed).or(Signs::verdict(Verdict::Challenged))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = matches!(case.verdict(), Verdict::AuthFailed | Verdict::Challenged);
        let replayed = case.decider().is_some_and(|a| a.excuse() == Some(Excuse::Replayed));
        Held::when(refused && replayed, || Proof::error(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let count = case.details().and_then(|details| details.auth_nc);
        let count = count.map_or_else(String::new, |nc| format!(" {nc:08x}"));
        format!(
            "{}: the credentials repeat the nonce count nc{count} with a nonce that {} had accepted \
             with it before: {}, a replay rather than a wrong password",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}
