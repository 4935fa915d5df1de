//! A clock that was set while captured.

use super::super::prelude::*;
use crate::net::apart;

static ABOUT: About = About {
    id: "clock-set",
    severity: Severity::Warning,
    fragment: "clock was set",
    meaning: "The time stamps jump, and the exchanges before the jump go on behind it: the clock of the \
            machine that captured was set. Times are counted on as if it had not been, so that nothing \
            expires by the jump; how long the step itself took is unknown.",
    check: "NTP on the machine that captured; the warnings on the capture name the packet and the step",
    reference: "RFC 3261 §10.2.4",
};

/// A clock that was set while captured.
pub(in crate::diagnosis) struct ClockSet;

impl Rule for ClockSet {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let (times, by) = scene.snapshot.counts.clock_set;
        if times == 0 {
            return;
        }
        let (often, whither) = (
            if times == 1 { "once".to_owned() } else { format!("{times} times") },
            if by < 0 { "back" } else { "ahead" },
        );
        let most = if times == 1 { "" } else { "at most " };
        let sentence = format!(
            "the clock of the machine that captured was set {often}, {most}{} {whither}: nothing is judged to \
             have expired by that",
            apart(by)
        );
        findings.push(ABOUT.finding(Confidence::Certain, sentence));
    }
}
