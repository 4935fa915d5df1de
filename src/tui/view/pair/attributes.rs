//! Two DNs attribute by attribute: what differs first.

use super::rows::{Row, Sheet, Side, Tally};
use crate::compare::Value;
use crate::compare::pair::{Kind, ParamRow, Subject, pair};
use crate::net::{Timestamp, escape_bytes};
use crate::registration::DnView;
use crate::tui::state::State;
use crate::tui::state::pair::Pair;

pub(super) fn of_dns(state: &State, screen: &Pair, dns: [DnView<'_>; 2]) -> Sheet {
    let snapshot = &state.data.snapshot;
    let [left, right] = dns.map(|dn| Subject::new(snapshot, dn));
    let pair = pair(&left, &right);
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    for row in &pair.rows {
        // what neither side shows is no row
        if row.left.is_some() || row.right.is_some() {
            tally.add(row.kind);
        }
    }
    for kinds in [0, 1, 2, 3] {
        for row in pair.rows.iter().filter(|row| order(row.kind) == kinds) {
            let label = row.attribute.label;
            match (row.kind, &row.left, &row.right) {
                (_, None, None) => {}
                (Kind::Same, value, _) if screen.same => {
                    rows.push(Row::same(label, shown(value.as_ref())));
                }
                (Kind::Same, ..) => {}
                (kind, left, right) => {
                    rows.push(Row::two(kind, label, [shown(left.as_ref()), shown(right.as_ref())]));
                    params(&row.params, &mut rows);
                }
            }
        }
    }
    if pair.differences().next().is_none() {
        let text = "No attribute differs; r compares the messages header by header.";
        rows.insert(0, Row::note(text));
    }
    Sheet {
        title: "Attributes".to_owned(),
        sides: dns.map(|dn| side(state, dn)),
        summary: tally.words(screen.same),
        widest: pair.rows.iter().map(|row| row.attribute.label.len()).max().unwrap_or(0),
        rows,
    }
}

/// Differences before what has to differ before what is not known before what is the same.
const fn order(kind: Kind) -> u8 {
    match kind {
        Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => 0,
        Kind::Expected => 1,
        Kind::NotKnown => 2,
        Kind::Same => 3,
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(not known)".to_owned(), Value::display)
}

/// The parameters that differ, one by one.
pub(super) fn params(params: &[ParamRow], rows: &mut Vec<Row>) {
    let bytes = |value: Option<&Vec<u8>>| {
        value.map_or_else(|| "(absent)".to_owned(), |value| escape_bytes(value).into_owned())
    };
    for param in params.iter().filter(|param| param.kind.is_difference()) {
        let name = format!("  {}", escape_bytes(&param.name));
        let cells = [bytes(param.left.as_ref()), bytes(param.right.as_ref())];
        rows.push(Row::two(param.kind, name, cells));
    }
}

/// A DN with its verdict and the path of its request.
pub(super) fn side(state: &State, dn: DnView<'_>) -> Side {
    let own = dn.state();
    let verdict = own.verdict.label(own.status_code);
    let time = |word: &str, at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| format!("{word} {}", state.clock.short(at)))
    };
    let since = format!("{} {}", time("since", own.since), time("until", own.expires_at));
    let way = dn.last_attempt().map_or_else(String::new, |a| format!("from {}", a.source));
    Side {
        name: escape_bytes(dn.name()).into_owned(),
        state: Some(own.state()),
        lines: vec![verdict, since.trim().to_owned(), way],
    }
}
