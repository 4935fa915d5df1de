//! A 200 that names two times.

use super::super::odd::{self, TwoTimes as Named};
use super::super::prelude::*;

static ABOUT: About = About {
    id: "answer-names-two-times",
    severity: Severity::Warning,
    fragment: "the 200 names two times",
    meaning: "One 200 grants one time in the Contact's expires and names another in Expires. That of \
            the Contact counts; a device that follows the other one comes back too late.",
    check: "which of the two the device follows, and why the registrar or a proxy before it adds an \
            Expires of its own",
    reference: "RFC 3261 §10.2.4, §10.3 step 8",
};

/// A 200 that names two times.
pub(in crate::diagnosis) struct TwoTimes;

impl DnRule for TwoTimes {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        odd::two_times(case).map_or(Held::No, |named| {
            let shown = case.shown_by_latest();
            Held::Yes(if case.is_failing() || is_late(named) {
                Proof::warning(Confidence::Certain, shown)
            } else {
                Proof::observation(shown)
            })
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(named) = odd::two_times(case) else { return String::new() };
        let follows = match named.longest {
            Some(waited) if is_late(named) => {
                format!(
                    "; the device came back only after {}: it does not follow the Contact",
                    span(waited)
                )
            }
            Some(waited) => format!("; the device comes back within {}", span(waited)),
            None => String::new(),
        };
        format!(
            "{}: the 200 of {} names two times, {} s for the Contact, which counts, and {} s in \
             Expires{follows}",
            case.name(),
            case.registrar_name(),
            named.contact,
            named.header
        )
    }
}

/// Whether the device came back after the time of the Contact was over.
fn is_late(named: Named) -> bool {
    let end = i64::from(named.contact) * 1_000_000_000;
    named.longest.is_some_and(|waited| waited > end)
}
