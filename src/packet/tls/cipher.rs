//! Opens protected records with the keys of one direction (RFC 5246 §6.2.3, RFC 8446 §5.2).

use aes::{Aes128, Aes256};
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm, KeyInit};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use zeroize::Zeroizing;

use super::cbc::Cbc;
use super::record::{HEADER, Record};
use super::schedule::expand_label;
use super::suite::{Bulk, Suite};

const IV: usize = 12;
/// The part of a nonce that comes from the keys where the rest is in the record (RFC 5288 §3).
const SALT: usize = 4;
const EXPLICIT: usize = 8;

/// The cipher of one direction.
pub(super) struct Cipher(Kind);

enum Kind {
    Aead { algorithm: Box<dyn Algorithm>, nonce: Nonce, tls13: bool },
    Cbc(Box<Cbc>),
}

/// How a record's nonce is formed.
enum Nonce {
    /// The IV, combined with the sequence number (RFC 8446 §5.3, RFC 7905 §2).
    Sequence([u8; IV]),
    /// A salt, followed by what the record begins with (RFC 5288 §3).
    Explicit([u8; SALT]),
}

/// Authenticated encryption with a key in place.
trait Algorithm: Send {
    /// Replaces ciphertext and tag in the buffer by the plaintext; false if the tag is wrong.
    fn open(&self, nonce: [u8; IV], associated: &[u8], buffer: &mut Vec<u8>) -> bool;
    fn tag(&self) -> usize;
}

impl<A: AeadInOut<NonceSize = U12> + Send> Algorithm for A {
    fn open(&self, nonce: [u8; IV], associated: &[u8], buffer: &mut Vec<u8>) -> bool {
        self.decrypt_in_place(&nonce.into(), associated, buffer).is_ok()
    }

    fn tag(&self) -> usize {
        size_of::<aes_gcm::aead::Tag<A>>()
    }
}

/// What the key block holds for one direction of TLS 1.2 and before (RFC 5246 §6.3).
#[derive(Clone, Copy)]
pub(super) struct KeyBlock<'a> {
    pub(super) mac: &'a [u8],
    pub(super) key: &'a [u8],
    pub(super) iv: &'a [u8],
}

impl Cipher {
    /// The cipher of a TLS 1.3 traffic secret (RFC 8446 §7.3).
    pub(super) fn tls13(suite: Suite, secret: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        let key = key.get_mut(..suite.bulk.key_len())?;
        let mut iv = [0; IV];
        let expanded = expand_label(suite.hash, secret, b"key", key)
            && expand_label(suite.hash, secret, b"iv", &mut iv);
        let algorithm = algorithm(suite.bulk, key).filter(|_| expanded)?;
        Some(Self(Kind::Aead { algorithm, nonce: Nonce::Sequence(iv), tls13: true }))
    }

    /// The cipher of a key block. `version` is the protocol's; `mac_last` says that the MAC covers the
    /// ciphertext (RFC 7366).
    pub(super) fn tls12(
        suite: Suite,
        block: KeyBlock<'_>,
        version: u16,
        mac_last: bool,
    ) -> Option<Self> {
        if let Bulk::Aes128Cbc(mac) | Bulk::Aes256Cbc(mac) = suite.bulk {
            return Cbc::new(mac, block, version, mac_last)
                .map(|cbc| Self(Kind::Cbc(Box::new(cbc))));
        }
        let nonce = match suite.bulk {
            Bulk::ChaCha20Poly1305 => Nonce::Sequence(block.iv.try_into().ok()?),
            _ => Nonce::Explicit(block.iv.try_into().ok()?),
        };
        let algorithm = algorithm(suite.bulk, block.key)?;
        Some(Self(Kind::Aead { algorithm, nonce, tls13: false }))
    }

    /// Bytes of the IV that a key block holds for this suite and version.
    pub(super) fn iv_len(suite: Suite, version: u16) -> usize {
        match suite.bulk {
            Bulk::ChaCha20Poly1305 => IV,
            Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_) => Cbc::iv_len(version),
            _ => SALT,
        }
    }

    /// Whether a record can only be opened after the one before it (TLS 1.0).
    pub(super) fn is_chained(&self) -> bool {
        matches!(&self.0, Kind::Cbc(cbc) if cbc.is_chained())
    }

    /// Opens a record as that of this number: its plaintext comes into `out`, its content type back.
    /// `None` if it is not, with `out` undefined.
    pub(super) fn open(
        &mut self,
        number: u64,
        record: &Record<'_>,
        out: &mut Vec<u8>,
    ) -> Option<u8> {
        match &mut self.0 {
            Kind::Cbc(cbc) => cbc.open(number, record, out).then_some(record.kind()),
            Kind::Aead { algorithm, nonce, tls13 } => {
                let mut fragment = record.fragment;
                let nonce = match nonce {
                    Nonce::Sequence(iv) => combine(*iv, number),
                    Nonce::Explicit(salt) => {
                        let (explicit, rest) = fragment.split_first_chunk::<EXPLICIT>()?;
                        fragment = rest;
                        let mut nonce = [0; IV];
                        nonce[..SALT].copy_from_slice(salt);
                        nonce[SALT..].copy_from_slice(explicit);
                        nonce
                    }
                };
                out.clear();
                out.extend_from_slice(fragment);
                if *tls13 {
                    algorithm.open(nonce, &record.header, out).then_some(())?;
                    return strip(out);
                }
                let len = fragment.len().checked_sub(algorithm.tag())?;
                let associated = associated(number, record.header, len);
                algorithm.open(nonce, &associated, out).then_some(record.kind())
            }
        }
    }
}

