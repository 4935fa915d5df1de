//! Shrinks the model: decides what goes, drops it, and closes the gaps.

use crate::hashing::HashSet;

use super::attempt::Attempt;
use super::bounds::Limits;
use super::interest::Interest;
use super::log::{OWN_MESSAGES, PER_MESSAGE};
use super::scanner::Scanners;
use super::store::{Dn, NIL, Recent, Registration, Store};
use super::syms::Symbols;
use super::text::Moved;
use super::thin::{Depth, Keep, has, set};
use super::tracker::Tracker;
use super::transaction::Transaction;
use crate::net::Timestamp;

/// Attempts and messages kept of a DN or an attempt when memory is very short.
const LEAST: usize = 4;
/// What a text takes beside its bytes.
const PER_TEXT: usize = 10;

/// A DN, how much would be lost with it, and what it takes.
struct Candidate {
    interest: Interest,
    last_seen: Timestamp,
    dn: u32,
    own_bytes: usize,
    attempts: usize,
    attempt_bytes: usize,
}

impl Tracker {
    /// Forgets what is least interesting until the model is well within its limits.
    pub(super) fn shrink(&mut self, limits: &Limits) {
        // estimates decide; where they were wrong another round does
        let mut target = limits.memory / 4 * 3;
        for _ in 0..6 {
            let before = self.memory();
            let (dns, depth) = self.choose(limits, target.saturating_sub(target / 16), before);
            let keep = Keep::of(&self.store, dns, &self.busy_attempts(), depth);
            self.drop_all_but(&keep, depth, limits);
            if self.memory() <= limits.memory / 8 * 7 {
                break;
            }
            target = target / 4 * 3;
        }
    }

    /// The DNs that stay, and how much of them, so that the model takes about `target` bytes.
    fn choose(&self, limits: &Limits, target: usize, memory: usize) -> (Vec<bool>, Depth) {
        let mut all = self.candidates(limits.messages_per_attempt);
        all.sort_by_key(|c| (c.interest, c.last_seen, c.dn));
        let mut depth =
            Depth { attempts: limits.attempts_per_dn, messages: limits.messages_per_attempt };
        let counted: usize = all.iter().map(|c| c.bytes(usize::MAX)).sum();
        // transactions, tables, and room in them
        let rest = memory.saturating_sub(counted).min(target / 2);
        let budget = target - rest;
        let over = all.len() > limits.dns;
        let room = limits.dns - limits.dns / 4;
        let mut gone = if over { all.len().saturating_sub(room) } else { 0 };
        if over || counted + rest > target {
            // one row represents them: a few of them are no better than none
            gone = gone.max(all.partition_point(|c| c.interest == Interest::Scanned));
        }
        let left = |gone: usize, depth: Depth| -> usize {
            all.iter().skip(gone).map(|c| c.bytes(depth.attempts)).sum()
        };
        let expendable = all.partition_point(|c| c.interest <= Interest::EXPENDABLE).max(gone);
        let mut bytes = left(gone, depth);
        while bytes > budget && gone < expendable {
            bytes -= all.get(gone).map_or(0, |c| c.bytes(depth.attempts));
            gone += 1;
        }
        while bytes > budget && depth.attempts > LEAST {
            depth.attempts = (depth.attempts.min(256) / 2).max(LEAST);
            depth.messages = depth.messages.min((depth.attempts * 2).max(LEAST));
            bytes = left(gone, depth);
        }
        while bytes > budget && gone < all.len() {
            bytes -= all.get(gone).map_or(0, |c| c.bytes(depth.attempts));
            gone += 1;
        }
        let mut dns = vec![false; self.store.dns.len()];
        all.iter().skip(gone).for_each(|c| set(&mut dns, c.dn as usize));
        (dns, depth)
    }

    fn candidates(&self, most_messages: usize) -> Vec<Candidate> {
        let scanners = Scanners::among(&self.store.sources);
        let store = &self.store;
        let candidate = |(index, dn): (usize, &Dn)| {
            let (mut attempts, mut bytes) = (0, 0);
            let mut next = dn.first_attempt;
            while let Some(a) = store.attempts.get(next as usize) {
                attempts += 1;
                bytes += store.attempt_bytes(a, most_messages);
                next = a.next;
            }
            Candidate {
                interest: Interest::of(store, &scanners, dn, self.now),
                last_seen: dn.last_seen,
                dn: index as u32,
                own_bytes: store.own_bytes(dn),
                attempts,
                attempt_bytes: bytes,
            }
        };
        store.dns.iter().enumerate().map(candidate).collect()
    }

    /// The attempts that wait for a response.
    fn busy_attempts(&self) -> Vec<bool> {
        let mut busy = vec![false; self.store.attempts.len()];
        for t in self.transactions.iter().filter(|t| t.final_code == 0) {
            if let Some(attempt) = t.attempt() {
                set(&mut busy, attempt as usize);
            }
        }
        busy
    }

