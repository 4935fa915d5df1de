//! REGISTERs that come much more often than the granted time asks for.

use super::super::habit;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "registers-too-often",
    severity: Severity::Warning,
    fragment: "register far too often",
    meaning: "The device registers again and again though its binding runs for at least ten times as \
            long: it does not take the response, does not follow the granted time, or is in a loop.",
    check: "whether the 200 reaches the device and lists its Contact as it sent it; the refresh \
            interval set on the device, and a script or monitor that makes it register",
    reference: "RFC 3261 §10.2.4",
};

/// REGISTERs that come much more often than the granted time asks for.
pub(in crate::diagnosis) struct RegistersTooOften;

impl DnRule for RegistersTooOften {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Often)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        habit::too_often(&case.attempts).map_or(Held::No, |habit| {
            let shown = [habit.first, habit.last].into_iter().filter_map(|place| {
                let attempt = case.attempts.get(place)?;
                shown_by(attempt).into_iter().next()
            });
            Held::Yes(Proof::warning(Confidence::Certain, shown.collect()))
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(habit) = habit::too_often(&case.attempts) else { return String::new() };
        let Some(first) = case.attempts.get(habit.first) else { return String::new() };
        format!(
            "{}: {} registers about every {} though it may keep its binding for {} s: {} times within {}",
            case.name(),
            first.source.addr,
            span(habit.every),
            habit.granted,
            habit.times,
            span(habit.within),
        )
    }
}
