//! A contrast as text for a terminal of 80 columns.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{
    LINES, both, condition, examples, labels, nothing_separates, one_sided, same, sides_of,
    strength, support, values, verdict,
};
use crate::compare::{Contrast, Finding, Group};
use crate::net::count;
use crate::wording::contrast::{CONSEQUENCES, MIXED, NOT_KNOWN};

pub(super) use crate::report::WIDTH;

/// The contrast, and those of each kind of failure after it.
#[must_use]
pub fn text(contrast: &Contrast) -> String {
    let mut out = String::new();
    one(&mut out, contrast);
    if contrast.has_two_sides() {
        others(&mut out, contrast);
    }
    let names = labels(contrast);
    if !contrast.said.is_empty() {
        line(&mut out, 0, "The server also said (meaning not known):");
    }
    for said in contrast.said.iter().take(LINES) {
        line(&mut out, 2, &super::said(said, sides_of(contrast, &names)));
    }
    if let Some(more) = contrast.said.len().checked_sub(LINES).filter(|more| *more > 0) {
        line(&mut out, 2, &format!("and {} more", count(more as u64, "line")));
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
    line(out, 0, &format!("{} {failing} against {} {working}", f.dns, w.dns));
    for (label, side) in [(&failing, f), (&working, w)] {
        if side.dns > 0 {
            line(out, 2, &format!("{label}: {}", examples(side)));
        }
    }
    if contrast.has_two_sides() {
        differences(out, contrast, [&failing, &working]);
        return;
    }
    line(out, 2, &one_sided(contrast));
    for common in &contrast.common {
        let share = format!("{} of {}", common.share.n, common.share.of);
        line(out, 4, &format!("{}: {} ({share})", common.attribute.label, common.value.display()));
    }
}

fn differences(out: &mut String, contrast: &Contrast, names: [&str; 2]) {
    if contrast.leading().is_none() {
        line(out, 0, &nothing_separates(contrast));
        return;
    }
    line(out, 0, "What separates them, best first:");
    for found in &contrast.combinations {
        line(out, 2, &format!("* {}", both(found)));
        line(out, 4, &support(&found.support, names));
        let word = crate::compare::Strength::of(found.separation).name();
        line(out, 4, &format!("together {}", strength(found.separation, word, false)));
        for pair in &found.also {
            line(out, 4, &format!("the same DNs: {} and {}", pair[0], pair[1]));
        }
    }
    for group in &contrast.groups {
        self::group(out, group, names);
    }
}

fn group(out: &mut String, group: &Group, names: [&str; 2]) {
    let Some(lead) = group.lead() else { return };
    let words = lead.condition.as_ref().map_or_else(String::new, condition);
    line(out, 2, &format!("* {} {words}", lead.attribute.label));
    line(out, 4, &support(&lead.support, names));
    line(out, 4, &verdict(lead));
    sides(out, 4, lead, names);
    if group.members.len() > 1 {
        line(out, 4, "These coincide with it, the capture cannot tell them apart:");
        for member in group.members.iter().skip(1) {
            let [failing, working] = [&member.only_failing, &member.only_working]
                .map(|list| if list.values.is_empty() { "-".into() } else { values(list, 2) });
            line(out, 6, &format!("{}: {failing} | {working}", member.attribute.label));
        }
    }
}

/// The values of either side.
fn sides(out: &mut String, indent: usize, finding: &Finding, names: [&str; 2]) {
    let lists = [
        (format!("only {}", names[0]), &finding.only_failing),
        (format!("only {}", names[1]), &finding.only_working),
        ("both".to_owned(), &finding.shared),
    ];
    for (label, list) in lists {
        if !list.values.is_empty() {
            line(out, indent, &format!("{label}: {}", values(list, 4)));
        }
    }
}

fn others(out: &mut String, contrast: &Contrast) {
    let [given, absent] = same(contrast);
    if !given.is_empty() {
        line(out, 0, "What does not separate them, the same for all:");
        line(out, 2, &given);
    }
    if !absent.is_empty() {
        line(out, 2, &format!("absent from all: {absent}"));
    }
    let named = |findings: &[Finding]| {
        let one = |f: &Finding| format!("{} {:.2}", f.attribute.name, f.separation);
        findings.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    for (title, findings) in [
        (MIXED, &contrast.mixed),
        (CONSEQUENCES, &contrast.outcomes),
        (NOT_KNOWN, &contrast.not_known),
    ] {
        if !findings.is_empty() {
            line(out, 0, &format!("{title}: {}", named(findings)));
        }
    }
}

/// Adds a text, broken at spaces to [`WIDTH`] columns; lines after the first are indented by two more
/// columns.
pub(super) fn line(out: &mut String, indent: usize, text: &str) {
    let mut column = 0;
    for (place, word) in text.split(' ').enumerate() {
        if place == 0 {
            pad(out, indent);
            column = indent;
        } else if column + 1 + word.width() > WIDTH {
            out.push('\n');
            pad(out, indent + 2);
            column = indent + 2;
        } else {
            out.push(' ');
            column += 1;
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if column + width > WIDTH {
                out.push('\n');
                pad(out, indent + 2);
                column = indent + 2;
            }
            out.push(c);
            column += width;
        }
    }
    out.push('\n');
}

fn pad(out: &mut String, columns: usize) {
    let _ = write!(out, "{:columns$}", "");
}
