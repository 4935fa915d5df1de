//! Credentials for an old nonce.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "old-nonce-answered",
    severity: Severity::Error,
    fragment: "credentials for an old nonce",
    meaning: "The device is challenged again and again and never answers the nonce it is \
            given.",
    check: "whether the challenges reach the device: it goes on with credentials of an \
            earlier nonce",
    reference: "RFC 3261 §22.2, RFC 7616 §3.3",
};

/// Credentials for an old nonce.
pub(in crate::diagnosis) struct OldNonceAnswered;

impl DnRule for OldNonceAnswered {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            case.is(Verdict::AuthFailed)
                && case.decider().is_some_and(|a| {
                    matches!(a.code, 401 | 407)
                        && a.refusals() > 0
                        && !a.nonce_answered()
                        && !a.username.is_none()
                        && a.challenges() > 1
                }),
            || Proof::error(Confidence::Likely, case.shown()),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} was challenged {} by {} and never answered the nonce it was given: its credentials \
             are for an older one",
            case.name(),
            last.source.addr,
            times(last.challenges()),
            last.registrar
        )
    }
}
