//! A list that grows without moving what it holds, and is shared with a snapshot without a copy.

use std::sync::Arc;

/// Records a chunk holds.
pub(super) const CHUNK: usize = 4096;

/// A list in chunks: growing copies nothing and never holds two copies at once.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    chunks: Vec<Chunk<T>>,
}

/// Some records: one's own, or shared with a snapshot until they change.
///
/// A lone `Arc` would do, but asking it whether it is unique costs an atomic exchange each time a
/// record changes.
#[derive(Clone, Debug)]
pub(super) enum Chunk<T> {
    Own(Vec<T>),
    Shared(Arc<Vec<T>>),
}

impl<T> Chunk<T> {
    pub(super) fn list(&self) -> &Vec<T> {
        match self {
            Self::Own(list) => list,
            Self::Shared(list) => list,
        }
    }

    /// The same records for a second holder; the one that changes them first copies them.
    pub(super) fn share(&mut self) -> Self {
        let list = match std::mem::replace(self, Self::Own(Vec::new())) {
            Self::Own(list) => Arc::new(list),
            Self::Shared(list) => list,
        };
        *self = Self::Shared(Arc::clone(&list));
        Self::Shared(list)
    }
}

impl<T: Clone> Chunk<T> {
    /// The records, to change.
    #[inline]
    pub(super) fn own(&mut self) -> &mut Vec<T> {
        if let Self::Shared(_) = self {
            self.unshare();
        }
        match self {
            Self::Own(list) => list,
            // never reached; `make_mut` copies nothing of what is not shared
            Self::Shared(list) => Arc::make_mut(list),
        }
    }

    #[cold]
    fn unshare(&mut self) {
        if let Self::Shared(list) = std::mem::replace(self, Self::Own(Vec::new())) {
            *self = Self::Own(Arc::try_unwrap(list).unwrap_or_else(|list| {
                let mut copy = Vec::with_capacity(list.capacity());
                copy.extend_from_slice(&list);
                copy
            }));
        }
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Arena<T> {
    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.list().len())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The record at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.list().get(index % CHUNK)
    }

    /// All records in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(Chunk::list)
    }

    /// The bytes its chunks take, what their records own not counted.
    pub(super) fn bytes(&self) -> usize {
        let last = self.chunks.last().map_or(0, |last| last.list().capacity());
        (self.chunks.len().saturating_sub(1) * CHUNK + last) * size_of::<T>()
    }

    /// The same list for a second holder; neither sees what the other changes.
    pub(super) fn share(&mut self) -> Self {
        Self { chunks: self.chunks.iter_mut().map(Chunk::share).collect() }
    }
}

impl<T: Clone> Arena<T> {
    /// Adds a record at the end.
    pub(super) fn push(&mut self, record: T) {
        match self.chunks.last_mut() {
            Some(last) if last.list().len() < CHUNK => last.own().push(record),
            _ => {
                // the first chunk grows as it must: most captures are small
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 16 } else { CHUNK });
                chunk.push(record);
                self.chunks.push(Chunk::Own(chunk));
            }
        }
    }

    /// The record at `index`, to change.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.own().get_mut(index % CHUNK)
    }

    /// Lets two records change places.
    pub(super) fn swap(&mut self, a: usize, b: usize) {
        let (low, high) = (a.min(b), a.max(b));
        let Some((before, from)) = self.chunks.split_at_mut_checked(high / CHUNK) else { return };
        let Some(last) = from.first_mut() else { return };
        if low / CHUNK == high / CHUNK {
            if high % CHUNK < last.list().len() {
                last.own().swap(low % CHUNK, high % CHUNK);
            }
        } else if let Some(first) = before.get_mut(low / CHUNK)
            && let Some(one) = first.own().get_mut(low % CHUNK)
            && let Some(other) = last.own().get_mut(high % CHUNK)
        {
            std::mem::swap(one, other);
        }
    }

    /// All records in order, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flat_map(Chunk::own)
    }

    /// Keeps the records that `keep` names by their index, in order and without gaps.
    pub(super) fn compact(&mut self, keep: impl Fn(usize) -> bool) {
        let mut kept = Self::default();
        let mut index = 0;
        // one chunk after the other: never two copies of the whole
        for chunk in std::mem::take(&mut self.chunks) {
            let list = match chunk {
                Chunk::Own(list) => list,
                Chunk::Shared(list) => Arc::unwrap_or_clone(list),
            };
            for record in list {
                if keep(index) {
                    kept.push(record);
                }
                index += 1;
            }
        }
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut arena = Arena::default();
        assert!(arena.is_empty());
        for n in 0..3 * CHUNK + 5 {
            arena.push(n);
        }
        assert_eq!(arena.len(), 3 * CHUNK + 5);
        assert!(arena.iter().copied().eq(0..3 * CHUNK + 5));
        assert_eq!(arena.get(CHUNK), Some(&CHUNK));
        assert_eq!(arena.get(arena.len()), None);
    }

    #[test]
    fn records_change_places() {
        let mut arena = Arena::default();
        (0..2 * CHUNK + 5).for_each(|n| arena.push(n));
        let mut want: Vec<_> = arena.iter().copied().collect();
        for (a, b) in
            [(0, 1), (3, CHUNK + 3), (2 * CHUNK + 4, 7), (9, 9), (2 * CHUNK, 2 * CHUNK + 1)]
        {
            arena.swap(a, b);
            want.swap(a, b);
        }
        arena.swap(1, 2 * CHUNK + 5);
        arena.swap(9 * CHUNK, 1);
        arena.swap(2 * CHUNK + 5, 2 * CHUNK + 4);
        assert!(arena.iter().eq(&want));
    }

    #[test]
    fn two_holders_do_not_see_each_other() {
        let mut arena = Arena::default();
        for n in 0..2 * CHUNK + 5 {
            arena.push(n);
        }
        let mut other = arena.share();
        *arena.get_mut(3).unwrap() = 77;
        arena.push(88);
        *other.get_mut(CHUNK).unwrap() = 99;
        assert_eq!((arena.get(3), other.get(3)), (Some(&77), Some(&3)));
        assert_eq!((arena.get(CHUNK), other.get(CHUNK)), (Some(&CHUNK), Some(&99)));
        assert_eq!((arena.len(), other.len()), (2 * CHUNK + 6, 2 * CHUNK + 5));
    }

    #[test]
    fn what_is_kept_closes_up() {
        let mut arena = Arena::default();
        for n in 0..3 * CHUNK {
            arena.push(n);
        }
        let mut other = arena.share();
        arena.compact(|n| n % 3 == 0);
        assert!(arena.iter().copied().eq((0..3 * CHUNK).filter(|n| n % 3 == 0)));
        arena.push(1);
        assert_eq!(arena.get(CHUNK), Some(&1));
        assert_eq!(other.get_mut(1), Some(&mut 1));
    }
}
