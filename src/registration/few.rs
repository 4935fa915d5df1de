//! A small list that mostly holds one value, at little more than the size of that value.

use std::ops::{Deref, DerefMut};

use super::memory::ALLOCATION;

/// A list of mostly one value.
///
/// A `SmallVec` keeps its length and capacity beside the value: sixteen bytes that a record of
/// which there are a million, with a handful of lists each, does without.
#[derive(Clone, Debug, Default)]
pub enum Few<T> {
    /// Nothing.
    #[default]
    None,
    /// One value, in its place.
    One([T; 1]),
    /// Several values; the box takes one word where a vector takes three.
    Many(Box<Vec<T>>),
}

impl<T> Few<T> {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self::None
    }

    /// All values, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// Adds a value at the end.
    pub(super) fn push(&mut self, value: T) {
        match self {
            Self::None => *self = Self::One([value]),
            Self::One(_) => self.change(|list| list.push(value)),
            Self::Many(list) => list.push(value),
        }
    }

    /// Removes the value at `place`, if there is one.
    pub(super) fn remove(&mut self, place: usize) {
        if place < self.len() {
            self.change(|list| drop(list.remove(place)));
        }
    }

    /// Keeps the values that `keep` holds to.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::None => {}
            Self::One([value]) => {
                if !keep(value) {
                    *self = Self::None;
                }
            }
            Self::Many(_) => self.change(|list| list.retain(keep)),
        }
    }

    /// Changes it as a vector.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<T>)) {
        let mut list = match std::mem::take(self) {
            Self::None => Box::default(),
            Self::One([value]) => Box::new(vec![value]),
            Self::Many(list) => list,
        };
        change(&mut list);
        *self = match list.len() {
            0 => Self::None,
            1 => list.pop().map_or(Self::None, |value| Self::One([value])),
            _ => Self::Many(list),
        };
    }

    /// The bytes it takes beside its place.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::None | Self::One(_) => 0,
            Self::Many(list) => {
                size_of::<Vec<T>>() + list.capacity() * size_of::<T>() + 2 * ALLOCATION
            }
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(list) => list,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(one) => one,
            Self::Many(list) => list,
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut few = Self::None;
        values.into_iter().for_each(|value| few.push(value));
        few
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'f, T> IntoIterator for &'f mut Few<T> {
    type Item = &'f mut T;
    type IntoIter = std::slice::IterMut<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_of_any_length() {
        let mut few = Few::new();
        let mut list = Vec::new();
        for n in 0..5_u32 {
            assert_eq!(*few, *list);
            few.push(n);
            list.push(n);
        }
        assert_eq!(few.iter().rev().copied().collect::<Few<_>>().len(), 5);
        for place in [9, 1, 3, 0, 0, 0, 0] {
            few.remove(place);
            if place < list.len() {
                list.remove(place);
            }
            assert_eq!(*few, *list);
        }
        assert!(matches!(few, Few::None));
    }

    #[test]
    fn what_is_not_kept_goes() {
        let mut few: Few<u32> = (0..4).collect();
        few.retain(|n| n % 2 == 1);
        assert_eq!(*few, [1, 3]);
        few.retain(|n| *n > 2);
        assert!(matches!(few, Few::One([3])));
        few.retain(|_| false);
        assert!(few.is_empty());
        assert_eq!(few.heap_bytes(), 0);
    }

    #[test]
    fn one_value_takes_little_more_than_its_place() {
        assert!(size_of::<Few<u32>>() <= 16);
    }
}