    /// Drops what is not kept and closes the gaps.
    fn drop_all_but(&mut self, keep: &Keep, depth: Depth, limits: &Limits) {
        self.count_forgotten(keep);
        let places = Places::of(keep);
        if let Some(live) = &mut self.live {
            live.forget(&self.store, &places.dns, self.now);
        }
        self.store.relink(keep, &places);
        self.store.dns.compact(|index| has(&keep.dns, index));
        self.store.attempts.compact(|index| has(&keep.attempts, index));
        let messages = self.store.messages;
        self.store.count_messages();
        self.counts.forgotten.messages += (messages - self.store.messages) as u64;
        self.transactions.keep(&places);
        self.store.hearing.forget();
        self.agreements.keep(&places);
        for dn in self.store.dns.iter_mut() {
            for reg in &mut dn.registrations {
                self.counts.forgotten.changes += reg.thin_history(depth.attempts.saturating_mul(2));
            }
        }
        self.drop_sources(limits);
        self.drop_servers(limits);
        self.compact_texts();
        self.store.note_names();
    }

    fn count_forgotten(&mut self, keep: &Keep) {
        let scanners = Scanners::among(&self.store.sources);
        let gone = |kept: &[bool]| kept.iter().filter(|kept| !**kept).count() as u64;
        let forgotten = &mut self.counts.forgotten;
        forgotten.dns += gone(&keep.dns);
        forgotten.attempts += gone(&keep.attempts);
        for (index, dn) in self.store.dns.iter().enumerate() {
            if !has(&keep.dns, index) {
                if let Some(names) = &mut self.names {
                    names.add(self.store.texts.get(dn.user));
                }
                let held = Interest::of(&self.store, &scanners, dn, self.now) >= Interest::Newcomer;
                forgotten.dns_in_service += u64::from(held);
                forgotten.dns_of_scanners += u64::from(scanners.hide(dn));
            }
        }
    }

    /// Drops sources of which no DN is left, but for scanners and the busiest.
    fn drop_sources(&mut self, limits: &Limits) {
        let sources = &mut self.store.sources;
        if sources.len() <= limits.sources {
            return;
        }
        let owned = self.store.dns.iter().flat_map(|dn| dn.sources.iter().map(|(s, _)| s.addr));
        let owned: HashSet<_> = owned.collect();
        let scanners = Scanners::among(sources);
        let mut spare: Vec<_> = sources.iter().filter(|(addr, _)| !owned.contains(addr)).collect();
        spare.sort_by_key(|(addr, s)| (!scanners.has(**addr), u64::MAX - s.requests, **addr));
        let spare = spare.into_iter().skip(limits.sources / 4);
        let gone: HashSet<_> = spare.map(|(addr, _)| *addr).collect();
        self.counts.forgotten.sources += gone.len() as u64;
        sources.retain(|addr, _| !gone.contains(addr));
        sources.shrink_to_fit();
    }

    /// Drops servers that no DN was registered at, and of which no response is due: what they are known
    /// for says what its lack means.
    fn drop_servers(&mut self, limits: &Limits) {
        let servers = &mut self.store.servers;
        let before = servers.len();
        if before <= limits.servers {
            return;
        }
        let (registrations, texts) =
            (self.store.dns.iter().flat_map(|dn| &dn.registrations), &self.store.texts);
        let used = registrations.flat_map(|reg| [Some(reg.registrar), reg.edge]).flatten();
        let asked = self.transactions.iter().flat_map(Transaction::requests).map(|view| view.dst);
        let used: HashSet<_> = used.chain(asked).map(|end| end.endpoint(texts)).collect();
        servers.retain(|endpoint, _| used.contains(endpoint));
        servers.shrink_to_fit();
        self.counts.forgotten.servers += (before - servers.len()) as u64;
    }

    fn compact_texts(&mut self) {
        let mut used = self.store.texts.unused();
        self.each_symbol(&mut |sym| used.note(*sym));
        self.transactions.each_end(|end| end.sym_mut().into_iter().for_each(|sym| used.note(*sym)));
        // what these hold would have to be moved too, and is soon read again
        self.alike.clear();
        self.request_forms.forget();
        self.answer_forms.forget();
        self.request_forms.visit(&mut |sym| used.note(*sym));
        self.answer_forms.visit(&mut |sym| used.note(*sym));
        let moved: Moved = self.store.texts.compact(&used);
        self.each_symbol(&mut |sym| *sym = moved.to(*sym));
        self.transactions.each_end(|end| {
            if let Some(sym) = end.sym_mut() {
                *sym = moved.to(*sym);
            }
        });
        let requests = self.request_forms.change(&mut |sym| *sym = moved.to(*sym));
        let answers = self.answer_forms.change(&mut |sym| *sym = moved.to(*sym));
        for details in self.store.dns.iter_mut().filter_map(|dn| dn.details.as_mut()) {
            requests.renew(&mut details.form);
            if let Some(answer) = &mut details.answer {
                answers.renew(&mut answer.form);
            }
        }
    }

