//! Finds DNs by their names.

use hashbrown::HashTable;

use super::store::{Dn, Store};
use super::text::{TABLE_SLOT, Texts, hash_of};

/// The places of DNs, by the hashes of their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Users(HashTable<u32>);

impl Users {
    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * TABLE_SLOT
    }
}

impl Store {
    /// The DN of that name.
    pub(super) fn dn_called(&self, name: &[u8]) -> Option<u32> {
        let same = |dn: &u32| self.name_of(*dn) == name;
        self.users.0.find(hash_of(name), same).copied()
    }

    /// From now on the DN at `place` is found by its name.
    pub(super) fn note_name(&mut self, place: u32) {
        let mut users = std::mem::take(&mut self.users);
        let hash = |dn: &u32| hash_of(self.name_of(*dn));
        users.0.insert_unique(hash(&place), place, hash);
        self.users = users;
    }

    /// Finds all DNs anew, when they have other places.
    pub(super) fn note_names(&mut self) {
        self.users = Users::default();
        for place in 0..self.dns.len() as u32 {
            self.note_name(place);
        }
    }

    fn name_of(&self, dn: u32) -> &[u8] {
        self.dns.get(dn as usize).map_or(&[], |dn| dn.name(&self.texts))
    }
}

impl Dn {
    /// Its name, as on the wire.
    pub(super) fn name<'s>(&'s self, texts: &'s Texts) -> &'s [u8] {
        self.brief.get().unwrap_or_else(|| texts.get(self.user))
    }
}
