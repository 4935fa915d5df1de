//! Ends an attempt: by a response, by an error, or because nothing came.

use super::attempt::{Attempt, Outcome, Purpose, Traits};
use super::in_flight::Transactions;
use super::store::{Change, Dn, Registration, Store, Tried, TriedMarks};
use super::tracker::Tracker;
use super::transaction::{Subject, Transaction};
use super::verdict::{Flag, Verdict};
use crate::net::{FrameRef, Origin, Timestamp};

/// The outcome of a missing final response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub tried: Tried,
    /// The moment it is judged at.
    when: Timestamp,
    /// ICMP type and code that came instead.
    pub icmp: Option<(u8, u8)>,
}

impl Tracker {
    /// Closes a round: the outcome goes to the registration it concerns.
    pub(super) fn conclude(
        &mut self,
        attempt: u32,
        outcome: Outcome,
        origin: &Origin,
        port_closed: bool,
    ) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let source = a.source.host();
        let tried = Tried {
            attempt,
            outcome,
            code: 0,
            at: origin.time,
            frame: origin.frame,
            source,
            marks: TriedMarks::new(port_closed, true),
        };
        let before = self.outcome(attempt);
        self.store.conclude(tried, origin.time);
        self.tally_end(attempt, before);
        self.touch_attempt(attempt, Some(origin.frame));
    }

    /// Judges the transactions that are over by now for lack of a response.
    pub(super) fn forget_old(&mut self) {
        while let Some(t) = self.transactions.take_old(self.now) {
            self.close(&t, self.now);
        }
    }

    /// Judges one transaction without a final response at `now`.
    pub(super) fn close(&mut self, t: &Transaction, now: Timestamp) {
        if t.is_settled() {
            return;
        }
        let before = t.attempt().and_then(|attempt| self.outcome(attempt));
        let joined = self.store.close(&self.transactions, t, now);
        self.counts.icmp_joined += u64::from(joined);
        if let Some(attempt) = t.attempt() {
            self.tally_end(attempt, before);
            self.tally_left(attempt, t);
            self.touch_attempt(attempt, None);
        }
    }

    fn outcome(&self, attempt: u32) -> Option<Outcome> {
        self.store.attempts.get(attempt as usize).map(|a| a.outcome)
    }

    /// Counts an end that leaves the client nothing to carry on.
    fn tally_end(&mut self, attempt: u32, before: Option<Outcome>) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        if before != Some(a.outcome) && !a.is_tentative() {
            self.tally.end(a.outcome, a.code);
        }
    }

    /// Counts one that the client could have carried on from, and did not while it was remembered.
    fn tally_left(&mut self, attempt: u32, t: &Transaction) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let decided = t.final_code != 0 && a.cseq == t.cseq && a.decided_hop() == Some(t.hop);
        if decided && a.is_tentative() {
            self.tally.end(a.outcome, a.code);
        }
    }
}

impl Store {
    /// Judges one transaction without a final response at `now`; says whether an ICMP error decided.
    pub(super) fn close(
        &mut self,
        transactions: &Transactions,
        t: &Transaction,
        now: Timestamp,
    ) -> bool {
        let Subject::Register { attempt } = t.subject else { return false };
        let Some(a) = self.attempts.get(attempt as usize) else { return false };
        let Some(closing) = self.closing(transactions, t, a, now) else { return false };
        if let Some(a) = self.attempts.get_mut(attempt as usize) {
            closing.prepare(a);
        }
        self.conclude(closing.tried, closing.when);
        closing.icmp.is_some()
    }

    /// The outcome of an unanswered transaction of an attempt at `now`; `None` while it is open or
    /// when another transaction decides.
    pub(super) fn closing(
        &self,
        transactions: &Transactions,
        t: &Transaction,
        a: &Attempt,
        now: Timestamp,
    ) -> Option<Closing> {
        let Subject::Register { attempt } = t.subject else { return None };
        let farthest = t.hop.saturating_add(1) >= a.hops;
        if t.final_code != 0 || a.outcome != Outcome::Open || a.cseq != t.cseq || !farthest {
            return None;
        }
        let source = a.source.host();
        let (outcome, at, marks) = (Outcome::Open, t.last_sent, TriedMarks::new(false, true));
        let frame = a.log.last().map(|message| message.frame()).unwrap_or_default();
        let open = Tried { attempt, outcome, code: 0, at, frame, source, marks };
        if let Some(error) = transactions.error_for(t, &self.texts).filter(|e| e.origin.time <= now)
        {
            let tried = Tried {
                outcome: Outcome::Failed(Verdict::Unreachable),
                at: error.origin.time,
                frame: error.origin.frame,
                marks: TriedMarks::new(error.port_closed, true),
                ..open
            };
            return Some(Closing { tried, when: error.origin.time, icmp: error.icmp });
        }
        let server =
            self.servers.get(&a.registrar.endpoint(&self.texts)).copied().unwrap_or_default();
        let outcome = t.unanswered(now, server);
        let closing = Closing { tried: Tried { outcome, ..open }, when: t.first, icmp: None };
        (outcome != Outcome::Open).then_some(closing)
    }

