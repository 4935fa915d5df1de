//! 423 not obeyed.

use super::super::prelude::*;
use crate::registration::{AttemptView, Demand};

static ABOUT: About = About {
    id: "interval-too-brief-not-obeyed",
    severity: Severity::Error,
    fragment: "expiry too brief (423), not asked for longer",
    meaning: "The registrar wants a longer expiry than was asked for, and the device did not \
            come back with it.",
    check: "the registration interval configured in the device; a 423 without Min-Expires \
            is a fault of the registrar",
    reference: "RFC 3261 §10.2.8, §21.4.17",
};

/// 423 not obeyed.
pub(in crate::diagnosis) struct IntervalTooBrief;

impl DnRule for IntervalTooBrief {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Rejected).or(Signs::verdict(Verdict::Challenged))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = refused(case);
        Held::when(refused.is_some(), || {
            let (confidence, shown) = match refused {
                Some(refused) if !case.is(Verdict::Rejected) => {
                    (Confidence::Likely, shown_by(refused))
                }
                _ => (Confidence::Certain, case.shown()),
            };
            Proof::error(confidence, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(refused) = refused(case) else { return String::new() };
        let asked = refused.asked.map_or_else(|| "an expiry".to_owned(), |s| format!("{s} s"));
        let wants = match refused.demand() {
            Some((Demand::MinExpires(min), _)) => format!("at least {min} s"),
            _ => "a longer time, without saying how long (no Min-Expires)".to_owned(),
        };
        let open = match (case.verdict(), case.decider()) {
            (Verdict::Challenged, Some(last)) => format!(
                "; the challenge to its last REGISTER, again for {}, was left open",
                last.asked.map_or_else(|| "too short a time".to_owned(), |s| format!("{s} s"))
            ),
            _ => String::new(),
        };
        let then = match refused.demand() {
            Some((_, None)) => ", and no REGISTER after that was captured",
            _ => ", and the device did not ask for that",
        };
        format!(
            "{}: asked for {asked}; {} wants {wants} (423), {}{then}{open}",
            case.name(),
            refused.registrar,
            case.how_often_like(refused)
        )
    }
}

/// The attempt refused with 423: the deciding one, or the one before a challenge to a REGISTER that asks
/// for too short a time again.
fn refused<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let last = case.decider()?;
    match case.verdict() {
        Verdict::Rejected if case.view.state().status_code == Some(423) => Some(last),
        Verdict::Challenged => {
            let before = case.attempts.iter().rev().find(|a| {
                a.registrar == last.registrar
                    && a.started < last.started
                    && a.outcome != Outcome::Failed(Verdict::Challenged)
            })?;
            let too_brief = matches!(
                (before.demand(), last.asked),
                (Some((Demand::MinExpires(min), _)), Some(asked)) if asked < min
            );
            (before.code == 423 && too_brief).then_some(before)
        }
        _ => None,
    }
}
