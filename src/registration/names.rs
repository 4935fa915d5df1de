//! Remembers the names of forgotten DNs in a few bits each, so that a DN that comes back is not a passer-by.

use crate::hashing::Digest;

/// Bits per name: with four of them set, one in 400 unknown names is taken for a known one.
const BITS: usize = 16;
const SET: usize = 4;

/// A set of names that forgets the older half now and then (two Bloom filters in turn).
#[derive(Clone, Debug)]
pub(super) struct Names {
    words: [Vec<u64>; 2],
    /// Names in the newer one.
    count: usize,
}

impl Names {
    /// A set that takes about this many bytes.
    pub(super) fn within(bytes: usize) -> Self {
        let words = vec![0; (bytes / 16).max(1)];
        Self { words: [words.clone(), words], count: 0 }
    }

    /// Adds a name.
    pub(super) fn add(&mut self, name: &[u8]) {
        let [newer, older] = &mut self.words;
        if self.count >= newer.len() * 64 / BITS {
            std::mem::swap(newer, older);
            newer.fill(0);
            self.count = 0;
        }
        self.count += 1;
        for (word, bit) in places(name, newer.len()) {
            if let Some(word) = newer.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Whether a name was added, not too long ago; rarely true for one that was not.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.words.iter().any(|words| {
            let set = |(word, bit)| words.get(word).is_some_and(|word| word & bit != 0);
            places(name, words.len()).all(set)
        })
    }

    /// The bytes it takes.
    pub(super) const fn bytes(&self) -> usize {
        (self.words[0].len() + self.words[1].len()) * 8
    }
}

/// The words and bits of a name.
fn places(name: &[u8], words: usize) -> impl Iterator<Item = (usize, u64)> {
    let hash = Digest::of(name);
    let step = hash.rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..SET as u64).map(move |n| {
        let place = hash.wrapping_add(step.wrapping_mul(n));
        let mixed = (place ^ (place >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed >> 6) as usize % words, 1 << (mixed & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_again_and_a_stranger_hardly_ever() {
        let mut names = Names::within(128 << 10);
        let name = |n: u32| n.to_string().into_bytes();
        // a generation holds 32768 of them
        for n in 0..40_000 {
            names.add(&name(n));
        }
        assert!((0..40_000).all(|n| names.has(&name(n))));
        let wrong = (100_000..200_000).filter(|&n| names.has(&name(n))).count();
        assert!(wrong < 1000, "{wrong} of 100000");
        for n in 100_000..200_000 {
            names.add(&name(n));
        }
        let left = (0..40_000).filter(|&n| names.has(&name(n))).count();
        assert!(left < 1000, "{left} remembered for ever");
        assert_eq!(names.bytes(), 128 << 10);
    }
}
