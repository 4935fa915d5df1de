//! No answer to another source.

use super::super::prelude::*;
use crate::registration::AttemptView;

/// From so many DNs on a source is no device.
const MANY: u32 = 5;

static ABOUT: About = About {
    id: "no-answer-to-other-source",
    severity: Severity::Warning,
    fragment: "no response to another source",
    meaning: "The DN is in service from one address while nobody answers it at another: a device \
            that moved, or a second one, is not registered though the DN is.",
    check: "which device at the other address uses this DN, and its way to the registrar; calls go \
            to the address that is registered until its time runs out",
    reference: "RFC 3261 §10.2.4, §17.1.2.2",
};

/// No answer to another source.
pub(in crate::diagnosis) struct SilentElsewhere;

impl DnRule for SilentElsewhere {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Unanswered)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some(silent) = unanswered(case) else { return Held::No };
        let source = case.scene.snapshot.source(silent.source.addr);
        if source.is_some_and(|source| source.scanner) {
            return Held::No;
        }
        let renewed = case.view.bindings().map(|(_, b)| b.renewed).max();
        // a source that asks for many DNs and has none may be a stranger that is rightly not answered
        let sent = case.scene.sent(silent.source.addr);
        let stranger = sent.is_some_and(|sent| sent.dns >= MANY && sent.accepted == 0);
        // a device that gave up before the other came is history
        let over = renewed.is_some_and(|renewed| renewed >= silent.last);
        Held::Yes(if !over && !stranger {
            Proof::warning(Confidence::Certain, shown_by(silent))
        } else {
            Proof::observation(shown_by(silent))
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = unanswered(case) else { return String::new() };
        let how = match a.outcome {
            Outcome::Failed(Verdict::Unreachable) => "cannot be reached from",
            _ => "did not answer",
        };
        format!(
            "{}: {} {how} {}, while it is registered from {}",
            case.name(),
            a.registrar,
            a.source.addr,
            case.holders_named()
        )
    }
}

/// The latest attempt of a source that holds nothing, if it got no answer.
fn unanswered<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let holders = case.holders();
    if !case.is(Verdict::InService) || holders.is_empty() {
        return None;
    }
    let silent = |a: &AttemptView<'_>| {
        matches!(a.outcome, Outcome::Failed(Verdict::NoAnswer | Verdict::Unreachable))
            && a.purpose == Purpose::Register
    };
    let (place, a) = case.attempts.iter().enumerate().rev().find(|(_, a)| silent(a))?;
    let later = case.attempts.get(place + 1..).unwrap_or_default();
    let answered = later.iter().any(|b| b.source.addr == a.source.addr && b.code != 0);
    (!answered && !holders.contains(&a.source.addr)).then_some(a)
}
