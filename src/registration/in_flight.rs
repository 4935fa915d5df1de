//! Keeps the transactions in flight, finds them, and forgets them on the trace's clock.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;

use crate::hashing::{HashMap, Keyed};

use super::arena::Arena;
use super::ends::End;
use super::facts::TransactionKey;
use super::index::Index;
use super::memory::map_bytes;
use super::shrink::Places;
use super::silence::TIMER_F;
use super::store::NIL;
use super::text::Texts;
use super::transaction::{Ends, Subject, Transaction};
use crate::net::{Endpoint, Origin, Timestamp};

/// How long an answered transaction is remembered after its request: Timer J, for retransmissions.
const ANSWERED_LIFE: i64 = TIMER_F;
/// How long an unanswered one is: time for Timer F and a late response.
const OPEN_LIFE: i64 = 2 * TIMER_F;
/// Errors that name no request, kept at most.
const PATHS: usize = 4096;

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
    slots: Arena<Option<Transaction>>,
    free: Vec<u32>,
    by_key: Index,
    /// Child transactions whose nearer hop was not seen yet, by the key it would have.
    orphans: Index,
    /// The latest request between two endpoints, for errors that quote no SIP; by a number of 64
    /// bits that represents the two. Few captures have such an error: built for the first of them.
    by_pair: Option<HashMap<u64, u32>>,
    /// The latest error between two endpoints that names no request.
    errors: HashMap<(Endpoint, Endpoint), PathError>,
    queue: VecDeque<(Timestamp, u32, u32)>,
    /// Those that had no response when their place in `queue` came.
    open: VecDeque<(Timestamp, u32, u32)>,
    generation: u32,
}

/// Two ends as a number.
fn number_of(ends: Ends) -> u64 {
    Keyed.hash_one(ends)
}

impl Transactions {
    pub(super) fn find(&self, key: &TransactionKey) -> Option<u32> {
        self.by_key.find(key.short(), |slot| self.get(slot).is_some_and(|t| t.key == *key))
    }

    /// The transaction whose key hashes alike; the key is not compared.
    pub(super) fn find_like(&self, key: &TransactionKey) -> Option<u32> {
        self.by_key.find(key.short(), |_| true)
    }

    /// The latest request between two ends.
    pub(super) fn find_pair(&mut self, ends: Ends) -> Option<u32> {
        if self.by_pair.is_none() {
            self.by_pair = Some(self.pairs());
        }
        self.by_pair.as_ref()?.get(&number_of(ends)).copied()
    }

    /// The latest request between each two ends.
    fn pairs(&self) -> HashMap<u64, u32> {
        let slots = self.slots.iter().enumerate();
        let seen = slots.filter_map(|(slot, t)| Some((slot as u32, t.as_ref()?)));
        let mut seen: Vec<_> = seen
            .flat_map(|(slot, t)| {
                t.requests().map(move |v| (v.last, t.generation, number_of((v.src, v.dst)), slot))
            })
            .collect();
        seen.sort_unstable();
        seen.into_iter().map(|(_, _, pair, slot)| (pair, slot)).collect()
    }

