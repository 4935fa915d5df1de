//! Prefetches the records the next messages will touch.
//!
//! No cache holds the records of a hundred thousand DNs. A request waits for its DN, then for the DN's
//! attempt, then for what that leads to, and the next request waits again. When the records of several
//! requests are asked for together, the processor fetches them at the same time. Responses follow soon
//! after their requests, so their records are still in the cache.

use std::hint::black_box;

use super::attempt::Attempt;
use super::facts::TransactionKey;
use super::reading::Reading;
use super::store::{Dn, NIL};
use super::text::Sym;
use super::tracker::Tracker;
use super::transaction::Transaction;

/// Messages whose records are prefetched together.
pub const AHEAD: usize = 32;

/// With fewer DNs the caches hold the records anyway.
const WORTHWHILE: usize = 1024;

/// A REGISTER, and where its records are as far as that is found out.
#[derive(Clone, Copy, Default)]
struct Places<'m> {
    user: &'m [u8],
    call_id: &'m [u8],
    contact: &'m [u8],
    key: TransactionKey,
    dn: Option<u32>,
    attempt: Option<u32>,
    /// The latest Call-ID.
    latest: Sym,
}

impl Tracker {
    /// Prefetches the records of at most [`AHEAD`] messages, given by their bytes and their readings, which
    /// are about to be taken in. Nothing changes by it.
    pub fn look_ahead<'m>(&self, messages: impl Iterator<Item = (&'m [u8], &'m Reading)>) {
        if self.store.dns.len() < WORTHWHILE {
            return;
        }
        let (mut all, mut count, mut seen) = ([Places::default(); AHEAD], 0, 0);
        // another thread wrote the bytes
        for (raw, read) in messages.take(AHEAD) {
            seen ^= look_at(raw);
            let Some(places) = all.get_mut(count).filter(|_| read.asks) else { continue };
            let contact = read.contacts.first().map_or(&[][..], |contact| contact.uri.get(raw));
            let (user, call_id) = (read.user.get(raw), read.call_id.get(raw));
            *places = Places { user, call_id, contact, key: read.key, ..Places::default() };
            count += 1;
        }
        let all = all.get_mut(..count).unwrap_or_default();
        for places in all.iter() {
            seen ^= look_at(places.user) ^ look_at(places.call_id);
        }
        for places in all.iter() {
            seen ^= u64::from(self.transactions.find_like(&places.key).unwrap_or(NIL));
        }
        black_box(seen ^ self.look_at_dns(all) ^ self.look_at_oldest(count));
    }

    /// Touches the DNs of requests, and what these lead to.
    fn look_at_dns(&self, all: &mut [Places<'_>]) -> u64 {
        let (store, texts, mut seen) = (&self.store, &self.store.texts, 0);
        // each round asks for what the one before led to; within a round nothing waits for anything
        for places in all.iter_mut() {
            places.dn = store.dn_like(places.user);
        }
        for places in all.iter_mut() {
            if let Some(dn) = store.dns.get(places.dn.unwrap_or(NIL) as usize) {
                seen ^= dn.look();
                places.attempt = Some(dn.last_attempt);
            }
        }
        for places in all.iter_mut() {
            if let Some(attempt) = store.attempts.get(places.attempt.unwrap_or(NIL) as usize) {
                seen ^= attempt.look();
                places.latest = attempt.call_id;
            }
        }
        for places in all.iter() {
            if let Some(dn) = store.dns.get(places.dn.unwrap_or(NIL) as usize) {
                seen ^= dn.look_behind();
                let asked = dn.details.as_ref().and_then(|details| details.asked.first());
                seen ^= asked.map_or(0, |asked| look_at(texts.get(asked.contact)));
            } else {
                // all that a new DN says will be looked up among the texts
                seen ^= u64::from(texts.lookup(places.user).is_some());
                seen ^= u64::from(texts.lookup(places.contact).is_some());
            }
            // as a new Call-ID will
            if texts.get(places.latest) != places.call_id {
                seen ^= u64::from(texts.lookup(places.call_id).is_some());
            }
        }
        seen
    }

    /// Touches the oldest transactions, which are the next to go.
    fn look_at_oldest(&self, count: usize) -> u64 {
        let oldest = || self.transactions.oldest(count);
        let mut seen = oldest().fold(0, |seen, t| seen ^ t.look());
        for t in oldest() {
            seen ^= u64::from(self.transactions.look_for(t));
            // the end of the others is no news to their attempts
            if t.final_code != 0 && !t.is_settled() {
                let attempt = self.store.attempts.get(t.attempt().unwrap_or(NIL) as usize);
                seen ^= attempt.map_or(0, Attempt::look);
            }
        }
        seen
    }
}

/// Touches a text.
fn look_at(text: &[u8]) -> u64 {
    text.first().copied().map_or(0, u64::from)
}

impl Transaction {
    fn look(&self) -> u64 {
        let request = self.request.as_deref().map_or(0, |request| request.contacts.len() as u64);
        let views = self.views.first().map_or(0, |view| u64::from(view.code));
        request ^ views ^ u64::from(self.final_code) ^ self.branch ^ u64::from(self.generation)
    }
}

impl Attempt {
    fn look(&self) -> u64 {
        self.nonce
            ^ u64::from(self.cseq)
            ^ u64::from(self.code)
            ^ self.last.nanos().cast_unsigned()
            ^ u64::from(self.source == self.registrar)
    }
}

impl Dn {
    fn look(&self) -> u64 {
        let registration = self.registrations.first().map_or(0, |reg| {
            let tried = reg.tried.map_or(0, |tried| u64::from(tried.code));
            let binding = reg.bindings.first().map_or(0, |binding| u64::from(binding.refreshes));
            tried ^ binding ^ reg.history.len() as u64
        });
        let lists = [self.contacts.len(), self.sources.len(), self.aors.len(), self.vias.len()];
        let lists = lists.into_iter().fold(0, |all, len| all ^ len as u64);
        registration ^ lists ^ u64::from(self.attempts) ^ self.last_seen.nanos().cast_unsigned()
    }

    /// Touches what its record leads to.
    fn look_behind(&self) -> u64 {
        let details = self.details.as_ref();
        details.map_or(0, |details| {
            let answer = details.answer.as_ref().map_or(0, |answer| u64::from(answer.code));
            let given = details.auth_nc.map_or(0, u64::from);
            details.sameness ^ details.auth_same ^ u64::from(details.ttl) ^ answer ^ given
        })
    }
}
