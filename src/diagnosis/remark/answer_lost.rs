//! Answers that do not reach the device.

use super::super::prelude::*;
use crate::registration::AttemptView;

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
            Proof::warning(confidence, lost(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(lost) = lost(case) else { return String::new() };
        let (name, source) = (case.name(), lost.source.addr);
        let repeats = lost.retransmissions();
        let why = other_port(case).map_or_else(String::new, |(to, from)| {
            let asked = if case.details().is_some_and(|d| d.form.rport_asked) {
                "though the Via asks for rport"
            } else {
                "and the Via does not ask for rport"
            };
            format!(": the answers go to port {to}, the REGISTERs come from port {from}, {asked}")
        });
        let registrar = lost.registrar;
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

/// The latest attempt whose answer did not reach the device.
fn lost<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts.iter().rev().find(|a| a.flags.contains(Flag::AnswerLost))
}

/// The port the answer went to and the port the request came from, if they differ.
fn other_port(case: &Case<'_>) -> Option<(u16, u16)> {
    let (to, from) = (case.answer()?.sent_to_port, case.attempts.last()?.source.port);
    (to != from).then_some((to, from))
}
