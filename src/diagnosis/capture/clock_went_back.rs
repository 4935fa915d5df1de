//! A clock that went back while captured.

use super::super::prelude::*;

/// Packets that overtake each other and clocks that are disciplined differ by less, in nanoseconds.
const STEP: i64 = 5_000_000_000;

static ABOUT: About = About {
    id: "clock-went-back",
    severity: Severity::Warning,
    fragment: "clock went back",
    meaning: "Messages are much older than what was captured before them: the clock of the machine \
            was set back, or files were joined out of order. What ran out is judged by the latest time of \
            all.",
    check: "the clock of the machine that captured; packets of files that were joined can be put in \
            order of time (reordercap)",
    reference: "RFC 3261 §10.2.4",
};

/// A clock that went back while captured.
pub(in crate::diagnosis) struct ClockWentBack;

impl Rule for ClockWentBack {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let back = scene.snapshot.counts.clock_back;
        if back > STEP {
            let sentence = format!(
                "messages are up to {} older than what was captured before them: what ran out meanwhile \
                 may run",
                span(back)
            );
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
    }
}
