//! The properties DNs can be grouped by.

use crate::net::escape_bytes;
use crate::registration::State;
use crate::tui::data::{Data, Row};

/// What DNs are grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum GroupBy {
    Source,
    Registrar,
    UserAgent,
    Verdict,
}

impl GroupBy {
    /// The next one, `None` for no groups.
    pub(in crate::tui) const fn after(this: Option<Self>) -> Option<Self> {
        match this {
            None => Some(Self::Source),
            Some(Self::Source) => Some(Self::Registrar),
            Some(Self::Registrar) => Some(Self::UserAgent),
            Some(Self::UserAgent) => Some(Self::Verdict),
            Some(Self::Verdict) => None,
        }
    }

    pub(in crate::tui) const fn label(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Registrar => "registrar",
            Self::UserAgent => "User-Agent",
            Self::Verdict => "state",
        }
    }

    /// The group a row belongs to, safe to show.
    pub(in crate::tui) fn key(self, data: &Data, row: &Row) -> String {
        let missing = || format!("(no {})", self.label());
        match self {
            Self::Source => row.source().map_or_else(missing, |source| source.to_string()),
            Self::Registrar => row.registrar.map_or_else(missing, |r| r.to_string()),
            Self::UserAgent => row
                .device
                .and_then(|device| data.snapshot.text(device.user_agent))
                .map_or_else(missing, |agent| escape_bytes(agent).into_owned()),
            Self::Verdict => row.verdict.label(row.status_code),
        }
    }
}

/// DNs that have something in common.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Group {
    /// What they have in common, safe to show.
    pub(in crate::tui) key: String,
    /// Rows, in the order of the list.
    pub(in crate::tui) rows: Vec<u32>,
    /// In service, out of service, unknown.
    pub(in crate::tui) states: [usize; 3],
    /// At risk, of those in service.
    pub(in crate::tui) at_risk: usize,
    pub(in crate::tui) open: bool,
}

impl Group {
    pub(in crate::tui) const fn new(key: String, open: bool) -> Self {
        Self { key, rows: Vec::new(), states: [0; 3], at_risk: 0, open }
    }

    pub(in crate::tui) fn add(&mut self, place: u32, row: &Row) {
        self.rows.push(place);
        self.at_risk += usize::from(row.risk.is_some());
        let [working, out, unknown] = &mut self.states;
        *match row.state {
            State::InService => working,
            State::OutOfService => out,
            State::Unknown => unknown,
        } += 1;
    }

    /// The state that speaks for the group: the worst of its DNs.
    pub(in crate::tui) const fn worst(&self) -> State {
        match self.states {
            [_, 0, 0] => State::InService,
            [_, 0, _] => State::Unknown,
            _ => State::OutOfService,
        }
    }
}
