//! One bit per DN: conditions are tried on these, so that they cost a few words for every 64 DNs.

/// Yes or no for each DN of a part, failing ones first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    /// The bits behind the last word, and how many they are.
    rest: (u64, u32),
}

impl Bits {
    /// None yet, with room for `bits`.
    pub(super) fn with_capacity(bits: usize) -> Self {
        Self { words: Vec::with_capacity(bits.div_ceil(64)), rest: (0, 0) }
    }

    /// `set` bits that are set, followed by `unset` that are not.
    pub(super) fn first(set: usize, unset: usize) -> Self {
        let mut bits = Self::with_capacity(set + unset);
        (0..set + unset).for_each(|bit| bits.push(bit < set));
        bits
    }

    /// Adds one.
    #[inline]
    pub(super) fn push(&mut self, bit: bool) {
        let (word, len) = &mut self.rest;
        *word |= u64::from(bit) << *len;
        *len += 1;
        if *len == 64 {
            self.words.push(*word);
            self.rest = (0, 0);
        }
    }

    /// How many are set in all of `masks`, among those set in `side` and among the others.
    pub(super) fn count<const N: usize>(masks: [&Self; N], side: &Self) -> [u32; 2] {
        let mut counts = [0; 2];
        let mut count = |all: u64, side: u64| {
            counts[0] += (all & side).count_ones();
            counts[1] += (all & !side).count_ones();
        };
        let word = |bits: &Self, place: usize| bits.words.get(place).copied().unwrap_or(0);
        for (place, side) in side.words.iter().enumerate() {
            count(masks.iter().fold(u64::MAX, |all, bits| all & word(bits, place)), *side);
        }
        count(masks.iter().fold(u64::MAX, |all, bits| all & bits.rest.0), side.rest.0);
        counts
    }

    /// Those set in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        Self { words, rest: (self.rest.0 & other.rest.0, self.rest.1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_by_side() {
        for len in [0_usize, 1, 63, 64, 65, 200] {
            let failing = len / 3;
            let side = Bits::first(failing, len - failing);
            let [even, third] = [2, 3].map(|n| {
                let mut bits = Bits::with_capacity(len);
                (0..len).for_each(|bit| bits.push(bit % n == 0));
                bits
            });
            let sixth =
                |bits: std::ops::Range<usize>| bits.filter(|bit| bit % 6 == 0).count() as u32;
            let want = [sixth(0..failing), sixth(failing..len)];
            assert_eq!(Bits::count([&even, &third], &side), want);
            assert_eq!(Bits::count([&even.and(&third)], &side), want);
        }
    }
}