    fn each_symbol(&mut self, visit: &mut super::syms::Visit<'_>) {
        let store = &mut self.store;
        store.dns.iter_mut().for_each(|dn| dn.each_symbol(visit));
        store.agents.iter_mut().for_each(|agent| agent.each_symbol(visit));
        store.attempts.iter_mut().for_each(|a| a.each_symbol(visit));
        store.sources.values_mut().for_each(|source| source.each_symbol(visit));
        for t in self.transactions.iter_mut() {
            if let Some(request) = &mut t.request {
                request.each_symbol(visit);
            }
        }
    }
}

impl Candidate {
    /// What it takes with at most `most` attempts.
    fn bytes(&self, most: usize) -> usize {
        let kept = self.attempts.min(most);
        self.own_bytes + self.attempt_bytes.checked_div(self.attempts).unwrap_or(0) * kept
    }
}

impl Store {
    /// About what an attempt takes with at most `most_messages` messages.
    fn attempt_bytes(&self, a: &Attempt, most_messages: usize) -> usize {
        let messages = a.requests().saturating_add(a.retransmissions()).saturating_mul(2) as usize;
        let text = self.texts.get(a.call_id).len() + PER_TEXT;
        let more = messages.min(most_messages).saturating_sub(OWN_MESSAGES) * PER_MESSAGE;
        size_of::<Attempt>() + more + text
    }

    /// About what a DN takes without its attempts.
    fn own_bytes(&self, dn: &Dn) -> usize {
        let lists = [&dn.aors, &dn.contacts, &dn.vias];
        let own = lists.into_iter().flatten().chain([&dn.user]);
        let texts: usize = own.map(|&sym| self.texts.get(sym).len() + PER_TEXT).sum();
        size_of::<Dn>() + dn.heap_bytes() + texts + super::live::PER_DN
    }

    /// Links what is kept to what is kept, by the indices it will have.
    fn relink(&mut self, keep: &Keep, places: &Places) {
        for index in (0..self.dns.len()).filter(|&index| has(&keep.dns, index)) {
            let Some(dn) = self.dns.get_mut(index) else { continue };
            dn.recent.retain(|recent| has(&keep.attempts, recent.attempt() as usize));
            for recent in &mut dn.recent {
                let place = Places::to(&places.attempts, recent.attempt());
                *recent = Recent::new(place).over(recent.is_over());
            }
            let regs = dn.registrations.iter_mut();
            for tried in regs.flat_map(Registration::tries_mut) {
                tried.attempt = Places::to(&places.attempts, tried.attempt);
            }
            let mut next = dn.first_attempt;
            let (mut first, mut last) = (NIL, NIL);
            while let Some(a) = self.attempts.get(next as usize) {
                let (index, after) = (next, a.next);
                if has(&keep.attempts, index as usize) {
                    self.settle_attempt(index, keep, places);
                    let place = Places::to(&places.attempts, index);
                    match self.attempts.get_mut(last as usize) {
                        Some(before) => before.next = place,
                        None => first = place,
                    }
                    last = index;
                }
                next = after;
            }
            if let Some(a) = self.attempts.get_mut(last as usize) {
                a.next = NIL;
            }
            let last = Places::to(&places.attempts, last);
            if let Some(dn) = self.dns.get_mut(index) {
                (dn.first_attempt, dn.last_attempt) = (first, last);
            }
        }
    }

    fn settle_attempt(&mut self, attempt: u32, keep: &Keep, places: &Places) {
        let Some(a) = self.attempts.get_mut(attempt as usize) else { return };
        a.dn = Places::to(&places.dns, a.dn);
        a.log.thin(keep.messages);
    }

    /// Counts the messages there are, and their bytes.
    fn count_messages(&mut self) {
        let logs = self.attempts.iter().map(|a| (a.log.iter().count(), a.log.heap_bytes()));
        let sum = |all: (usize, usize), one: (usize, usize)| (all.0 + one.0, all.1 + one.1);
        (self.messages, self.message_bytes) = logs.fold((0, 0), sum);
    }
}

/// The new places of the records that are kept.
pub(super) struct Places {
    pub dns: Vec<u32>,
    pub attempts: Vec<u32>,
}

impl Places {
    fn of(keep: &Keep) -> Self {
        let places = |kept: &[bool]| {
            let mut count = 0;
            let place = |&kept: &bool| {
                let place = if kept { count } else { NIL };
                count += u32::from(kept);
                place
            };
            kept.iter().map(place).collect()
        };
        Self { dns: places(&keep.dns), attempts: places(&keep.attempts) }
    }

    /// The place of a record; [`NIL`] if it is gone.
    pub(super) fn to(places: &[u32], index: u32) -> u32 {
        places.get(index as usize).copied().unwrap_or(NIL)
    }
}
