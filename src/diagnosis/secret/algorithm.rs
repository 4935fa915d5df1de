//! The hash functions digests are made with (RFC 7616 §6.1, RFC 8760 §2).

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use zeroize::Zeroizing;

/// A digest algorithm: the hash, and whether its key covers the nonces of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Algorithm {
    hash: Hash,
    /// `-sess`.
    pub session: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hash {
    Md5,
    Sha256,
    Sha512Half,
}

impl Algorithm {
    /// The algorithm of that name, in any case; MD5 for none.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let lower = name.trim_ascii().to_ascii_lowercase();
        let (base, session) = match lower.strip_suffix(b"-sess") {
            Some(base) => (base, true),
            None => (lower.as_slice(), false),
        };
        let hash = match base {
            b"" | b"md5" => Hash::Md5,
            b"sha-256" => Hash::Sha256,
            b"sha-512-256" => Hash::Sha512Half,
            _ => return None,
        };
        Some(Self { hash, session })
    }

    /// The hash of `parts` joined by colons, in lower-case hexadecimal.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Zeroizing<String> {
        match self.hash {
            Hash::Md5 => hash_of::<Md5>(parts),
            Hash::Sha256 => hash_of::<Sha256>(parts),
            Hash::Sha512Half => hash_of::<Sha512_256>(parts),
        }
    }
}

fn hash_of<D: Digest>(parts: &[&[u8]]) -> Zeroizing<String> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hasher = D::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    let bytes = hasher.finalize();
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes.as_slice() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0')));
        }
    }
    text
}
