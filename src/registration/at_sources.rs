//! The state of a DN at each of the addresses that register it.

use std::cell::OnceCell;
use std::net::IpAddr;

use crate::hashing::HashMap;

use super::attempt::Outcome;
use super::ends::Host;
use super::snapshot::DnView;
use super::store::{Dn, Store};
use super::verdict::State;
use crate::net::Timestamp;

/// The addresses that register a DN.
pub(super) struct AtSources<'a> {
    store: &'a Store,
    dn: &'a Dn,
    /// What the DN is on the whole.
    state: State,
    at: Timestamp,
    /// How the latest attempt of each ended, computed on demand.
    latest: OnceCell<Vec<(Host, Outcome)>>,
}

impl<'a> AtSources<'a> {
    /// Those of a DN that is in this state at `at`.
    pub(super) const fn new(store: &'a Store, dn: &'a Dn, state: State, at: Timestamp) -> Self {
        Self { store, dn, state, at, latest: OnceCell::new() }
    }

    /// See [`DnView::state_at`].
    pub(super) fn state_at(&self, address: IpAddr) -> State {
        let elsewhere = self.dn.sources.iter().any(|(source, _)| source.addr != address);
        if self.state != State::InService || !elsewhere {
            return self.state;
        }
        let texts = &self.store.texts;
        let bindings = self.dn.registrations.iter().flat_map(|reg| reg.bindings.iter());
        let mut running = bindings.filter(|binding| binding.runs_at(self.at));
        let is_here = |host: Host| host.addr(texts) == address;
        if running.any(|binding| binding.source.is_none_or(|source| is_here(source.host()))) {
            return self.state;
        }
        let latest = self.latest.get_or_init(|| self.latest());
        match latest.iter().find(|(host, _)| is_here(*host)) {
            // another address of the one that has it, on the far side of a translation
            None => self.state,
            Some((_, Outcome::Failed(_))) => State::OutOfService,
            Some(_) => State::Unknown,
        }
    }

    /// Of the addresses the DN keeps in mind, which are few.
    fn latest(&self) -> Vec<(Host, Outcome)> {
        let texts = &self.store.texts;
        let sources = self.dn.sources.iter().map(|(source, _)| source.addr);
        let mut latest = HashMap::default();
        let mut next = self.dn.first_attempt;
        while let Some(attempt) = self.store.attempts.get(next as usize) {
            latest.insert(attempt.source.host(), attempt.outcome);
            next = attempt.next;
        }
        let known = |host: &Host| sources.clone().any(|source| host.addr(texts) == source);
        latest.into_iter().filter(|(host, _)| known(host)).collect()
    }
}

impl DnView<'_> {
    /// What it is at one of the addresses that register it: one that another address holds is out of
    /// service at an address that was refused, and unknown at one that it moved away from.
    #[must_use]
    pub fn state_at(&self, address: IpAddr) -> State {
        let (store, state) = (&self.snapshot.store, self.state().state());
        let places = self.record().map(|dn| AtSources::new(store, dn, state, self.snapshot.at));
        places.map_or(state, |places| places.state_at(address))
    }
}
