//! The same packets captured more than once.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "captured-twice",
    severity: Severity::Observation,
    fragment: "captured more than once",
    meaning: "The same packets were captured more than once: on several interfaces, in two \
            files, or by a mirrored port. Copies are not counted as repetitions.",
    check: "nothing, unless the copies differ in address: then a NAT or a proxy is \
            between the two",
    reference: "RFC 3261 §17.1.2",
};

/// The same packets captured more than once.
pub(in crate::diagnosis) struct CapturedTwice;

impl Rule for CapturedTwice {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let n = scene
            .snapshot
            .dns()
            .filter(|dn| dn.state().flags.contains(Flag::CapturedTwice))
            .count();
        if n > 0 {
            let sentence =
                format!("packets of {} were captured more than once", count(n as u64, "DN"));
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
    }
}
