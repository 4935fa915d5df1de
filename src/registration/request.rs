//! Takes in REGISTER requests: their transaction, their attempt, and what the client shows by sending them.

use smallvec::SmallVec;

use super::asked::read_request;
use super::attempt::RETRY_WINDOW;
use super::attempt::{Attempt, Demand, Outcome, Traits};
use super::excuse::Issuer;
use super::facts::Facts;
use super::store::{Marks, MessageRecord, NIL};
use super::text::Sym;
use super::tracker::Tracker;
use super::transaction::{Ends, Request, SOONEST_REPEAT, Sighting, Subject, Transaction};
use super::verdict::{Flag, Verdict};
use crate::net::Origin;
use crate::sip::Message;

/// One retransmission this long after the response, or two at all, show that the response was lost.
const LOST_AFTER: i64 = 1_000_000_000;

impl Tracker {
    pub(super) fn register_request(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
    ) -> Sighting {
        let ends = self.ends(origin);
        if origin.transport.is_reliable() {
            self.flows.revive((origin.src, origin.dst));
        }
        let slot = self.transactions.find(facts.key());
        if slot.is_none() && self.is_for_a_third_party(origin.src, message, facts) {
            let subject = Subject::Probe { dn: NIL, forwarded: true, call: false };
            let mut t = Transaction::new(*facts.key(), subject, origin, facts.cseq().unwrap_or(0));
            t.see(origin, ends, 0);
            self.transactions.insert(t);
            return Sighting::New;
        }
        let (slot, sighting) = match slot {
            Some(slot) => (slot, self.seen_again(origin, ends, message, facts, slot)),
            None => (self.new_request(origin, ends, message, facts), Sighting::New),
        };
        self.transactions.note_pair(ends, slot);
        let Some(t) = self.transactions.get(slot) else { return sighting };
        let Subject::Register { attempt } = t.subject else { return sighting };
        let mut record = MessageRecord::new(origin.time, origin.frame, 0, t.cseq);
        record.hop = t.hop;
        record.marks = sighting
            .marks()
            .add_if(Marks::CREDENTIALS, facts.read.has_credentials())
            .add_if(Marks::CUT, message.is_cut());
        self.record(attempt, &record);
        self.note_logged(origin, facts.call_id, attempt);
        self.source(origin.src.addr).requests += 1;
        self.path_flags(attempt, origin, message, facts.read);
        sighting
    }

