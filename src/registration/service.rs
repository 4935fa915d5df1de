//! The time a snapshot spans, and when a DN came into service and went out of it.

use super::snapshot::{DnView, Snapshot};
use super::stated::Basis;
use super::store::Change;
use super::verdict::State;
use crate::net::{Endpoint, Timestamp};

impl Snapshot {
    /// From the first packet or log statement to the last, or to the moment judged at.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let last = self.last.map_or(self.at, |last| last.max(self.at));
        self.first.map(|first| (first, last))
    }
}

impl DnView<'_> {
    /// The changes of its verdict, per registrar, in order of time.
    #[must_use]
    pub fn history(&self) -> Vec<(Endpoint, Change)> {
        let mut all: Vec<_> = self
            .record()
            .into_iter()
            .flat_map(|dn| dn.registrations.iter())
            .flat_map(|reg| {
                let registrar = reg.registrar.endpoint(self.snapshot.texts());
                reg.history.iter().map(move |c| (registrar, *c))
            })
            .collect();
        all.sort_by_key(|(_, c)| c.time);
        all
    }

    /// Its state on the whole, from when on: at any registrar by the messages, and last what statements
    /// or CTI alone show. It ends in the state that every output shows.
    #[must_use]
    pub fn service(&self) -> Vec<(Timestamp, State)> {
        let mut at_registrar: Vec<(Endpoint, State)> = Vec::new();
        let mut all: Vec<(Timestamp, State)> = Vec::new();
        for (registrar, change) in self.history() {
            let state = change.verdict.state();
            match at_registrar.iter_mut().find(|(known, _)| *known == registrar) {
                Some((_, known)) => *known = state,
                None => at_registrar.push((registrar, state)),
            }
            let on = at_registrar.iter().any(|(_, state)| *state == State::InService);
            all.push((change.time, if on { State::InService } else { state }));
        }
        let state = self.state();
        let shown = all.last().map(|(_, state)| *state);
        let differs = (shown == Some(State::InService)) != (state.state() == State::InService);
        if differs || state.basis() != Basis::Wire && shown != Some(state.state()) {
            let since = state.since.unwrap_or(self.snapshot.at);
            let before = all.last().map_or(since, |(time, _)| *time);
            all.push((since.max(before), state.state()));
        }
        all
    }
}
