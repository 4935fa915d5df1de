//! Transactions in flight: matching, repetition, hops, and what an unanswered one means.

use std::collections::VecDeque;
use std::net::IpAddr;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::facts::TransactionKey;
use super::silence::{Silence, TIMER_F};
use super::store::{Marks, NIL, Outcome, Purpose, Server};
use super::text::Sym;
use crate::net::{Endpoint, FileId, HepAgent, Origin, Timestamp, Transport};

/// A repetition earlier than this is the same packet captured again: T1 is at least 0.5 s.
const SOONEST_REPEAT: i64 = 150_000_000;
/// A second copy of a packet with the same IP identification arrives within this time.
const COPY_WINDOW: i64 = 2_000_000_000;
/// How long an answered transaction is remembered after its request: Timer J, for repetitions.
const ANSWERED_LIFE: i64 = TIMER_F;
/// How long an unanswered one is: time for Timer F and a late answer.
const OPEN_LIFE: i64 = 2 * TIMER_F;
/// Errors that name no request, kept at most.
const PATHS: usize = 4096;

/// A Contact of a REGISTER.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub contact: Sym,
    pub device: Sym,
    /// Seconds asked for, by the Contact or else the Expires header.
    pub expires: Option<u32>,
}

/// What a REGISTER asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub purpose: Purpose,
    pub star: bool,
    pub contacts: SmallVec<[Asked; 1]>,
    pub credentials: SmallVec<[Presented; 1]>,
    /// The request was cut before its headers ended.
    pub cut: bool,
}

/// Credentials of a request, as far as the model needs them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presented {
    pub proxy: bool,
    pub nonce: u64,
    pub realm: Sym,
    pub username: Sym,
}

/// One place where a request was seen: the same packet on another wire, or by another agent, is another
/// view.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub src: Endpoint,
    pub dst: Endpoint,
    file: FileId,
    agent: Option<HepAgent>,
    /// 0 for a request, else the status code.
    code: u16,
    ip_id: u16,
    sends: u16,
    last: Timestamp,
}

/// What a transaction is about.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A REGISTER: the index of its attempt.
    Register { attempt: u32 },
    /// A request to a DN through its registrar, as evidence: the index of the DN.
    Probe { dn: u32, forwarded: bool },
}

/// A transaction in flight (RFC 3261 §17).
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the exchange")]
pub(super) struct Transaction {
    pub key: TransactionKey,
    pub parent: Option<TransactionKey>,
    pub subject: Subject,
    /// What was asked, until the final answer.
    pub request: Option<Box<Request>>,
    pub request_seen: bool,
    pub views: SmallVec<[View; 2]>,
    pub transport: Transport,
    pub peer_seen: bool,
    pub first: Timestamp,
    pub last_sent: Timestamp,
    pub sends: u32,
    pub provisional: bool,
    pub final_code: u16,
    pub final_at: Option<Timestamp>,
    /// Repetitions after the final answer.
    pub late_repeats: u32,
    /// A later request shows that the client had its answer.
    pub acted: bool,
    pub hop: u8,
    pub cseq: u32,
    /// Its top Via's branch, for answers that are cut soon after it.
    pub branch: u64,
    generation: u32,
}

/// What a message is to the transaction it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sighting {
    /// Not seen before.
    New,
    /// Sent again.
    Retransmission,
    /// The same packet again, from the same or another wire.
    Duplicate,
}

impl Sighting {
    pub(super) const fn marks(self) -> Marks {
        match self {
            Self::New => Marks::NONE,
            Self::Retransmission => Marks::RETRANSMISSION,
            Self::Duplicate => Marks::DUPLICATE,
        }
    }
}

