//! A challenge without credentials after it.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "challenge-not-answered",
    severity: Severity::Error,
    fragment: "challenge not answered",
    meaning: "The registrar asked for credentials and the device sent none.",
    check: "whether the device has a password for this DN and realm and supports the \
            algorithm that is asked for, and whether the challenge reaches it",
    reference: "RFC 3261 §22.2",
};

/// A challenge without credentials after it.
pub(in crate::diagnosis) struct ChallengeNotAnswered;

impl DnRule for ChallengeNotAnswered {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Challenged), || {
            let waited = case.decider().map_or(0, |a| case.scene.snapshot.at.nanos_since(a.last));
            let sure = waited > 32_000_000_000 || case.alike().count() > 1;
            let confidence = if sure { Confidence::Certain } else { Confidence::Likely };
            Proof::error(confidence, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let what = match (last.credentials, last.stale > 0) {
            (true, true) => "called the nonce stale, and no new credentials followed",
            (true, false) => "asked for credentials again, and none followed",
            (false, _) => "asked for credentials, and none followed",
        };
        format!(
            "{}: {} {what} ({}, realm \"{}\"), {}",
            case.name(),
            last.registrar,
            case.code_of(last),
            case.text(last.realm_offered),
            case.how_often()
        )
    }
}
