//! One DN in the list: what sorting and grouping use, gathered once.

use std::net::IpAddr;

use unicode_width::UnicodeWidthStr as _;

use crate::net::{Endpoint, Timestamp, Transport};
use crate::registration::{DnView, FlagSet, Risk, Snapshot, State, Sym, Verdict, natural};
use crate::wording::device::Device;

/// One DN as the list shows it.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Row {
    /// Its place among all DNs in order of name.
    pub(in crate::tui) rank: u32,
    /// Its place in the order of the data.
    pub(in crate::tui) place: u32,
    pub(in crate::tui) verdict: Verdict,
    pub(in crate::tui) state: State,
    pub(in crate::tui) status_code: Option<u16>,
    /// What puts it at risk.
    pub(in crate::tui) risk: Option<Risk>,
    pub(in crate::tui) since: Option<Timestamp>,
    pub(in crate::tui) expires_at: Option<Timestamp>,
    pub(in crate::tui) flags: FlagSet,
    /// The device that holds it or tried last.
    pub(in crate::tui) device: Option<Device>,
    /// The registrar asked last, or that holds it.
    pub(in crate::tui) registrar: Option<Endpoint>,
    pub(in crate::tui) transport: Option<Transport>,
    /// The last final response's status code.
    pub(in crate::tui) last_code: Option<u16>,
    /// Nanoseconds from the last request to its final response.
    pub(in crate::tui) rtt: Option<i64>,
    pub(in crate::tui) attempts: u32,
    /// The first Contact of the latest request.
    pub(in crate::tui) contact: Sym,
    pub(in crate::tui) last_seen: Option<Timestamp>,
}

impl Row {
    fn of(dn: DnView<'_>) -> Self {
        let state = dn.state();
        let last = dn.last_attempt();
        let decided = state.registrations.first().map(|r| r.registrar);
        Self {
            rank: 0,
            place: 0,
            verdict: state.verdict,
            state: state.state(),
            status_code: state.status_code,
            risk: dn.risk(),
            since: state.since,
            expires_at: state.expires_at,
            flags: dn.flags(),
            device: Device::of(dn),
            registrar: decided.or_else(|| last.map(|a| a.registrar)),
            transport: last.map(|a| a.transport),
            last_code: last.map(|a| a.code).filter(|&code| code != 0),
            rtt: last.and_then(|a| a.rtt()),
            attempts: dn.record().map_or(0, |record| record.attempts),
            contact: last.map_or(Sym::NONE, |a| a.contact),
            last_seen: dn.record().map(|record| record.last_seen),
        }
    }

    pub(in crate::tui) fn source(&self) -> Option<IpAddr> {
        self.device.map(|device| device.source)
    }

    pub(super) fn source_width(&self) -> usize {
        self.device.map_or(0, |device| device.source_words().width())
    }

    pub(super) fn registrar_width(&self) -> usize {
        self.registrar.map_or(0, |registrar| registrar.to_string().len())
    }
}

/// The rows of a snapshot, in its order.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let mut rows: Vec<Row> =
        (0..).zip(snapshot.dns()).map(|(place, dn)| Row { place, ..Row::of(dn) }).collect();
    let mut order: Vec<(usize, DnView<'_>)> = snapshot.dns().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| natural(a.name(), b.name()));
    for (rank, (place, _)) in (0..).zip(order) {
        if let Some(row) = rows.get_mut(place) {
            row.rank = rank;
        }
    }
    rows
}
