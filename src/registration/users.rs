//! Finds DNs by their names.

use super::index::{Index, ShortHash};
use super::store::{Dn, Store};
use super::text::Texts;

impl Store {
    /// The DN of that name.
    pub(super) fn dn_called(&self, name: &[u8]) -> Option<u32> {
        self.users.find(ShortHash::of(name), |dn| self.name_of(dn) == name)
    }

    /// The DN that is probably the one of that name; its record is not looked at.
    pub(super) fn dn_like(&self, name: &[u8]) -> Option<u32> {
        self.users.find(ShortHash::of(name), |_| true)
    }

    /// From now on the DN at `place` is found by its name.
    pub(super) fn note_name(&mut self, place: u32) {
        let hash = ShortHash::of(self.name_of(place));
        self.users.insert(hash, place);
    }

    /// Finds all DNs anew, when they have other places.
    pub(super) fn note_names(&mut self) {
        self.users = Index::default();
        for place in 0..self.dns.len() as u32 {
            self.note_name(place);
        }
    }

    /// The name of a DN.
    pub(super) fn name_of(&self, dn: u32) -> &[u8] {
        self.dns.get(dn as usize).map_or(&[], |dn| dn.name(&self.texts))
    }
}

impl Dn {
    /// Its name, as on the wire.
    pub(super) fn name<'s>(&'s self, texts: &'s Texts) -> &'s [u8] {
        self.brief.get().unwrap_or_else(|| texts.get(self.user))
    }
}