    /// A request of a transaction that is known: repeated, captured again, or late after its response.
    fn seen_again(
        &mut self,
        origin: &Origin,
        ends: Ends,
        message: &Message<'_>,
        facts: &Facts<'_>,
        slot: u32,
    ) -> Sighting {
        let Some(t) = self.transactions.get_mut(slot) else { return Sighting::New };
        let Subject::Register { attempt } = t.subject else { return Sighting::New };
        let late = !t.request_seen;
        if late {
            t.first = t.first.min(origin.time);
            t.request_seen = true;
        }
        let (hop, known_src) = (t.hop, t.ends().map(|(src, _)| src));
        let sighting = t.see(origin, ends, 0);
        let twice = t.twice();
        let final_at = t.final_at.filter(|_| sighting == Sighting::Retransmission);
        let answer_lost = final_at.is_some_and(|at| {
            t.late_repeats += 1;
            t.late_repeats > 1 || origin.time.nanos_since(at) > LOST_AFTER
        });
        let seen_between = t.ends();
        if late {
            let dn = self.store.attempts.get(attempt as usize).map_or(NIL, |a| a.dn);
            let request = read_request(&mut self.store, dn, message, facts.read);
            self.request_after_answer(slot, &request, origin.frame);
            let nearest = (hop == 0).then_some(request.contacts);
            self.describe(attempt, origin, message, facts, nearest);
        }
        let Some(a) = self.store.attempts.get(attempt as usize) else { return sighting };
        let dn = a.dn;
        if let (Some((_, dst)), true) = (seen_between, hop.saturating_add(1) >= a.hops) {
            let registrar = self.registrar_behind(dn, dst);
            let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return sighting };
            a.set_registrar(registrar);
        }
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return sighting };
        match sighting {
            Sighting::Retransmission => {
                a.count_retransmission();
                a.flags.insert(Flag::Retransmissions);
                self.flag(dn, Flag::Retransmissions);
            }
            Sighting::Duplicate => {
                self.flag(dn, twice);
                if known_src.is_some_and(|src| src.host() != ends.0.host()) {
                    self.flag(dn, Flag::Nat);
                    self.note_rewriting(attempt, message);
                }
            }
            Sighting::New => {}
        }
        if answer_lost {
            self.flag_attempt(attempt, Flag::AnswerLost);
        }
        sighting
    }

    fn new_request(
        &mut self,
        origin: &Origin,
        ends: Ends,
        message: &Message<'_>,
        facts: &Facts<'_>,
    ) -> u32 {
        let known_hop = self.other_hop(facts);
        let dn_of = |attempt: u32| self.store.attempts.get(attempt as usize).map(|a| a.dn);
        let dn = known_hop.and_then(|(attempt, _)| dn_of(attempt));
        let dn = dn.unwrap_or_else(|| self.dn(facts, origin.time, ends));
        let mut request = read_request(&mut self.store, dn, message, facts.read);
        let mut t = Transaction::new(
            *facts.key(),
            Subject::Register { attempt: NIL },
            origin,
            facts.cseq().unwrap_or(0),
        );
        let (attempt, hop) = known_hop
            .or_else(|| self.hidden_hop(origin, ends, facts, dn))
            .unwrap_or_else(|| (self.attempt_for(origin, ends, facts, dn, &request), 0));
        let registrar = if hop == 0 { self.registrar_behind(dn, ends.1) } else { ends.1 };
        t.subject = Subject::Register { attempt };
        t.hop = hop;
        t.parent = facts.read.parents.first().map(|key| Box::new(*key));
        t.branch = facts.read.branch.unwrap_or(0);
        t.see(origin, ends, 0);
        if hop == 0 {
            self.note_repetition(attempt, &mut t, !request.credentials.is_empty());
        }
        request.issuer = self.issuer(attempt, &request, hop);
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            if !offers(a, request.declined) {
                request.declined = 0;
            }
            if hop == 0 {
                apply_request(a, &request, origin, ends);
            }
        }
        let asked = request.contacts.clone();
        t.request = Some(Box::new(request));
        t.request_seen = true;
        let slot = self.transactions.insert(t);
        self.note_open(dn, slot);
        self.describe(attempt, origin, message, facts, (hop == 0).then_some(asked));
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            a.cseq = facts.cseq().unwrap_or(a.cseq);
            if hop == 0 {
                a.set_entry(ends.1);
            }
            let nearer = a.registrar;
            if hop.saturating_add(1) >= a.hops {
                a.set_registrar(registrar);
                a.hops = hop.saturating_add(1);
                a.open = slot;
            }
            if a.hops > 1 {
                self.flag(dn, Flag::TwoHops);
            }
            if hop > 0
                && let Some(dn) = self.store.dns.get_mut(dn as usize)
            {
                dn.pass_on(nearer, registrar);
            }
        }
        slot
    }

    /// The server that issued the nonce a request of this attempt answers.
    fn issuer(&self, attempt: u32, request: &Request, hop: u8) -> Option<Issuer> {
        let a = self.store.attempts.get(attempt as usize)?;
        let before = self.transactions.of(attempt, a.open);
        if hop > 0 {
            return before?.request.as_ref()?.issuer;
        }
        let challenged =
            before.filter(|t| t.final_code != 0).and_then(|t| Some((t.hop, t.ends()?.1)));
        let (hop, server) = challenged.unwrap_or_else(|| (0, a.entry()));
        answers(request, a).then_some(Issuer { server, hop })
    }

    /// The same request under another branch, the one before unanswered: the client repeats itself.
    fn note_repetition(&mut self, attempt: u32, t: &mut Transaction, credentials: bool) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let same = a.cseq == t.cseq && a.cseq != 0 && a.credentials() == credentials;
        if a.outcome != Outcome::Open || !same {
            return;
        }
        // a client that tries one password after the other does not wait for responses
        let repeats = |before: &&mut Transaction| {
            !before.answered() && t.first.nanos_since(before.last_sent) >= SOONEST_REPEAT
        };
        if let Some(before) = self.transactions.of_mut(attempt, a.open).filter(repeats) {
            before.sends = before.sends.saturating_add(1);
            t.sends = before.sends;
        }
    }

    /// The attempt of the same request on another hop, and which hop this one is.
    pub(super) fn other_hop(&mut self, facts: &Facts<'_>) -> Option<(u32, u8)> {
        let near = facts.read.parents.iter().find_map(|key| self.transactions.find(key));
        if let Some(near) = near {
            let t = self.transactions.get(near)?;
            let Subject::Register { attempt } = t.subject else { return None };
            return Some((attempt, t.hop.saturating_add(1)));
        }
        let far = self.transactions.find_child(facts.key())?;
        let t = self.transactions.get_mut(far)?;
        let Subject::Register { attempt } = t.subject else { return None };
        t.hop = t.hop.saturating_add(1);
        let hop = t.hop;
        let a = self.store.attempts.get_mut(attempt as usize)?;
        a.hops = a.hops.max(hop.saturating_add(1));
        a.set_decided_hop(a.decided_hop().map(|_| hop));
        Some((attempt, 0))
    }

    /// The attempt of the same request on a nearer hop that left no Via: same Call-ID and CSeq, still
    /// unanswered, between two other hosts.
    fn hidden_hop(
        &self,
        origin: &Origin,
        ends: Ends,
        facts: &Facts<'_>,
        dn: u32,
    ) -> Option<(u32, u8)> {
        if facts.call_id.is_empty() {
            return None;
        }
        self.store.dns.get(dn as usize)?.unfinished().rev().find_map(|index| {
            let a = self.store.attempts.get(index as usize)?;
            let open = a.outcome == Outcome::Open;
            let t = if open { self.transactions.of(index, a.open)? } else { return None };
            let (src, dst) = t.ends()?;
            let same = Some(t.cseq) == facts.cseq()
                && !t.answered()
                && self.store.texts.get(a.call_id) == facts.call_id;
            let onward = ends.0.host() != src.host() && ends.1.host() != dst.host();
            let soon = origin.time.nanos_since(t.first) <= RETRY_WINDOW;
            (same && onward && soon).then(|| (index, t.hop.saturating_add(1)))
        })
    }

    /// The attempt a new request belongs to: the one it carries on, or a new one.
    fn attempt_for(
        &mut self,
        origin: &Origin,
        ends: Ends,
        facts: &Facts<'_>,
        dn: u32,
        request: &Request,
    ) -> u32 {
        let latest = self.store.dns.get(dn as usize).map_or(NIL, |dn| dn.last_attempt);
        let recent = self.unfinished(dn);
        let latest = self.store.attempts.get(latest as usize);
        let latest = latest.map_or(Sym::NONE, |a| a.call_id);
        let call_id = self.store.texts.intern_like(latest, facts.call_id);
        for &index in recent.iter().rev() {
            self.judge_silence(index, origin, ends, facts, call_id, request);
        }
        let carried_on = recent.iter().rev().copied().find(|&index| {
            self.store
                .attempts
                .get(index as usize)
                .is_some_and(|a| carries_on(a, call_id, facts, request, origin, ends))
        });
        if let Some(index) = carried_on {
            self.reopen(index);
            return index;
        }
        for &index in &recent {
            self.judge_demand(index, request, origin, ends);
        }
        let mut attempt = Attempt::new(dn, call_id, origin, ends);
        // credentials that answer the refusal before are another try with the same password
        let refused = recent.last().and_then(|&index| self.store.attempts.get(index as usize));
        // the latest of all is meant: one that was accepted since has ended the row
        let refused = refused.filter(|a| a.next == NIL);
        let refused = refused.filter(|a| a.outcome == Outcome::Failed(Verdict::AuthFailed));
        if let Some(before) = refused.filter(|a| answers(request, a)) {
            attempt.set_offered(&before.offered().collect::<SmallVec<[_; 2]>>());
        }
        self.begin(attempt)
    }

    /// The latest attempts of a DN that something may still carry on.
    pub(super) fn unfinished(&self, dn: u32) -> SmallVec<[u32; 4]> {
        self.store.dns.get(dn as usize).map_or_else(SmallVec::new, |dn| dn.unfinished().collect())
    }

    /// A later request of the same Call-ID shows whether an unanswered one had its response.
    fn judge_silence(
        &mut self,
        index: u32,
        origin: &Origin,
        ends: Ends,
        facts: &Facts<'_>,
        call_id: Sym,
        request: &Request,
    ) {
        let Some(a) = self.store.attempts.get(index as usize) else { return };
        if a.call_id != call_id || a.outcome != Outcome::Open || a.source.host() != ends.0.host() {
            return;
        }
        let (challenges, had_credentials, last_nonce) = (a.challenges(), a.credentials(), a.nonce);
        let registrar = a.registrar;
        let Some(t) = self.transactions.of_mut(index, a.open) else { return };
        if t.answered() || facts.cseq().is_none_or(|c| c <= t.cseq) {
            return;
        }
        let unseen_nonce = request.credentials.iter().any(|c| c.nonce != last_nonce);
        let answers_unseen = unseen_nonce && (challenges == 0 && !had_credentials);
        let moved_on = t.sends <= 1
            && origin.time.nanos_since(t.first) < RETRY_WINDOW
            && !(t.transport.is_reliable() && origin.path.peer_seen);
        if answers_unseen || moved_on {
            t.acted = true;
            self.mark_server(origin.dst, |server| server.one_way = true);
            let registrar = registrar.endpoint(&self.store.texts);
            self.mark_server(registrar, |server| server.one_way = true);
        }
    }

    /// Whether the client does what the last response asked of it.
    fn judge_demand(&mut self, index: u32, request: &Request, origin: &Origin, ends: Ends) {
        let Some(a) = self.store.attempts.get_mut(index as usize) else { return };
        if a.source.host() != ends.0.host() {
            return;
        }
        let (last, registrar) = (a.last, a.entry());
        let Some(rare) = a.rare.as_deref_mut() else { return };
        let Some((demand, obeyed @ None)) = &mut rare.demand else { return };
        *obeyed = Some(match *demand {
            Demand::MinExpires(min) => request.asks_at_least(min),
            Demand::RetryAfter(secs) => origin.time >= last.plus_secs(secs),
            Demand::Redirect => ends.1 != registrar,
        });
    }

    /// A tentative refusal is taken back when the client carries on.
    fn reopen(&mut self, index: u32) {
        let Some(a) = self.store.attempts.get_mut(index as usize) else { return };
        let tentative = a.is_tentative();
        a.set_decided_hop(None);
        a.hops = 0;
        if tentative {
            a.outcome = Outcome::Open;
            let (dn, registrar) = (a.dn, a.registrar);
            if let Some(reg) = self.registration(dn, registrar)
                && reg.tried.is_some_and(|t| t.attempt == index)
            {
                reg.tried = reg.before.take().map(|before| *before);
            }
        }
    }
}

