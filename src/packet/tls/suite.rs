//! Lists the cipher suites that can be read with their keys, by number.

use super::schedule::Hash;

/// What enciphers a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    /// With a tag of 8 bytes (RFC 6655 §4).
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Aes128Cbc(MacHash),
    Aes256Cbc(MacHash),
}

/// The hash of a record's HMAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MacHash {
    Sha1,
    Sha256,
    Sha384,
}

impl MacHash {
    /// Bytes of its output, and of its key.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

impl Bulk {
    /// Bytes of its key.
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 | Self::Aes128Cbc(_) => 16,
            Self::Aes256Gcm
            | Self::Aes256Ccm
            | Self::Aes256Ccm8
            | Self::ChaCha20Poly1305
            | Self::Aes256Cbc(_) => 32,
        }
    }
}

/// What a cipher suite uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Suite {
    pub(super) bulk: Bulk,
    /// The hash that expands secrets.
    pub(super) hash: Hash,
}

/// The suite of this number (<https://www.iana.org/assignments/tls-parameters>); `None` if records of
/// it cannot be read here: other ciphers, or no enciphering at all.
pub(super) const fn suite(number: u16) -> Option<Suite> {
    use Bulk::{
        Aes128Cbc, Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Cbc, Aes256Ccm, Aes256Ccm8, Aes256Gcm,
        ChaCha20Poly1305,
    };
    use MacHash::{Sha1, Sha256, Sha384};
    let bulk = match number {
        // RSA, DH, DHE, PSK, ECDH and ECDHE with each kind of certificate
        0x1301 | 0x009c | 0x009e | 0x00a0 | 0x00a2 | 0x00a4 | 0x00a6 | 0x00a8 | 0x00aa | 0x00ac
        | 0xc02b | 0xc02d | 0xc02f | 0xc031 | 0xd001 => Aes128Gcm,
        0x1302 | 0x009d | 0x009f | 0x00a1 | 0x00a3 | 0x00a5 | 0x00a7 | 0x00a9 | 0x00ab | 0x00ad
        | 0xc02c | 0xc02e | 0xc030 | 0xc032 | 0xd002 => Aes256Gcm,
        0x1303 | 0xcca8..=0xccae => ChaCha20Poly1305,
        0x1304 | 0xc09c | 0xc09e | 0xc0a4 | 0xc0a6 | 0xc0ac | 0xd005 => Aes128Ccm,
        0xc09d | 0xc09f | 0xc0a5 | 0xc0a7 | 0xc0ad => Aes256Ccm,
        0x1305 | 0xc0a0 | 0xc0a2 | 0xc0a8 | 0xc0aa | 0xc0ae | 0xd003 => Aes128Ccm8,
        0xc0a1 | 0xc0a3 | 0xc0a9 | 0xc0ab | 0xc0af => Aes256Ccm8,
        0x002f..=0x0034
        | 0x008c
        | 0x0090
        | 0x0094
        | 0xc004
        | 0xc009
        | 0xc00e
        | 0xc013
        | 0xc018
        | 0xc01d
        | 0xc01e
        | 0xc01f
        | 0xc035 => Aes128Cbc(Sha1),
        0x0035..=0x003a
        | 0x008d
        | 0x0091
        | 0x0095
        | 0xc005
        | 0xc00a
        | 0xc00f
        | 0xc014
        | 0xc019
        | 0xc020
        | 0xc021
        | 0xc022
        | 0xc036 => Aes256Cbc(Sha1),
        0x003c | 0x003e | 0x003f | 0x0040 | 0x0067 | 0x006c | 0x00ae | 0x00b2 | 0x00b6 | 0xc023
        | 0xc025 | 0xc027 | 0xc029 | 0xc037 => Aes128Cbc(Sha256),
        0x003d | 0x0068 | 0x0069 | 0x006a | 0x006b | 0x006d => Aes256Cbc(Sha256),
        0x00af | 0x00b3 | 0x00b7 | 0xc024 | 0xc026 | 0xc028 | 0xc02a | 0xc038 => Aes256Cbc(Sha384),
        _ => return None,
    };
    // the 256-bit GCM suites and the SHA-384 suites of CBC expand with SHA-384, all others with SHA-256
    let hash = match (bulk, number) {
        (Aes256Gcm | Aes256Cbc(Sha384), _) => Hash::Sha384,
        _ => Hash::Sha256,
    };
    Some(Suite { bulk, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with the names OpenSSL has for them.
    #[test]
    fn known_suites() {
        use Bulk::{Aes128Cbc, Aes128Gcm, Aes256Cbc, Aes256Ccm8, Aes256Gcm, ChaCha20Poly1305};
        let cases = [
            (0x1301, Aes128Gcm, Hash::Sha256),
            (0x1302, Aes256Gcm, Hash::Sha384),
            (0x1303, ChaCha20Poly1305, Hash::Sha256),
            (0xc02f, Aes128Gcm, Hash::Sha256),
            (0xc030, Aes256Gcm, Hash::Sha384),
            (0xcca8, ChaCha20Poly1305, Hash::Sha256),
            (0xc0af, Aes256Ccm8, Hash::Sha256),
            (0x002f, Aes128Cbc(MacHash::Sha1), Hash::Sha256),
            (0x003d, Aes256Cbc(MacHash::Sha256), Hash::Sha256),
            (0xc028, Aes256Cbc(MacHash::Sha384), Hash::Sha384),
        ];
        for (number, bulk, hash) in cases {
            assert_eq!(suite(number), Some(Suite { bulk, hash }), "{number:#06x}");
        }
        // RC4, 3DES, Camellia, ARIA, no cipher
        for number in [0x0005, 0x000a, 0x0041, 0xc050, 0x0002, 0x0000, 0x00ff, 0x1306] {
            assert_eq!(suite(number), None, "{number:#06x}");
        }
    }
}
