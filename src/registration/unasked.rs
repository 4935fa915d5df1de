//! Handles responses to REGISTERs that were cut or not captured: each is an attempt of its own, or continues such a one.

use super::attempt::{Attempt, Traits};
use super::describe::aor_of;
use super::facts::Facts;
use super::reading::{Reading, branch_of};
use super::store::{Dn, NIL};
use super::tracker::Tracker;
use super::transaction::{Ends, Subject, Transaction};
use crate::net::Origin;
use crate::net::password::without_bare_password;
use crate::sip::{Contact, Message};

/// A challenge this soon after the last one follows credentials that were not captured.
const NEXT_ROUND: i64 = 5_000_000_000;

impl Tracker {
    /// The transaction of a response that lacks what its request has, or has what that lacks, for
    /// one of the two is cut or has no CSeq: the last between these two ends, when nothing that is
    /// there says otherwise.
    pub(super) fn find_odd_answer(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) -> Option<u32> {
        let slot = self.find_pair(origin.dst, origin.src)?;
        let t = self.transactions.get(slot)?;
        let Subject::Register { attempt } = t.subject else { return None };
        let branch = top_branch(message, read);
        let same_branch = branch.is_some_and(|branch| branch == t.branch);
        let call_id = self.store.texts.get(self.store.attempts.get(attempt as usize)?.call_id);
        if let Some(cseq) = message.cseq() {
            let cut_request = t.cseq == 0 && t.request.as_ref().is_some_and(|r| r.cut);
            // servers that put Via last: what is left of a cut response names its request by the dialog
            let by_call =
                message.is_cut() && branch.is_none() && message.call_id() == Some(call_id);
            let meant =
                same_branch && cut_request || by_call && (cut_request || t.cseq == cseq.number);
            return meant.then_some(slot);
        }
        let same_call = match message.call_id() {
            Some(told) => told == call_id || call_id.is_empty() && same_branch,
            None if message.is_cut() => same_branch,
            None => call_id.is_empty(),
        };
        (same_call && (same_branch || message.is_cut() || t.cseq == 0)).then_some(slot)
    }

    /// A response without its request: an attempt of its own.
    pub(super) fn unasked(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
    ) -> u32 {
        let cseq = facts.cseq().unwrap_or(0);
        let (src, dst) = self.ends(origin);
        let dn = self.dn(facts, origin.time, (dst, src));
        let mut t =
            Transaction::new(*facts.key(), Subject::Register { attempt: NIL }, origin, cseq);
        t.parent = facts.read.parents.first().map(|key| Box::new(*key));
        t.branch = facts.read.branch.unwrap_or(0);
        let (attempt, hop) = self
            .other_hop(facts)
            .unwrap_or_else(|| (self.attempt_of_answer(origin, (src, dst), facts, dn), 0));
        let registrar = self.registrar_behind(dn, src);
        t.subject = Subject::Register { attempt };
        t.hop = hop;
        let slot = self.transactions.insert(t);
        self.note_open(dn, slot);
        let aor = aor_of(&mut self.store.texts, facts);
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return slot };
        a.aor = aor;
        a.cseq = cseq;
        a.hops = a.hops.max(hop.saturating_add(1));
        if hop == 0 {
            a.source = dst;
            a.set_entry(src);
            a.count_request();
        }
        if hop.saturating_add(1) >= a.hops {
            a.set_registrar(registrar);
            a.open = slot;
        }
        let Some(dn) = self.store.dns.get_mut(dn as usize) else { return slot };
        Dn::note(&mut dn.aors, &mut dn.more_values, aor);
        let new_source = !dn.sources.iter().any(|(s, _)| s.addr == origin.dst.addr);
        if hop == 0 {
            Dn::note(&mut dn.sources, &mut dn.more_values, (origin.dst, origin.transport));
            for contact in message.contacts() {
                if let Contact::Address(address) = contact {
                    let sym = self.store.texts.intern(&without_bare_password(address.uri.raw));
                    Dn::note(&mut dn.contacts, &mut dn.more_values, sym);
                }
            }
            self.source(origin.dst.addr).dns += u32::from(new_source);
        }
        slot
    }

    /// The attempt a response without its request belongs to.
    fn attempt_of_answer(
        &mut self,
        origin: &Origin,
        (src, dst): Ends,
        facts: &Facts<'_>,
        dn: u32,
    ) -> u32 {
        let call_id = self.store.texts.intern(facts.call_id);
        let cseq = facts.cseq().unwrap_or(0);
        let goes_on = self.unfinished(dn).into_iter().rev().find(|&index| {
            self.store.attempts.get(index as usize).is_some_and(|a| {
                a.call_id == call_id
                    && cseq > a.cseq
                    && matches!(a.code, 401 | 407 | 423)
                    && origin.time.nanos_since(a.last) < NEXT_ROUND
            })
        });
        if let Some(index) = goes_on {
            if let Some(a) = self.store.attempts.get_mut(index as usize) {
                a.set_decided_hop(None);
                // the request was not captured, but something answered the challenge
                let challenged = a.challenges() > 0;
                a.traits.add_if(Traits::CREDENTIALS, challenged);
            }
            return index;
        }
        self.begin(Attempt::new(dn, call_id, origin, (dst, src)))
    }
}

/// The branch of the top Via of a response, which may name no user.
fn top_branch(message: &Message<'_>, read: &Reading) -> Option<u64> {
    if read.names_somebody { read.branch } else { branch_of(message) }
}
