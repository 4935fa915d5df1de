//! Chooses what is kept of each DN: attempts, messages and changes that tell most.

use smallvec::SmallVec;

use super::store::{Dn, MessageRecord, Registration, Store};
use crate::net::FrameRef;

/// The records that stay, by their index.
pub(super) struct Keep {
    pub dns: Vec<bool>,
    pub attempts: Vec<bool>,
    pub messages: Vec<bool>,
}

/// How much of a DN is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    /// Attempts per DN.
    pub attempts: usize,
    /// Messages per attempt.
    pub messages: usize,
}

impl Keep {
    /// What is kept of the DNs that `dns` names; attempts that `busy` names stay in any case.
    pub(super) fn of(store: &Store, dns: Vec<bool>, busy: &[bool], depth: Depth) -> Self {
        let (attempts, messages) = (store.attempts.len(), store.messages.len());
        let mut keep =
            Self { dns, attempts: vec![false; attempts], messages: vec![false; messages] };
        let mut list = Vec::new();
        for (index, dn) in store.dns.iter().enumerate() {
            if has(&keep.dns, index) {
                keep.thin(store, dn, busy, depth, &mut list);
            }
        }
        keep
    }

    fn thin(&mut self, store: &Store, dn: &Dn, busy: &[bool], depth: Depth, list: &mut Vec<u32>) {
        list.clear();
        let mut next = dn.first_attempt;
        while let Some(a) = store.attempts.get(next as usize) {
            list.push(next);
            next = a.next;
        }
        let all = list.len();
        if all <= depth.attempts {
            for &attempt in list.iter() {
                self.keep_attempt(store, attempt, depth.messages);
            }
            return;
        }
        let latest = depth.attempts / 2;
        let telling = telling_frames(dn);
        let turned = |attempt: u32| {
            let mut messages = store.messages_of(attempt);
            messages.any(|(_, m)| telling.binary_search(&m.frame()).is_ok())
        };
        let mut left = depth.attempts.saturating_sub(latest + 1);
        for (place, &attempt) in list.iter().enumerate().rev() {
            let needed = place == 0
                || place + latest >= all
                || dn.recent.contains(&attempt)
                || has(busy, attempt as usize)
                || dn.registrations.iter().any(|reg| reg.refers_to(attempt));
            if needed || left > 0 && turned(attempt) {
                left = left.saturating_sub(usize::from(!needed));
                self.keep_attempt(store, attempt, depth.messages);
            }
        }
    }

    /// Keeps an attempt with its first and latest messages.
    fn keep_attempt(&mut self, store: &Store, attempt: u32, most: usize) {
        set(&mut self.attempts, attempt as usize);
        let count = store.messages_of(attempt).take(most.saturating_add(1)).count();
        if count <= most {
            store
                .messages_of(attempt)
                .for_each(|(index, _)| set(&mut self.messages, index as usize));
            return;
        }
        let all: SmallVec<[u32; 128]> =
            store.messages_of(attempt).map(|(index, _)| index).collect();
        let first = most / 2;
        let latest = all.len() - (most - first);
        for (place, &index) in all.iter().enumerate() {
            if place < first || place >= latest {
                set(&mut self.messages, index as usize);
            }
        }
    }
}

impl Store {
    /// The messages of an attempt with their indices, in order.
    fn messages_of(&self, attempt: u32) -> impl Iterator<Item = (u32, &MessageRecord)> {
        let first = self.attempts.get(attempt as usize).map(|a| a.first_message);
        let mut next = first.unwrap_or(super::store::NIL);
        std::iter::from_fn(move || {
            let message = self.messages.get(next as usize)?;
            let index = std::mem::replace(&mut next, message.next);
            Some((index, message))
        })
    }
}

impl Registration {
    /// Whether the verdict rests on an attempt.
    fn refers_to(&self, attempt: u32) -> bool {
        [self.tried, self.before].into_iter().flatten().any(|t| t.attempt == attempt)
    }

    /// Keeps the first and the latest changes; says how many went.
    pub(super) fn thin_history(&mut self, most: usize) -> u64 {
        let over = self.history.len().saturating_sub(most.max(4));
        if over > 0 {
            let first = most.max(4) / 4;
            self.history.drain(first..first + over);
            self.history.shrink_to_fit();
            self.changes_dropped = self.changes_dropped.saturating_add(over as u32);
        }
        over as u64
    }
}

/// The frames that show the changes of a DN's verdict, in order.
fn telling_frames(dn: &Dn) -> Vec<FrameRef> {
    let history = dn.registrations.iter().flat_map(|reg| &reg.history);
    let mut frames: Vec<_> = history.map(|change| change.frame).collect();
    frames.sort_unstable();
    frames.dedup();
    frames
}

pub(super) fn has(list: &[bool], index: usize) -> bool {
    list.get(index).copied().unwrap_or_default()
}

pub(super) fn set(list: &mut [bool], index: usize) {
    if let Some(place) = list.get_mut(index) {
        *place = true;
    }
}
