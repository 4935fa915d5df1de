//! A proxy that keeps the registrar's answer.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "answer-not-passed-on",
    severity: Severity::Warning,
    fragment: "a proxy does not pass the response on",
    meaning: "The registrar answered the proxy, and the proxy sent the device no final response: the \
            device repeats its REGISTER.",
    check: "the proxy: its failure route, and whether it waits for other branches",
    reference: "RFC 3261 §16.7",
};

/// A proxy that keeps the registrar's answer.
pub(in crate::diagnosis) struct NotPassedOn;

impl DnRule for NotPassedOn {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::TwoHops)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let last = case.attempts.last();
        Held::when(last.is_some_and(|a| repeats_after(a).is_some()), || {
            Proof::warning(Confidence::Certain, last.map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.attempts.last() else { return String::new() };
        let repeats = repeats_after(last).unwrap_or_default();
        format!(
            "{}: {} answered {} to {}, which does not pass it on: {} repeats its REGISTER {} and gets no \
             final response",
            case.name(),
            last.registrar,
            case.code_of(last),
            last.entry,
            last.source.addr,
            times(repeats)
        )
    }
}

/// How often the device repeats a request whose far answer its proxy keeps; `None` if the proxy does
/// not, or nothing shows it.
fn repeats_after(attempt: &AttemptView<'_>) -> Option<u32> {
    let final_at = |near: bool| {
        let mut all = attempt.messages().filter(|m| m.cseq == attempt.cseq && m.code >= 200);
        all.find(|m| (m.hop == 0) == near).map(|m| m.time)
    };
    let answered = final_at(false).filter(|_| final_at(true).is_none())?;
    let sent = attempt.messages().filter(|m| m.code == 0 && m.hop == 0 && m.time > answered);
    let repeats = u32::try_from(sent.count()).unwrap_or(u32::MAX);
    // one may have crossed the answer
    (repeats > 1).then_some(repeats)
}
