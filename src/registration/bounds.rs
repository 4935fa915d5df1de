//! Enforces the memory limits: what they are, when to shrink, what was dropped.

use super::interest::is_passer_by;
use super::names::Names;
use super::tracker::Tracker;

/// Attempts that are no reason to look for superfluous ones.
const FEW_ATTEMPTS: usize = 16_384;
/// Messages that are none either.
const FEW_MESSAGES: usize = 65_536;
/// Messages between two estimates of the memory, at least.
const ESTIMATE_EVERY: usize = 4096;

/// What the model may keep. What is over is forgotten, the least interesting first, and counted.
///
/// Tables are shrunk now and then, not at every message: they may be over their limits by a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of all records together. Texts and tables move while they shrink: for moments it takes
    /// up to a quarter more.
    pub memory: usize,
    /// DNs.
    pub dns: usize,
    /// Attempts of a DN: the first, those that changed its verdict, and the latest.
    pub attempts_per_dn: usize,
    /// Messages of an attempt: the first and the latest.
    pub messages_per_attempt: usize,
    /// Transactions that are not over, or whose retransmissions may still come.
    pub transactions: usize,
    /// Source addresses that no DN has any more; scanners and busy ones stay longest.
    pub sources: usize,
    /// Servers that no DN is registered at.
    pub servers: usize,
}

impl Limits {
    /// No limits: right for files, whose size is a limit.
    pub const NONE: Self = Self {
        memory: usize::MAX,
        dns: usize::MAX,
        attempts_per_dn: usize::MAX,
        messages_per_attempt: usize::MAX,
        transactions: usize::MAX,
        sources: usize::MAX,
        servers: usize::MAX,
    };

    /// Limits for a run without an end that takes about `memory` bytes as the system counts: a
    /// quarter is left to what moves while tables shrink, and to what the allocator keeps for later.
    #[must_use]
    pub fn within(memory: usize) -> Self {
        let share = |bytes: usize| (memory / bytes).max(256);
        Self {
            memory: (memory / 4 * 3).max(1 << 20),
            dns: share(2048),
            attempts_per_dn: 64,
            messages_per_attempt: 64,
            transactions: share(4096),
            sources: share(4096),
            servers: share(16_384),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::NONE
    }
}

/// What was forgotten to stay within the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Forgotten {
    /// DNs.
    pub dns: u64,
    /// Those among them that scanners had tried and no device had registered.
    pub dns_of_scanners: u64,
    /// Those among them that were in service.
    pub dns_in_service: u64,
    /// Attempts, those of forgotten DNs included.
    pub attempts: u64,
    /// Messages, those of forgotten attempts included.
    pub messages: u64,
    /// Changes of a verdict.
    pub changes: u64,
    /// Transactions that were not over.
    pub transactions: u64,
    /// Source addresses.
    pub sources: u64,
    /// Servers.
    pub servers: u64,
}

/// The limits of a tracker, and when to check them again.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub limits: Limits,
    /// Tables this large are worth a look.
    due: Sizes,
    /// Messages since the last estimate.
    messages: usize,
}

/// Sizes that cost nothing to ask for.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    bytes: usize,
    dns: usize,
    attempts: usize,
    messages: usize,
    sources: usize,
    servers: usize,
}

impl Tracker {
    /// An empty model that stays within limits.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        let mut tracker = Self::new();
        tracker.connections.rotate = limits != Limits::NONE;
        let names = (limits.memory / 32).clamp(1 << 16, 1 << 23);
        tracker.names = (limits != Limits::NONE).then(|| Box::new(Names::within(names)));
        tracker.bounds = (limits != Limits::NONE).then(|| {
            let sizes = tracker.sizes();
            Box::new(Bounds { limits, due: limits.due(sizes), messages: 0 })
        });
        tracker
    }

    /// Drops what nothing refers to any more, and nothing else.
    #[cfg(test)]
    pub(crate) fn forget_unused(&mut self) {
        self.shrink(&Limits::NONE);
    }

    /// Shrinks what is over its limit.
    #[cold]
    pub(super) fn hold_limits(&mut self) {
        let Some(mut bounds) = self.bounds.take() else { return };
        if self.transactions.len() > bounds.limits.transactions {
            self.shed_transactions(bounds.limits.transactions / 4 * 3);
        }
        bounds.messages += 1;
        let now = self.sizes();
        let all = self.store.dns.len() + self.transactions.len();
        let estimate_due =
            now.bytes >= bounds.due.bytes || bounds.messages >= ESTIMATE_EVERY.max(all / 2);
        let over = now.is_over(&bounds.due);
        if over || estimate_due {
            bounds.messages = 0;
            if over || self.memory() > bounds.limits.memory {
                self.shrink(&bounds.limits);
            }
            bounds.due = bounds.limits.due(self.sizes());
        }
        self.bounds = Some(bounds);
    }

    fn sizes(&self) -> Sizes {
        let store = &self.store;
        Sizes {
            bytes: store.table_bytes() + self.form_bytes(),
            dns: store.dns.len(),
            attempts: store.attempts.len(),
            messages: store.messages,
            sources: store.sources.len(),
            servers: store.servers.len(),
        }
    }

    /// Forgets transactions until `target` are left: answered ones first, then those of strangers,
    /// the oldest of a kind first.
    fn shed_transactions(&mut self, target: usize) {
        let store = &self.store;
        let shed = self.transactions.shed(target, |t| {
            let attempt = t.attempt().and_then(|index| store.attempts.get(index as usize));
            let dn = attempt.and_then(|a| store.dns.get(a.dn as usize));
            let known = dn.is_some_and(|dn| !is_passer_by(dn));
            2 * u8::from(known) + u8::from(t.final_code == 0)
        });
        for t in shed {
            self.counts.forgotten.transactions += u64::from(t.final_code == 0);
            self.close(&t, self.now);
        }
    }
}

impl Limits {
    /// The sizes at which to look again, after a look that left `now`.
    fn due(&self, now: Sizes) -> Sizes {
        let limited = |limit: usize, size: usize| if limit == usize::MAX { limit } else { size };
        Sizes {
            bytes: now.bytes.saturating_add(self.memory / 16),
            dns: self.dns,
            attempts: limited(self.attempts_per_dn, FEW_ATTEMPTS.max(now.attempts * 2)),
            messages: limited(self.messages_per_attempt, FEW_MESSAGES.max(now.messages * 2)),
            sources: self.sources.max(now.sources.saturating_mul(2)),
            servers: self.servers.max(now.servers.saturating_mul(2)),
        }
    }
}

impl Sizes {
    const fn is_over(&self, due: &Self) -> bool {
        self.dns > due.dns
            || self.attempts > due.attempts
            || self.messages > due.messages
            || self.sources > due.sources
            || self.servers > due.servers
    }
}
