//! In and out of service.

use super::super::prelude::*;
use crate::registration::{Change, State};

static ABOUT: About = About {
    id: "flapping",
    severity: Severity::Warning,
    fragment: "flapping",
    meaning: "The DN went out of service at least twice within ten minutes.",
    check: "what de-registers it or lets it expire: two programs with one DN, a monitor, a \
            link that comes and goes",
    reference: "RFC 3261 §10.2.2, §10.2.4",
};

/// In and out of service.
pub(in crate::diagnosis) struct Flapping;

impl DnRule for Flapping {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::Flapping)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::Flapping), || {
            let shown = losses(case).map(|c| Evidence { time: c.time, frame: c.frame }).collect();
            Proof::warning(Confidence::Certain, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (mut n, mut first, mut last) = (0, None, None);
        for loss in losses(case) {
            n += 1;
            first = first.or(Some(loss.time));
            last = Some(loss.time);
        }
        let within = first.zip(last).map_or(0, |(first, last)| last.nanos_since(first));
        format!("{}: went out of service {} within {}", case.name(), times(n), span(within))
    }
}

/// The changes from in service to out of service.
fn losses(case: &Case<'_>) -> impl Iterator<Item = Change> {
    let mut was_in = false;
    case.view.history().into_iter().map(|(_, change)| change).filter(move |change| {
        let lost = was_in && change.verdict.state() == State::OutOfService;
        was_in = change.verdict == Verdict::InService;
        lost
    })
}
