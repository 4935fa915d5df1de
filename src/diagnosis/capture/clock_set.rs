//! A clock that was set while captured or logged.

use super::super::prelude::*;
use crate::net::{FrameRef, apart};

/// Steps that are shown as evidence.
const SHOWN: usize = 8;

static ABOUT: About = About {
    id: "clock-set",
    severity: Severity::Warning,
    fragment: "clock was set",
    meaning: "The time stamps jump, and the exchanges before the jump go on behind it, or a log goes on earlier \
            than it was: the clock of the machine that wrote them was set. Times are counted on as if it had not been, so that nothing \
            expires by the jump; how long the step itself took is unknown.",
    check: "NTP on that machine; the warnings on a capture name the packet and the step",
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
        if times > 0 {
            let sentence = sentence("of the machine that captured", times, by);
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
        for log in scene.snapshot.coverage() {
            let Some(most) = log.steps.iter().map(|(_, by)| *by).max_by_key(|by| by.abs()) else {
                continue;
            };
            let sentence = sentence("of the log", log.steps.len() as u64, most);
            let place = |(frame, _): &(FrameRef, i64)| Evidence { time: log.span.0, frame: *frame };
            let evidence = log.steps.iter().take(SHOWN).map(place).collect();
            findings.push(Finding { evidence, ..ABOUT.finding(Confidence::Certain, sentence) });
        }
    }
}

/// What happened to a clock.
fn sentence(whose: &str, times: u64, by: i64) -> String {
    let (often, whither) = (
        if times == 1 { "once".to_owned() } else { format!("{times} times") },
        if by < 0 { "back" } else { "ahead" },
    );
    let most = if times == 1 { "" } else { "at most " };
    format!(
        "the clock {whose} was set {often}, {most}{} {whither}: no binding is counted as expired because of it",
        apart(by)
    )
}