impl Request {
    fn asks_at_least(&self, seconds: u32) -> bool {
        self.contacts.iter().any(|c| c.expires.is_some_and(|e| e >= seconds))
    }
}

/// Whether a request carries an attempt on rather than beginning another.
fn carries_on(
    a: &Attempt,
    call_id: Sym,
    facts: &Facts<'_>,
    request: &Request,
    origin: &Origin,
    ends: Ends,
) -> bool {
    let same_call = a.call_id == call_id;
    let recent = origin.time.nanos_since(a.last) <= RETRY_WINDOW;
    let later = facts.cseq().is_none_or(|cseq| cseq >= a.cseq);
    let with_credentials = !request.credentials.is_empty();
    let answers_nonce = answers(request, a) || offers(a, request.declined);
    let refused = matches!(
        a.outcome,
        Outcome::Failed(
            Verdict::Challenged | Verdict::AuthFailed | Verdict::Truncated | Verdict::OneWay
        )
    ) && matches!(a.code, 401 | 407);
    let is_challenged = matches!(a.outcome, Outcome::Failed(Verdict::Challenged | Verdict::OneWay));
    if is_challenged && refused && answers_nonce {
        // under whatever Call-ID, and however long a person took to type the password
        return true;
    }
    if !recent {
        return false;
    }
    if refused {
        // what is cut of the request may be its credentials
        return answers_nonce || (with_credentials || request.cut) && same_call && later;
    }
    match (a.outcome, a.demand()) {
        (Outcome::Open, _) => {
            let repeats = facts.cseq() == Some(a.cseq)
                && with_credentials == a.credentials()
                && (a.source, a.entry()) == ends;
            same_call && (repeats || later && with_credentials && !a.credentials())
        }
        (_, Some((Demand::MinExpires(min), None))) => {
            a.code == 423 && a.source == ends.0 && request.asks_at_least(min)
        }
        (Outcome::Failed(Verdict::Redirected), _) => {
            a.source.host() == ends.0.host() && ends.1 != a.entry()
        }
        _ => false,
    }
}

