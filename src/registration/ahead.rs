//! Looks at the records that the next messages are about, so that they are at hand when these come.
//!
//! No cache holds the records of a hundred thousand DNs. A message that is taken in waits for its DN, then
//! for the DN's attempt, then for what that leads to, and the next message waits again. Asked for on
//! behalf of several messages at once, a processor fetches them at the same time.

use std::hint::black_box;

use super::attempt::Attempt;
use super::in_flight::Transactions;
use super::reading::{About, Reading};
use super::store::{Dn, NIL};
use super::text::Sym;
use super::tracker::Tracker;
use super::transaction::Transaction;

/// Messages looked at together.
pub const AHEAD: usize = 16;

/// With fewer DNs the caches hold the records anyway.
const WORTHWHILE: usize = 1024;

/// Where the records of a message are, as far as that is found out.
#[derive(Clone, Copy)]
struct Places {
    slot: u32,
    dn: u32,
    attempt: u32,
    call_id: Sym,
}

impl Tracker {
    /// Looks at the records of at most [`AHEAD`] messages, given by their bytes and their readings, which
    /// are about to be taken in. Nothing changes by it.
    pub fn look_ahead<'m>(&self, messages: impl Iterator<Item = (&'m [u8], &'m Reading)> + Clone) {
        if self.store.dns.len() < WORTHWHILE {
            return;
        }
        let nowhere = Places { slot: NIL, dn: NIL, attempt: NIL, call_id: Sym::NONE };
        let mut all = [nowhere; AHEAD];
        // each round asks for what the one before led to; within a round nothing waits for anything
        for (places, (raw, read)) in all.iter_mut().zip(messages.clone()) {
            if read.about == About::Register && read.names_somebody {
                places.slot = self.transactions.find_like(&read.key).unwrap_or(NIL);
                if places.slot == NIL {
                    places.dn = self.store.dn_like(read.user.get(raw)).unwrap_or(NIL);
                }
            }
        }
        let mut seen = self.transactions.look_at_oldest(AHEAD);
        for places in &mut all {
            if let Some(t) = self.transactions.get(places.slot) {
                seen ^= t.look();
                places.attempt = t.attempt().unwrap_or(NIL);
            } else if let Some(dn) = self.store.dns.get(places.dn as usize) {
                seen ^= dn.look();
                places.attempt = dn.last_attempt;
            }
        }
        for places in &mut all {
            if let Some(attempt) = self.store.attempts.get(places.attempt as usize) {
                seen ^= attempt.look();
                places.dn = attempt.dn;
                places.call_id = attempt.call_id;
            }
        }
        for (places, (raw, read)) in all.iter().zip(messages) {
            // a new Call-ID will be looked up among the texts
            let call_id = read.call_id.get(raw);
            if places.slot == NIL && self.store.texts.get(places.call_id) != call_id {
                seen ^= u64::from(self.store.texts.lookup(call_id).is_some());
            }
        }
        for places in &all {
            if let Some(dn) = self.store.dns.get(places.dn as usize) {
                seen ^= dn.look() ^ dn.look_behind();
            }
        }
        black_box(seen);
    }
}

impl Transactions {
    /// Looks at the oldest, which are the next to go.
    fn look_at_oldest(&self, count: usize) -> u64 {
        self.oldest(count)
            .fold(0, |seen, t| seen ^ t.look() ^ self.find_like(&t.key).map_or(0, u64::from))
    }
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
        u64::from(self.nonce)
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
        registration ^ u64::from(self.attempts) ^ self.last_seen.nanos().cast_unsigned()
    }

    /// Looks at what its record leads to.
    fn look_behind(&self) -> u64 {
        let details = self.details.as_ref();
        details.map_or(0, |details| {
            let answer = details.answer.as_ref().map_or(0, |answer| u64::from(answer.code));
            let given = details.auth_nc.map_or(0, u64::from);
            details.sameness ^ details.auth_same ^ u64::from(details.ttl) ^ answer ^ given
        })
    }
}
