//! What the rules found.

use std::io;

use super::page::{Frames, Ink, Page};
use super::when::Clock;
use crate::diagnosis::{Confidence, Finding, Severity};
use crate::report::View;

/// Frames named for one finding, at most.
const FRAMES: usize = 4;

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let frames = Frames { several_files: view.capture.files.len() > 1 };
    for (place, finding) in view.findings().enumerate() {
        if place == 0 {
            page.title("Findings")?;
        }
        let (mark, ink) = match finding.severity {
            Severity::Error => (page.glyphs.out_of_service, Ink::Bad),
            Severity::Warning => (page.glyphs.unknown, Ink::Doubtful),
            Severity::Observation => (page.glyphs.bullet, Ink::Faint),
        };
        let text = describe(finding, clock, frames);
        let rule = page.paint(ink, &format!("{mark} {}", finding.rule));
        page.line(&rule)?;
        page.paragraph("    ", &text)?;
        page.paragraph("    ", &format!("Check: {}. ({})", finding.check, finding.reference))?;
    }
    Ok(())
}

fn describe(finding: &Finding, clock: &Clock, frames: Frames) -> String {
    let seen = finding.evidence.iter().take(FRAMES).map(|evidence| {
        format!("{} at {}", frames.name(evidence.frame), clock.precise(evidence.time))
    });
    let sure = match finding.confidence {
        Confidence::Certain => None,
        other => Some(other.name().to_owned()),
    };
    let notes = seen.chain(sure).collect::<Vec<_>>().join(", ");
    match notes.as_str() {
        "" => format!("{}.", finding.sentence),
        notes => format!("{} ({notes}).", finding.sentence),
    }
}
