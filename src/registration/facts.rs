//! Extracts what the model needs from a message: its DN, and the transaction it belongs to.

use std::borrow::Cow;

use crate::hashing::Digest;

use super::index::ShortHash;
use super::reading::Reading;
use crate::sip::Message;

/// Names a transaction: 128 bits over what RFC 3261 §17.1.3 and §17.2.3 match by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct TransactionKey(u64, u64);

impl TransactionKey {
    /// A hash of it.
    pub(super) const fn short(&self) -> ShortHash {
        ShortHash::of_number(self.0)
    }

    /// The key of these texts and a CSeq number.
    pub(super) fn parts(parts: [&[u8]; 3], cseq: u32) -> Self {
        let start = Self(u64::from(cseq), u64::from(cseq) ^ 0x9e37_79b9_7f4a_7c15);
        parts.into_iter().fold(start, Self::with)
    }

    /// The key with one text more.
    pub(super) fn with(self, part: &[u8]) -> Self {
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
        let (digest, len) = (Digest::of(part), part.len() as u64);
        let fold = |state: u64, odd: u64| {
            let product = u128::from(state) * u128::from(odd);
            product as u64 ^ (product >> 64) as u64
        };
        let [a, b] = ODD;
        Self(fold(self.0 ^ digest, a) ^ len, fold(self.1.wrapping_add(digest), b) ^ len)
    }
}

/// What every message of the model has: a DN, a Call-ID, a CSeq and a transaction.
pub(super) struct Facts<'m> {
    pub read: &'m Reading,
    pub call_id: &'m [u8],
    pub user: Cow<'m, [u8]>,
    /// The host of To.
    pub host: &'m [u8],
}

impl<'m> Facts<'m> {
    /// The facts of a message; `None` without a To that names a user.
    pub(super) fn of(message: &Message<'m>, read: &'m Reading) -> Option<Self> {
        let raw = message.raw();
        let [call_id, host] = [read.call_id, read.host].map(|part| part.get(raw));
        let user = read.name(raw);
        read.names_somebody.then_some(Self { read, call_id, user, host })
    }

    pub(super) const fn key(&self) -> &TransactionKey {
        &self.read.key
    }

    /// The number in CSeq; `None` when the message is cut before it or has none.
    pub(super) const fn cseq(&self) -> Option<u32> {
        self.read.cseq
    }
}

/// Whether a branch is unique by RFC 3261 §8.1.1.7.
pub(super) fn has_cookie(branch: &[u8]) -> bool {
    const COOKIE: &[u8] = b"z9hG4bK";
    branch.len() > COOKIE.len() + 1
        && branch.get(..COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(COOKIE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_without_the_cookie_names_nothing() {
        assert!(has_cookie(b"z9hG4bK-1"));
        assert!(!has_cookie(b"z9hG4bK"));
        assert!(!has_cookie(b"1"));
    }
}
