//! Responses that do not reach the device, for the rules that report them.

use super::case::Case;
use super::finding::Confidence;
use super::words::{self, times};
use crate::registration::{AttemptView, Flag, TIMER_F, Verdict};

/// The latest attempt whose response did not reach the device.
pub(super) fn latest<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts.iter().rev().find(|a| is_lost(a))
}

/// The deciding attempt, if its challenge did not reach the device: the cause, and no remark beside it.
pub(super) fn challenge<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.decider().filter(|a| case.is(Verdict::Challenged) && is_lost(a))
}

/// Whether the response to this attempt did not reach the device.
fn is_lost(attempt: &AttemptView<'_>) -> bool {
    attempt.flags.contains(Flag::AnswerLost)
}

/// How sure that is: a retransmission may have crossed the response, an ICMP error or a port that the
/// device does not send from leaves no doubt.
pub(super) fn confidence(case: &Case<'_>, lost: &AttemptView<'_>) -> Confidence {
    if lost.undelivered().is_some() || other_port(case).is_some() {
        Confidence::Certain
    } else {
        Confidence::Likely
    }
}

/// What shows it: `203.0.113.29 retransmitted the REGISTER 10 times after the response: …`.
pub(super) fn shown(case: &Case<'_>, lost: &AttemptView<'_>) -> String {
    let source = lost.source.addr;
    if let Some(waited) = waited_in_vain(lost) {
        return format!(
            "its response came after {}, when {source} had given up (32 s)",
            words::span(waited)
        );
    }
    let repeats = match lost.retransmissions() {
        0 => String::new(),
        n => format!("{source} retransmitted the REGISTER {} after the response", times(n)),
    };
    let why = match (lost.undelivered(), other_port(case)) {
        (Some((kind, code, port)), _) => format!(
            "{source} returned the response, sent to port {port}{}, with an ICMP error ({})",
            from_port(lost, port),
            words::icmp(kind, code)
        ),
        (None, Some((to, from))) => {
            let asked = if case.details().is_some_and(|d| d.form.rport_asked) {
                "though the Via asks for rport"
            } else {
                "and the Via does not ask for rport"
            };
            format!("the responses go to port {to}, the REGISTERs come from port {from}, {asked}")
        }
        (None, None) => String::new(),
    };
    let parts = [repeats, why].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(": ")
}

/// How long the device had to wait for a response that came after it had given up (Timer F).
fn waited_in_vain(lost: &AttemptView<'_>) -> Option<i64> {
    let of = |is_request: bool| {
        lost.messages().find(move |m| {
            m.cseq == lost.cseq
                && (m.code == 0) == is_request
                && (is_request || m.code == lost.code)
        })
    };
    let (sent, came) = of(true).zip(of(false))?;
    Some(came.time.nanos_since(sent.time)).filter(|waited| *waited > TIMER_F)
}

/// Where the REGISTER came from, if not from the port that the response went to.
fn from_port(lost: &AttemptView<'_>, port: u16) -> String {
    match lost.source.port {
        from if from == port => String::new(),
        from => format!(" though the REGISTER came from port {from}"),
    }
}

/// The port the response went to and the port the request came from, if they differ.
fn other_port(case: &Case<'_>) -> Option<(u16, u16)> {
    let (to, from) = (case.answer()?.sent_to_port, case.attempts.last()?.source.port);
    (to != from).then_some((to, from))
}
