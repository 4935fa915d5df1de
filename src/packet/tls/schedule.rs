//! Expands secrets to keys: the pseudorandom function of TLS 1.0 to 1.2 and HKDF-Expand-Label of 1.3.

use hkdf::Hkdf;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::secret::Secret;

/// The hash a cipher suite names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of its output.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// The pseudorandom function of a protocol version and suite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prf {
    /// MD5 and SHA-1 (RFC 2246 §5).
    Tls10,
    /// One hash (RFC 5246 §5).
    Tls12(Hash),
}

impl Prf {
    /// Fills `out` from the secret.
    pub(super) fn expand(self, secret: &[u8], label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        let seed: Vec<&[u8]> = std::iter::once(label).chain(seed.iter().copied()).collect();
        match self {
            Self::Tls12(Hash::Sha256) => p_hash::<Hmac<Sha256>>(secret, &seed, out),
            Self::Tls12(Hash::Sha384) => p_hash::<Hmac<Sha384>>(secret, &seed, out),
            Self::Tls10 => {
                // the halves share the middle byte of a secret of odd length
                let half = secret.len().div_ceil(2);
                let first = secret.get(..half).unwrap_or_default();
                let second = secret.get(secret.len() - half..).unwrap_or_default();
                let mut other = Zeroizing::new(vec![0; out.len()]);
                p_hash::<Hmac<Md5>>(first, &seed, out);
                p_hash::<Hmac<Sha1>>(second, &seed, &mut other);
                out.iter_mut().zip(other.iter()).for_each(|(byte, other)| *byte ^= other);
            }
        }
    }
}

/// `P_hash` (RFC 5246 §5).
fn p_hash<M: Mac + KeyInit>(secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let mac = |parts: &[&[u8]]| {
        // HMAC takes keys of any length
        let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac.finalize().into_bytes())
    };
    let Some(mut a) = mac(seed) else { return };
    for chunk in out.chunks_mut(a.len()) {
        let parts: Vec<&[u8]> = std::iter::once(a.as_slice()).chain(seed.iter().copied()).collect();
        let Some(bytes) = mac(&parts) else { return };
        chunk.copy_from_slice(bytes.get(..chunk.len()).unwrap_or_default());
        let Some(next) = mac(&[&a]) else { return };
        a = next;
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1); false if the secret is too short.
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &[u8], out: &mut [u8]) -> bool {
    const PREFIX: &[u8] = b"tls13 ";
    let mut info = Vec::with_capacity(4 + PREFIX.len() + label.len());
    info.extend_from_slice(&(out.len() as u16).to_be_bytes());
    info.push((PREFIX.len() + label.len()) as u8);
    info.extend_from_slice(PREFIX);
    info.extend_from_slice(label);
    info.push(0);
    match hash {
        Hash::Sha256 => {
            Hkdf::<Sha256>::from_prk(secret).is_ok_and(|hkdf| hkdf.expand(&info, out).is_ok())
        }
        Hash::Sha384 => {
            Hkdf::<Sha384>::from_prk(secret).is_ok_and(|hkdf| hkdf.expand(&info, out).is_ok())
        }
    }
}

/// The traffic secret after a key update (RFC 8446 §7.2).
pub(super) fn next_secret(hash: Hash, secret: &Secret) -> Option<Secret> {
    let mut next = Zeroizing::new([0; 48]);
    let next = next.get_mut(..hash.len())?;
    expand_label(hash, secret.bytes(), b"traffic upd", next).then(|| Secret::new(next))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// Secret, key and IV of RFC 8448 §3: server and client, handshake and application.
    #[test]
    fn traffic_keys_of_rfc_8448() {
        let cases = [
            (
                "server handshake",
                "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
                "3fce516009c21727d0f2e4e86ee403bc",
                "5d313eb2671276ee13000b30",
            ),
            (
                "client handshake",
                "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
                "dbfaa693d1762c5b666af5d950258d01",
                "5bd3c71b836e0b76bb73265f",
            ),
            (
                "server application",
                "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
                "9f02283b6c9c07efc26bb9f2ac92e356",
                "cf782b88dd83549aadf1e984",
            ),
            (
                "client application",
                "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
                "17422dda596ed5d9acd890e3c63f5051",
                "5b78923dee08579033e523d9",
            ),
        ];
        for (name, secret, key, iv) in cases {
            let (mut have_key, mut have_iv) = ([0; 16], [0; 12]);
            let secret = hex(secret);
            assert!(expand_label(Hash::Sha256, &secret, b"key", &mut have_key));
            assert!(expand_label(Hash::Sha256, &secret, b"iv", &mut have_iv));
            assert_eq!((have_key.to_vec(), have_iv.to_vec()), (hex(key), hex(iv)), "{name}");
        }
    }

    /// <https://mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms/>
    #[test]
    fn prf_of_tls_12() {
        let mut out = [0; 100];
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        Prf::Tls12(Hash::Sha256).expand(&secret, b"test label", &[&seed], &mut out);
        let want = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
            6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
            4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
            87347b66";
        assert_eq!(out.to_vec(), hex(want));
    }

    #[test]
    fn a_secret_that_is_too_short_gives_nothing() {
        assert!(!expand_label(Hash::Sha384, &[1; 32], b"key", &mut [0; 16]));
    }
}
