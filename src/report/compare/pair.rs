//! Two DNs side by side, and then their messages header by header, as text of 80 columns.

use std::fmt::Write as _;

use super::text::{WIDTH, line};
use super::view::PairView;
use crate::compare::Value;
use crate::compare::pair::{Kind, Pair, ParamRow};
use crate::compare::raw::RawPair;
use crate::net::escape_bytes;
use crate::wording::layout::{cell, wrap};

/// Columns of the mark with its blank, the label, and each side.
const MARK: usize = 2;
const LABEL: usize = 23;
const SIDE: usize = (WIDTH - MARK - LABEL - 2) / 2;

/// The attributes of two DNs, what differs first; then their messages.
#[must_use]
pub fn pair_text(view: &PairView<'_>) -> String {
    let mut out = String::new();
    columns(&mut out, ' ', "", &view.names());
    columns(&mut out, ' ', "", &view.outcomes());
    for sentence in &view.lead {
        line(&mut out, 2, sentence);
    }
    out.push('\n');
    attributes(&mut out, view.pair);
    let lines = view.lines();
    if !lines.is_empty() {
        out.push('\n');
    }
    for sentence in &lines {
        line(&mut out, 2, sentence);
    }
    for messages in view.messages() {
        out.push('\n');
        columns(&mut out, ' ', messages.title, &messages.places);
        headers(&mut out, &messages.raw);
    }
    let notes = view.notes();
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in &notes {
        line(&mut out, 0, note);
    }
    out.push_str("\n! differs   ~ differs as it has to between any two   ? not captured\n");
    out
}

fn attributes(out: &mut String, pair: &Pair) {
    let shown = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "(not known)".to_owned(), Value::display)
    };
    let mut none = true;
    for kind in [0, 1, 2] {
        for row in pair.rows.iter().filter(|row| order(row.kind) == Some(kind)) {
            // what neither side shows is no row
            if row.left.is_none() && row.right.is_none() {
                continue;
            }
            none &= !row.kind.is_difference();
            let label = row.attribute.label;
            columns(out, sign(row.kind), label, &[shown(&row.left), shown(&row.right)]);
            if row.kind.is_difference() {
                params(out, &row.params);
            }
        }
    }
    if none {
        line(out, 2, "No attribute differs.");
    }
    let [given, absent] = same(pair);
    out.push('\n');
    if !given.is_empty() {
        line(out, 2, &format!("The same: {given}"));
    }
    if !absent.is_empty() {
        line(out, 2, &format!("Absent from both: {absent}"));
    }
}

/// Differences before what has to differ before what is not known; equal attributes go into one line.
const fn order(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => Some(0),
        Kind::Expected => Some(1),
        Kind::NotKnown => Some(2),
        Kind::Same => None,
    }
}

/// What is the same: values, and what neither has.
pub(super) fn same(pair: &Pair) -> [String; 2] {
    let (mut given, mut absent) = (Vec::new(), Vec::new());
    for row in pair.rows.iter().filter(|row| row.kind == Kind::Same) {
        match &row.left {
            None | Some(Value::Absent) => absent.push(row.attribute.label.to_owned()),
            Some(value) => given.push(format!("{}: {}", row.attribute.label, value.display())),
        }
    }
    [given, absent].map(|list| list.join("; "))
}

fn headers(out: &mut String, raw: &RawPair) {
    for row in &raw.rows {
        let (mark, name) = (sign(row.kind), escape_bytes(&row.name));
        if row.kind == Kind::Same {
            wide(out, &name, &shown(row.left.as_ref()));
        } else {
            columns(out, mark, &name, &[shown(row.left.as_ref()), shown(row.right.as_ref())]);
            params(out, &row.params);
        }
    }
    if !raw.same_order {
        line(out, 0, "! The headers are in a different order.");
    }
}

pub(super) const fn sign(kind: Kind) -> char {
    match kind {
        Kind::Same => ' ',
        Kind::Expected => '~',
        Kind::NotKnown => '?',
        Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => '!',
    }
}

pub(super) fn shown(value: Option<&Vec<u8>>) -> String {
    value.map_or_else(|| "(absent)".to_owned(), |value| escape_bytes(value).into_owned())
}

/// The parameters that differ, one by one.
fn params(out: &mut String, rows: &[ParamRow]) {
    for row in rows.iter().filter(|row| row.kind.is_difference()) {
        let name = format!("  {}", escape_bytes(&row.name));
        columns(out, '!', &name, &[shown(row.left.as_ref()), shown(row.right.as_ref())]);
    }
}

/// A mark, a label, and two sides, each broken to its width.
fn columns(out: &mut String, mark: char, label: &str, sides: &[String; 2]) {
    let [left, right] = sides;
    let mut label = wrap(label, LABEL, LABEL);
    let mut left = wrap(left, SIDE, SIDE);
    let mut right = wrap(right, SIDE, SIDE);
    let mut mark = mark;
    loop {
        let cells = [label.next(), left.next(), right.next()];
        if cells.iter().all(Option::is_none) {
            return;
        }
        let [a, b, c] = cells.map(Option::unwrap_or_default);
        let text = format!("{mark} {} {} {c}", cell(a, LABEL, ""), cell(b, SIDE, ""));
        let _ = writeln!(out, "{}", text.trim_end());
        mark = ' ';
    }
}

/// A label and what both sides have.
fn wide(out: &mut String, label: &str, value: &str) {
    let width = WIDTH - MARK - LABEL - 1;
    let (mut label, mut value) = (wrap(label, LABEL, LABEL), wrap(value, width, width));
    loop {
        let cells = [label.next(), value.next()];
        if cells.iter().all(Option::is_none) {
            return;
        }
        let [a, b] = cells.map(Option::unwrap_or_default);
        let text = format!("  {} {b}", cell(a, LABEL, ""));
        let _ = writeln!(out, "{}", text.trim_end());
    }
}
