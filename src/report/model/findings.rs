//! Findings, many of which a large capture has.

use super::writer::{Objects, Str, Text, Writer, object};
use crate::diagnosis::{Evidence, Finding};

/// About the bytes of a finding.
const BYTES: usize = 640;

/// Writes findings with commas between them.
pub(super) fn write(findings: &[&Finding]) -> Vec<u8> {
    let mut to = Writer::with_capacity(findings.len() * BYTES);
    to.separated(findings, |to, finding| one(to, finding));
    to.into_bytes()
}

/// As `FindingDoc` has it.
fn one(to: &mut Writer, finding: &Finding) {
    object!(to,
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "is_cause": finding.is_cause,
        "dn": finding.dn.as_deref().map(Text),
        "source": finding.source,
        "sentence": Str(&finding.sentence),
        "evidence": Objects(&finding.evidence, evidence),
        "fragment": Str(finding.fragment),
        "check": Str(finding.check),
        "reference": Str(finding.reference),
    );
}

fn evidence(to: &mut Writer, shown: &Evidence) {
    object!(to, "file": shown.frame.file().0, "frame": shown.frame.number(), "time": shown.time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::diagnose;
    use crate::registration::testing::Player;
    use crate::report::model::FindingDoc;

    #[test]
    fn findings_are_written_as_serde_does() {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER\n0.01 < 404\n1 > REGISTER dn=5\"\u{e9} call=2\n1.01 < 403 dn=5\"\u{e9} call=2\n3 ! refused",
        );
        let mut findings = diagnose(&snapshot);
        assert!(findings.len() > 1);
        findings[0].sentence.push_str(" \"quoted\" \\ \u{2026}");
        let all: Vec<&Finding> = findings.iter().collect();
        let docs: Vec<_> = findings.iter().map(FindingDoc::new).collect();
        let want = serde_json::to_string(&docs).unwrap();
        assert_eq!(format!("[{}]", String::from_utf8(write(&all)).unwrap()), want);
    }
}
