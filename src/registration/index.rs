//! Finds records by the hash of what they are called.

use hashbrown::HashTable;

use crate::hashing::Digest;

/// The places of records by the hashes of their names.
///
/// Half a hash is kept beside each place, so that neither a search for a name that is not there nor a table
/// that grows asks records for their names, which are in no cache.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(HashTable<(ShortHash, u32)>);

/// The hash of a name, as an entry keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShortHash(u32);

impl ShortHash {
    /// Of a name.
    pub(super) fn of(name: &[u8]) -> Self {
        Self::of_number(Digest::of(name))
    }

    /// Of a number that is a hash itself.
    pub(super) const fn of_number(number: u64) -> Self {
        Self((number ^ number >> 32) as u32)
    }

    /// A hash of 64 bits for the table, which picks a place by the lowest bits and distinguishes entries by
    /// the highest.
    const fn spread(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Index {
    /// The place with this hash that `same` holds to.
    #[inline]
    pub(super) fn find(&self, hash: ShortHash, same: impl Fn(u32) -> bool) -> Option<u32> {
        let found = self.0.find(hash.spread(), |(own, place)| *own == hash && same(*place));
        found.map(|(_, place)| *place)
    }

    /// Adds a place that is not there yet.
    pub(super) fn insert(&mut self, hash: ShortHash, place: u32) {
        self.0.insert_unique(hash.spread(), (hash, place), |(own, _)| own.spread());
    }

    /// Removes a place, if it is there.
    pub(super) fn remove(&mut self, hash: ShortHash, place: u32) {
        if let Ok(found) = self.0.find_entry(hash.spread(), |entry| *entry == (hash, place)) {
            found.remove();
        }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_in_is_found_and_nothing_else(
            steps in prop::collection::vec((any::<bool>(), 0..40_u32, 0..300_u32), 0..900),
            spread in prop_oneof![Just(1_u64), Just(1 << 20)],
        ) {
            let (mut index, mut all) = (Index::default(), BTreeSet::new());
            let hash = |hash: u32| ShortHash::of_number(u64::from(hash) * spread);
            for (add, name, place) in steps {
                if !add {
                    index.remove(hash(name), place);
                    all.remove(&(name, place));
                } else if all.insert((name, place)) {
                    index.insert(hash(name), place);
                }
            }
            prop_assert_eq!(index.0.len(), all.len());
            for name in 0..41 {
                let found = RefCell::new(BTreeSet::new());
                index.find(hash(name), |place| {
                    found.borrow_mut().insert((name, place));
                    false
                });
                let found = found.into_inner();
                let want: BTreeSet<_> = all.iter().filter(|(own, _)| *own == name).copied().collect();
                prop_assert_eq!(found, want);
            }
            for (name, place) in all {
                index.remove(hash(name), place);
            }
            prop_assert!(index.0.is_empty());
        }
    }

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
