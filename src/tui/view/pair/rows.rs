//! The rows of a comparison, before they are put into columns.

use crate::compare::pair::{Kind, Subject};
use crate::net::{FrameRef, escape_bytes};
use crate::registration::State as Service;
use crate::tui::effect::Key;
use crate::tui::state::State;
use crate::tui::state::pair::{Pair, Subjects};

/// The rows of a comparison.
pub(in crate::tui) struct Sheet {
    /// What is compared, in a word.
    pub(super) title: String,
    pub(super) sides: [Side; 2],
    /// How much differs.
    pub(super) summary: String,
    /// Columns of the widest label, whether it is shown or not.
    pub(super) widest: usize,
    pub(super) rows: Vec<Row>,
}

/// One side's name and remarks.
#[derive(Default)]
pub(super) struct Side {
    pub(super) name: String,
    pub(super) state: Option<Service>,
    pub(super) lines: Vec<String>,
}

/// One row.
pub(super) struct Row {
    pub(super) kind: Option<Kind>,
    /// The title of a part.
    pub(super) title: bool,
    pub(super) label: String,
    pub(super) cells: Cells,
}

/// The cells beside a label; all of it safe to show.
pub(super) enum Cells {
    Two([String; 2]),
    One(String),
}

impl Row {
    pub(super) fn two(kind: Kind, label: impl Into<String>, cells: [String; 2]) -> Self {
        Self { kind: Some(kind), title: false, label: label.into(), cells: Cells::Two(cells) }
    }

    pub(super) fn same(label: impl Into<String>, value: String) -> Self {
        let (kind, label) = (Some(Kind::Same), label.into());
        Self { kind, title: false, label, cells: Cells::One(value) }
    }

    pub(super) fn note(text: impl Into<String>) -> Self {
        let cells = Cells::One(text.into());
        Self { kind: None, title: false, label: String::new(), cells }
    }

    pub(super) fn title(label: &str, cells: [String; 2]) -> Self {
        Self { kind: None, title: true, label: label.to_owned(), cells: Cells::Two(cells) }
    }
}

/// How many rows of which kind.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    differs: usize,
    expected: usize,
    not_known: usize,
    same: usize,
}

impl Tally {
    pub(super) const fn add(&mut self, kind: Kind) {
        let number = match kind {
            Kind::Same => &mut self.same,
            Kind::Expected => &mut self.expected,
            Kind::NotKnown => &mut self.not_known,
            Kind::Differs | Kind::OnlyLeft | Kind::OnlyRight => &mut self.differs,
        };
        *number += 1;
    }

    /// `10 differ, 28 the same (e shows them)`.
    pub(super) fn words(self, shown: bool) -> String {
        let differ = match self.differs {
            0 if self.expected + self.not_known + self.same == 0 => return "...".to_owned(),
            0 => "nothing differs".to_owned(),
            1 => "1 differs".to_owned(),
            n => format!("{n} differ"),
        };
        let same = match (self.same, shown) {
            (0, _) => String::new(),
            (n, true) => format!(", {n} the same (e hides them)"),
            (n, false) => format!(", {n} the same (e shows them)"),
        };
        format!("{differ}{same}")
    }
}

/// The messages a screen needs.
pub(in crate::tui) fn keys(state: &State, screen: &Pair) -> Vec<Key> {
    match &screen.of {
        Subjects::Messages(keys) => keys.to_vec(),
        Subjects::Dns(names) if screen.raw => {
            names.iter().flat_map(|name| keys_of(state, name)).flatten().collect()
        }
        Subjects::Dns(_) => Vec::new(),
    }
}

/// The REGISTER and the final response of a DN.
pub(super) fn keys_of(state: &State, name: &[u8]) -> [Option<Key>; 2] {
    let Some(dn) = state.data.find(name) else { return [None, None] };
    let [request, answer] = Subject::new(&state.data.snapshot, dn).frames();
    let key = |frame: FrameRef, request| Key { dn: name.to_vec(), frame, request };
    [request.map(|frame| key(frame, true)), answer.map(|frame| key(frame, false))]
}

/// What a screen puts side by side.
pub(in crate::tui) fn sheet(state: &State, screen: &Pair) -> Sheet {
    match &screen.of {
        Subjects::Messages(keys) => super::messages::of_messages(state, screen, keys),
        Subjects::Dns(names) => {
            let [a, b] = names;
            let (Some(left), Some(right)) = (state.data.find(a), state.data.find(b)) else {
                let side = |name: &Vec<u8>| Side {
                    name: escape_bytes(name).into_owned(),
                    ..Side::default()
                };
                return Sheet {
                    title: String::new(),
                    sides: [side(a), side(b)],
                    summary: "nothing to compare".to_owned(),
                    widest: 0,
                    rows: vec![Row::note("One of them is not in this capture.")],
                };
            };
            if screen.raw {
                super::messages::of_dns(state, screen, [left, right])
            } else {
                super::attributes::of_dns(state, screen, [left, right])
            }
        }
    }
}
