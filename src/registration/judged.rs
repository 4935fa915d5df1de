//! Judges all DNs at one moment, on every core, and puts them in order.

use std::convert::Infallible;

use super::arena::Arena;
use super::at_sources::AtSources;
use super::natural::{Standing, arrange};
use super::scanner::{self, Scanners};
use super::snapshot::{Snapshot, SourceState};
use super::state::DnState;
use super::store::{Dn, Store};
use super::verdict::{Flag, State, Verdict};
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
        let by_source = vec![[0; 2]; sources.len()];
        let mut all = All { by_source, order: Vec::with_capacity(dns), ..All::default() };
        let starts: Vec<usize> = (0..dns).step_by(PIECE).collect();
        let store = &self.store;
        let judge = |starts: &[usize]| -> Vec<Judged> {
            let piece = |start: &usize| store.judge(*start, at, &scanners, &sources);
            starts.iter().map(piece).collect()
        };
        let Ok(()) = parallel::in_order::<_, _, Infallible>(&starts, 1, judge, |pieces| {
            for piece in pieces {
                all.add(piece);
            }
            Ok(())
        });
        for due in std::mem::take(&mut all.due).chunks(PIECE) {
            let mut late = Judged::default();
            for index in due {
                let covered = &self.store.covered;
                let at = self.store.dns.get(*index).map_or(at, |dn| covered.judged_at(dn, at));
                if let Some(dn) = self.store.dns.get_mut(*index) {
                    dn.registrations.iter_mut().for_each(|reg| reg.settle_wholly(at));
                }
                late.judge(&self.store, *index, at, &scanners, &sources);
            }
            all.add(late);
        }
        let unseen = |name: &&String| self.store.dn_called(name.as_bytes()).is_none();
        expected.iter().filter(unseen).for_each(|name| all.add_unseen(name));
        let All { states, order, by_source, collapsed, .. } = all;
        (self.states, self.sources, self.collapsed) = (states, sources, collapsed);
        for (source, counted) in self.sources.iter_mut().zip(by_source) {
            [source.in_service, source.out_of_service] = counted;
        }
        self.flag_risks();
        self.sort(order);
    }

    /// Flags the DNs at risk: what is behind that is in more than the DN's own record.
    fn flag_risks(&mut self) {
        let risky: Vec<usize> = (0..)
            .zip(self.dns())
            .filter(|(_, dn)| dn.find_risk().is_some())
            .map(|(n, _)| n)
            .collect();
        for place in risky {
            if let Some(state) = self.states.get_mut(place) {
                state.at_risk = true;
            }
        }
    }

    /// Puts the states in order, those at risk before the others in service.
    fn sort(&mut self, mut order: Vec<Standing>) {
        let (store, states) = (&self.store, &self.states);
        for standing in &mut order {
            if let Some(state) = states.get(standing.place())
                && state.at_risk
            {
                standing.set_rank(rank(state));
            }
        }
        let tell = |place: u32| match states.get(place as usize) {
            Some(DnState { unseen: Some(name), .. }) => (name.as_bytes(), place),
            Some(state) => (store.name_of(state.dn), state.dn),
            None => (&b""[..], place),
        };
        order.sort_unstable_by(|a, b| a.compare(b, tell));
        arrange(&mut order, |a, b| self.states.swap(a, b));
    }
}

/// What all DNs are judged to be.
#[derive(Default)]
struct All {
    /// In chunks: they fit where messages in flight were before.
    states: Arena<DnState>,
    /// Their order, most urgent first.
    order: Vec<Standing>,
    /// Of each address: its DNs in service, and out of it.
    by_source: Vec<[u32; 2]>,
    /// DNs that are to be brought to the moment first.
    due: Vec<usize>,
    collapsed: usize,
}

impl All {
    /// Adds some DNs.
    fn add(&mut self, piece: Judged) {
        let before = self.states.len() as u32;
        let order = piece.order.into_iter();
        self.order.extend(order.map(|standing| standing.behind(before)));
        piece.states.into_iter().for_each(|state| self.states.push(state));
        for (source, state) in piece.by_source {
            if let Some([in_service, out_of_service]) = self.by_source.get_mut(source as usize) {
                *in_service += u32::from(state == State::InService);
                *out_of_service += u32::from(state == State::OutOfService);
            }
        }
        self.due.extend(piece.due);
        self.collapsed += piece.collapsed;
    }

    /// Adds a DN that was expected and not seen; one that was seen never has its verdict.
    fn add_unseen(&mut self, name: &str) {
        let state = DnState::not_seen(name);
        self.order.push(Standing::new(rank(&state), self.states.len() as u32, name.as_bytes()));
        self.states.push(state);
    }
}

/// The rank of a state, before names are compared.
fn rank(state: &DnState) -> u32 {
    let code = state.status_code.map_or(0, |code| u32::from(code) + 1);
    let calm = state.verdict == Verdict::InService && !state.at_risk;
    (state.verdict.urgency() as u32) << 20 | u32::from(calm) << 19 | code
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
        let at = store.covered.judged_at(dn, at);
        let attempt = |index: u32| store.attempts.get(index as usize);
        let known = (&store.nodes, &store.texts);
        let mut state = DnState::of(known, attempt, index, dn, at, scanners);
        state.flags.set_if(Flag::ClockStep, store.covered.steps_within(dn, attempt));
        let (place, name) = (self.states.len() as u32, dn.name(&store.texts));
        self.order.push(Standing::new(rank(&state), place, name));
        let sources_of = AtSources::new(store, dn, state.state(), at);
        for (place, (endpoint, _)) in dn.sources.iter().enumerate() {
            let counted = dn.sources.iter().take(place).any(|(s, _)| s.addr == endpoint.addr);
            let found = sources.binary_search_by_key(&endpoint.addr, |s| s.address);
            if let (false, Ok(source)) = (counted, found) {
                self.by_source.push((source as u32, sources_of.state_at(endpoint.addr)));
            }
        }
        self.states.push(state);
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
        let (states, order) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
        let mut judged = Judged { states, order, ..Judged::default() };
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