impl Transaction {
    /// Notes a request (`code` 0) or an answer; says whether it is new.
    pub(super) fn see(&mut self, origin: &Origin, code: u16) -> Sighting {
        let id = origin.path.ip_id;
        let view = self.views.iter_mut().find(|v| {
            v.code == code
                && v.file == origin.frame.file
                && v.agent == origin.path.hep
                && v.src == origin.src
                && v.dst == origin.dst
        });
        if let Some(view) = view {
            let gap = origin.time.nanos_since(view.last);
            if is_copy(gap, view.ip_id, id, origin.transport) {
                return Sighting::Duplicate;
            }
            view.last = origin.time;
            view.ip_id = id;
            view.sends = view.sends.saturating_add(1);
            let sends = view.sends;
            if code == 0 && u32::from(sends) > self.sends {
                self.sends = u32::from(sends);
                self.last_sent = self.last_sent.max(origin.time);
            }
            // told already if it was seen to be sent so often elsewhere
            let most = self.views.iter().filter(|v| v.code == code && v.sends >= sends).count();
            return if most > 1 { Sighting::Duplicate } else { Sighting::Retransmission };
        }
        let seen = self.views.iter().any(|v| v.code == code);
        if self.views.len() < 16 {
            self.views.push(View {
                file: origin.frame.file,
                agent: origin.path.hep,
                src: origin.src,
                dst: origin.dst,
                code,
                last: origin.time,
                ip_id: id,
                sends: 1,
            });
        }
        if code == 0 && self.sends == 0 {
            self.sends = 1;
            self.last_sent = origin.time;
        }
        if seen { Sighting::Duplicate } else { Sighting::New }
    }

    /// Whether any answer was captured.
    pub(super) const fn answered(&self) -> bool {
        self.final_code != 0 || self.provisional
    }

    /// What the lack of a final answer means at `now`.
    pub(super) fn unanswered(&self, now: Timestamp, server: Server) -> Outcome {
        let facts = Silence {
            acted: self.acted,
            reliable: self.transport.is_reliable(),
            peer_seen: self.peer_seen,
            repeated: self.sends > 1,
            provisional: self.provisional,
            cut: self.request.as_ref().is_some_and(|r| r.cut),
            nanos: now.nanos_since(self.first),
            server,
        };
        facts.meaning()
    }
}

/// Whether a message on the same path is a copy of the last one rather than sent again.
const fn is_copy(gap: i64, last_id: u16, id: u16, transport: Transport) -> bool {
    if transport.is_reliable() {
        return false;
    }
    if last_id != 0 && id != 0 {
        // a router keeps the identification, a sender counts it up
        return last_id == id && gap < COPY_WINDOW;
    }
    gap < SOONEST_REPEAT
}

/// An error that came instead of answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathError {
    pub origin: Origin,
    /// ICMP type and code.
    pub icmp: Option<(u8, u8)>,
    pub port_closed: bool,
}

/// The transactions in flight, forgotten on the trace's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Transactions {
    slots: Vec<Option<Transaction>>,
    free: Vec<u32>,
    by_key: FxHashMap<TransactionKey, u32>,
    /// Child transactions whose nearer hop was not seen yet, by the key it would have.
    orphans: FxHashMap<TransactionKey, u32>,
    /// The latest request between two endpoints, for errors that quote no SIP.
    by_pair: FxHashMap<(Endpoint, Endpoint), u32>,
    /// The latest error between two endpoints that names no request.
    errors: FxHashMap<(Endpoint, Endpoint), PathError>,
    queue: VecDeque<(Timestamp, u32, u32)>,
    /// Those that had no answer when their place in `queue` came.
    open: VecDeque<(Timestamp, u32, u32)>,
    generation: u32,
}

impl Transactions {
    pub(super) fn find(&self, key: &TransactionKey) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn find_pair(&self, src: Endpoint, dst: Endpoint) -> Option<u32> {
        self.by_pair.get(&(src, dst)).copied()
    }

