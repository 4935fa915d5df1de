//! A capture with requests or answers alone.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "one-direction",
    severity: Severity::Warning,
    fragment: "only one direction captured",
    meaning: "The capture holds REGISTERs and not one response, or responses and not one \
            REGISTER: it sees one direction only, or nobody answers.",
    check: "capture on the SIP host itself, or on both directions of the mirrored port",
    reference: "RFC 3261 §17.1.2",
};

/// A capture with requests or answers alone.
pub(in crate::diagnosis) struct OneDirection;

impl Rule for OneDirection {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let counts = scene.snapshot.counts;
        let one_way = || scene.snapshot.dns().any(|dn| dn.state().verdict == Verdict::OneWay);
        let sentence = match (counts.register_requests, counts.register_answers) {
            (0, n) if n > 0 => format!("the capture holds {} and no REGISTER", count(n, "answer")),
            (n, 0) if n > 0 && one_way() => {
                format!("the capture holds {} and no response to any", count(n, "REGISTER"))
            }
            _ => return,
        };
        findings.push(ABOUT.finding(Confidence::Likely, sentence));
    }
}
