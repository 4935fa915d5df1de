//! Answers that do not reach the device.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "answer-lost",
    severity: Severity::Warning,
    fragment: "answers do not reach the device",
    meaning: "The registrar answers and the device goes on repeating its request, or its \
            host refuses the answer: the device believes to be unregistered.",
    check: "the way back: rport and NAT, a firewall, and the port the answers are sent to",
    reference: "RFC 3581 §4, RFC 3261 §18.2.2",
};

/// Answers that do not reach the device.
pub(in crate::diagnosis) struct AnswerLost;

impl DnRule for AnswerLost {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::AnswerLost)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::AnswerLost), || {
            let confidence =
                if other_port(case).is_some() { Confidence::Certain } else { Confidence::Likely };
            Proof::warning(confidence, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (name, source) = (case.name(), case.source_name());
        let repeats = case.attempts.iter().map(|a| a.retransmissions()).max().unwrap_or(0);
        let why = other_port(case).map_or_else(String::new, |(to, from)| {
            let asked = if case.details().is_some_and(|d| d.form.rport_asked) {
                "though the Via asks for rport"
            } else {
                "and the Via does not ask for rport"
            };
            format!(": the answers go to port {to}, the REGISTERs come from port {from}, {asked}")
        });
        let registrar = case.registrar_name();
        if repeats == 0 {
            return format!(
                "{name}: {registrar} answers, and an ICMP error returns the answer: the host of \
                 {source} does not take it"
            );
        }
        format!(
            "{name}: {registrar} answers and {source} repeats its REGISTER {}{why}",
            times(repeats)
        )
    }
}

/// The port the answer went to and the port the request came from, if they differ.
fn other_port(case: &Case<'_>) -> Option<(u16, u16)> {
    let (to, from) = (case.answer()?.sent_to_port, case.attempts.last()?.source.port);
    (to != from).then_some((to, from))
}
