//! What the model needs to know of a message: whose it is, and which transaction it belongs to.

use std::borrow::Cow;
use std::hash::Hasher as _;

use rustc_hash::FxHasher;
use smallvec::SmallVec;

use crate::sip::{Message, Method, NameAddr, Scheme, Via};

/// Hops a request may have behind it.
const HOPS: usize = 8;

/// Names a transaction: 128 bits over what RFC 3261 §17.1.3 and §17.2.3 match by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct TransactionKey(u64, u64);

impl TransactionKey {
    fn of(parts: [&[u8]; 4], cseq: u32) -> Self {
        let (mut a, mut b) = (FxHasher::default(), FxHasher::default());
        b.write_u64(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            a.write_usize(part.len());
            a.write(part);
            b.write(part);
            b.write_usize(part.len());
        }
        a.write_u32(cseq);
        b.write_u32(cseq);
        Self(a.finish(), b.finish())
    }
}

/// What every message of the model has: a DN, a Call-ID, a CSeq and a transaction.
pub(super) struct Facts<'m> {
    pub key: TransactionKey,
    /// The same request on the hops nearer to the device, the nearest to this one first.
    pub parents: SmallVec<[TransactionKey; 1]>,
    pub call_id: &'m [u8],
    /// `None` when the message is cut before it or has none.
    pub cseq: Option<u32>,
    pub user: Cow<'m, [u8]>,
    pub to: NameAddr<'m>,
    pub via: Option<Via<'m>>,
}

impl<'m> Facts<'m> {
    /// The facts of a message; `None` without a To that names somebody.
    pub(super) fn of(message: &Message<'m>) -> Option<Self> {
        let to = message.to()?;
        let user = dn_of(&to)?;
        let call_id = message.call_id().unwrap_or_default();
        let cseq = message.cseq().map(|cseq| cseq.number);
        let from = message.from();
        let tag = from.as_ref().and_then(NameAddr::tag).unwrap_or_default();
        let mut vias = message.vias();
        let via = vias.next();
        let number = cseq.unwrap_or(0);
        let key = |via: Option<&Via<'m>>| {
            let branch = via.and_then(Via::branch).filter(|b| has_cookie(b)).unwrap_or(tag);
            TransactionKey::of([branch, call_id, &user, method_kind(message)], number)
        };
        let own = key(via.as_ref());
        let parents = vias.take(HOPS).map(|via| key(Some(&via))).filter(|k| *k != own).collect();
        Some(Self { key: own, parents, call_id, cseq, user, to, via })
    }
}

/// The branch of a message's top Via as a number.
pub(super) fn branch_of(message: &Message<'_>) -> Option<u64> {
    let via = message.top_via()?;
    let mut hasher = FxHasher::default();
    hasher.write(via.branch()?);
    Some(hasher.finish())
}

/// Whether a branch is unique by RFC 3261 §8.1.1.7.
fn has_cookie(branch: &[u8]) -> bool {
    const COOKIE: &[u8] = b"z9hG4bK";
    branch.len() > COOKIE.len() + 1
        && branch.get(..COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(COOKIE))
}

/// The method a transaction is matched by: that of CSeq, for answers carry it too.
fn method_kind<'m>(message: &Message<'m>) -> &'m [u8] {
    let method = message.cseq().map(|cseq| cseq.method).or_else(|| message.method());
    method.as_ref().map_or(&[], Method::as_bytes)
}

/// The DN an address-of-record names: its user, or its host where it has none (RFC 3261 §10.2).
fn dn_of<'m>(to: &NameAddr<'m>) -> Option<Cow<'m, [u8]>> {
    let name = match to.uri.user {
        Some(user) if !user.is_empty() => user,
        _ if matches!(to.uri.scheme, Scheme::Sip | Scheme::Sips) && !to.uri.host.is_empty() => {
            to.uri.host
        }
        _ => return None,
    };
    Some(unescape(name))
}

/// Undoes `%XX` for characters that need no escape: both spellings are equal (RFC 3261 §19.1.4).
pub(super) fn unescape(user: &[u8]) -> Cow<'_, [u8]> {
    if !user.contains(&b'%') {
        return Cow::Borrowed(user);
    }
    let mut out = Vec::with_capacity(user.len());
    let mut rest = user;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%'
            && let Some((hex, after)) = tail.split_at_checked(2)
            && let Some(plain) = std::str::from_utf8(hex)
                .ok()
                .and_then(|h| u8::from_str_radix(h, 16).ok())
                .filter(|p| p.is_ascii_alphanumeric() || b"-_.!~*'()+&=$,;?/#".contains(p))
        {
            out.push(plain);
            rest = after;
        } else {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_of_plain_characters_are_undone() {
        for (wire, want) in [
            ("5002", "5002"),
            ("%35002", "5002"),
            ("%2b1415", "+1415"),
            ("a%40b", "a%40b"),
            ("50%", "50%"),
            ("50%0a", "50%0a"),
        ] {
            assert_eq!(unescape(wire.as_bytes()), want.as_bytes(), "{wire}");
        }
    }

    #[test]
    fn a_branch_without_the_cookie_names_nothing() {
        assert!(has_cookie(b"z9hG4bK-1"));
        assert!(!has_cookie(b"z9hG4bK"));
        assert!(!has_cookie(b"1"));
    }
}
