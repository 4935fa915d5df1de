//! Judges a snapshot by rules, one rule a file, each finding with its evidence.
//!
//! A rule sees the [`Snapshot`] and nothing else. It reports what the wire shows, says how sure it
//! is, and stays silent when the capture does not hold enough.

use crate::registration::Snapshot;

mod connection;
mod encrypted;
mod finding;
mod tcp_no_answer;
mod tcp_refused;
mod tls_failed;

pub use finding::{Confidence, Evidence, Finding, Severity};

/// One thing that can be wrong, and how it shows.
pub trait Rule: Sync {
    /// The rule's name in every output, in kebab case.
    fn id(&self) -> &'static str;

    /// Adds a finding for every case of it in the snapshot.
    fn judge(&self, snapshot: &Snapshot, findings: &mut Vec<Finding>);
}

/// Every rule.
pub static RULES: &[&dyn Rule] = &[
    &tcp_refused::TcpRefused,
    &tcp_no_answer::TcpNoAnswer,
    &tls_failed::TlsFailed,
    &encrypted::Encrypted,
];

/// What every rule finds, the most severe first, in order of time.
#[must_use]
pub fn diagnose(snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        rule.judge(snapshot, &mut findings);
    }
    findings.sort_by_key(|finding| {
        (std::cmp::Reverse(finding.severity), finding.evidence.first().map(|e| e.time))
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_in_kebab_case() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id()).collect();
        assert!(ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
