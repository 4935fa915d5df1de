//! Registrations that go on where the capture cannot read: inside ESP after a security agreement
//! (RFC 3329, 3GPP TS 33.203), or compressed (RFC 3486, RFC 5049).

use std::net::IpAddr;

use crate::hashing::HashMap;
use memchr::memmem;
use smallvec::SmallVec;

use super::attempt::{Attempt, Outcome};
use super::memory::map_bytes;
use super::shrink::Places;
use super::store::NIL;
use super::tracker::Tracker;
use super::verdict::Verdict;
use crate::net::Origin;
use crate::packet::Seal;
use crate::sip::{HeaderName, Message};

/// An index that no packet has: of an agreement whose own is not known.
const ANY: u32 = 0;
/// Security associations looked at in one challenge.
const MOST: usize = 8;
/// Agreements remembered; all are forgotten when there are more.
const AGREED: usize = 4096;

/// Who agreed to go on out of sight: a device and its server, how, and the attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreements(HashMap<(IpAddr, IpAddr, Seal), u32>);

impl Agreements {
    /// Follows the attempts to their new places.
    pub(super) fn keep(&mut self, places: &Places) {
        self.0.retain(|_, attempt| {
            *attempt = Places::to(&places.attempts, *attempt);
            *attempt != NIL
        });
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(&self.0)
    }
}

/// What a device sends under once it takes what Security-Server offers: the indices that the server chose
/// for its two ports (RFC 3329 §2.2, 3GPP TS 33.203 annex H).
fn security_associations(challenge: &Message<'_>) -> SmallVec<[Seal; 4]> {
    let offers = challenge.elements(HeaderName::SecurityServer);
    let mut found = SmallVec::new();
    for offer in offers.take(MOST) {
        let mut parts = offer.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let mechanism = parts.next().unwrap_or_default();
        if !mechanism.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"ipsec")) {
            continue;
        }
        let before = found.len();
        for part in parts {
            let (name, value) =
                part.split_at(part.iter().position(|b| *b == b'=').unwrap_or(part.len()));
            let name = name.trim_ascii_end();
            let digits = value.get(1..).unwrap_or_default().trim_ascii();
            let index = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            let is_index =
                name.eq_ignore_ascii_case(b"spi-c") || name.eq_ignore_ascii_case(b"spi-s");
            found.extend(index.filter(|_| is_index).map(Seal::Esp));
        }
        if found.len() == before {
            found.push(Seal::Esp(ANY));
        }
    }
    found
}

impl Tracker {
    /// Notes that a challenge may be answered out of sight.
    pub(super) fn note_agreement(&mut self, attempt: u32, challenge: &Message<'_>) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let texts = &self.store.texts;
        let compressed = |text: &[u8]| memmem::find(text, b"comp=sigcomp").is_some();
        let via = challenge.first(HeaderName::Via).unwrap_or_default();
        // what is cut of the challenge may say so
        let cut = challenge.is_cut();
        let mut agreed = security_associations(challenge);
        if cut {
            agreed.push(Seal::Esp(ANY));
        }
        if cut || compressed(via) || compressed(texts.get(a.contact)) {
            agreed.push(Seal::SigComp);
        }
        let ends = (a.source.host().addr(texts), a.entry().host().addr(texts));
        for seal in agreed {
            if self.agreements.0.len() >= AGREED {
                self.agreements.0.clear();
            }
            self.agreements.0.insert((ends.0, ends.1, seal), attempt);
        }
    }

    /// A device sends its server something that cannot be read: what was agreed goes on there.
    pub(super) fn sealed(&mut self, origin: &Origin, seal: Seal) {
        if self.agreements.0.is_empty() {
            return;
        }
        let agreements = &mut self.agreements.0;
        let mut find = |seal| agreements.remove(&(origin.src.addr, origin.dst.addr, seal));
        let any = matches!(seal, Seal::Esp(_)).then_some(Seal::Esp(ANY));
        let Some(attempt) = find(seal).or_else(|| find(any?)) else { return };
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        if a.outcome != Outcome::Failed(Verdict::Challenged) || origin.time < a.last {
            return;
        }
        let outcome = Outcome::Failed(Verdict::OneWay);
        a.outcome = outcome;
        a.rare().sealed = Some(seal);
        let (dn, registrar) = (a.dn, a.registrar);
        if let Some(reg) = self.registration(dn, registrar) {
            reg.restate(attempt, outcome, origin.time, origin.frame);
        }
        self.touch_attempt(attempt, Some(origin.frame));
    }
}

impl Attempt {
    /// How it went on out of sight, if it did.
    #[must_use]
    pub fn sealed(&self) -> Option<Seal> {
        self.rare.as_ref()?.sealed
    }
}
