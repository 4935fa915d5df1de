//! Changes and findings as lines for a person.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::output::Told;
use crate::app::live::inputs::Inputs;
use crate::diagnosis::{Finding, Severity};
use crate::net::{Timestamp, escape_bytes};
use crate::registration::{DnChange, Flag, Risk, State, Status, Verdict};
use crate::wording::append;
use crate::wording::when::Clock;
use crate::wording::words;

/// `21:04:05  5002  in service -> rejected 403 Forbidden  192.0.2.1:5060 -> 192.0.2.2:5060  frame 12`.
pub(super) fn change(
    told: &Told<'_>,
    zone: &TimeZone,
    inputs: &Inputs,
    out: &mut dyn Write,
) -> io::Result<()> {
    let change = told.change;
    let clock = Clock::new(zone, change.time);
    let mut line = format!("{}  {}  ", clock.short(change.time), escape_bytes(&change.dn));
    line.push_str(&states(change, told.risk, &clock));
    if let Some((source, registrar)) = told.source.zip(told.registrar) {
        append!(line, "  {source} -> {registrar}");
        if let Some(process) = &told.process {
            append!(line, "  {}", process.words);
        }
        if let Some(name) = &told.name {
            append!(line, "  {name}");
        }
    }
    if let Some(frame) = change.frame {
        let what = if inputs.is_line(frame) { "line" } else { "frame" };
        append!(line, "  {what} {}", frame.number());
        if let (Some(name), true) = (inputs.name(frame), inputs.names().len() > 1) {
            append!(line, " of {name}");
        }
    }
    if let Some(cause) = told.cause {
        append!(line, "  {}", cause.sentence);
    }
    writeln!(out, "{line}")
}

/// `in service -> rejected 403 Forbidden [+refresh_refused]`.
fn states(change: &DnChange, risk: Option<Risk>, clock: &Clock) -> String {
    let (from, to) = (change.from, change.to);
    let words = |status: Status, expires| match status.verdict {
        Verdict::NotSeen => "expected, not seen so far".to_owned(),
        verdict => {
            let words = words::verdict(verdict, status.status_code, expires, clock);
            let words = words::on_basis(words, status.basis);
            match (verdict, status.state) {
                (Verdict::CtiOnly, State::InService) => format!("in service, {words}"),
                (Verdict::CtiOnly, State::OutOfService) => format!("out of service, {words}"),
                _ => words,
            }
        }
    };
    let key = |status: Status| (status.verdict, status.state, status.status_code);
    let same = from.zip(to).is_some_and(|(from, to)| key(from) == key(to));
    let mut text = match (from, to) {
        (Some(from), Some(_)) if !same => format!("{} -> ", words(from, None)),
        (None, Some(to)) if to.verdict != Verdict::NotSeen => "new -> ".to_owned(),
        _ => String::new(),
    };
    match to {
        Some(to) => {
            text.push_str(&words(to, change.expires_at));
            text.push_str(&words::at_risk(risk));
        }
        None => text.push_str("not listed any more: only a scanner tries it, or it was forgotten"),
    }
    let has = |status: Option<Status>, flag| status.is_some_and(|s| s.flags.contains(flag));
    let flags = Flag::ALL.iter().filter_map(|&flag| match (has(from, flag), has(to, flag)) {
        (false, true) => Some(format!("+{}", flag.name())),
        (true, false) if to.is_some() => Some(format!("-{}", flag.name())),
        _ => None,
    });
    let flags: Vec<_> = flags.collect();
    if !flags.is_empty() {
        append!(text, " [{}]", flags.join(" "));
    }
    text
}

/// `21:04:05  5002  warning: …`.
pub(super) fn finding(
    finding: &Finding,
    now: Timestamp,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let at = finding.evidence.last().map_or(now, |evidence| evidence.time);
    let at = Clock::new(zone, now).short(at);
    let subject = match (&finding.dn, finding.source) {
        (Some(dn), _) => escape_bytes(dn),
        (None, Some(source)) => source.to_string().into(),
        (None, None) => "-".into(),
    };
    let loud = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Observation => "note",
    };
    // many sentences begin with what they are about
    let sentence = finding.sentence.strip_prefix(&*subject).and_then(|s| s.strip_prefix(": "));
    writeln!(out, "{at}  {subject}  {loud}: {}", sentence.unwrap_or(&finding.sentence))
}
