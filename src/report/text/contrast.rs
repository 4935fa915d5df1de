//! What the failing DNs share and no working DN has, in a few lines.

use std::io;

use super::names;
use super::page::Page;
use crate::compare::{Contrast, Finding, Leading, Strength, Value};
use crate::net::count;
use crate::registration::Cohort;
use crate::report::View;
use crate::wording::append;
use crate::wording::contrast::{
    SUSPECTS, both, condition, nothing_separates, said, support, verdict,
};

/// Attributes that separate, shown one by one.
const GROUPS: usize = 2;
/// Attributes that coincide with one of them, named.
const COINCIDING: usize = 6;
/// Kinds of failure shown one by one.
const KINDS: usize = 3;
/// Lines of logs shown one by one.
const LINES: usize = 6;
/// Columns for what does not separate.
const SAME: usize = 150;

pub(super) fn write(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    attributes(view, page)?;
    lines(view, page)
}

/// The lines of logs with no known meaning: correlations at most.
fn lines(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let lines = &view.contrast.said;
    if lines.is_empty() {
        return Ok(());
    }
    page.title("The server also said (meaning not known)")?;
    for line in lines.iter().take(LINES) {
        page.paragraph("  ", &said(line, None))?;
    }
    match lines.len().checked_sub(LINES) {
        None | Some(0) => Ok(()),
        Some(more) => page.line(&format!("  and {} more", count(more as u64, "line"))),
    }
}

fn attributes(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let contrast = view.contrast;
    let failing = view.dns().any(|dn| dn.cohort() == Cohort::Failing);
    if !failing || contrast.failing.dns + contrast.working.dns < 2 {
        return Ok(());
    }
    if !contrast.has_two_sides() {
        page.title("What the failing DNs share")?;
        return page.paragraph(
            "  ",
            "No DN of this capture works, so there is nothing to compare them with; `regscope \
             compare` takes a second capture with DNs that do.",
        );
    }
    page.title("What the failing DNs share and no working DN has")?;
    leading(contrast, page)?;
    kinds(contrast, page)?;
    if contrast.leading().is_none() {
        return Ok(());
    }
    let same = same(contrast);
    if !same.is_empty() {
        page.paragraph("  ", &format!("Identical on both sides: {same}."))?;
    }
    page.paragraph(
        "  ",
        "`regscope compare FILE` shows all of it, `regscope compare DN DN FILE` compares two DNs.",
    )
}

fn leading(contrast: &Contrast, page: &mut Page<'_>) -> io::Result<()> {
    let sides = ["failing", "working"];
    if contrast.leading().is_none() {
        return page.paragraph("  ", &nothing_separates(contrast));
    }
    for found in contrast.combinations.iter().take(1) {
        let word = Strength::of(found.separation).name();
        let text = format!("{}: {}; together {word}", both(found), support(&found.support, sides));
        page.paragraph(&bullet(page), &text)?;
    }
    for group in contrast.groups.iter().take(GROUPS) {
        let Some(lead) = group.lead() else { continue };
        let text = format!(
            "{}: {}; {}.",
            condition_of(lead),
            support(&lead.support, sides),
            verdict(lead)
        );
        page.paragraph(&bullet(page), &text)?;
        coinciding(group.members.get(1..).unwrap_or_default(), page)?;
    }
    if let Some(more @ 1..) = contrast.groups.len().checked_sub(GROUPS) {
        page.line(&format!("    and {}", count(more as u64, "weaker difference")))?;
    }
    Ok(())
}

/// The attributes that coincide with the one before.
fn coinciding(members: &[Finding], page: &mut Page<'_>) -> io::Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let told = |finding: &Finding| {
        let value = finding.only_failing.values.first().map(|v| v.value.display());
        value.map_or_else(
            || finding.attribute.label.to_owned(),
            |value| format!("{}: {value}", finding.attribute.label),
        )
    };
    let named = members.iter().take(COINCIDING).map(told).collect::<Vec<_>>().join("; ");
    let more = match members.len().saturating_sub(COINCIDING) {
        0 => String::new(),
        more => format!("; {more} more"),
    };
    page.paragraph("    ", &format!("Indistinguishable in this capture: {named}{more}."))
}

fn bullet(page: &Page<'_>) -> String {
    format!("{} ", page.glyphs.bullet)
}

fn condition_of(finding: &Finding) -> String {
    let words = finding.condition.as_ref().map_or_else(String::new, condition);
    format!("{} {words}", finding.attribute.label)
}

/// Kinds of failure that something else sets apart than all failing DNs together.
fn kinds(contrast: &Contrast, page: &mut Page<'_>) -> io::Result<()> {
    let lead = |contrast: &Contrast| match contrast.leading() {
        Some(Leading::Group(group)) => group.lead().map(condition_of),
        Some(Leading::Combination(found)) => Some(both(found)),
        None => None,
    };
    let whole = lead(contrast);
    let parts = || contrast.by_outcome.iter().take(KINDS);
    let told = |part: &Contrast| {
        let dns: Vec<&[u8]> = part.failing.examples.iter().map(Vec::as_slice).collect();
        let more = part.failing.dns.saturating_sub(dns.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} ({}{more})", part.failing.name(), names::list(&dns))
    };
    let (alike, other): (Vec<_>, Vec<_>) = parts().partition(|part| lead(part) == whole);
    if whole.is_some() && !alike.is_empty() {
        let kinds = alike.iter().map(|part| told(part)).collect::<Vec<_>>().join(", ");
        page.paragraph("    ", &format!("The same for each kind alone: {kinds}."))?;
    }
    for part in other {
        let Some(found) = lead(part) else { continue };
        page.paragraph(&bullet(page), &format!("{} alone: {found}.", told(part)))?;
    }
    Ok(())
}

/// What does not separate them, as far as two lines reach.
fn same(contrast: &Contrast) -> String {
    let mut text = String::new();
    for name in SUSPECTS {
        let Some(finding) = contrast.same.iter().find(|f| f.attribute.name == name) else {
            continue;
        };
        let value = match finding.shared.values.first().map(|v| &v.value) {
            None | Some(Value::Absent) => continue,
            Some(value) => value.display(),
        };
        let next = format!("{}: {value}", finding.attribute.label);
        if text.len() + next.len() > SAME {
            break;
        }
        let gap = if text.is_empty() { "" } else { "; " };
        append!(text, "{gap}{next}");
    }
    text
}
