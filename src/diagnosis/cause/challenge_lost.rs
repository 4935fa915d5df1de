//! A challenge that does not reach the device.

use super::super::lost;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "challenge-lost",
    severity: Severity::Error,
    fragment: "the challenge does not reach the device",
    meaning: "The registrar challenges the REGISTER, and the device goes on retransmitting it or its host \
            returns the response with an ICMP error: the device never sees the challenge, so nothing is \
            known of its credentials.",
    check: "the path back to the device: rport and NAT, a firewall, and the port the responses are \
            sent to",
    reference: "RFC 3261 §18.2.2, §17.1.2.2; RFC 3581 §4",
};

/// A challenge that does not reach the device.
pub(in crate::diagnosis) struct ChallengeLost;

impl DnRule for ChallengeLost {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Challenged)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let lost = lost::challenge(case);
        Held::when(lost.is_some(), || {
            let confidence = lost.map_or(Confidence::Likely, |a| lost::confidence(case, a));
            Proof::error(confidence, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} challenged the REGISTER ({}), {}, and the challenge does not reach the device: {}",
            case.name(),
            last.registrar,
            case.code_of(last),
            case.how_often(),
            lost::shown(case, last)
        )
    }
}
