//! A TCP connection reset instead of an answer.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "tcp-reset",
    severity: Severity::Error,
    fragment: "TCP connection reset instead of a response",
    meaning: "The server, or something on the way, reset the TCP connection that carried the \
            REGISTER.",
    check: "whether the server accepts SIP over TCP from this address, and what is \
            between the two that may close connections",
    reference: "RFC 9293 §3.5.2",
};

/// A TCP connection reset instead of an answer.
pub(in crate::diagnosis) struct TcpReset;

impl DnRule for TcpReset {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Unreachable)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            case.is(Verdict::Unreachable) && case.decider().is_some_and(|a| a.icmp().is_none()),
            || Proof::error(Confidence::Certain, reset_shown(case)),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} reset the TCP connection instead of answering the REGISTER from {}",
            case.name(),
            last.registrar,
            last.source
        )
    }
}

/// The request, and the reset.
fn reset_shown(case: &Case<'_>) -> Vec<Evidence> {
    let mut shown = case.shown();
    let change = case.change_to(Verdict::Unreachable);
    shown.extend(change.map(|c| Evidence { time: c.time, frame: c.frame }));
    shown
}
