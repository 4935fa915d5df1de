//! A challenge without credentials after it.

use super::super::prelude::*;
use crate::registration::Excuse;

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

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Challenged)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Challenged), || {
            let waited = waited(case);
            if waited < SOON && case.alike().count() < 2 {
                return Proof::warning(Confidence::Possible, case.shown());
            }
            let sure = waited > 32_000_000_000 || case.alike().count() > 1;
            let confidence = if sure { Confidence::Certain } else { Confidence::Likely };
            Proof::error(confidence, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let what = match (last.credentials(), last.stale() > 0) {
            (true, true) => "called the nonce stale, and no new credentials followed",
            (true, false) => "asked for credentials again, and none followed",
            (false, _) => "asked for credentials, and none followed",
        };
        let blank = match last.excuse() {
            Some(Excuse::Blank) => {
                "; the device sends an Authorization header with an empty nonce and without a response"
            }
            _ => "",
        };
        let ends = match waited(case) {
            waited if waited < 1_000_000 => "; the capture ends there".to_owned(),
            waited if waited < SOON => format!("; the capture ends {} later", span(waited)),
            _ => String::new(),
        };
        format!(
            "{}: {} {what} ({}, realm \"{}\"{}), {}{blank}{ends}",
            case.name(),
            last.registrar,
            case.code_of(last),
            case.text(last.realm_offered),
            offered(case),
            case.how_often()
        )
    }
}

/// The algorithms that the latest challenge offers, if they are not just the usual one.
fn offered(case: &Case<'_>) -> String {
    let answer = case.answer().filter(|answer| matches!(answer.code, 401 | 407));
    let algorithms =
        answer.map_or_else(Default::default, |a| case.text(a.form.challenge_algorithms));
    match &*algorithms {
        "" => String::new(),
        usual if usual.eq_ignore_ascii_case("MD5") => String::new(),
        others => format!(", algorithms offered: {others}"),
    }
}

/// A device answers a challenge at once, a person at a password prompt later.
const SOON: i64 = 5_000_000_000;

/// How long the capture goes on after the challenge.
fn waited(case: &Case<'_>) -> i64 {
    case.decider().map_or(0, |a| case.scene.snapshot.at.nanos_since(a.last))
}
