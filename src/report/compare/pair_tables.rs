//! Two DNs side by side as Markdown and as CSV.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::csv::line;
use super::markdown::cell;
use super::pair::{same, shown, sign};
use super::view::PairView;
use crate::compare::Value;
use crate::compare::pair::{Kind, ParamRow};
use crate::net::escape_bytes;

/// The attributes that differ, then the messages, as Markdown for a ticket.
#[must_use]
pub fn pair_markdown(view: &PairView<'_>) -> String {
    let mut out = String::new();
    let ([a, b], [was, is]) = (view.names(), view.outcomes());
    let head = [format!("{a} ({was})"), format!("{b} ({is})")];
    let _ = write!(out, "### {} and {}\n\n", cell(&a), cell(&b));
    for sentence in &view.lead {
        let _ = write!(out, "{}\n\n", cell(sentence));
    }
    table(&mut out, "Attribute", &head);
    for row in view.pair.rows.iter().filter(|row| row.kind != Kind::Same) {
        let text = |value: &Option<Value>| {
            value.as_ref().map_or_else(|| "(not known)".to_owned(), Value::display)
        };
        if row.left.is_some() || row.right.is_some() {
            row_of(&mut out, row.kind, row.attribute.label, [text(&row.left), text(&row.right)]);
        }
    }
    let [given, absent] = same(view.pair);
    let _ = write!(out, "\nThe same: {}.\n\nAbsent from both: {}.\n", cell(&given), cell(&absent));
    for sentence in view.lines() {
        let _ = write!(out, "\n{}\n", cell(&sentence));
    }
    for messages in view.messages() {
        let _ = write!(out, "\n#### {}\n\n", messages.title);
        table(&mut out, "Header", &messages.places);
        for row in &messages.raw.rows {
            let values = [shown(row.left.as_ref()), shown(row.right.as_ref())];
            row_of(&mut out, row.kind, &escape_bytes(&row.name), values);
            for part in row.params.iter().filter(|part| part.kind.is_difference()) {
                let name = format!("{}: {}", escape_bytes(&row.name), escape_bytes(&part.name));
                let values = [shown(part.left.as_ref()), shown(part.right.as_ref())];
                row_of(&mut out, part.kind, &name, values);
            }
        }
        if !messages.raw.same_order {
            out.push_str("\nThe headers are in a different order.\n");
        }
    }
    for note in view.notes() {
        let _ = write!(out, "\n{}\n", cell(&note));
    }
    out
}

fn table(out: &mut String, first: &str, head: &[String; 2]) {
    let [a, b] = head;
    let _ = write!(out, "| | {first} | {} | {} |\n|---|---|---|---|\n", cell(a), cell(b));
}

fn row_of(out: &mut String, kind: Kind, name: &str, [left, right]: [String; 2]) {
    let mark = cell(&sign(kind).to_string());
    let (name, left, right) = (cell(name), cell(&left), cell(&right));
    let _ = writeln!(out, "| {} | {name} | {left} | {right} |", mark.trim());
}

/// Every attribute, header and parameter as a line of CSV.
pub fn write_pair_csv(view: &PairView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let [left, right] = view.names();
    line(out, &["part".into(), "name".into(), "parameter".into(), "kind".into(), left, right])?;
    for row in &view.pair.rows {
        let text = |value: &Option<Value>| match value {
            Some(Value::Text(text)) => escape_bytes(text).into_owned(),
            Some(Value::Absent) | None => String::new(),
        };
        let cells = [text(&row.left), text(&row.right)];
        write(out, "attribute", row.attribute.name, "", row.kind, cells)?;
        params(out, "attribute", row.attribute.name, &row.params)?;
    }
    for messages in view.messages() {
        let part = if messages.title == "REGISTER" { "request" } else { "answer" };
        for row in &messages.raw.rows {
            let name = escape_bytes(&row.name);
            let cells = [row.left.as_ref(), row.right.as_ref()].map(value);
            write(out, part, &name, "", row.kind, cells)?;
            params(out, part, &name, &row.params)?;
        }
    }
    Ok(())
}

fn params(out: &mut dyn Write, part: &str, name: &str, rows: &[ParamRow]) -> io::Result<()> {
    for row in rows {
        let cells = [row.left.as_ref(), row.right.as_ref()].map(value);
        write(out, part, name, &escape_bytes(&row.name), row.kind, cells)?;
    }
    Ok(())
}

fn value(bytes: Option<&Vec<u8>>) -> String {
    bytes.map_or_else(String::new, |bytes| escape_bytes(bytes).into_owned())
}

fn write(
    out: &mut dyn Write,
    part: &str,
    name: &str,
    parameter: &str,
    kind: Kind,
    [left, right]: [String; 2],
) -> io::Result<()> {
    let texts = [part, name, parameter, kind.name()].map(str::to_owned);
    let [part, name, parameter, kind] = texts;
    line(out, &[part, name, parameter, kind, left, right])
}