    /// Closes a round at `now` with what is known of the try.
    fn conclude(&mut self, tried: Tried, now: Timestamp) {
        let Some(a) = self.attempts.get_mut(tried.attempt as usize) else { return };
        let first_outcome = !a.traits.replace(Traits::COUNTED, true);
        if first_outcome {
            let record = self.sources.entry(a.source.host().addr(&self.texts)).or_default();
            record.attempts += 1;
            record.unknown_dn += u64::from(a.code == 404);
            record.with_credentials += u64::from(a.credentials());
        }
        if let Some(dn) = self.dns.get_mut(a.dn as usize) {
            dn.conclude(a, tried, now);
        } else {
            a.outcome = tried.outcome;
        }
    }
}

impl Closing {
    /// Readies the attempt it is about.
    fn prepare(&self, a: &mut Attempt) {
        if self.icmp.is_some() {
            a.rare().icmp = self.icmp;
        }
        a.code = 0;
    }

    /// Applies it to copies of its attempt and its DN.
    pub(super) fn apply(&self, a: &mut Attempt, dn: &mut Dn) {
        self.prepare(a);
        dn.conclude(a, self.tried, self.when);
    }
}

impl Dn {
    /// Enters the outcome of one of its attempts, judged at `now`.
    fn conclude(&mut self, a: &mut Attempt, mut tried: Tried, now: Timestamp) {
        a.outcome = tried.outcome;
        let place = self.recent.iter_mut().find(|recent| recent.attempt() == tried.attempt);
        if let Some(recent) = place {
            *recent = recent.over(a.is_over());
        }
        tried.code = a.code;
        tried.source = a.source.host();
        let refresh = matches!(a.purpose, Purpose::Register | Purpose::Unknown);
        tried.marks = TriedMarks::new(tried.marks.port_closed(), refresh);
        let edge = (a.hops > 1).then_some(a.entry());
        let tentative = a.is_tentative();
        let Some(reg) = self.registration(a.registrar) else { return };
        reg.edge = edge.or(reg.edge);
        if let Some(flag) = reg.conclude(tried, tentative, now) {
            self.flags.insert(flag);
        }
    }
}

impl Registration {
    /// Enters what the latest try came to, if it is this one: it is understood only now.
    pub(super) fn restate(
        &mut self,
        attempt: u32,
        outcome: Outcome,
        now: Timestamp,
        frame: FrameRef,
    ) {
        if let Some(tried) = self.tried.as_mut().filter(|tried| tried.attempt == attempt) {
            tried.outcome = outcome;
            self.note_change(now, frame);
        }
    }

    /// When a try that began at `began` put the DN out of service: not before the binding that it was
    /// to refresh ran out.
    fn out_since(&mut self, began: Timestamp) -> Timestamp {
        let lapsed = self.ended().filter(|e| e.how == Verdict::Expired && e.at > began);
        let Some(lapsed) = lapsed.map(|e| e.at) else { return began };
        // that it ran out is what the failure came to, and no change of its own
        let is_it = |c: &Change| c.verdict == Verdict::Expired && c.time == lapsed;
        if self.history.last().is_some_and(is_it) {
            self.history.remove(self.history.len().saturating_sub(1));
        }
        lapsed
    }

    /// Enters the latest try; a flag if it was refused while a binding runs.
    fn conclude(&mut self, tried: Tried, tentative: bool, now: Timestamp) -> Option<Flag> {
        if !tentative {
            self.settle(tried.at);
        }
        if self.tried.is_some_and(|before| before.at > tried.at) {
            return None;
        }
        let running = self.bindings.iter().any(|b| b.runs_at(tried.at));
        let own = self.bindings.iter().any(|b| b.source.is_none_or(|s| s.host() == tried.source));
        let refusal =
            matches!(tried.outcome, Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed));
        let refused = running && !tentative && tried.marks.refresh() && refusal;
        // only what is tentative is taken back
        if !tentative {
            self.before = None;
        } else if self.tried.is_none_or(|before| before.attempt != tried.attempt) {
            self.before = self.tried.map(Box::new);
        }
        let another = self.tried.is_some_and(|before| before.attempt != tried.attempt);
        let asked_only = matches!(tried.outcome, Outcome::NothingListed) && another;
        if !asked_only {
            self.tried = Some(tried);
        }
        if !tentative {
            let since = self.out_since(now);
            self.note_change(since, tried.frame);
        }
        let flag = if own { Flag::RefreshRefused } else { Flag::RejectedFromOtherSource };
        refused.then_some(flag)
    }
}
