//! The attribute table of a contrast as CSV (RFC 4180): one line per value and side.

use std::io::{self, Write};

use super::{condition, labels};
use crate::compare::{Contrast, Finding, ValueList};
use crate::net::escape_text;

const HEADER: [&str; 12] = [
    "contrast",
    "attribute",
    "part",
    "separation",
    "strength",
    "p_value",
    "few",
    "condition",
    "side",
    "value",
    "dns",
    "of",
];

/// Writes the table, then those of each kind of failure.
pub fn write_csv(contrast: &Contrast, out: &mut dyn Write) -> io::Result<()> {
    line(out, &HEADER.map(str::to_owned))?;
    for part in std::iter::once(contrast).chain(&contrast.by_outcome) {
        table(part, out)?;
    }
    Ok(())
}

fn table(contrast: &Contrast, out: &mut dyn Write) -> io::Result<()> {
    let separating: Vec<Finding> =
        contrast.groups.iter().flat_map(|g| g.members.iter().cloned()).collect();
    for (part, findings) in [
        ("separates", separating.as_slice()),
        ("same", &contrast.same),
        ("mixed", &contrast.mixed),
        ("outcome", &contrast.outcomes),
        ("not_known", &contrast.not_known),
    ] {
        for finding in findings {
            attribute(contrast, part, finding, out)?;
        }
    }
    for said in &contrast.said {
        let sides = labels(contrast);
        let counts = [said.failures, said.successes];
        for (side, (n, of)) in sides.iter().zip(counts) {
            let mut cells = [(); HEADER.len()].map(|()| String::new());
            let filled = [
                (0, sides.join(" against ")),
                (1, "said".to_owned()),
                (2, if said.separates() { "separates" } else { "mixed" }.to_owned()),
                (8, side.clone()),
                (9, escape_text(&said.shape.text).into_owned()),
                (10, n.to_string()),
                (11, of.to_string()),
            ];
            fill(&mut cells, filled);
            line(out, &cells)?;
        }
    }
    for common in &contrast.common {
        let [label, _] = labels(contrast);
        let (value, share) = (common.value.display(), common.share);
        let mut cells = [(); HEADER.len()].map(|()| String::new());
        let filled = [
            (0, label.clone()),
            (1, common.attribute.name.to_owned()),
            (2, "common".to_owned()),
            (8, label),
            (9, value),
            (10, share.n.to_string()),
            (11, share.of.to_string()),
        ];
        fill(&mut cells, filled);
        line(out, &cells)?;
    }
    Ok(())
}

fn fill(cells: &mut [String], filled: impl IntoIterator<Item = (usize, String)>) {
    for (place, text) in filled {
        if let Some(cell) = cells.get_mut(place) {
            *cell = text;
        }
    }
}

fn attribute(
    contrast: &Contrast,
    part: &str,
    finding: &Finding,
    out: &mut dyn Write,
) -> io::Result<()> {
    let [failing, working] = labels(contrast);
    let words = finding.condition.as_ref().map_or_else(String::new, condition);
    let row = |side: &str, value: String, dns: u32, of: u32| {
        [
            format!("{failing} against {working}"),
            finding.attribute.name.to_owned(),
            part.to_owned(),
            format!("{:.3}", finding.separation),
            finding.strength().name().to_owned(),
            format!("{:.6}", finding.p_value),
            finding.is_few().to_string(),
            words.clone(),
            side.to_owned(),
            value,
            dns.to_string(),
            of.to_string(),
        ]
    };
    let (f, w) = (finding.support.failing, finding.support.working);
    for list in [&finding.only_failing, &finding.shared, &finding.only_working] {
        for counted in &list.values {
            for (side, dns, of) in
                [(&failing, counted.failing, f.of), (&working, counted.working, w.of)]
            {
                if dns > 0 {
                    line(out, &row(side, counted.value.display(), dns, of))?;
                }
            }
        }
        if let ValueList { more: more @ 1.., more_dns, .. } = list {
            line(out, &row("both", format!("({more} more values)"), *more_dns, f.of + w.of))?;
        }
    }
    for (side, share) in [(&failing, f), (&working, w)] {
        if share.not_known > 0 {
            let of = share.of + share.not_known;
            line(out, &row(side, "(not known)".to_owned(), share.not_known, of))?;
        }
    }
    Ok(())
}

/// Writes one line; no cell of it is a formula.
pub(in crate::report) fn line(out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// A cell that no spreadsheet takes for a formula, quoted where it has to be.
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
