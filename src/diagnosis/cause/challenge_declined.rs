//! A challenge answered with an empty response.

use super::super::prelude::*;
use crate::registration::Excuse;

static ABOUT: About = About {
    id: "challenge-declined",
    severity: Severity::Error,
    fragment: "the device rejects the network (empty response)",
    meaning: "The device answers an AKA challenge with an empty response: its SIM does not accept \
            the network's token, or cannot use it.",
    check: "the key (K, OPc) of the subscriber in the HSS and on the SIM, and the AMF and \
            sequence number that the HSS uses",
    reference: "RFC 3310 §3.2; RFC 3261 §22.2",
};

/// A challenge answered with an empty response.
pub(in crate::diagnosis) struct ChallengeDeclined;

impl DnRule for ChallengeDeclined {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        [Verdict::AuthFailed, Verdict::Challenged, Verdict::Rejected]
            .map(Signs::verdict)
            .into_iter()
            .fold(Signs::default(), Signs::or)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused =
            matches!(case.verdict(), Verdict::AuthFailed | Verdict::Challenged | Verdict::Rejected);
        let declined = case.decider().is_some_and(|a| a.excuse() == Some(Excuse::Declined));
        Held::when(refused && declined, || Proof::error(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} challenged the device, which answered with an empty response and got {}: the device \
             rejects the network's challenge (AKA)",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}
