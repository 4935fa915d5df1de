//! An ICMP error instead of an answer.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "unreachable-icmp",
    severity: Severity::Error,
    fragment: "unreachable by an ICMP error",
    meaning: "The network or the host of the registrar says with an ICMP error that the \
            REGISTER cannot be delivered.",
    check: "whether the registrar runs and listens on that address and port; a prohibited \
            code names a filter on the way",
    reference: "RFC 1122 §3.2.2.1, RFC 3261 §8.1.3.1",
};

/// An ICMP error instead of an answer.
pub(in crate::diagnosis) struct UnreachableIcmp;

impl DnRule for UnreachableIcmp {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Unreachable)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            case.is(Verdict::Unreachable) && case.decider().is_some_and(|a| a.icmp().is_some()),
            || {
                let mut shown = case.shown();
                let change = case.change_to(Verdict::Unreachable);
                shown.extend(change.map(|c| Evidence { time: c.time, frame: c.frame }));
                Proof::error(Confidence::Certain, shown)
            },
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let (kind, code) = last.icmp().unwrap_or_default();
        format!(
            "{}: the REGISTER from {} to {} came back with ICMP type {kind} code {code} ({})",
            case.name(),
            last.source,
            last.registrar,
            words::icmp(kind, code)
        )
    }
}
