//! Finds out why refused credentials need not mean a wrong password.

use super::ends::End;
use super::store::Proven;
use super::transaction::{Presented, Request};

/// Why the refusal of credentials does not show that they are wrong (RFC 7616 §3.3, §3.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Excuse {
    /// They answer the nonce of another server.
    OtherServer,
    /// Their nonce was accepted before, with this nonce count or a higher one.
    Replayed,
    /// Their nonce was accepted before, and was not called stale now.
    Outlived,
    /// The device answered the challenge with an empty response: it does not trust the network (AKA).
    Declined,
    /// The device sent blank credentials: an empty nonce and no response.
    Blank,
}

impl Excuse {
    const ALL: [Self; 5] =
        [Self::OtherServer, Self::Replayed, Self::Outlived, Self::Declined, Self::Blank];

    /// As a number from 1.
    pub(super) const fn bits(self) -> u8 {
        self as u8 + 1
    }

    /// The one of that number; none for 0.
    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        Self::ALL.get(usize::from(bits.checked_sub(1)?)).copied()
    }
}

/// The server that issued the nonce a request answers, and the hop of that server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Issuer {
    pub server: End,
    pub hop: u8,
}

impl Request {
    /// Why a refusal of this request by a server of that hop says nothing of the password.
    pub(super) fn excuse(&self, refused_by: Issuer, proven: Proven) -> Option<Excuse> {
        if self.declined != 0 && self.credentials.is_empty() {
            return Some(Excuse::Declined);
        }
        if self.blank && self.credentials.is_empty() {
            return Some(Excuse::Blank);
        }
        let elsewhere = self.issuer.is_some_and(|issuer| {
            issuer.hop == refused_by.hop && issuer.server.host() != refused_by.server.host()
        });
        if elsewhere {
            return Some(Excuse::OtherServer);
        }
        let used = |c: &Presented| proven.nonce != 0 && c.nonce == proven.nonce;
        let again = self.credentials.iter().find(|c| used(c))?;
        Some(if again.nc.is_some_and(|nc| nc <= proven.count) {
            Excuse::Replayed
        } else {
            Excuse::Outlived
        })
    }
}