/// Whether a request has credentials for the latest challenge of an attempt.
fn answers(request: &Request, a: &Attempt) -> bool {
    request.credentials.iter().any(|c| offers(a, c.nonce))
}

/// Whether a nonce is one of the latest challenge of an attempt.
fn offers(a: &Attempt, nonce: u64) -> bool {
    nonce != 0 && a.offered().any(|(offered, _)| offered == nonce)
}

fn apply_request(a: &mut Attempt, request: &Request, origin: &Origin, ends: Ends) {
    a.count_request();
    a.purpose = request.purpose;
    let asked = request.contacts.iter().filter_map(|c| c.expires).max();
    a.set_asked(asked.or_else(|| a.asked()));
    if let Some(contact) = request.contacts.first() {
        a.contact = contact.contact;
    }
    let answered = answers(request, a);
    a.traits.add_if(Traits::NONCE_ANSWERED, answered);
    if let Some(credentials) = request.credentials.first() {
        a.traits.add_if(Traits::CREDENTIALS, true);
        a.realm = credentials.realm;
        a.username = credentials.username;
    }
    let (last, registrar) = (a.last, a.entry());
    if let Some((demand, obeyed @ None)) = a.rare.as_deref_mut().and_then(|r| r.demand.as_mut()) {
        *obeyed = Some(match *demand {
            Demand::MinExpires(min) => request.asks_at_least(min),
            Demand::RetryAfter(secs) => origin.time >= last.plus_secs(secs),
            Demand::Redirect => ends.1 != registrar,
        });
    }
}
