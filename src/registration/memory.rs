//! Estimates the bytes the model takes.

use std::mem::size_of;

use crate::hashing::HashMap;
use smallvec::SmallVec;

use super::rare::Rare;
use super::store::{Aside, Dn, Registration, Store, Tried, Trouble};
use super::tracker::Tracker;

/// What an allocation takes beside its bytes.
pub(super) const ALLOCATION: usize = 16;

impl Tracker {
    /// About how many bytes the model takes. Walks over all its records.
    #[must_use]
    pub fn memory(&self) -> usize {
        let owned: usize = self.store.dns.iter().map(Dn::heap_bytes).sum();
        let rare = self.store.attempts.iter().filter_map(|a| a.rare.as_deref());
        let rare = rare.map(|rare| size_of::<Rare>() + ALLOCATION + rare.heap_bytes());
        let owned = owned + rare.sum::<usize>();
        let live = self.live.as_ref().map_or(0, |live| live.bytes());
        let names = self.names.as_ref().map_or(0, |names| names.bytes());
        self.store.table_bytes()
            + owned
            + self.form_bytes()
            + self.transactions.bytes()
            + self.callers.bytes()
            + self.reach.bytes()
            + self.flows.bytes()
            + self.agreements.bytes()
            + live
            + names
    }

    /// The bytes of what messages say alike.
    pub(super) fn form_bytes(&self) -> usize {
        self.request_forms.bytes() + self.answer_forms.bytes()
    }
}

impl Store {
    /// The bytes of the tables, what their records own not counted; costs nothing to ask for.
    pub(super) fn table_bytes(&self) -> usize {
        self.texts.bytes()
            + self.dns.bytes()
            + self.attempts.bytes()
            + self.message_bytes
            + self.users.bytes()
            + map_bytes(&self.sources)
            + map_bytes(&self.servers)
    }
}

impl Dn {
    /// The bytes it owns beside its record.
    pub(super) fn heap_bytes(&self) -> usize {
        let registrations: usize = self.registrations.iter().map(Registration::heap_bytes).sum();
        registrations
            + self.registrations.heap_bytes()
            + self.aors.heap_bytes()
            + self.sources.heap_bytes()
            + self.contacts.heap_bytes()
            + self.vias.heap_bytes()
            + self.user_agents.heap_bytes()
            + self.aside.as_ref().map_or(0, |aside| {
                let heard = aside.heard.as_deref().map_or(0, super::heard::HeardOfDn::heap_bytes);
                let lists = aside.agents.heap_bytes() + aside.looked_up.heap_bytes();
                size_of::<Aside>() + ALLOCATION + lists + heard + size_of_val(&*aside.extras)
            })
            + spilled(&self.recent)
    }
}

impl Registration {
    fn heap_bytes(&self) -> usize {
        self.bindings.heap_bytes()
            + self.holders.heap_bytes()
            + self.history.heap_bytes()
            + self.before.as_ref().map_or(0, |_| size_of::<Tried>() + ALLOCATION)
            + self
                .rare
                .as_ref()
                .map_or(0, |rare| size_of::<Trouble>() + ALLOCATION + rare.doubtful.heap_bytes())
    }
}

/// The bytes of a list that outgrew its place.
pub(super) fn spilled<T, const N: usize>(list: &SmallVec<[T; N]>) -> usize {
    if list.spilled() { list.capacity() * size_of::<T>() + ALLOCATION } else { 0 }
}

/// The bytes of a hash table: room for an eighth more than it can use, and a tag for each place.
pub(super) fn map_bytes<K, V>(map: &HashMap<K, V>) -> usize {
    map.capacity() / 7 * 8 * (size_of::<(K, V)>() + 1)
}
