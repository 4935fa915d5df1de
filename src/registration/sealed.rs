//! Registrations that go on where the capture cannot read: inside ESP after a security agreement
//! (RFC 3329, 3GPP TS 33.203), or compressed (RFC 3486, RFC 5049).

use std::net::IpAddr;

use crate::hashing::HashMap;
use memchr::memmem;

use super::attempt::{Attempt, Outcome};
use super::memory::map_bytes;
use super::shrink::Places;
use super::store::NIL;
use super::tracker::Tracker;
use super::verdict::Verdict;
use crate::net::Origin;
use crate::packet::Seal;
use crate::sip::{HeaderName, Message};

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

impl Tracker {
    /// Notes that a challenge may be answered out of sight.
    pub(super) fn note_agreement(&mut self, attempt: u32, challenge: &Message<'_>) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let texts = &self.store.texts;
        let compressed = |text: &[u8]| memmem::find(text, b"comp=sigcomp").is_some();
        let via = challenge.first(HeaderName::Via).unwrap_or_default();
        // what is cut of the challenge may say so
        let cut = challenge.is_cut();
        let agreed = [
            (Seal::Esp, cut || challenge.first(HeaderName::SecurityServer).is_some()),
            (Seal::SigComp, cut || compressed(via) || compressed(texts.get(a.contact))),
        ];
        let ends = (a.source.host().addr(texts), a.entry().host().addr(texts));
        for (seal, _) in agreed.into_iter().filter(|(_, agreed)| *agreed) {
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
        let key = (origin.src.addr, origin.dst.addr, seal);
        let Some(attempt) = self.agreements.0.remove(&key) else { return };
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
