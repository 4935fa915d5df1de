//! The DNs as CSV (RFC 4180): a row a DN, for a spreadsheet.

use std::io::{self, Write};

use crate::hashing::HashMap;

use super::View;
use super::columns::{Column, extra_text};
use super::compare::csv_line as line;
use crate::diagnosis::Finding;
use crate::net::{Endpoint, Timestamp, escape_bytes};
use crate::registration::{DnView, Flag, Sym};
use crate::wording::when::iso;

pub(super) const HEADER: [&str; 19] = [
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
    let usual: Vec<Column> = (0..HEADER.len()).map(Column::Usual).collect();
    let columns = if view.columns.is_empty() { &usual } else { view.columns };
    let title = |column: &Column| match column {
        Column::Usual(place) => HEADER.get(*place).copied().unwrap_or_default().to_owned(),
        Column::Extra(name) => name.to_string(),
    };
    line(out, &columns.iter().map(title).collect::<Vec<_>>())?;
    let causes: HashMap<&[u8], &Finding> = view
        .findings()
        .filter(|finding| finding.is_cause)
        .filter_map(|finding| Some((finding.dn.as_deref()?, finding)))
        .collect();
    for dn in view.dns() {
        let row = row(view, dn, causes.get(dn.name()).copied());
        let cell = |column: &Column| match column {
            Column::Usual(place) => row.get(*place).cloned().unwrap_or_default(),
            Column::Extra(name) => extra_text(&dn, name),
        };
        line(out, &columns.iter().map(cell).collect::<Vec<_>>())?;
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
