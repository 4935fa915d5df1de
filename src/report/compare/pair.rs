//! Two DNs or two messages side by side, as text.

use super::text::line;
use crate::compare::Value;
use crate::compare::pair::{Kind, Pair, ParamRow};
use crate::compare::raw::RawPair;
use crate::net::escape_bytes;

/// The attributes of two DNs: what differs, what differs as expected, what is the same.
#[must_use]
pub fn pair_text(pair: &Pair) -> String {
    let mut out = String::new();
    let [left, right] = [&pair.left, &pair.right].map(|dn| escape_bytes(dn).into_owned());
    let outcome = |place: usize| {
        pair.outcomes.get(place).map_or_else(String::new, |(verdict, code)| {
            let code = code.map_or_else(String::new, |code| format!(" {code}"));
            format!("{}{code}", verdict.name())
        })
    };
    line(&mut out, 0, &format!("{left} ({}) | {right} ({})", outcome(0), outcome(1)));
    let value =
        |v: &Option<Value>| v.as_ref().map_or_else(|| "not known".to_owned(), Value::display);
    for row in &pair.rows {
        let (sign, label) = (sign(row.kind), row.attribute.label);
        let text = match row.kind {
            Kind::Same => format!("{sign} {label}: {}", value(&row.left)),
            _ => format!("{sign} {label}: {} | {}", value(&row.left), value(&row.right)),
        };
        line(&mut out, 0, &text);
        if row.kind.is_difference() {
            params(&mut out, &row.params);
        }
    }
    out.push_str(LEGEND);
    out
}

/// Two messages, header by header.
#[must_use]
pub fn raw_text(pair: &RawPair) -> String {
    let mut out = String::new();
    for row in &pair.rows {
        let sign = sign(row.kind);
        line(&mut out, 0, &format!("{sign} {}", escape_bytes(&row.name)));
        if row.kind == Kind::Same {
            line(&mut out, 4, &shown(row.left.as_ref()));
            continue;
        }
        line(&mut out, 4, &format!("< {}", shown(row.left.as_ref())));
        line(&mut out, 4, &format!("> {}", shown(row.right.as_ref())));
        params(&mut out, &row.params);
    }
    if !pair.same_order {
        line(&mut out, 0, "! The headers stand in another order.");
    }
    out.push_str(LEGEND);
    out
}

const LEGEND: &str = "(! differs, ~ differs as expected, ? not known)\n";

const fn sign(kind: Kind) -> char {
    match kind {
        Kind::Same => ' ',
        Kind::Expected => '~',
        Kind::NotKnown => '?',
        Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => '!',
    }
}

fn shown(value: Option<&Vec<u8>>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| escape_bytes(value).into_owned())
}

fn params(out: &mut String, rows: &[ParamRow]) {
    for row in rows.iter().filter(|row| row.kind.is_difference()) {
        let (left, right) = (shown(row.left.as_ref()), shown(row.right.as_ref()));
        line(out, 6, &format!("{}: {left} | {right}", escape_bytes(&row.name)));
    }
}
