//! REGISTERs that were captured before a server whose log does not have them.

use super::super::prelude::*;
use super::witnesses::{Seen, compared};

static ABOUT: About = About {
    id: "not-in-log",
    severity: Severity::Warning,
    fragment: "REGISTER captured, but not in the server's log",
    meaning: "A REGISTER to the server was captured, and the server's log does not have it, although the log covers \
            that time and has other REGISTERs of the capture: the server did not read it, or does not log every \
            device.",
    check: "whether the log is limited to some devices (a debug filter by address); a firewall on the server's host \
            (a capture shows packets before it); the server's receive queue (`ss -ulm`, `netstat -su`)",
    reference: "RFC 3261 §18.1.2",
};

/// REGISTERs that were captured before a server whose log does not have them.
pub(in crate::diagnosis) struct NotInLog;

impl Rule for NotInLog {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for Seen { captured_only, in_both, .. } in compared(scene.snapshot) {
            let Some(dns) = captured_only.dns().filter(|_| in_both > 0) else { continue };
            let sentence = format!(
                "{}, captured on the way to the server, {} not in its log, which has {}: {dns}",
                captured_only.words(),
                captured_only.are(),
                count(in_both as u64, "other REGISTER"),
            );
            let finding = ABOUT.finding(Confidence::Likely, sentence);
            findings.push(Finding { evidence: captured_only.evidence, ..finding });
        }
    }
}
