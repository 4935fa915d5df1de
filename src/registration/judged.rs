//! Judges all DNs at one moment, on every core, and puts them in order.

use std::convert::Infallible;

use super::natural::{Natural, Standing, arrange};
use super::scanner::{self, Scanners};
use super::snapshot::{Snapshot, SourceState};
use super::state::DnState;
use super::store::{Dn, NIL, Store};
use super::verdict::{State, Verdict};
use crate::net::Timestamp;
use crate::parallel;

/// DNs judged at a time.
const PIECE: usize = 2048;

impl Snapshot {
    /// Judges all DNs, and puts those that were expected and not seen among them.
    pub(super) fn judge_dns(&mut self, expected: &[String]) {
        let (at, dns) = (self.at, self.store.dns.len());
        let sources = scanner::sources(&self.store);
        let scanners = Scanners::among(&self.store.sources);
        let mut all = Judged::with_capacity(dns);
        let mut by_source = vec![[0; 2]; sources.len()];
        let starts: Vec<usize> = (0..dns).step_by(PIECE).collect();
        let store = &self.store;
        let judge = |starts: &[usize]| -> Vec<Judged> {
            let piece = |start: &usize| store.judge(*start, at, &scanners, &sources);
            starts.iter().map(piece).collect()
        };
        let Ok(()) = parallel::in_order::<_, _, Infallible>(&starts, 1, judge, |pieces| {
            for piece in pieces {
                all.add(piece, &mut by_source);
            }
            Ok(())
        });
        let mut late = Judged::default();
        for index in std::mem::take(&mut all.due) {
            if let Some(dn) = self.store.dns.get_mut(index) {
                dn.registrations.iter_mut().for_each(|reg| reg.settle_wholly(at));
            }
            late.judge(&self.store, index, at, &scanners, &sources);
        }
        all.add(late, &mut by_source);
        let Judged { mut states, mut order, collapsed, .. } = all;
        let store = &self.store;
        let tell = |place: u32| {
            let dn = states.get(place as usize).map_or(NIL, |state| state.dn);
            (store.name_of(dn), dn)
        };
        order.sort_unstable_by(|a, b| a.compare(b, tell));
        arrange(&mut states, &mut order);
        let unseen = |name: &&String| store.dn_called(name.as_bytes()).is_none();
        let mut unseen: Vec<_> = expected.iter().filter(unseen).collect();
        unseen.sort_by_key(|name| Natural::new(name.as_bytes()));
        // a DN that was seen is never judged so
        let place = states.partition_point(|s| s.verdict.urgency() < Verdict::NotSeen.urgency());
        states.splice(place..place, unseen.into_iter().map(|name| DnState::not_seen(name)));
        (self.states, self.sources, self.collapsed) = (states, sources, collapsed);
        for (source, counted) in self.sources.iter_mut().zip(by_source) {
            [source.in_service, source.out_of_service] = counted;
        }
    }
}

/// What some DNs are judged to be.
#[derive(Default)]
struct Judged {
    states: Vec<DnState>,
    /// Their order, most urgent first.
    order: Vec<Standing>,
    /// The places of addresses that register a DN, with its state.
    by_source: Vec<(u32, State)>,
    /// DNs that are to be brought to the moment first.
    due: Vec<usize>,
    /// DNs left out because only scanners tried them.
    collapsed: usize,
}

impl Judged {
    fn with_capacity(dns: usize) -> Self {
        let (states, order) = (Vec::with_capacity(dns), Vec::with_capacity(dns));
        Self { states, order, ..Self::default() }
    }

    /// Judges a DN that was brought to the moment `at`; `sources` is in order of address.
    fn judge(
        &mut self,
        store: &Store,
        index: usize,
        at: Timestamp,
        scanners: &Scanners,
        sources: &[SourceState],
    ) {
        let Some(dn) = store.dns.get(index) else { return };
        if scanners.hide(dn) {
            self.collapsed += 1;
            return;
        }
        let attempt = |index: u32| store.attempts.get(index as usize);
        let state = DnState::of(&store.texts, attempt, index, dn, at, scanners);
        let code = state.status_code.map_or(0, |code| u32::from(code) + 1);
        let rank = (state.verdict.urgency() as u32) << 20 | code;
        self.order.push(Standing::new(rank, self.states.len() as u32, dn.name(&store.texts)));
        for (place, (endpoint, _)) in dn.sources.iter().enumerate() {
            let counted = dn.sources.iter().take(place).any(|(s, _)| s.addr == endpoint.addr);
            let found = sources.binary_search_by_key(&endpoint.addr, |s| s.address);
            if let (false, Ok(source)) = (counted, found) {
                self.by_source.push((source as u32, state.verdict.state()));
            }
        }
        self.states.push(state);
    }

    /// Adds the DNs that come after these, and to each address those in service and out of it.
    fn add(&mut self, mut more: Self, by_source: &mut [[u32; 2]]) {
        let before = self.states.len() as u32;
        more.order.iter_mut().for_each(|standing| standing.place += before);
        self.order.append(&mut more.order);
        self.states.append(&mut more.states);
        for (source, state) in more.by_source {
            if let Some([in_service, out_of_service]) = by_source.get_mut(source as usize) {
                *in_service += u32::from(state == State::InService);
                *out_of_service += u32::from(state == State::OutOfService);
            }
        }
        self.due.append(&mut more.due);
        self.collapsed += more.collapsed;
    }
}

impl Store {
    /// Judges the DNs of a piece, but for those that are to be brought to the moment first.
    fn judge(
        &self,
        start: usize,
        at: Timestamp,
        scanners: &Scanners,
        sources: &[SourceState],
    ) -> Judged {
        let mut judged = Judged::default();
        for index in start..self.dns.len().min(start + PIECE) {
            let due = |dn: &Dn| dn.registrations.iter().any(|reg| !reg.is_settled(at));
            if self.dns.get(index).is_some_and(due) {
                judged.due.push(index);
            } else {
                judged.judge(self, index, at, scanners, sources);
            }
        }
        judged
    }
}
