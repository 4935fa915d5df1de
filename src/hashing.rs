//! Hashes under a key drawn once per run, so that a sender cannot choose what collides.
//!
//! Names, Call-IDs, addresses, and nonces are chosen by senders of packets. Under a hash without a key, texts
//! that all collide can be computed beforehand, and a table of them costs a search through all of it for every
//! message. The key never leaves the process, so `foldhash::quality` (some two multiplications for 16 bytes)
//! serves: 34 ns for the headers of a REGISTER, where `Digest` takes 51 and SipHash-1-3 takes 216. The last would
//! resist even an attacker who sees hashes, but they never leave the process.
//!
//! Tables compare what they find with what they look for. Where the bytes of a message are not kept (which
//! transaction it belongs to, whether a refresh says what the last one said, which nonce was answered), a
//! [`Digest`] of 64 bits or more represents them: two different texts share one with a probability of 2^-64,
//! and without the key a sender cannot do better than that.
//!
//! The order in which a map yields its entries differs from run to run: it must never reach an output.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// A hash map under the key of this run.
pub type HashMap<K, V> = std::collections::HashMap<K, V, Keyed>;
/// A hash set under the key of this run.
pub type HashSet<T> = std::collections::HashSet<T, Keyed>;

/// Makes hashers under the key of this run.
#[derive(Clone, Copy, Default, Debug)]
pub struct Keyed;

/// A digest in the making, under the key of this run.
#[derive(Clone)]
pub struct Digest(FoldHasher<'static>);

/// The key of this run, from the randomness of the operating system.
static KEY: LazyLock<(u64, SharedSeed)> = LazyLock::new(|| {
    let random = RandomState::new();
    (random.hash_one(0_u8), SharedSeed::from_u64(random.hash_one(1_u8)))
});

impl BuildHasher for Keyed {
    type Hasher = Digest;

    #[inline]
    fn build_hasher(&self) -> Digest {
        let (own, shared) = &*KEY;
        Digest(FoldHasher::with_seed(*own, shared))
    }
}

impl Default for Digest {
    #[inline]
    fn default() -> Self {
        Keyed.build_hasher()
    }
}

impl Digest {
    /// The digest of one text.
    #[inline]
    #[must_use]
    pub fn of(text: &[u8]) -> u64 {
        let mut digest = Self::default();
        digest.write(text);
        digest.finish()
    }
}

impl Hasher for Digest {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.0.write_u8(number);
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.0.write_u16(number);
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.0.write_u32(number);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0.write_u64(number);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.0.write_u128(number);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.0.write_usize(number);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Texts that begin with the bytes of a well-known seed all collide under a hash without a key.
    fn chosen(n: u64) -> Vec<u8> {
        [0x243f_6a88_85a3_08d3_u64.to_le_bytes(), n.to_le_bytes()].concat()
    }

    #[test]
    fn texts_chosen_to_collide_do_not() {
        let digests: BTreeSet<u64> = (0..50_000).map(|n| Digest::of(&chosen(n))).collect();
        assert_eq!(digests.len(), 50_000);
    }

    #[test]
    fn parts_are_told_from_their_joined_text() {
        let both = |a: &[u8], b: &[u8]| {
            let mut digest = Digest::default();
            digest.write(a);
            digest.write(b);
            digest.finish()
        };
        assert_ne!(both(b"ab", b"c"), both(b"a", b"bc"));
        assert_ne!(both(b"", b"abc"), both(b"abc", b""));
        assert_eq!(both(b"ab", b"c"), both(b"ab", b"c"));
    }
}
