//! Reports the DNs whose status changed since the last call, by messages or by time alone.

use smallvec::SmallVec;

use super::attempt::{Attempt, Traits};
use super::in_flight::Transactions;
use super::live::{Live, Silent, next_moment};
use super::state::DnState;
use super::stated::Basis;
use super::store::{Dn, Store};
use super::tracker::Tracker;
use super::verdict::{FlagSet, State, Verdict};
use crate::net::{FrameRef, Timestamp};

/// Touches this close together are examined once.
const TOGETHER: i64 = 1_000_000_000;
/// Changes kept for a caller that does not ask: further ones are examined once it does.
const WAITING: usize = 65_536;

/// What is reported about a DN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether it is in service, as [`DnState::state`] decides.
    pub state: State,
    /// The status code behind it, if one is.
    pub status_code: Option<u16>,
    /// Remarks.
    pub flags: FlagSet,
    /// What the verdict rests on.
    pub basis: Basis,
}

/// A change of what is reported about a DN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DnChange {
    /// When, on the trace's clock: the message's time, or the very moment that brought it about.
    pub time: Timestamp,
    /// The DN, as on the wire.
    pub dn: Vec<u8>,
    /// What was said before; `None` for a DN that had no row.
    pub from: Option<Status>,
    /// What is said now; `None` when its row is gone: it is a part of its scanner's row, or it was
    /// forgotten to stay within the limits.
    pub to: Option<Status>,
    /// When its binding will run out unless it is refreshed.
    pub expires_at: Option<Timestamp>,
    /// The frame that shows it; `None` when time alone did it.
    pub frame: Option<FrameRef>,
}

impl Status {
    /// Whether the client may be about to go on: challenged a moment ago, sent
    /// elsewhere, or not answered yet. A healthy phone passes through these in milliseconds.
    #[must_use]
    pub const fn is_tentative(self) -> bool {
        match self.verdict {
            Verdict::Pending | Verdict::Challenged | Verdict::Redirected => true,
            Verdict::Rejected => matches!(self.status_code, Some(423)),
            _ => false,
        }
    }

    /// What a report shows of a DN in that state.
    #[must_use]
    pub fn of(dn: &DnState) -> Self {
        let DnState { verdict, status_code, flags, .. } = *dn;
        Self { verdict, state: dn.state(), status_code, flags, basis: dn.basis() }
    }
}

impl Tracker {
    /// The changes up to `now` that no earlier call returned, in order of time; the clock is `now`
    /// afterwards. The first call begins the watch and reports every DN there is: make it before
    /// the first message, for only what is watched has its moments and frames.
    ///
    /// Asking never changes a judgment: the last change of each DN agrees with
    /// [`Tracker::snapshot`]. Several messages within a second may become one
    /// change. The cost follows the number of DNs that changed, not the number there are; only a
    /// source that turns out to scan, or a server that answers for the first time, takes a pass over
    /// all DNs or all open transactions.
    pub fn changes(&mut self, now: Timestamp) -> Vec<DnChange> {
        self.tick(now);
        let mut live = match self.live.take() {
            Some(live) => live,
            None => Box::new(Live::new(&self.store, &self.transactions, self.now)),
        };
        live.look(&self.store, &self.transactions, self.now, true);
        let mut found = std::mem::take(&mut live.found);
        found.sort_by_key(|change| change.time);
        self.live = Some(live);
        found
    }

    /// Examines what is due before what came in `frame` is taken in, for that may hide it.
    #[cold]
    pub(super) fn look_before(&mut self, frame: FrameRef) {
        let Some(mut live) = self.live.take() else { return };
        live.frame = Some(frame);
        let waited = live.since().is_some_and(|since| self.now.nanos_since(since) >= TOGETHER);
        if (waited || live.is_due(self.now)) && live.found.len() < WAITING {
            let before = Timestamp::from_nanos(self.now.nanos() - 1);
            live.look(&self.store, &self.transactions, before, waited);
        }
        self.live = Some(live);
    }
}

impl Live {
    /// Examines the touched DNs and those whose time has come by `until`.
    fn look(&mut self, store: &Store, transactions: &Transactions, until: Timestamp, wide: bool) {
        // what is found silent may turn a source into a scanner, which touches its other DNs
        for _ in 0..4 {
            if wide {
                self.spread(store, transactions);
            }
            for (time, dn, frame) in self.take_touched() {
                self.examine(store, transactions, dn, time, frame);
            }
            while let Some((time, dn)) = self.take_timer(until) {
                self.examine(store, transactions, dn, time, None);
            }
            if !wide || !self.has_news() {
                break;
            }
        }
    }

    /// Judges one DN at `at`, and reports it if anything changed.
    fn examine(
        &mut self,
        store: &Store,
        transactions: &Transactions,
        index: u32,
        at: Timestamp,
        frame: Option<FrameRef>,
    ) {
        let Some(record) = store.dns.get(index as usize) else { return };
        let open = self.open(index, store, transactions);
        self.set_timer(index, next_moment(record, &open, at));
        let mut copies = Copies::default();
        for (t, a) in &open {
            let a = t.attempt().and_then(|n| copies.of(n)).unwrap_or(a);
            if let Some(closing) = store.closing(transactions, t, a, at) {
                let (mut a, mut dn) =
                    (a.clone(), copies.dn.take().unwrap_or_else(|| record.clone()));
                if !a.traits.replace(Traits::COUNTED, true) {
                    let silent = Silent {
                        attempt: closing.tried.attempt,
                        source: a.source.host().addr(&store.texts),
                        credentials: a.credentials(),
                    };
                    copies.silent.push(silent);
                }
                closing.apply(&mut a, &mut dn);
                copies.dn = Some(dn);
                copies.put(closing.tried.attempt, a);
            }
        }
        let silent = std::mem::take(&mut copies.silent);
        self.set_silent(index, silent, at);
        if copies.dn.as_ref().unwrap_or(record).registrations.iter().any(|r| !r.is_settled(at)) {
            let dn = copies.dn.get_or_insert_with(|| record.clone());
            dn.registrations.iter_mut().for_each(|reg| reg.settle_wholly(at));
        }
        let dn = copies.dn.as_ref().unwrap_or(record);
        let attempt = |n: u32| copies.of(n).or_else(|| store.attempts.get(n as usize));
        let hidden = self.scanners.hide(dn);
        let state = (!hidden).then(|| {
            DnState::of(
                (&store.nodes, &store.texts),
                attempt,
                index as usize,
                dn,
                at,
                &self.scanners,
            )
        });
        let (to, expires_at) = (state.as_ref().map(Status::of), state.and_then(|s| s.expires_at));
        let from = self.report(index, to);
        if from != to {
            let dn = record.name(&store.texts).to_vec();
            self.found.push(DnChange { time: at, dn, from, to, expires_at, frame });
        }
    }
}

/// Copies of the records that silence would change.
#[derive(Default)]
struct Copies {
    dn: Option<Dn>,
    attempts: SmallVec<[(u32, Box<Attempt>); 2]>,
    silent: SmallVec<[Silent; 1]>,
}

impl Copies {
    fn of(&self, attempt: u32) -> Option<&Attempt> {
        self.attempts.iter().find(|(index, _)| *index == attempt).map(|(_, a)| &**a)
    }

    fn put(&mut self, attempt: u32, a: Attempt) {
        match self.attempts.iter_mut().find(|(index, _)| *index == attempt) {
            Some((_, place)) => **place = a,
            None => self.attempts.push((attempt, Box::new(a))),
        }
    }
}
