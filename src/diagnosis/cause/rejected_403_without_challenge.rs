//! 403 without a challenge.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "rejected-403-without-challenge",
    severity: Severity::Error,
    fragment: "rejected (403) without a challenge",
    meaning: "The registrar knows the request and will not have it, and did not ask for \
            credentials: what it knows of the DN, or where the request comes from, \
            decided.",
    check: "what the registrar allows for this DN and from this address, and check the \
            DN's configuration on the switch; on Asterisk also whether the AOR exists and \
            max_contacts leaves room",
    reference: "RFC 3261 §10.3 step 4, §21.4.4",
};

/// 403 without a challenge.
pub(in crate::diagnosis) struct RejectedWithoutChallenge;

impl DnRule for RejectedWithoutChallenge {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Rejected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let unasked = case.decider().is_some_and(|a| is_unasked(case, a));
        Held::when(
            case.is(Verdict::Rejected) && case.view.state().status_code == Some(403) && unasked,
            || Proof::error(Confidence::Certain, case.shown()),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} rejected its REGISTER with {} and never challenged it, {}{}",
            case.name(),
            last.answered_by.unwrap_or(last.registrar),
            case.code_of(last),
            case.how_often(),
            case.accepted_until().map_or_else(
                || same_source(case, last),
                |before| format!("; {before}") + &same_source(case, last)
            )
        )
    }
}

/// Whether the registrar challenged neither this attempt nor the one before it.
pub(super) fn is_unasked(case: &Case<'_>, refused: &AttemptView<'_>) -> bool {
    let mut before = case.attempts.iter().rev().skip_while(|a| a.started >= refused.started);
    let before =
        before.find(|a| a.registrar == refused.registrar && a.source.addr == refused.source.addr);
    let challenged = before.is_some_and(|a| a.outcome == Outcome::Failed(Verdict::Challenged));
    refused.challenges() == 0 && !refused.credentials() && !challenged
}

/// How the source and the registrar treat others.
fn same_source(case: &Case<'_>, last: &AttemptView<'_>) -> String {
    let source = last.source.addr;
    let Some(sent) = case.scene.sent(source) else { return String::new() };
    let own = u32::from(case.attempts.iter().any(|a| a.outcome == Outcome::Accepted));
    let like_it = match (sent.forbidden_unasked, sent.dns) {
        (n, all) if n == all && all > 1 => {
            format!("; it does the same to all {all} DNs from {source}")
        }
        (n, all) if n > 1 => {
            format!("; it does the same to {n} of the {all} DNs from {source}, including this one")
        }
        _ => String::new(),
    };
    let elsewhere = case.scene.served(last.registrar).accepted;
    let others = sent.accepted.saturating_sub(own);
    let accepted = match (others, elsewhere.saturating_sub(own)) {
        (0, 0) => String::new(),
        (0, n) => format!("; it accepts {}, none of them from there", count(n, "DN")),
        (n, _) => format!("; it accepts {} from there", count(n, "other DN")),
    };
    like_it + &accepted
}
