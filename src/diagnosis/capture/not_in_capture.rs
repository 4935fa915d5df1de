//! REGISTERs of a log that the captures of the same time do not have.

use super::super::prelude::*;
use super::witnesses::{Seen, compared};

static ABOUT: About = About {
    id: "not-in-capture",
    severity: Severity::Observation,
    fragment: "REGISTER in the log, but not captured",
    meaning: "A REGISTER is in the server's log and not in the capture, although the capture covers that time and has \
            other REGISTERs of the log: what the capture lacks is no proof that it was not sent.",
    check: "the capture filter, the interface that was captured, and whether these devices use TLS",
    reference: "RFC 3261 §18.2.1",
};

/// REGISTERs of a log that the captures of the same time do not have.
pub(in crate::diagnosis) struct NotInCapture;

impl Rule for NotInCapture {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for Seen { logged_only, in_both, .. } in compared(scene.snapshot) {
            let Some(dns) = logged_only.dns().filter(|_| in_both > 0) else { continue };
            let sentence = format!(
                "{} in the log {} not captured, while {} in both: {dns}",
                logged_only.words(),
                logged_only.are(),
                times_are(in_both),
            );
            let finding = ABOUT.finding(Confidence::Likely, sentence);
            findings.push(Finding { evidence: logged_only.evidence, ..finding });
        }
    }
}

/// `1 other REGISTER is`, `3 other REGISTERs are`.
fn times_are(number: usize) -> String {
    let are = if number == 1 { "is" } else { "are" };
    format!("{} {are}", count(number as u64, "other REGISTER"))
}
