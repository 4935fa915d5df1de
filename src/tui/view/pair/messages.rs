//! Two messages header by header.

use super::attributes::{params, side};
use super::rows::{Row, Sheet, Side, Tally, keys_of};
use crate::compare::pair::Kind;
use crate::compare::raw::{RawPair, raw};
use crate::net::escape_bytes;
use crate::registration::DnView;
use crate::sip::{Message, StartLine};
use crate::tui::effect::Key;
use crate::tui::state::State;
use crate::tui::state::messages::Text;
use crate::tui::state::pair::Pair;

/// Columns of the usual names of headers.
const WIDEST: usize = "WWW-Authenticate".len();

/// The REGISTERs of two DNs, and the responses to them.
pub(super) fn of_dns(state: &State, screen: &Pair, dns: [DnView<'_>; 2]) -> Sheet {
    let [[left, left_answer], [right, right_answer]] = dns.map(|dn| keys_of(state, dn.name()));
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    for (title, keys) in [("REGISTER", [left, right]), ("Response", [left_answer, right_answer])] {
        let frame = |key: &Option<Key>| match key {
            Some(key) => format!("frame {}", state.data.frame_name(key.frame)),
            None => "(none)".to_owned(),
        };
        if !rows.is_empty() {
            rows.push(Row::note(""));
        }
        rows.push(Row::title(title, [frame(&keys[0]), frame(&keys[1])]));
        match keys {
            [Some(left), Some(right)] => {
                compare(state, screen.same, [&left, &right], &mut tally, &mut rows);
            }
            _ => rows.push(Row::note("Not on both sides: nothing to compare.")),
        }
    }
    Sheet {
        title: "Messages".to_owned(),
        sides: dns.map(|dn| side(state, dn)),
        summary: tally.words(screen.same),
        widest: WIDEST,
        rows,
    }
}

/// Two messages, whatever they are.
pub(super) fn of_messages(state: &State, screen: &Pair, keys: &[Key; 2]) -> Sheet {
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    let [left, right] = keys;
    compare(state, screen.same, [left, right], &mut tally, &mut rows);
    let arrow = state.glyphs().arrow;
    let side = |key: &Key| {
        let fetched = state.messages.fetched(key);
        let start = fetched.and_then(|fetched| start_line(&fetched.bytes)).unwrap_or_default();
        let origin = fetched.map(|fetched| fetched.origin);
        let time = origin.map_or_else(String::new, |o| state.clock.precise(o.time));
        let way = origin.map_or_else(String::new, |o| format!("{} {arrow} {}", o.src, o.dst));
        let name = format!("frame {}", state.data.frame_name(key.frame));
        Side { name, state: None, lines: vec![start, time, way] }
    };
    Sheet {
        title: "Messages".to_owned(),
        sides: [side(left), side(right)],
        summary: tally.words(screen.same),
        widest: WIDEST,
        rows,
    }
}

fn start_line(bytes: &[u8]) -> Option<String> {
    let message = Message::parse(bytes, false)?;
    Some(match message.start() {
        StartLine::Request { method, .. } => escape_bytes(method.as_bytes()).into_owned(),
        StartLine::Response { code, .. } => crate::wording::words::status(*code),
    })
}

/// Puts the headers of two messages into rows, as far as they are here.
fn compare(state: &State, same: bool, keys: [&Key; 2], tally: &mut Tally, rows: &mut Vec<Row>) {
    let mut fetched = Vec::new();
    for key in keys {
        let frame = state.data.frame_name(key.frame);
        match state.messages.get(key) {
            Some(Text::Here(one)) => {
                if one.cut {
                    rows.push(Row::note(format!(
                        "Frame {frame} is cut in the capture: what seems absent may be missing."
                    )));
                }
                fetched.push(one);
            }
            Some(Text::Gone) => {
                rows.push(Row::note(format!("Frame {frame} cannot be read again.")));
            }
            Some(Text::Asked) | None => rows.push(Row::note(format!("reading frame {frame} ..."))),
        }
    }
    let [left, right] = fetched.as_slice() else { return };
    match raw(&left.bytes, &right.bytes) {
        Some(pair) => headers(&pair, same, tally, rows),
        None => rows.push(Row::note("One of them is no SIP message.")),
    }
}

fn headers(pair: &RawPair, same: bool, tally: &mut Tally, rows: &mut Vec<Row>) {
    let shown = |value: Option<&Vec<u8>>| {
        value.map_or_else(|| "(absent)".to_owned(), |value| escape_bytes(value).into_owned())
    };
    for row in &pair.rows {
        tally.add(row.kind);
        let name = escape_bytes(&row.name).into_owned();
        let (left, right) = (shown(row.left.as_ref()), shown(row.right.as_ref()));
        match row.kind {
            Kind::Same if same && left == right => rows.push(Row::same(name, left)),
            Kind::Same if same => rows.push(Row::two(Kind::Same, name, [left, right])),
            Kind::Same => {}
            kind => {
                rows.push(Row::two(kind, name, [left, right]));
                params(&row.params, rows);
            }
        }
    }
    if !pair.same_order {
        tally.add(Kind::Differs);
        let text = "those both have are in a different order".to_owned();
        let cells = super::rows::Cells::One(text);
        let kind = Some(Kind::Differs);
        rows.push(Row { kind, title: false, label: "Header order".to_owned(), cells });
    }
}
