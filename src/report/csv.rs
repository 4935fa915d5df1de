//! The DNs as CSV (RFC 4180): a row a DN, for a spreadsheet.

use std::io::{self, Write};

use crate::hashing::HashMap;

use super::View;
use super::compare::csv_line as line;
use crate::diagnosis::Finding;
use crate::net::{Endpoint, Timestamp, escape_bytes};
use crate::registration::{DnView, Flag, Sym};
use crate::wording::when::iso;

const HEADER: [&str; 19] = [
    "dn",
    "state",
    "verdict",
    "status_code",
    "since",
    "expires_at",
    "source",
    "transport",
    "registrar",
    "contact",
    "user_agent",
    "attempts",
    "first_seen",
    "last_seen",
    "flags",
    "cause",
    "sentence",
    "check",
    "basis",
];

/// Writes the rows, most urgent first.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    line(out, &HEADER.map(str::to_owned))?;
    let causes: HashMap<&[u8], &Finding> = view
        .findings()
        .filter(|finding| finding.is_cause)
        .filter_map(|finding| Some((finding.dn.as_deref()?, finding)))
        .collect();
    for dn in view.dns() {
        line(out, &row(view, dn, causes.get(dn.name()).copied()))?;
    }
    Ok(())
}

fn row(view: &View<'_>, dn: DnView<'_>, cause: Option<&Finding>) -> [String; HEADER.len()] {
    let (state, record) = (dn.state(), dn.record());
    let last = dn.attempts().last();
    let time = |at: Option<Timestamp>| at.map(|at| iso(view.zone, at)).unwrap_or_default();
    let text = |sym: Option<Sym>| {
        let text = sym.and_then(|sym| view.snapshot.text(sym));
        text.map(|text| escape_bytes(text).into_owned()).unwrap_or_default()
    };
    let end = |end: Option<Endpoint>| end.map(|end| end.to_string()).unwrap_or_default();
    let flags: Vec<_> = dn.flags().iter().map(Flag::name).collect();
    let of_cause = |part: fn(&Finding) -> &str| cause.map(part).unwrap_or_default().to_owned();
    [
        escape_bytes(dn.name()).into_owned(),
        state.state().name().to_owned(),
        state.verdict.name().to_owned(),
        state.status_code.map(|code| code.to_string()).unwrap_or_default(),
        time(state.since),
        time(state.expires_at),
        end(last.map(|last| last.source)),
        last.map(|last| last.transport.name()).unwrap_or_default().to_owned(),
        end(last.map(|last| last.registrar)),
        text(last.map(|last| last.contact)),
        text(last.map(|last| last.user_agent)),
        record.map_or(0, |record| record.attempts).to_string(),
        time(record.map(|record| record.first_seen)),
        time(record.map(|record| record.last_seen)),
        flags.join(" "),
        of_cause(|finding| finding.rule),
        of_cause(|finding| &finding.sentence),
        of_cause(|finding| finding.check),
        state.basis().name().to_owned(),
    ]
}
