//! What the rules found beside the causes: one line a rule where it is an observation, with an
//! example and what to check where it is more.

use std::collections::BTreeMap;
use std::io;

use crate::hashing::HashSet;

use super::names;
use super::page::{Ink, Page};
use super::when::Clock;
use super::words;
use crate::diagnosis::{Confidence, Finding, Group, Severity, grouped};
use crate::net::escape_bytes;
use crate::registration::{Flag, State};
use crate::report::View;
use crate::wording::glyphs::Frames;

/// Frames named for one finding, at most.
const FRAMES: usize = 4;
/// Findings that are not about a DN, shown one by one.
const CASES: usize = 5;

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let frames = Frames::of(&view.capture.files);
    let shown: HashSet<&[u8]> = super::evidence::dns(view).map(|dn| dn.name()).collect();
    let in_evidence = |f: &Finding| {
        let own = f.dn.as_deref().is_some_and(|dn| shown.contains(dn));
        own && (f.is_cause || f.is_about_password())
    };
    let findings: Vec<&Finding> = view.findings().filter(|f| !in_evidence(f)).collect();
    let flags = flags(view, &findings);
    if findings.is_empty() && flags.is_empty() {
        return Ok(());
    }
    page.title("Further findings")?;
    for group in grouped(findings) {
        one(&group, clock, frames, page)?;
    }
    for (flag, dns) in flags {
        let text = format!("{}: {}", capitalised(words::flag(flag)), names::list(&dns));
        page.marked(mark(Severity::Observation, page), &text)?;
    }
    Ok(())
}

/// The mark of a severity.
pub(super) fn mark(severity: Severity, page: &Page<'_>) -> (&'static str, Ink) {
    match severity {
        Severity::Error => (page.glyphs.out_of_service, Ink::Bad),
        Severity::Warning => (page.glyphs.unknown, Ink::Doubtful),
        Severity::Observation => (page.glyphs.bullet, Ink::Faint),
    }
}

fn one(
    group: &Group<'_>,
    clock: &Clock,
    frames: Frames<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mark = mark(group.severity, page);
    let Some(first) = group.findings.first() else { return Ok(()) };
    let dns: Vec<&[u8]> = group.findings.iter().filter_map(|f| f.dn.as_deref()).collect();
    let several = dns.len() > 1 && dns.len() == group.findings.len();
    let observed = group.severity == Severity::Observation;
    if several {
        let end = if observed { "" } else { ". For example:" };
        page.marked(mark, &format!("{group}: {}{end}", names::list(&dns)))?;
        if observed {
            return Ok(());
        }
        page.paragraph("    ", &sentence(first, clock, frames))?;
    } else {
        for finding in group.findings.iter().take(CASES) {
            page.marked(mark, &sentence(finding, clock, frames))?;
        }
        if let Some(more) = group.findings.len().checked_sub(CASES + 1) {
            page.line(&format!("    and {} more: {}", more + 1, group.fragment))?;
        }
    }
    if observed {
        return Ok(());
    }
    page.paragraph("    ", &check(first))
}

/// What to check next, where the rule has it, and the rule.
pub(super) fn check(finding: &Finding) -> String {
    format!("Check: {}. ({}; {})", finding.check, finding.reference, finding.rule)
}

/// The sentence with how sure it is and the frames that show it.
pub(super) fn sentence(finding: &Finding, clock: &Clock, frames: Frames<'_>) -> String {
    let seen = finding.evidence.iter().take(FRAMES).map(|evidence| {
        format!("{} at {}", frames.name(evidence.frame), clock.precise(evidence.time))
    });
    let sure = match finding.confidence {
        Confidence::Certain => None,
        other => Some(other.name().to_owned()),
    };
    let notes = seen.chain(sure).collect::<Vec<_>>().join(", ");
    let told = match finding.dn {
        // a DN is spelled as it is
        Some(_) => finding.sentence.clone(),
        None => capitalised(&finding.sentence),
    };
    match notes.as_str() {
        "" => format!("{told}."),
        notes => format!("{told} ({notes})."),
    }
}

/// Flags of DNs in service that no rule reports.
fn flags<'a>(view: &View<'a>, findings: &[&Finding]) -> BTreeMap<Flag, Vec<&'a [u8]>> {
    let told: HashSet<(&[u8], &str)> =
        findings.iter().filter_map(|f| Some((f.dn.as_deref()?, f.rule))).collect();
    let mut flags = BTreeMap::<Flag, Vec<&'a [u8]>>::new();
    for dn in view.dns().filter(|dn| dn.state().state() == State::InService) {
        for flag in dn.flags().iter().filter(|&flag| words::is_trouble(flag)) {
            if !words::rules_of(flag).iter().any(|rule| told.contains(&(dn.name(), *rule))) {
                flags.entry(flag).or_default().push(dn.name());
            }
        }
    }
    flags
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// The DN of a finding, safe to show.
pub(super) fn dn(finding: &Finding) -> String {
    finding.dn.as_deref().map(|dn| escape_bytes(dn).into_owned()).unwrap_or_default()
}
