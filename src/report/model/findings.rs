//! Writes findings, of which a large capture has many.

use super::writer::{Objects, Str, Text, Writer, members, object};
use crate::capture::is_line;
use crate::diagnosis::{Evidence, Finding};
use crate::net::FrameRef;
use crate::source::FileInfo;

/// About the bytes of a finding.
const BYTES: usize = 640;

/// Writes findings with commas between them.
pub(super) fn write(files: &[FileInfo], findings: &[&Finding]) -> Vec<u8> {
    let mut to = Writer::with_capacity(findings.len() * BYTES);
    to.separated(findings, |to, finding| one(to, files, finding));
    to.into_bytes()
}

/// As `FindingDoc` has it.
fn one(to: &mut Writer, files: &[FileInfo], finding: &Finding) {
    let evidence = |to: &mut Writer, shown: &Evidence| evidence(to, files, shown);
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

fn evidence(to: &mut Writer, files: &[FileInfo], shown: &Evidence) {
    object!(to, "file": shown.frame.file().0, ..);
    number(to, files, shown.frame);
    members!(to, "time": shown.time.known());
    to.piece("}");
}

/// The number of a frame or of a line, as a member.
pub(super) fn number(to: &mut Writer, files: &[FileInfo], place: FrameRef) {
    if is_line(files, place) {
        members!(to, "line": place.number());
    } else {
        members!(to, "frame": place.number());
    }
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
        let docs: Vec<_> = findings.iter().map(|finding| FindingDoc::new(&[], finding)).collect();
        let want = serde_json::to_string(&docs).unwrap();
        assert_eq!(format!("[{}]", String::from_utf8(write(&[], &all)).unwrap()), want);
    }
}
