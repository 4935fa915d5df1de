//! Takes in what was captured behind its consequence: a request behind its response, a challenge
//! behind the request that it caused.

use smallvec::SmallVec;

use super::attempt::{Outcome, Purpose, Traits};
use super::text::Sym;
use super::tracker::Tracker;
use super::transaction::Request;
use super::verdict::{Flag, Verdict};
use crate::net::FrameRef;

impl Tracker {
    /// A request captured after its response: completes the attempt, which was decided
    /// without it.
    pub(super) fn request_after_answer(&mut self, slot: u32, request: &Request, frame: FrameRef) {
        let Some(t) = self.transactions.get(slot) else { return };
        let (Some(index), code, cseq) = (t.attempt(), t.final_code, t.cseq) else { return };
        let Some(a) = self.store.attempts.get_mut(index as usize) else { return };
        if t.hop != 0 || a.cseq != cseq {
            return;
        }
        a.purpose = request.purpose;
        let asked = request.contacts.iter().filter_map(|c| c.expires).max();
        a.set_asked(asked.or_else(|| a.asked()));
        if let Some(contact) = request.contacts.first() {
            a.contact = contact.contact;
        }
        let credentials = request.credentials.first();
        if let Some(credentials) = credentials {
            a.traits.add_if(Traits::CREDENTIALS, true);
            (a.realm, a.username) = (credentials.realm, credentials.username);
        }
        let refused = Outcome::Failed(Verdict::AuthFailed);
        let outcome = match (code, a.outcome) {
            (403, Outcome::Failed(Verdict::Rejected)) if credentials.is_some() => refused,
            // the challenge before it asked for these
            (401 | 407, Outcome::Failed(Verdict::Challenged))
                if credentials.is_some()
                    && a.challenges() > 1
                    && !a.flags.contains(Flag::StaleNonce) =>
            {
                refused
            }
            (200..300, Outcome::NothingListed) => match request.purpose {
                Purpose::Remove => Outcome::Removed,
                Purpose::Register if !request.cut => Outcome::Failed(Verdict::NotKept),
                _ => return,
            },
            _ => return,
        };
        a.outcome = outcome;
        let (dn, registrar) = (a.dn, a.registrar);
        let now = self.now;
        if let Some(reg) = self.registration(dn, registrar) {
            reg.restate(index, outcome, now, frame);
        }
        self.touch_attempt(index, Some(frame));
    }

    /// A challenge captured after the request with the credentials it asked for; `offers` are
    /// its nonces and realms.
    pub(super) fn challenge_after_credentials(
        &mut self,
        attempt: u32,
        offers: &SmallVec<[(u64, Sym); 2]>,
    ) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let open = self.transactions.of(attempt, a.open).and_then(|t| t.request.as_deref());
        let given = open.map(|request| request.credentials.as_slice()).unwrap_or_default();
        let answers = |c: u64| offers.iter().any(|&(nonce, _)| nonce != 0 && nonce == c);
        if !given.iter().any(|c| answers(c.nonce)) {
            return;
        }
        a.count_challenge();
        a.set_offered(offers);
        a.traits.add_if(Traits::NONCE_ANSWERED, true);
    }
}
