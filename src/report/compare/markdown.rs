//! A contrast as Markdown, to be pasted into a ticket.

use std::fmt::Write as _;

use super::{
    LINES, both, condition, examples, labels, nothing_separates, one_sided, same, sides_of,
    strength, support, values, verdict,
};
use crate::compare::{Contrast, Strength, ValueList};
use crate::report::markdown::escape;

/// The contrast, and those of each kind of failure after it.
#[must_use]
pub fn markdown(contrast: &Contrast) -> String {
    let mut out = String::new();
    one(&mut out, contrast);
    if contrast.has_two_sides() {
        others(&mut out, contrast);
    }
    let names = labels(contrast);
    if !contrast.said.is_empty() {
        out.push_str("\nThe server also said (meaning not known):\n\n");
    }
    for said in contrast.said.iter().take(LINES) {
        let _ = writeln!(out, "- {}", escape(&super::said(said, sides_of(contrast, &names))));
    }
    for part in &contrast.by_outcome {
        out.push('\n');
        one(&mut out, part);
    }
    out
}

fn one(out: &mut String, contrast: &Contrast) {
    let [failing, working] = labels(contrast);
    let (f, w) = (&contrast.failing, &contrast.working);
    let title = format!("{} {failing} against {} {working}", f.dns, w.dns);
    let _ = write!(out, "### {}\n\n", cell(&title));
    for (label, side) in [(&failing, f), (&working, w)] {
        if side.dns > 0 {
            let _ = writeln!(out, "- {}: {}", cell(label), cell(&examples(side)));
        }
    }
    out.push('\n');
    if contrast.has_two_sides() {
        differences(out, contrast, [&failing, &working]);
        return;
    }
    let _ = writeln!(out, "{}\n", cell(&one_sided(contrast)));
    for common in &contrast.common {
        let (label, value) = (common.attribute.label, common.value.display());
        let (n, of) = (common.share.n, common.share.of);
        let _ = writeln!(out, "- {label}: {} ({n} of {of})", cell(&value));
    }
}

fn differences(out: &mut String, contrast: &Contrast, names: [&str; 2]) {
    if contrast.leading().is_none() {
        let _ = write!(out, "{}\n\n", nothing_separates(contrast));
    } else {
        let _ = writeln!(
            out,
            "| What separates them | DNs | Strength | Only {} | Only {} |\n|---|---|---|---|---|",
            cell(names[0]),
            cell(names[1])
        );
    }
    for found in &contrast.combinations {
        let word = strength(found.separation, Strength::of(found.separation).name(), false);
        let backing = support(&found.support, names);
        let _ = writeln!(out, "| {} | {} | {word} | | |", cell(&both(found)), cell(&backing));
    }
    for member in contrast.groups.iter().flat_map(|group| &group.members) {
        let words = member.condition.as_ref().map_or_else(String::new, condition);
        let list = |list: &ValueList| cell(&values(list, 3));
        let _ = writeln!(
            out,
            "| {} {} | {} | {} | {} | {} |",
            member.attribute.label,
            cell(&words),
            cell(&support(&member.support, names)),
            verdict(member),
            list(&member.only_failing),
            list(&member.only_working)
        );
    }
    let coincide = contrast.groups.iter().filter(|g| g.members.len() > 1);
    for group in coincide {
        let all: Vec<_> = group.members.iter().map(|m| m.attribute.label).collect();
        let _ = write!(out, "\nIndistinguishable in this capture: {}.\n", all.join("; "));
    }
}

/// What does not separate the sides.
fn others(out: &mut String, contrast: &Contrast) {
    let [given, absent] = same(contrast);
    for (title, list) in [("The same for all", given), ("Absent from all", absent)] {
        if !list.is_empty() {
            let _ = write!(out, "\n{title}, so not the difference: {}.\n", cell(&list));
        }
    }
}

/// Text that Markdown shows as it is, on one line of a table, and a spreadsheet takes as text.
pub(super) fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("{guard}{}", escape(text))
}
