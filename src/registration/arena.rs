//! A list that grows without moving what it holds.

/// Records a chunk holds.
const CHUNK: usize = 4096;

/// A list in chunks: growing copies nothing and never holds two copies at once.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Arena<T> {
    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Adds a record at the end.
    pub(super) fn push(&mut self, record: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(record),
            _ => {
                // the first chunk grows as it must: most captures are small
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 16 } else { CHUNK });
                chunk.push(record);
                self.chunks.push(chunk);
            }
        }
    }

    /// The record at `index`.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// The record at `index`, to change.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// All records in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// All records in order, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
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
}
