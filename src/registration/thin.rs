//! Chooses what is kept of each DN: the most informative attempts, messages and changes.

use super::store::{Dn, Registration, Store};
use crate::net::FrameRef;

/// The records that stay, by their index.
pub(super) struct Keep {
    pub dns: Vec<bool>,
    pub attempts: Vec<bool>,
    /// How many messages of each attempt: the first and the latest.
    pub messages: usize,
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
        let attempts = vec![false; store.attempts.len()];
        let mut keep = Self { dns, attempts, messages: depth.messages };
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
                set(&mut self.attempts, attempt as usize);
            }
            return;
        }
        let latest = depth.attempts / 2;
        let telling = telling_frames(dn);
        let turned = |attempt: u32| {
            let attempt = store.attempts.get(attempt as usize);
            let mut messages = attempt.into_iter().flat_map(|a| a.log.iter());
            messages.any(|m| telling.binary_search(&m.frame()).is_ok())
        };
        let mut left = depth.attempts.saturating_sub(latest + 1);
        for (place, &attempt) in list.iter().enumerate().rev() {
            let needed = place == 0
                || place + latest >= all
                || dn.recent.iter().any(|recent| recent.attempt() == attempt)
                || has(busy, attempt as usize)
                || dn.registrations.iter().any(|reg| reg.refers_to(attempt));
            if needed || left > 0 && turned(attempt) {
                left = left.saturating_sub(usize::from(!needed));
                set(&mut self.attempts, attempt as usize);
            }
        }
    }
}

impl Registration {
    /// Whether the verdict rests on an attempt.
    fn refers_to(&self, attempt: u32) -> bool {
        self.tried.iter().chain(self.before.as_deref()).any(|t| t.attempt == attempt)
    }

    /// Keeps the first and the latest changes; says how many went.
    pub(super) fn thin_history(&mut self, most: usize) -> u64 {
        let over = self.history.len().saturating_sub(most.max(4));
        if over > 0 {
            let first = most.max(4) / 4;
            self.history.change(|list| {
                list.drain(first..first + over);
                list.shrink_to_fit();
            });
            let rare = self.rare();
            rare.changes_dropped = rare.changes_dropped.saturating_add(over as u32);
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
