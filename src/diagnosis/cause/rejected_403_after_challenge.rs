//! 403 to a REGISTER without credentials, after a challenge.

use super::super::prelude::*;
use super::rejected_403_without_challenge::is_unasked;

static ABOUT: About = About {
    id: "rejected-403-after-challenge",
    severity: Severity::Error,
    fragment: "refused (403) after an unanswered challenge",
    meaning: "The registrar asked for credentials, the device came again without usable ones, and \
            was refused then.",
    check: "whether the device has credentials for this realm and supports the scheme and the \
            algorithm of the challenge",
    reference: "RFC 3261 §22.1, §21.4.4",
};

/// 403 to a REGISTER without credentials, after a challenge.
pub(in crate::diagnosis) struct RejectedAfterChallenge;

impl DnRule for RejectedAfterChallenge {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Rejected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = case.is(Verdict::Rejected) && case.view.state().status_code == Some(403);
        let asked = case.decider().is_some_and(|a| !is_unasked(case, a));
        Held::when(refused && asked, || Proof::error(Confidence::Certain, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} challenged it, and answered {} when it came again without usable credentials, {}",
            case.name(),
            last.answered_by.unwrap_or(last.registrar),
            case.code_of(last),
            case.how_often()
        )
    }
}
