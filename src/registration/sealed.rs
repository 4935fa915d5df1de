//! Recognizes registrations that go on where the capture cannot read: inside ESP after a security agreement
//! (RFC 3329, 3GPP TS 33.203), compressed (RFC 3486, RFC 5049), or in TLS.

use std::net::IpAddr;

use crate::hashing::HashMap;
use memchr::memmem;
use smallvec::SmallVec;

use super::attempt::{Attempt, Outcome, RETRY_WINDOW};
use super::memory::map_bytes;
use super::shrink::Places;
use super::store::NIL;
use super::tracker::Tracker;
use super::verdict::Verdict;
use crate::net::{Origin, Transport};
use crate::packet::Seal;
use crate::sip::{HeaderName, Message};

/// A SPI that no packet has: of an agreement whose own is not known.
const ANY: u32 = 0;
/// Security associations read in one challenge.
const MOST: usize = 8;
/// The latest so many agreements are remembered, and up to as many before them.
const AGREED: usize = 4096;

/// A device, its server, and how they may go on out of sight.
type Sides = (IpAddr, IpAddr, Seal);

/// Attempts that may go on out of sight: the latest of each pair, and those before.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreements {
    latest: HashMap<Sides, u32>,
    before: HashMap<Sides, u32>,
}

impl Agreements {
    fn is_empty(&self) -> bool {
        self.latest.is_empty() && self.before.is_empty()
    }

    fn insert(&mut self, sides: Sides, attempt: u32) {
        if self.latest.len() >= AGREED {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(sides, attempt);
    }

    fn find(&self, sides: Sides) -> Option<u32> {
        self.latest.get(&sides).or_else(|| self.before.get(&sides)).copied()
    }

    /// Follows the attempts to their new places.
    pub(super) fn keep(&mut self, places: &Places) {
        for agreed in [&mut self.latest, &mut self.before] {
            agreed.retain(|_, attempt| {
                *attempt = Places::to(&places.attempts, *attempt);
                *attempt != NIL
            });
        }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(&self.latest) + map_bytes(&self.before)
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
        // a challenged client may come back over TLS
        agreed.push(Seal::Tls);
        let (device, server) = (a.source.host().addr(texts), a.entry().host().addr(texts));
        for seal in agreed {
            self.agreements.insert((device, server, seal), attempt);
        }
    }

    /// A device sends its server something that cannot be read: what was agreed goes on there.
    pub(super) fn sealed(&mut self, origin: &Origin, seal: Seal) {
        if self.agreements.is_empty() {
            return;
        }
        let find = |seal| self.agreements.find((origin.src.addr, origin.dst.addr, seal));
        let any = matches!(seal, Seal::Esp(_)).then_some(Seal::Esp(ANY));
        if let Some(attempt) = find(seal).or_else(|| find(any?)) {
            self.go_on_out_of_sight(attempt, origin, seal);
        }
    }

    /// A device that was challenged opens a TLS connection to a port of SIP at its server: its credentials
    /// go there, most likely.
    pub(super) fn goes_on_in_tls(&mut self, origin: &Origin) {
        let sides = (origin.src.addr, origin.dst.addr, Seal::Tls);
        let Some(attempt) = self.agreements.find(sides) else { return };
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let port = a.entry().endpoint(&self.store.texts).port;
        let is_sip = [Transport::Tls.default_port(), port, port.saturating_add(1)]
            .contains(&origin.dst.port);
        if is_sip && origin.time.nanos_since(a.last) <= RETRY_WINDOW {
            self.go_on_out_of_sight(attempt, origin, Seal::Tls);
        }
    }

    fn go_on_out_of_sight(&mut self, attempt: u32, origin: &Origin, seal: Seal) {
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
