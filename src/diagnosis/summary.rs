//! Findings counted by rule: "3 DNs: wrong password".

use std::fmt;

use super::finding::{Finding, Severity};

/// The findings of one rule at one severity.
#[derive(Clone, Debug)]
pub struct Group<'f> {
    /// The rule.
    pub rule: &'static str,
    /// How bad they are.
    pub severity: Severity,
    /// They are causes.
    pub is_cause: bool,
    /// What they have in common.
    pub fragment: &'static str,
    /// The findings, in the order they were given.
    pub findings: Vec<&'f Finding>,
}

/// Groups findings by rule and severity, in the order in which each appears first.
#[must_use]
pub fn grouped<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Group<'f>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        let known = groups.iter_mut().find(|g| {
            g.rule == finding.rule
                && g.severity == finding.severity
                && g.is_cause == finding.is_cause
        });
        match known {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                rule: finding.rule,
                severity: finding.severity,
                is_cause: finding.is_cause,
                fragment: finding.fragment,
                findings: vec![finding],
            }),
        }
    }
    groups
}

impl fmt::Display for Group<'_> {
    /// `3 DNs: wrong password`; a finding about no DN is counted as a case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.findings.len();
        let what = match (self.findings.iter().all(|finding| finding.dn.is_some()), n) {
            (true, 1) => "DN",
            (true, _) => "DNs",
            (false, 1) => "case",
            (false, _) => "cases",
        };
        write!(f, "{n} {what}: {}", self.fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::diagnose;
    use crate::registration::testing::Player;

    #[test]
    fn findings_are_counted_by_rule() {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER\n0.01 < 404\n1 > REGISTER dn=5003 call=2\n1.01 < 404 dn=5003 call=2\n\
             2 > REGISTER dn=5004 call=3\n2.01 < 403 dn=5004 call=3\n3 ! refused",
        );
        let mut findings = diagnose(&snapshot);
        findings.retain(|finding| finding.severity == Severity::Error);
        let said: Vec<_> = grouped(&findings).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "2 DNs: unknown to the registrar (404)",
                "1 DN: rejected (403) without a challenge",
                "1 case: TCP connection refused",
            ]
        );
    }
}
