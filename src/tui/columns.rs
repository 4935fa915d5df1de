//! The columns of the DN list: one table for titles, names, widths, cells and orders.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::data::{Data, Row};
use crate::compare::Value;
use crate::net::{Timestamp, escape_bytes};
use crate::registration::{Flag, Verdict};
use crate::wording::durations::{duration_short, seconds_short};
use crate::wording::when::Clock;
use crate::wording::words;

/// Names a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ColumnId {
    /// The DN.
    Dn,
    /// The verdict in words.
    State,
    /// Since when.
    Since,
    /// The source that holds it or tried last.
    Source,
    /// The User-Agent of that device.
    UserAgent,
    /// The last final response's status code.
    Last,
    /// How long the binding still runs.
    Expires,
    /// How many attempts.
    Attempts,
    /// Time to the last response.
    Rtt,
    /// The registrar it asked.
    Registrar,
    /// What carried it.
    Transport,
    /// The Contact.
    Contact,
    /// Remarks.
    Flags,
    /// When it was last seen.
    LastSeen,
    /// A header or Contact parameter, by its place among those that are kept.
    Extra(u8),
}

/// What a cell and an order are made from.
pub(super) struct Look<'a> {
    pub data: &'a Data,
    pub clock: &'a Clock,
    /// The moment countdowns run from.
    pub now: Timestamp,
}

/// One column.
pub(super) struct Column {
    pub id: ColumnId,
    /// In the command line.
    pub name: &'static str,
    /// Over the column.
    pub title: &'static str,
    /// What it says, for the column chooser.
    pub about: &'static str,
    /// Columns of text it is worth showing in, and those it would like.
    pub width: fn(&Data) -> (usize, usize),
    /// Which columns stay when not all fit: those of the lowest number.
    pub keep: u8,
    /// Whether it takes what room is left.
    pub grows: bool,
    /// Numbers are right-aligned.
    pub right: bool,
    /// Whether it is shown by default.
    pub usual: bool,
    /// Of a cell that holds a time or a number only: rows for which this is the same have the same cell.
    pub number: Option<fn(&Look<'_>, &Row) -> i64>,
    /// Whether all that the cell holds is found in what is known of the DN.
    pub known: fn(&Row) -> bool,
    pub cell: for<'a> fn(&Look<'a>, &Row, u32) -> Cow<'a, str>,
    pub order: fn(&Data, &Row, &Row) -> Ordering,
}

impl ColumnId {
    /// The column of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        COLUMNS.iter().find(|column| column.name == name).map(|column| column.id)
    }

    pub(super) fn column(self) -> &'static Column {
        if let Self::Extra(place) = self {
            return EXTRAS.get(usize::from(place)).unwrap_or(&FIRST);
        }
        // every id has its row in the table: a test holds it
        COLUMNS.iter().find(|column| column.id == self).unwrap_or(&FIRST)
    }

    /// What is over it: of a header its name.
    pub(super) fn title(self, data: &Data) -> Cow<'_, str> {
        match self {
            Self::Extra(place) => {
                data.extra(place).map_or(Cow::Borrowed("header"), |name| name.to_string().into())
            }
            other => other.column().title.into(),
        }
    }

    /// Those shown by default.
    pub(super) fn usual() -> Vec<Self> {
        COLUMNS.iter().filter(|column| column.usual).map(|column| column.id).collect()
    }
}

/// The names for the command line.
pub fn column_names() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|column| column.name)
}

/// Widest source and registrar shown at once: an IPv6 address with a count of others fits.
const WIDEST: usize = 42;
/// Columns that a DN always has if it needs them: an E.164 number fits.
const NAME: usize = 15;
/// Columns that a source always has if it needs them: an IPv4 address with a count of others fits.
const ADDRESS: usize = 18;

const BASE: Column = Column {
    id: ColumnId::Dn,
    name: "dn",
    title: "DN",
    about: "the directory number",
    width: |data| (data.widths.dn.clamp(4, NAME), data.widths.dn.clamp(4, 24)),
    keep: 0,
    grows: false,
    right: false,
    usual: true,
    number: None,
    known: |_| true,
    cell: |look, _, place| {
        look.data.dn(place).map(|dn| escape_bytes(dn.name())).unwrap_or_default()
    },
    order: |_, a, b| a.rank.cmp(&b.rank),
};

/// The column that is always there.
static FIRST: Column = BASE;