    /// The child of a hop that arrives after it.
    pub(super) fn find_child(&self, key: &TransactionKey) -> Option<u32> {
        self.orphans.get(key).copied()
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Transaction> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Transaction> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Remembers which endpoints a request went between.
    pub(super) fn note_pair(&mut self, origin: &Origin, slot: u32) {
        self.by_pair.insert((origin.src, origin.dst), slot);
    }

    /// Keeps an error that concerns all requests under way between two endpoints.
    pub(super) fn note_error(&mut self, src: Endpoint, dst: Endpoint, error: PathError) {
        if self.errors.len() >= PATHS && !self.errors.contains_key(&(src, dst)) {
            let old = |e: &PathError| error.origin.time.nanos_since(e.origin.time) > OPEN_LIFE;
            self.errors.retain(|_, e| !old(e));
            if self.errors.len() >= PATHS {
                return;
            }
        }
        self.errors.insert((src, dst), error);
    }

    /// The error that came instead of the answer to a request.
    pub(super) fn error_for(&self, t: &Transaction) -> Option<PathError> {
        if self.errors.is_empty() || t.answered() {
            return None;
        }
        self.errors.get(&t.ends()?).copied().filter(|e| e.origin.time >= t.first)
    }

    pub(super) fn insert(&mut self, mut transaction: Transaction) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        transaction.generation = self.generation;
        let (key, parent, first) = (transaction.key, transaction.parent, transaction.first);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(NIL)
        });
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(transaction);
        }
        self.by_key.insert(key, slot);
        if let Some(parent) = parent
            && !self.by_key.contains_key(&parent)
        {
            self.orphans.insert(parent, slot);
        }
        self.queue.push_back((first, slot, self.generation));
        slot
    }

    /// Takes out one transaction that is over at `now`, oldest first.
    pub(super) fn take_old(&mut self, now: Timestamp) -> Option<Transaction> {
        while let Some(&entry) = self.queue.front() {
            if now.nanos_since(entry.0) < ANSWERED_LIFE {
                break;
            }
            self.queue.pop_front();
            match self.live(entry).map(|t| t.final_code) {
                Some(0) => self.open.push_back(entry),
                Some(_) => return self.remove(entry.1),
                None => {}
            }
        }
        while let Some(&entry) = self.open.front() {
            if now.nanos_since(entry.0) < OPEN_LIFE {
                return None;
            }
            self.open.pop_front();
            if self.live(entry).is_some() {
                return self.remove(entry.1);
            }
        }
        None
    }

    fn live(&self, (_, slot, generation): (Timestamp, u32, u32)) -> Option<&Transaction> {
        self.get(slot).filter(|t| t.generation == generation)
    }

    fn remove(&mut self, slot: u32) -> Option<Transaction> {
        let transaction = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        if self.by_key.get(&transaction.key) == Some(&slot) {
            self.by_key.remove(&transaction.key);
        }
        if let Some(parent) = transaction.parent
            && self.orphans.get(&parent) == Some(&slot)
        {
            self.orphans.remove(&parent);
        }
        for view in &transaction.views {
            let pair = (view.src, view.dst);
            if self.by_pair.get(&pair) == Some(&slot) {
                self.by_pair.remove(&pair);
            }
        }
        Some(transaction)
    }

    /// The slots in use, in order of their first request.
    pub(super) fn slots(&self) -> Vec<u32> {
        let entries = self.open.iter().chain(&self.queue);
        entries.filter(|&&entry| self.live(entry).is_some()).map(|&(_, slot, _)| slot).collect()
    }
}

impl Transaction {
    /// A transaction just begun by a message seen at `origin`.
    pub(super) fn new(key: TransactionKey, subject: Subject, origin: &Origin, cseq: u32) -> Self {
        Self {
            key,
            parent: None,
            subject,
            request: None,
            request_seen: false,
            views: SmallVec::new(),
            transport: origin.transport,
            peer_seen: origin.path.peer_seen,
            first: origin.time,
            last_sent: origin.time,
            sends: 0,
            provisional: false,
            final_code: 0,
            final_at: None,
            late_repeats: 0,
            acted: false,
            hop: 0,
            cseq,
            branch: 0,
            generation: 0,
        }
    }

    /// The addresses the request was seen to come from.
    pub(super) fn senders(&self) -> SmallVec<[IpAddr; 2]> {
        self.views.iter().filter(|v| v.code == 0).map(|v| v.src.addr).collect()
    }

    /// The sender and receiver of the request, where it was seen first and farthest.
    pub(super) fn ends(&self) -> Option<(Endpoint, Endpoint)> {
        let mut requests = self.views.iter().filter(|v| v.code == 0);
        let first = requests.next()?;
        Some((first.src, requests.next_back().unwrap_or(first).dst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_told_from_a_repetition() {
        let ms = |n: i64| n * 1_000_000;
        for (case, gap, last, id, want) in [
            ("same identification", ms(40), 7, 7, true),
            ("other identification, however soon", ms(1), 7, 8, false),
            ("no identification, soon", ms(3), 0, 0, true),
            ("no identification, after T1", ms(500), 0, 0, false),
            ("identification comes round again", ms(4000), 7, 7, false),
        ] {
            assert_eq!(is_copy(gap, last, id, Transport::Udp), want, "{case}");
        }
        assert!(!is_copy(0, 0, 0, Transport::Tcp), "TCP removes copies by itself");
    }
}
