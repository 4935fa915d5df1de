//! What separates two sides, in words.

use std::fmt::Write as _;

use crate::compare::{
    Attribute, Combination, Condition, Contrast, Finding, SaidLine, Side, Support, Value, ValueList,
};
use crate::net::{count, escape_bytes, escape_text};
use crate::registration::Shape;

/// A condition in words, after the attribute's label: `is 192.168.210.54`, `is above 3000`.
pub(crate) fn condition(condition: &Condition) -> String {
    condition_in(condition, usize::MAX)
}

/// The same with at most `most` values.
pub(crate) fn condition_in(condition: &Condition, most: usize) -> String {
    match condition {
        Condition::Above(limit) => format!("is above {limit}"),
        Condition::UpTo(limit) => format!("is at most {limit}"),
        Condition::Values { values, more, unshared } => {
            let mut words: Vec<String> = values.iter().take(most).map(Value::display).collect();
            let more = more + values.len().saturating_sub(most);
            if more > 0 {
                words.push(format!("one of {more} more"));
            }
            if *unshared {
                words.push("a value no other DN has".to_owned());
            }
            format!("is {}", words.join(" or "))
        }
    }
}

/// `all 12 failing, 0 of 200 working`.
pub(crate) fn support(support: &Support, labels: [&str; 2]) -> String {
    let share = |n: u32, of: u32, label: &str| match n {
        2 if n == of => format!("both {label}"),
        n if n == of && n > 1 => format!("all {of} {label}"),
        n => format!("{n} of {of} {label}"),
    };
    let (f, w) = (support.failing, support.working);
    let mut text = format!("{}, {}", share(f.n, f.of, labels[0]), share(w.n, w.of, labels[1]));
    let unknown = f.not_known + w.not_known;
    if unknown > 0 {
        let _ = write!(text, "; not known of {unknown}");
    }
    text
}

/// `separates perfectly`, and whether that can be chance.
pub(crate) fn verdict(finding: &Finding) -> String {
    strength(finding.separation, finding.strength().name(), finding.is_few())
}

pub(crate) fn strength(separation: f64, word: &str, few: bool) -> String {
    let few = if few { ", but a small sample: may be coincidence" } else { "" };
    format!("{word} ({separation:.2}){few}")
}

/// The condition of a combination: both halves.
pub(crate) fn both(found: &Combination) -> String {
    both_in(found, usize::MAX)
}

/// The same with at most `most` values of each.
pub(crate) fn both_in(found: &Combination, most: usize) -> String {
    let [a, b] = &found.parts;
    let half = |part: &(&'static Attribute, Condition)| {
        format!("{} {}", part.0.label, condition_in(&part.1, most))
    };
    format!("{} and {}", half(a), half(b))
}

/// The names of the two sides, safe to show.
pub(crate) fn labels(contrast: &Contrast) -> [String; 2] {
    [&contrast.failing, &contrast.working].map(|side| escape_text(&side.name()).into_owned())
}

/// Values in a line, the most frequent first, with what was left out.
pub(crate) fn values(list: &ValueList, most: usize) -> String {
    let mut words: Vec<String> = list.values.iter().take(most).map(|v| v.value.display()).collect();
    let more = list.values.len().saturating_sub(most) + list.more;
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// What is the same for all, in a line: values, and what is absent.
pub(crate) fn same(contrast: &Contrast) -> [String; 2] {
    let (mut given, mut absent) = (Vec::new(), Vec::new());
    for finding in &contrast.same {
        let label = finding.attribute.label;
        match finding.shared.values.first().map(|v| &v.value) {
            None | Some(Value::Absent) => absent.push(label.to_owned()),
            Some(value) => given.push(format!("{label}: {}", value.display())),
        }
    }
    [given, absent].map(|list| list.join("; "))
}

/// The first DNs of a side and how many more there are.
pub(crate) fn examples(side: &Side) -> String {
    let mut names: Vec<_> = side.examples.iter().map(|n| escape_bytes(n).into_owned()).collect();
    let more = side.dns.saturating_sub(names.len());
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(" ")
}

/// What people suspect first: shown first when it is no difference.
pub(crate) const SUSPECTS: [&str; 12] = [
    "registrar",
    "auth.given",
    "expires.present",
    "transport",
    "source.address",
    "user_agent",
    "contact.host",
    "auth.realm",
    "request_uri",
    "contact.host_is_source",
    "source.network",
    "via.rport_asked",
];

/// Attributes with no clear difference.
pub(crate) const MIXED: &str = "Mixed, no clear difference";
/// Attributes that follow from the outcome.
pub(crate) const CONSEQUENCES: &str = "Consequences, not causes";
/// Attributes that cannot be compared.
pub(crate) const NOT_KNOWN: &str = "Unknown on one or both sides";

/// Attributes, those that people suspect first before the others.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "for the screen"))]
pub(crate) fn suspects_first(findings: &[Finding]) -> Vec<&Finding> {
    let place = |finding: &&Finding| {
        let suspect = SUSPECTS.iter().position(|name| *name == finding.attribute.name);
        suspect.unwrap_or(SUSPECTS.len())
    };
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(place);
    findings
}

/// What is said when no attribute separates the two sides: of one against one, nothing can.
pub(crate) fn nothing_separates(contrast: &Contrast) -> String {
    let [failing, working] = labels(contrast);
    let (f, w) = (contrast.failing.dns, contrast.working.dns);
    if f.min(w) < 2 {
        format!(
            "Too few to tell ({f} {failing}, {w} {working}): `regscope compare DN DN FILE` puts two \
             side by side."
        )
    } else {
        format!("No attribute separates {failing} ({f}) from {working} ({w}).")
    }
}

/// A line of a log with no known meaning: `"…": before 2 of 2 failures and 12 of 12 successes: …`; of two sides that
/// have names, in how many of their attempts it is.
pub(crate) fn said(line: &SaidLine, sides: Option<[&str; 2]>) -> String {
    let separates = if line.separates() {
        "separates them, which is a correlation and no cause"
    } else {
        "does not separate them"
    };
    let (f, w) = (line.failures, line.successes);
    let of = |(n, of): (u32, u32), place: usize| match sides
        .and_then(|sides| sides.get(place).copied())
    {
        Some(side) => format!("{n} of {} of {side}", count(u64::from(of), "attempt")),
        None if place == 0 => format!("{n} of {}", count(u64::from(of), "failure")),
        None if of == 1 => format!("{n} of 1 success"),
        None => format!("{n} of {of} successes"),
    };
    let text = escape_text(&line.shape.text);
    let place = if sides.is_some() { "in" } else { "before" };
    format!("\"{text}\": {place} {} and {}: {separates}", of(f, 0), of(w, 1))
}

/// A line of a log with no known meaning that only the exchange of one of two DNs has.
pub(crate) fn only_in_exchange(line: &Shape, dn: &str) -> String {
    let text = escape_text(&line.example);
    format!("Only in the exchange of {dn} (meaning not known): \"{text}\"")
}

/// What is said when a side has no DN.
pub(crate) fn one_sided(contrast: &Contrast) -> String {
    let [failing, working] = labels(contrast);
    match (contrast.failing.dns, contrast.working.dns) {
        (0, 0) => "There is no DN to compare.".to_owned(),
        (0, n) => format!("No DN is {failing}: nothing to compare the {n} {working} with."),
        (n, _) => {
            format!(
                "No DN is {working}: nothing to compare the {n} {failing} with. All of them share:"
            )
        }
    }
}