/// Every column, in their usual order.
pub(super) static COLUMNS: &[Column] = &[
    BASE,
    Column {
        id: ColumnId::State,
        name: "state",
        title: "State",
        about: "the verdict in words",
        // the name matters more than the last words on its state
        width: |data| {
            let least = if data.widths.dn > NAME { 30 } else { 40 };
            (data.widths.state.clamp(10, least), data.widths.state.clamp(10, 48))
        },
        keep: 1,
        known: |row| row.risk.is_none(),
        cell: |_, row, _| state(row).into(),
        order: |_, a, b| {
            let key = |row: &Row| (row.verdict.urgency(), row.status_code, row.risk.is_none());
            key(a).cmp(&key(b))
        },
        ..BASE
    },
    Column {
        id: ColumnId::Since,
        name: "since",
        title: "Since",
        about: "when this state began",
        width: |_| (8, 11),
        keep: 4,
        number: Some(|_, row| second(row.since)),
        known: |_| false,
        cell: |look, row, _| time(look, row.since),
        order: |_, a, b| a.since.cmp(&b.since),
        ..BASE
    },
    Column {
        id: ColumnId::Source,
        name: "source",
        title: "Source",
        about: "the address that holds it or tried last, +n others",
        width: |data| (data.widths.source.clamp(7, ADDRESS), data.widths.source.clamp(7, WIDEST)),
        keep: 0,
        known: |row| row.device.is_none_or(|device| device.others == 0),
        cell: |_, row, _| row.device.map(|device| device.source_words()).unwrap_or_default().into(),
        order: |_, a, b| a.source().cmp(&b.source()),
        ..BASE
    },
    Column {
        id: ColumnId::UserAgent,
        name: "ua",
        title: "User-Agent",
        about: "its User-Agent header",
        width: |_| (10, 16),
        keep: 5,
        grows: true,
        cell: |look, row, _| text(look, row.device.map(|device| device.user_agent)),
        order: |data, a, b| {
            let agent = |row: &Row| {
                row.device.and_then(|d| data.snapshot.text(d.user_agent)).unwrap_or_default()
            };
            agent(a).cmp(agent(b))
        },
        ..BASE
    },
    Column {
        id: ColumnId::Last,
        name: "last",
        title: "Last",
        about: "the last final response",
        width: |_| (4, 4),
        keep: 2,
        right: true,
        number: Some(|_, row| row.last_code.map_or(-1, i64::from)),
        known: |_| false,
        cell: |_, row, _| number(row.last_code),
        order: |_, a, b| a.last_code.cmp(&b.last_code),
        ..BASE
    },
    Column {
        id: ColumnId::Expires,
        name: "expires",
        title: "Ends in",
        about: "how long the registration still runs",
        width: |_| (7, 7),
        keep: 3,
        right: true,
        number: Some(countdown_key),
        known: |_| false,
        cell: |look, row, _| countdown(look, row).into(),
        order: |_, a, b| a.expires_at.cmp(&b.expires_at),
        ..BASE
    },
    Column {
        id: ColumnId::Attempts,
        name: "tries",
        title: "Tries",
        about: "attempts to register",
        width: |_| (5, 5),
        keep: 6,
        right: true,
        number: Some(|_, row| row.attempts.into()),
        known: |_| false,
        cell: |_, row, _| number(Some(row.attempts).filter(|&n| n > 0)),
        order: |_, a, b| a.attempts.cmp(&b.attempts),
        ..BASE
    },
    Column {
        id: ColumnId::Rtt,
        name: "rtt",
        title: "RTT",
        about: "time to the last response",
        width: |_| (6, 6),
        keep: 6,
        right: true,
        number: Some(|_, row| row.rtt.unwrap_or(-1)),
        known: |_| false,
        cell: |_, row, _| row.rtt.map(duration_short).unwrap_or_default().into(),
        order: |_, a, b| a.rtt.cmp(&b.rtt),
        ..BASE
    },
    Column {
        id: ColumnId::Registrar,
        name: "registrar",
        title: "Registrar",
        about: "the registrar the REGISTER went to",
        width: |data| (9, data.widths.registrar.clamp(9, WIDEST)),
        keep: 3,
        usual: false,
        known: |_| false,
        cell: |_, row, _| row.registrar.map(|r| r.to_string()).unwrap_or_default().into(),
        order: |_, a, b| a.registrar.cmp(&b.registrar),
        ..BASE
    },
    Column {
        id: ColumnId::Transport,
        name: "transport",
        title: "Via",
        about: "what carried it: udp, tcp, tls, ...",
        width: |_| (4, 4),
        keep: 3,
        usual: false,
        cell: |_, row, _| row.transport.map_or("", crate::net::Transport::name).into(),
        order: |_, a, b| a.transport.cmp(&b.transport),
        ..BASE
    },
    Column {
        id: ColumnId::Contact,
        name: "contact",
        title: "Contact",
        about: "the Contact of the latest request",
        width: |_| (12, 28),
        keep: 3,
        usual: false,
        cell: |look, row, _| text(look, Some(row.contact)),
        order: |data, a, b| {
            let contact = |row: &Row| data.snapshot.text(row.contact).unwrap_or_default();
            contact(a).cmp(contact(b))
        },
        ..BASE
    },
    Column {
        id: ColumnId::Flags,
        name: "flags",
        title: "Remarks",
        about: "flags and remarks",
        width: |_| (10, 24),
        keep: 3,
        usual: false,
        cell: |_, row, _| {
            let names: Vec<_> = row.flags.iter().map(Flag::name).collect();
            names.join(" ").into()
        },
        order: |_, a, b| a.flags.iter().count().cmp(&b.flags.iter().count()),
        ..BASE
    },
    Column {
        id: ColumnId::LastSeen,
        name: "seen",
        title: "Last seen",
        about: "when its latest message was captured",
        width: |_| (9, 11),
        keep: 3,
        usual: false,
        number: Some(|_, row| second(row.last_seen)),
        known: |_| false,
        cell: |look, row, _| time(look, row.last_seen),
        order: |_, a, b| a.last_seen.cmp(&b.last_seen),
        ..BASE
    },
];

