//! The capture begins in the middle.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "mid-life",
    severity: Severity::Observation,
    fragment: "already under way when the capture begins",
    meaning: "The first message of the DN is a response, or a REGISTER with credentials: its \
            registration is older than the capture.",
    check: "an earlier capture, if the beginning matters",
    reference: "RFC 3261 §10.2.4",
};

/// The capture begins in the middle.
pub(in crate::diagnosis) struct MidLife;

impl Rule for MidLife {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        if scene.snapshot.counts.register_requests == 0 {
            return;
        }
        let n = scene.under_way;
        if n > 0 {
            let sentence = format!(
                "{} already under way when the capture begins",
                match n {
                    1 => "1 DN was".to_owned(),
                    n => format!("{n} DNs were"),
                }
            );
            findings.push(ABOUT.finding(Confidence::Likely, sentence));
        }
    }
}
