//! 423 not obeyed.

use super::super::prelude::*;
use crate::registration::Demand;

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
        Signs::verdict(Verdict::Rejected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Rejected) && case.view.state().status_code == Some(423), || {
            Proof::error(Confidence::Certain, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let asked = last.asked.map_or_else(|| "an expiry".to_owned(), |s| format!("{s} s"));
        let wants = match last.demand() {
            Some((Demand::MinExpires(min), _)) => format!("at least {min} s"),
            _ => "a longer time, without saying how long (no Min-Expires)".to_owned(),
        };
        format!(
            "{}: asked for {asked}; {} wants {wants} (423), {}, and the device did not ask for that",
            case.name(),
            last.registrar,
            case.how_often()
        )
    }
}
