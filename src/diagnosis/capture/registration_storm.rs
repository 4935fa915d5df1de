//! Many DNs that register at once.

use std::fmt::Write as _;

use super::super::prelude::*;
use super::super::storm::Storm;

static ABOUT: About = About {
    id: "registration-storm",
    severity: Severity::Warning,
    fragment: "many DNs registered at once",
    meaning: "Many DNs sent their REGISTERs to one registrar within two seconds: after an outage or a \
            fail-over, after a restart of the device that has them all, or because their refreshes \
            keep time with each other.",
    check: "what restarted or came back just before; whether the devices spread their refreshes and \
            their retries at random (RFC 5626 §4.5), and wait as long as Retry-After asks",
    reference: "RFC 3261 §10.2.4, §21.5.4; RFC 5626 §4.5",
};

/// Many DNs that register at once.
pub(in crate::diagnosis) struct RegistrationStorm;

impl Rule for RegistrationStorm {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for storm in &scene.storms {
            let finding = ABOUT.finding(Confidence::Certain, sentence(storm));
            // a gateway that starts registers all its DNs at once: no fault while all are answered
            let severity = if storm.harms() { Severity::Warning } else { Severity::Observation };
            let evidence = storm.evidence.clone();
            findings.push(Finding { severity, evidence, ..finding });
        }
    }
}

fn sentence(storm: &Storm) -> String {
    let Storm { server, dns, sources, lasted, times, overloaded, hasty, wait, .. } = *storm;
    let from = match (sources, storm.source) {
        (1, Some(source)) => format!("all from {source}"),
        (n, _) => format!("from {n} addresses"),
    };
    let mut text = format!("{dns} DNs registered at {server} within {}, {from}", span(lasted));
    if let Some(silent) = storm.silent {
        let _ = write!(text, ", after {} without a response from it", span(silent));
    }
    if overloaded > 0 {
        let _ = write!(text, "; {overloaded} of them got 5xx or no response");
    }
    if hasty > 0 {
        let _ = write!(text, "; {hasty} came back before the {wait} s that Retry-After asked for");
    }
    if times > 1 {
        let _ = write!(text, "; so many came at once {times} times");
    }
    text
}
