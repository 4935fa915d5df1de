//! Holds a TLS secret: wiped when dropped, never shown.

use std::fmt;

use zeroize::Zeroize;

/// The longest: a master secret (RFC 5246 §8.1), or a traffic secret of SHA-384.
const LONGEST: usize = 48;

/// A master or traffic secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Secret {
    /// A copy of the bytes; `None` if there are none or too many.
    pub(super) fn new(secret: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..secret.len())?.copy_from_slice(secret);
        (!secret.is_empty()).then_some(Self { bytes, len: secret.len() as u8 })
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_not_shown() {
        assert!(Secret::new(&[]).is_none() && Secret::new(&[1; 49]).is_none());
        let secret = Secret::new(&[0xab; 32]).unwrap();
        assert_eq!(secret.bytes(), [0xab; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(32 bytes)");
    }
}