fn algorithm(bulk: Bulk, key: &[u8]) -> Option<Box<dyn Algorithm>> {
    fn with<A: AeadInOut<NonceSize = U12> + KeyInit + Send + 'static>(
        key: &[u8],
    ) -> Option<Box<dyn Algorithm>> {
        Some(Box::new(A::new_from_slice(key).ok()?))
    }
    match bulk {
        Bulk::Aes128Gcm => with::<Aes128Gcm>(key),
        Bulk::Aes256Gcm => with::<Aes256Gcm>(key),
        Bulk::ChaCha20Poly1305 => with::<ChaCha20Poly1305>(key),
        Bulk::Aes128Ccm => with::<Ccm<Aes128, U16, U12>>(key),
        Bulk::Aes256Ccm => with::<Ccm<Aes256, U16, U12>>(key),
        Bulk::Aes128Ccm8 => with::<Ccm<Aes128, U8, U12>>(key),
        Bulk::Aes256Ccm8 => with::<Ccm<Aes256, U8, U12>>(key),
        Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_) => None,
    }
}

/// What a MAC of TLS 1.2 covers beside the content (RFC 5246 §6.2.3.3): number, type, version, length.
pub(super) fn associated(number: u64, header: [u8; HEADER], len: usize) -> [u8; 13] {
    let mut out = [0; 13];
    out[..8].copy_from_slice(&number.to_be_bytes());
    out[8..11].copy_from_slice(&header[..3]);
    out[11..].copy_from_slice(&(len as u16).to_be_bytes());
    out
}

fn combine(mut iv: [u8; IV], number: u64) -> [u8; IV] {
    let (_, tail) = iv.split_at_mut(SALT);
    tail.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
    iv
}

/// Takes padding and content type off the end (RFC 8446 §5.4).
fn strip(plaintext: &mut Vec<u8>) -> Option<u8> {
    let end = plaintext.iter().rposition(|byte| *byte != 0)?;
    let kind = plaintext.get(end).copied();
    plaintext.truncate(end);
    kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::tls::schedule::Hash;

    /// RFC 8448 §3, the client's application data.
    #[test]
    fn opens_a_record_of_rfc_8448() {
        let secret = [
            0x9e, 0x40, 0x64, 0x6c, 0xe7, 0x9a, 0x7f, 0x9d, 0xc0, 0x5a, 0xf8, 0x88, 0x9b, 0xce,
            0x65, 0x52, 0x87, 0x5a, 0xfa, 0x0b, 0x06, 0xdf, 0x00, 0x87, 0xf7, 0x92, 0xeb, 0xb7,
            0xc1, 0x75, 0x04, 0xa5,
        ];
        let bytes = [
            0x17, 0x03, 0x03, 0x00, 0x43, 0xa2, 0x3f, 0x70, 0x54, 0xb6, 0x2c, 0x94, 0xd0, 0xaf,
            0xfa, 0xfe, 0x82, 0x28, 0xba, 0x55, 0xcb, 0xef, 0xac, 0xea, 0x42, 0xf9, 0x14, 0xaa,
            0x66, 0xbc, 0xab, 0x3f, 0x2b, 0x98, 0x19, 0xa8, 0xa5, 0xb4, 0x6b, 0x39, 0x5b, 0xd5,
            0x4a, 0x9a, 0x20, 0x44, 0x1e, 0x2b, 0x62, 0x97, 0x4e, 0x1f, 0x5a, 0x62, 0x92, 0xa2,
            0x97, 0x70, 0x14, 0xbd, 0x1e, 0x3d, 0xea, 0xe6, 0x3a, 0xee, 0xbb, 0x21, 0x69, 0x49,
            0x15, 0xe4,
        ];
        let suite = Suite { bulk: Bulk::Aes128Gcm, hash: Hash::Sha256 };
        let mut cipher = Cipher::tls13(suite, &secret).unwrap();
        let (record, _) = Record::first(&bytes).unwrap();
        let mut out = Vec::new();
        assert_eq!(cipher.open(0, &record, &mut out), Some(23));
        assert_eq!(out, (0..50).collect::<Vec<_>>());
        assert_eq!(cipher.open(1, &record, &mut out), None);
    }

    #[test]
    fn padding_is_taken_off() {
        let cases: [(&[u8], Option<u8>, &[u8]); 4] = [
            (b"ab\x17", Some(23), b"ab"),
            (b"ab\x16\0\0", Some(22), b"ab"),
            (&[21], Some(21), b""),
            (&[0, 0], None, &[0, 0]),
        ];
        for (padded, kind, plaintext) in cases {
            let mut bytes = padded.to_vec();
            assert_eq!((strip(&mut bytes), bytes.as_slice()), (kind, plaintext));
        }
    }
}
