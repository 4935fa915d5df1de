//! Responses that do not reach the device.

use super::super::lost;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "answer-lost",
    severity: Severity::Warning,
    fragment: "responses do not reach the device",
    meaning: "The registrar responds and the device goes on retransmitting its request, or its \
            host returns the response with an ICMP error: the device believes that it is not registered.",
    check: "the path back to the device: rport and NAT, a firewall, and the port the responses are \
            sent to",
    reference: "RFC 3581 §4, RFC 3261 §18.2.2",
};

/// Responses that do not reach the device, where that is not the cause already.
pub(in crate::diagnosis) struct AnswerLost;

impl DnRule for AnswerLost {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::AnswerLost)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let found = lost::latest(case)
            .filter(|_| case.has(Flag::AnswerLost) && lost::challenge(case).is_none());
        Held::when(found.is_some(), || match found {
            Some(found) => Proof::warning(lost::confidence(case, found), shown_by(found)),
            None => Proof::warning(Confidence::Likely, Vec::new()),
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(found) = lost::latest(case) else { return String::new() };
        format!("{}: {} responds, yet {}", case.name(), found.registrar, lost::shown(case, found))
    }
}
