//! One finding: the sentence, how sure, the frames that show it, what to check, the reference.

use super::{Goes, Page, capitalised};
use crate::diagnosis::{Confidence, Evidence, Finding};
use crate::net::escape_bytes;
use crate::tui::data::Data;
use crate::tui::view::theme::{Ink, Palette};
use crate::wording::when::Clock;
use crate::wording::words;

/// Frames that are shown one by one.
const FRAMES: usize = 6;

/// Writes a finding under the DN it is about, each frame on a line of its own.
pub(in crate::tui) fn of_dn(page: &mut Page, data: &Data, clock: &Clock, number: usize) {
    let Some(finding) = data.findings.get(number) else { return };
    page.finding = Some(number);
    page.goes = finding.evidence.first().map(|evidence| Goes::Frame(evidence.frame));
    let (mark, ink) = Palette::severity(finding.severity, page.glyphs);
    let cause = if finding.is_cause { "Cause: " } else { "" };
    let prefix = [(format!("{mark} "), Some(ink))];
    let text = format!("{cause}{}{}.", without_dn(finding), sure(finding));
    let weight = finding.is_cause.then_some(Ink::Title);
    page.text(&prefix, &text, weight);
    for evidence in finding.evidence.iter().take(FRAMES) {
        page.goes = Some(Goes::Frame(evidence.frame));
        let frame = data.frame_name(evidence.frame);
        let prefix = [("    ".to_owned(), None), (format!("{frame:<7} "), Some(Ink::Accent))];
        let other = if data.is_line(evidence.frame) {
            "(log statement, no SIP message)"
        } else {
            "(no REGISTER or response of this DN)"
        };
        let what = message_at(data, finding, *evidence).unwrap_or_else(|| other.to_owned());
        page.text(&prefix, &format!("{}  {what}", clock.precise(evidence.time)), None);
    }
    page.goes = finding.evidence.first().map(|evidence| Goes::Frame(evidence.frame));
    if let Some(more) = finding.evidence.len().checked_sub(FRAMES + 1) {
        page.text(&[("    ".to_owned(), None)], &format!("and {} more frames", more + 1), None);
    }
    advice(page, finding, "    ");
    (page.goes, page.finding) = (None, None);
}

/// Writes a finding alone, its frames in a sentence.
pub(in crate::tui) fn whole(page: &mut Page, data: &Data, clock: &Clock, finding: &Finding) {
    let (mark, ink) = Palette::severity(finding.severity, page.glyphs);
    page.text(&[(format!("{mark} "), Some(ink))], &sentence(finding), Some(Ink::Title));
    let seen = seen(data, clock, finding);
    if !seen.is_empty() {
        page.text(&[("  ".to_owned(), None)], &format!("Seen in {seen}."), None);
    }
    advice(page, finding, "  ");
}

/// The finding as text to be pasted.
pub(in crate::tui) fn plain(data: &Data, clock: &Clock, finding: &Finding) -> String {
    let mut lines = vec![sentence(finding)];
    let seen = seen(data, clock, finding);
    if !seen.is_empty() {
        lines.push(format!("Seen in {seen}."));
    }
    lines.push(format!("Check: {}.", finding.check));
    lines.push(format!("Reference: {} ({})", finding.reference, finding.rule));
    lines.join("\n") + "\n"
}

/// The sentence, with how sure it is if it is not certain.
fn sentence(finding: &Finding) -> String {
    let told = match finding.dn {
        // a DN is spelled as it is
        Some(_) => finding.sentence.clone(),
        None => capitalised(&finding.sentence),
    };
    format!("{told}{}.", sure(finding))
}

/// The sentence without the DN it begins with.
pub(in crate::tui) fn without_dn(finding: &Finding) -> String {
    let name = finding.dn.as_deref().map(|dn| format!("{}: ", escape_bytes(dn)));
    let short = name.and_then(|name| finding.sentence.strip_prefix(&name));
    short.unwrap_or(&finding.sentence).to_owned()
}

/// ` (likely)`; nothing if certain.
pub(in crate::tui) fn sure(finding: &Finding) -> String {
    match finding.confidence {
        Confidence::Certain => String::new(),
        other => format!(" ({})", other.name()),
    }
}

fn seen(data: &Data, clock: &Clock, finding: &Finding) -> String {
    let frame = |e: &Evidence| format!("{} at {}", data.frame_name(e.frame), clock.precise(e.time));
    let mut seen: Vec<String> = finding.evidence.iter().take(FRAMES).map(frame).collect();
    if let Some(more) = finding.evidence.len().checked_sub(FRAMES + 1) {
        seen.push(format!("{} more frames", more + 1));
    }
    seen.join(", ")
}

fn advice(page: &mut Page, finding: &Finding, indent: &str) {
    let prefix = |word: &str| [(format!("{indent}{word} "), Some(Ink::Faint))];
    page.text(&prefix("Check:"), &format!("{}.", finding.check), None);
    let reference = format!("{} ({})", finding.reference, finding.rule);
    page.text(&prefix("See:"), &reference, Some(Ink::Faint));
}

/// What a frame holds, if it is a message of the finding's DN.
fn message_at(data: &Data, finding: &Finding, evidence: Evidence) -> Option<String> {
    let dn = data.find(finding.dn.as_deref()?)?;
    let mut messages = dn.attempts().flat_map(|attempt| attempt.messages());
    let message = messages.find(|message| message.frame() == evidence.frame)?;
    Some(match message.code {
        0 => "REGISTER".to_owned(),
        code => words::status(code),
    })
}
