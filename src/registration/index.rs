//! Finds records by the hash of what they are called.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;
use wide::{CmpEq as _, i32x8};

use super::store::NIL;

/// The places of records by the hashes of their names.
///
/// A hash stands beside its place: neither a search for a name that is not there nor a table that
/// grows asks records for their names, which are in no cache. What a search looks at stands in one
/// line of the cache: where memory is waited for, that is half of what other tables take.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// None, or a power of two of them.
    buckets: Vec<Bucket>,
    len: usize,
}

/// Places whose hashes lead here, or to a bucket before that had no room for them.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Bucket {
    /// The hashes of the places, and one word that is not used.
    hashes: [u32; 8],
    /// [`NIL`] where there is none.
    places: [u32; ROOM],
    /// How many places there are that had no room here: a search that finds nothing goes on for them.
    passed: u32,
}

/// Places a bucket has room for, and how many there are on average at most.
const ROOM: usize = 7;
const FULL: usize = 6;

/// The hash of a name, as an entry keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShortHash(u32);

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

    /// The bucket it leads to, of a power of two.
    const fn bucket(self, buckets: usize) -> usize {
        let spread = (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (spread >> 32) as usize & buckets.wrapping_sub(1)
    }
}

impl Bucket {
    const EMPTY: Self = Self { hashes: [0; 8], places: [NIL; ROOM], passed: 0 };

    /// The places with a hash, and where they stand.
    #[inline]
    fn alike(&self, hash: ShortHash) -> impl Iterator<Item = (usize, u32)> + '_ {
        let hashes = i32x8::new(self.hashes.map(u32::cast_signed));
        let mut alike = hashes.cmp_eq(i32x8::splat(hash.0.cast_signed())).move_mask();
        std::iter::from_fn(move || {
            let slot = alike.trailing_zeros() as usize;
            alike &= alike.wrapping_sub(1);
            self.places.get(slot).map(|place| (slot, *place))
        })
        .filter(|(_, place)| *place != NIL)
    }
}

impl Index {
    /// The buckets that a search for a hash leads through.
    fn way(&self, hash: ShortHash) -> impl Iterator<Item = usize> + use<> {
        let (buckets, first) = (self.buckets.len(), hash.bucket(self.buckets.len()));
        (0..buckets).map(move |step| (first + step) & (buckets - 1))
    }

    /// The place with this hash that `same` holds to.
    #[inline]
    pub(super) fn find(&self, hash: ShortHash, same: impl Fn(u32) -> bool) -> Option<u32> {
        for at in self.way(hash) {
            let bucket = self.buckets.get(at)?;
            let found = bucket.alike(hash).find(|(_, place)| same(*place));
            if found.is_some() || bucket.passed == 0 {
                return found.map(|(_, place)| place);
            }
        }
        None
    }

    /// Adds a place that is not there yet.
    pub(super) fn insert(&mut self, hash: ShortHash, place: u32) {
        if self.len >= self.buckets.len() * FULL {
            self.grow();
        }
        self.put(hash, place);
        self.len += 1;
    }

    fn grow(&mut self) {
        let buckets = vec![Bucket::EMPTY; (self.buckets.len() * 2).max(1)];
        for old in std::mem::replace(&mut self.buckets, buckets) {
            for (hash, place) in old.hashes.into_iter().zip(old.places) {
                if place != NIL {
                    self.put(ShortHash(hash), place);
                }
            }
        }
    }

    fn put(&mut self, hash: ShortHash, place: u32) {
        for at in self.way(hash) {
            let Some(bucket) = self.buckets.get_mut(at) else { return };
            let room = bucket.hashes.iter_mut().zip(&mut bucket.places);
            if let Some(free) = room.into_iter().find(|(_, own)| **own == NIL) {
                (*free.0, *free.1) = (hash.0, place);
                return;
            }
            bucket.passed = bucket.passed.saturating_add(1);
        }
    }

    /// Removes a place, if it is there.
    pub(super) fn remove(&mut self, hash: ShortHash, place: u32) {
        let here = |at: usize| {
            let bucket = self.buckets.get(at)?;
            let found = bucket.alike(hash).find(|(_, own)| *own == place);
            found.map(|(slot, _)| Some(slot)).or_else(|| (bucket.passed == 0).then_some(None))
        };
        let found = self.way(hash).find_map(|at| Some((at, here(at)?)));
        let Some((last, Some(slot))) = found else { return };
        for at in self.way(hash) {
            let Some(bucket) = self.buckets.get_mut(at) else { return };
            if at == last {
                if let Some(own) = bucket.places.get_mut(slot) {
                    *own = NIL;
                }
                self.len -= 1;
                return;
            }
            bucket.passed = bucket.passed.saturating_sub(1);
        }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_search_looks_at_one_line_of_the_cache() {
        assert_eq!((size_of::<Bucket>(), align_of::<Bucket>()), (64, 64));
    }

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
            prop_assert_eq!(index.len, all.len());
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
            prop_assert!(index.buckets.iter().all(|bucket| bucket.passed == 0));
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