    /// The child of a hop that arrives after it.
    pub(super) fn find_child(&self, key: &TransactionKey) -> Option<u32> {
        let is_parent = |t: &Transaction| t.parent.as_deref() == Some(key);
        self.orphans.find(key.short(), |slot| self.get(slot).is_some_and(is_parent))
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Transaction> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Transaction> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The transaction of an attempt at `slot`, if it is there still: another attempt's may have its place.
    pub(super) fn of(&self, attempt: u32, slot: u32) -> Option<&Transaction> {
        self.get(slot).filter(|t| t.attempt() == Some(attempt))
    }

    /// [`Self::of`], to change.
    pub(super) fn of_mut(&mut self, attempt: u32, slot: u32) -> Option<&mut Transaction> {
        self.get_mut(slot).filter(|t| t.attempt() == Some(attempt))
    }

    /// Remembers which ends a request went between.
    pub(super) fn note_pair(&mut self, pair: Ends, slot: u32) {
        if self.by_pair.is_none() {
            return;
        }
        // what the transaction does not know of it would not take back when it ends
        let known = self.get(slot).is_some_and(|t| t.requests().any(|v| (v.src, v.dst) == pair));
        if let Some(by_pair) = self.by_pair.as_mut().filter(|_| known) {
            by_pair.insert(number_of(pair), slot);
        }
    }

    /// Keeps an error that concerns all requests in flight between two endpoints.
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

    /// The error that came instead of the response to a request.
    pub(super) fn error_for(&self, t: &Transaction, texts: &Texts) -> Option<PathError> {
        if self.errors.is_empty() || t.answered() {
            return None;
        }
        let (src, dst) = t.ends()?;
        let ends = (src.endpoint(texts), dst.endpoint(texts));
        self.errors.get(&ends).copied().filter(|e| e.origin.time >= t.first)
    }

    pub(super) fn insert(&mut self, mut transaction: Transaction) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        transaction.generation = self.generation;
        let (key, first) = (transaction.key, transaction.first);
        let parent = transaction.parent.as_deref().copied();
        // the latest of that key is the one that is found
        if let Some(before) = self.find(&key) {
            self.by_key.remove(key.short(), before);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(NIL)
        });
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(transaction);
        }
        self.by_key.insert(key.short(), slot);
        if let Some(parent) = parent
            && self.find(&parent).is_none()
        {
            // the latest is the one that is found
            if let Some(before) = self.find_child(&parent) {
                self.orphans.remove(parent.short(), before);
            }
            self.orphans.insert(parent.short(), slot);
        }
        self.queue.push_back((first, slot, self.generation));
        slot
    }

    /// Takes out one transaction that is over at `now`, oldest first; those whose end changes nothing
    /// are dropped.
    pub(super) fn take_old(&mut self, now: Timestamp) -> Option<Transaction> {
        while let Some(&entry) = self.queue.front() {
            if now.nanos_since(entry.0) < ANSWERED_LIFE {
                break;
            }
            self.queue.pop_front();
            match self.live(entry) {
                Some(t) if t.is_settled() => self.discard(entry.1),
                Some(t) if t.final_code == 0 => self.open.push_back(entry),
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

    /// Touches what leads to a transaction, as if it were taken out.
    pub(super) fn look_for(&self, t: &Transaction) -> u32 {
        let parent = t.parent.as_deref();
        let parent = parent.and_then(|parent| self.orphans.find(parent.short(), |_| true));
        self.find_like(&t.key).unwrap_or(NIL) ^ parent.unwrap_or(NIL)
    }

    /// The first that will be taken out, unless they wait for a response then.
    pub(super) fn oldest(&self, count: usize) -> impl Iterator<Item = &Transaction> {
        self.queue.iter().take(count).filter_map(|&(_, slot, _)| self.get(slot))
    }

    fn live(&self, (_, slot, generation): (Timestamp, u32, u32)) -> Option<&Transaction> {
        self.get(slot).filter(|t| t.generation == generation)
    }

    fn remove(&mut self, slot: u32) -> Option<Transaction> {
        self.forget_keys(slot);
        self.slots.get_mut(slot as usize)?.take()
    }

    /// As [`Self::remove`], in place: nothing is copied.
    fn discard(&mut self, slot: u32) {
        self.forget_keys(slot);
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = None;
        }
    }

    /// Makes a transaction impossible to find, and its slot free.
    fn forget_keys(&mut self, slot: u32) {
        let Some(transaction) = self.slots.get(slot as usize).and_then(Option::as_ref) else {
            return;
        };
        self.free.push(slot);
        self.by_key.remove(transaction.key.short(), slot);
        if let Some(parent) = transaction.parent.as_deref() {
            self.orphans.remove(parent.short(), slot);
        }
        let Some(by_pair) = &mut self.by_pair else { return };
        for view in transaction.requests() {
            if let Entry::Occupied(entry) = by_pair.entry(number_of((view.src, view.dst)))
                && *entry.get() == slot
            {
                entry.remove();
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// All of them, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.slots.iter().flatten()
    }

    /// All of them, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Transaction> {
        self.slots.iter_mut().flatten()
    }

    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let owned: usize = self.iter().map(Transaction::heap_bytes).sum();
        let queued =
            (self.queue.capacity() + self.open.capacity()) * size_of::<(Timestamp, u32, u32)>();
        let keys = self.by_key.bytes() + self.orphans.bytes();
        let pairs = self.by_pair.as_ref().map_or(0, map_bytes) + map_bytes(&self.errors);
        self.slots.bytes() + owned + queued + keys + pairs
    }

    /// Takes out all but `target`: those of the lowest rank, the oldest of a rank first.
    pub(super) fn shed(
        &mut self,
        target: usize,
        rank: impl Fn(&Transaction) -> u8,
    ) -> Vec<Transaction> {
        let entry = |(slot, t): (usize, &Option<Transaction>)| {
            t.as_ref().map(|t| (rank(t), t.first, t.generation, slot as u32))
        };
        let mut all: Vec<_> = self.slots.iter().enumerate().filter_map(entry).collect();
        all.sort_unstable();
        let surplus = all.len().saturating_sub(target);
        let shed =
            all.into_iter().take(surplus).filter_map(|(.., slot)| self.remove(slot)).collect();
        self.drop_dead_entries();
        shed
    }

    /// Keeps those whose records have a place, and gives them the new place.
    pub(super) fn keep(&mut self, places: &Places) {
        for slot in 0..self.slots.len() as u32 {
            let Some(t) = self.get_mut(slot) else { continue };
            let place = match &mut t.subject {
                Subject::Register { attempt: index } => {
                    *index = Places::to(&places.attempts, *index);
                    *index
                }
                // a NOTIFY has no DN, and is remembered anyway
                Subject::Probe { dn, .. } if *dn == NIL => continue,
                Subject::Probe { dn: index, .. } => {
                    *index = Places::to(&places.dns, *index);
                    *index
                }
            };
            if place == NIL {
                self.remove(slot);
            }
        }
        self.drop_dead_entries();
    }

    /// Changes every end; which request was the latest between two ends stays known.
    pub(super) fn each_end(&mut self, mut change: impl FnMut(&mut End)) {
        let mut latest = Vec::new();
        let by_pair = self.by_pair.take();
        let is_latest = |pair: Ends, slot: u32| {
            by_pair.as_ref().is_some_and(|by_pair| by_pair.get(&number_of(pair)) == Some(&slot))
        };
        for slot in 0..self.slots.len() as u32 {
            let Some(t) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else {
                continue;
            };
            for view in t.views_mut() {
                let known = view.code == 0 && is_latest((view.src, view.dst), slot);
                change(&mut view.src);
                change(&mut view.dst);
                latest.extend(known.then(|| (number_of((view.src, view.dst)), slot)));
            }
        }
        self.by_pair = by_pair.is_some().then(|| latest.into_iter().collect());
    }

    fn drop_dead_entries(&mut self) {
        for queue in [true, false] {
            let mut list = std::mem::take(if queue { &mut self.queue } else { &mut self.open });
            list.retain(|&entry| self.live(entry).is_some());
            *(if queue { &mut self.queue } else { &mut self.open }) = list;
        }
    }

    /// The slots in use, in order of their first request.
    pub(super) fn slots(&self) -> Vec<u32> {
        let entries = self.open.iter().chain(&self.queue);
        entries.filter(|&&entry| self.live(entry).is_some()).map(|&(_, slot, _)| slot).collect()
    }
}
