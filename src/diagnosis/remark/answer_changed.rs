//! A proxy that gives the device another answer than the registrar gave.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "answer-changed",
    severity: Severity::Warning,
    fragment: "a proxy changed the registrar's response",
    meaning: "The registrar accepted the REGISTER and a proxy on the path refused it to the device, or the other way \
            round: the two ends of the path disagree on whether the DN is registered.",
    check: "the proxy or border controller on the path: its own registrar or its failure route, a second branch of the \
            REGISTER, a policy that applies to responses",
    reference: "RFC 3261 §10.2.4, §16.7",
};

/// A proxy that changes the response of the registrar.
pub(in crate::diagnosis) struct AnswerChanged;

impl DnRule for AnswerChanged {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::TwoHops)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let last = case.last_done();
        Held::when(last.is_some_and(|a| changed(a).is_some()), || {
            Proof::warning(Confidence::Certain, last.map(finals).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.last_done() else { return String::new() };
        let Some((far, near)) = changed(last) else { return String::new() };
        let states = &case.view.state().registrations;
        let behind = states.iter().map(|reg| reg.registrar).find(|server| *server != last.entry);
        let behind = behind.unwrap_or(last.registrar);
        let comes_to = if near >= 300 {
            "the registrar holds a binding, and the device believes that it was rejected".to_owned()
        } else {
            format!("it is registered at {} only, or on a branch that was not captured", last.entry)
        };
        format!(
            "{}: {behind} responded {far}, but {} sent {} {near}: {comes_to}",
            case.name(),
            last.entry,
            last.source.addr
        )
    }
}

/// The latest final response on the far side of the path and the one that the device got, if one accepts and
/// the other does not.
fn changed(attempt: &AttemptView<'_>) -> Option<(u16, u16)> {
    let is_final = |code: u16| code >= 200 && !matches!(code, 401 | 407);
    let latest = |near: bool| {
        let all = attempt.messages().filter(|m| m.cseq == attempt.cseq && is_final(m.code));
        all.filter(|m| (m.hop == 0) == near).last().map(|m| m.code)
    };
    let (far, near) = latest(false).zip(latest(true))?;
    ((far < 300) != (near < 300)).then_some((far, near))
}

/// The final responses of each hop.
fn finals(attempt: &AttemptView<'_>) -> Vec<Evidence> {
    let finals = attempt.messages().filter(|m| m.cseq == attempt.cseq && m.code >= 200);
    finals.map(|m| Evidence { time: m.time, frame: m.frame() }).collect()
}
