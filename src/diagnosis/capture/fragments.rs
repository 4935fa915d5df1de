//! REGISTERs in IP fragments.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "ip-fragments",
    severity: Severity::Observation,
    fragment: "REGISTER in IP fragments",
    meaning: "REGISTERs or their responses are so long that IP fragments them: filters and \
            firewalls lose the later fragments.",
    check: "what makes the messages long; a capture filter with a port keeps only the \
            first fragment",
    reference: "RFC 3261 §18.1.1",
};

/// REGISTERs in IP fragments.
pub(in crate::diagnosis) struct Fragments;

impl Rule for Fragments {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let n =
            scene.snapshot.dns().filter(|dn| dn.state().flags.contains(Flag::IpFragments)).count();
        if n > 0 {
            let sentence = format!("messages of {} came in IP fragments", count(n as u64, "DN"));
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
    }
}
