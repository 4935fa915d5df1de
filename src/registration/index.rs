//! Finds records by the hash of what they are called.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// The places of records by the hashes of their names.
///
/// A hash stands beside its place: neither a search for a name that is not there nor a table that
/// grows asks records for their names, which are in no cache.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(HashTable<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: ShortHash,
    place: u32,
}

/// The hash of a name, as an entry keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShortHash(u32);

/// What a slot of the table takes: at most 7/8 of them are used, and each has a tag.
const SLOT: usize = (size_of::<Entry>() + 1) * 8 / 7;

impl ShortHash {
    /// Of a name.
    pub(super) fn of(name: &[u8]) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write(name);
        Self::of_number(hasher.finish())
    }

    /// Of a number that is a hash itself.
    pub(super) const fn of_number(number: u64) -> Self {
        Self((number ^ number >> 32) as u32)
    }

    /// What the table works with.
    const fn spread(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Index {
    /// The place with this hash that `same` holds to.
    pub(super) fn find(&self, hash: ShortHash, same: impl Fn(u32) -> bool) -> Option<u32> {
        let same = |entry: &Entry| entry.hash == hash && same(entry.place);
        self.0.find(hash.spread(), same).map(|entry| entry.place)
    }

    /// Adds a place that is not there yet.
    pub(super) fn insert(&mut self, hash: ShortHash, place: u32) {
        self.0.insert_unique(hash.spread(), Entry { hash, place }, |entry| entry.hash.spread());
    }

    /// Removes a place, if it is there.
    pub(super) fn remove(&mut self, hash: ShortHash, place: u32) {
        let own = |entry: &Entry| entry.hash == hash && entry.place == place;
        if let Ok(entry) = self.0.find_entry(hash.spread(), own) {
            entry.remove();
        }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * SLOT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_though_hashes_are_alike() {
        let mut index = Index::default();
        let names: Vec<_> = (0..5000_u32).map(|n| format!("DN {n}")).collect();
        for (place, name) in names.iter().enumerate() {
            index.insert(ShortHash::of(name.as_bytes()), place as u32);
        }
        // one that has the hash of another
        let twin = ShortHash::of(b"DN 17");
        index.insert(twin, 9999);
        for (place, name) in names.iter().enumerate() {
            let found = index.find(ShortHash::of(name.as_bytes()), |own| own == place as u32);
            assert_eq!(found, Some(place as u32), "{name}");
        }
        assert_eq!(index.find(twin, |own| own == 9999), Some(9999));
        assert_eq!(index.find(twin, |_| false), None);
        index.remove(twin, 17);
        index.remove(twin, 18);
        assert_eq!(index.find(twin, |_| true), Some(9999));
        assert!(index.find(ShortHash::of(b"DN 5000"), |_| true).is_none());
    }
}