/// The columns of headers and Contact parameters, in the order in which they are kept.
static EXTRAS: [Column; 8] = [
    extra_column::<0>(),
    extra_column::<1>(),
    extra_column::<2>(),
    extra_column::<3>(),
    extra_column::<4>(),
    extra_column::<5>(),
    extra_column::<6>(),
    extra_column::<7>(),
];

const fn extra_column<const PLACE: u8>() -> Column {
    Column {
        id: ColumnId::Extra(PLACE),
        name: "hdr",
        title: "header",
        about: "what its latest REGISTER says there",
        width: |data| (8, data.extra(PLACE).map_or(8, |name| name.to_string().len()).clamp(16, 24)),
        keep: 1,
        usual: false,
        known: |_| false,
        cell: |look, _, place| extra_cell(look.data, PLACE, place).into(),
        order: |data, a, b| {
            let value = |row: &Row| extra_cell(data, PLACE, row.place);
            value(a).cmp(&value(b))
        },
        ..BASE
    }
}

/// What a DN's latest REGISTER says in a header; `?` while none was seen that could show it.
fn extra_cell(data: &Data, extra: u8, place: u32) -> String {
    let name_and_dn = data.extra(extra).zip(data.dn(place));
    let value = name_and_dn.and_then(|(name, dn)| crate::compare::extra(&dn, name));
    match value {
        None => "?".to_owned(),
        Some(Value::Absent) => "-".to_owned(),
        Some(text) => text.display(),
    }
}

/// The verdict in words; how long it still runs has a column of its own.
fn state(row: &Row) -> String {
    words::label_of(row.verdict, row.status_code, row.risk)
}

fn time<'a>(look: &Look<'a>, at: Option<Timestamp>) -> Cow<'a, str> {
    at.map(|at| look.clock.short(at)).unwrap_or_default().into()
}

fn text<'a>(look: &Look<'a>, sym: Option<crate::registration::Sym>) -> Cow<'a, str> {
    sym.and_then(|sym| look.data.snapshot.text(sym)).map(escape_bytes).unwrap_or_default()
}

fn number<'a, N: ToString>(number: Option<N>) -> Cow<'a, str> {
    number.map(|number| number.to_string()).unwrap_or_default().into()
}

/// `24m12s`, from the moment shown to the end of the binding.
fn countdown(look: &Look<'_>, row: &Row) -> String {
    match row.expires_at {
        Some(end) if row.verdict == Verdict::InService => {
            seconds_short(end.nanos_since(look.now) / 1_000_000_000)
        }
        _ if row.verdict == Verdict::InService => "never".to_owned(),
        _ => String::new(),
    }
}

/// Another number for each countdown.
fn countdown_key(look: &Look<'_>, row: &Row) -> i64 {
    match row.expires_at {
        _ if row.verdict != Verdict::InService => -1,
        Some(end) => end.nanos_since(look.now).max(0) / 1_000_000_000,
        None => -2,
    }
}

/// A time as the list shows it: to the second.
fn second(at: Option<Timestamp>) -> i64 {
    at.map_or(-1, |at| at.nanos_since(Timestamp::default()).div_euclid(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_column() {
        for column in COLUMNS {
            assert_eq!(ColumnId::from_name(column.name), Some(column.id));
            assert_eq!(column.id.column().name, column.name);
            let (least, want) = (column.width)(&Data::default());
            assert!(least <= want && column.title.len() <= want, "{}", column.name);
        }
    }
}
