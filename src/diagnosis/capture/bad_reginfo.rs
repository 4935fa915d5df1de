//! NOTIFYs of registrations that cannot be read.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "reginfo-unreadable",
    severity: Severity::Observation,
    fragment: "reg NOTIFY not readable",
    meaning: "NOTIFY bodies for the event reg could not be read; what they say about bindings \
            is missing here.",
    check: "the XML of the NOTIFY",
    reference: "RFC 3680 §5",
};

/// NOTIFYs of registrations that cannot be read.
pub(in crate::diagnosis) struct BadReginfo;

impl Rule for BadReginfo {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let n = scene.snapshot.counts.bad_reginfo;
        if n > 0 {
            let sentence =
                format!("{} of the event reg cannot be read as reginfo", count(n, "NOTIFY"));
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
    }
}
