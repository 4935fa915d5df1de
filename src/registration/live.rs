//! Keeps note of the DNs that messages touched, and of the moment time alone may change each.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};
use smallvec::SmallVec;

use super::attempt::Attempt;
use super::changes::{DnChange, Status};
use super::heard::Heard;
use super::in_flight::Transactions;
use super::scanner::Scanners;
use super::shrink::Places;
use super::store::{Dn, NIL, Source, Store};
use super::transaction::{Subject, Transaction};
use crate::net::{Endpoint, FrameRef, Timestamp};

/// Transactions without a final response kept per DN: each examination of the DN goes through all of them,
/// and a device that waits for more than a few answers at a time does not exist.
const OPEN: usize = 32;

/// About what is noted of a DN, in bytes.
pub(super) const PER_DN: usize = size_of::<LiveDn>() + 32;

/// What a DN was last reported as, and what may change it.
#[derive(Clone, Debug, Default)]
pub(super) struct LiveDn {
    /// When a message touched it last, and its frame; `None` once it was examined.
    touched: Option<(Timestamp, Option<FrameRef>)>,
    /// The moment in [`Live::timers`].
    timer: Option<Timestamp>,
    pub reported: Option<Status>,
    /// Slots of its transactions; some may be over.
    open: SmallVec<[u32; 2]>,
    /// Attempts that silence would close now, by source: the totals of a source have them only
    /// once they are closed.
    silent: SmallVec<[Silent; 1]>,
}

/// An attempt that silence would close now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Silent {
    pub attempt: u32,
    pub source: IpAddr,
    pub credentials: bool,
}

/// What may have changed since the last look.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    dns: Vec<LiveDn>,
    /// The touched ones, in order.
    touched: Vec<u32>,
    /// When the first of them was touched.
    since: Option<Timestamp>,
    /// One moment for each DN that has one.
    timers: BTreeSet<(Timestamp, u32)>,
    pub scanners: Scanners,
    sources: HashSet<IpAddr>,
    servers: HashSet<Endpoint>,
    paths: HashSet<(Endpoint, Endpoint)>,
    /// When the latest of those changed.
    news: Timestamp,
    /// What silence would close now, by source: attempts, and those with credentials.
    silent: HashMap<IpAddr, (u64, u64)>,
    /// The frame of what is being taken in.
    pub frame: Option<FrameRef>,
    pub found: Vec<DnChange>,
}

impl Live {
    /// Everything that exists is still to be examined.
    pub(super) fn new(store: &Store, transactions: &Transactions, now: Timestamp) -> Self {
        let mut live = Self::default();
        for dn in 0..store.dns.len() {
            live.touch(dn as u32, now, None);
        }
        live.sources.extend(store.sources.keys());
        for slot in transactions.slots() {
            if let Some((t, a)) = attempt_of(store, transactions, slot)
                && t.final_code == 0
            {
                live.note_open(a.dn, slot);
            }
        }
        live
    }

    fn dn(&mut self, dn: u32) -> Option<&mut LiveDn> {
        let index = dn as usize;
        if index >= self.dns.len() && dn != NIL {
            self.dns.resize_with(index + 1, LiveDn::default);
        }
        self.dns.get_mut(index)
    }

    /// A message, or the lack of one, says something of a DN.
    pub(super) fn touch(&mut self, dn: u32, now: Timestamp, frame: Option<FrameRef>) {
        let Some(live) = self.dn(dn) else { return };
        if let Some(touched) = &mut live.touched {
            touched.0 = touched.0.max(now);
            touched.1 = frame.or(touched.1);
        } else {
            live.touched = Some((now, frame));
            self.touched.push(dn);
            self.since.get_or_insert(now);
        }
    }

    /// A transaction of a DN begins.
    pub(super) fn note_open(&mut self, dn: u32, slot: u32) {
        let Some(live) = self.dn(dn) else { return };
        if live.open.contains(&slot) {
            return;
        }
        if live.open.len() >= OPEN {
            live.open.drain(..OPEN / 2);
        }
        live.open.push(slot);
    }

    /// The totals of a source changed.
    pub(super) fn touch_source(&mut self, source: IpAddr, now: Timestamp) {
        self.news = now;
        self.sources.insert(source);
    }

    /// What is known of a server changed: it may decide what silence means.
    pub(super) fn touch_server(&mut self, server: Endpoint, now: Timestamp) {
        self.news = now;
        self.servers.insert(server);
    }

    /// An error concerns all requests between two endpoints.
    pub(super) fn touch_path(&mut self, ends: (Endpoint, Endpoint), now: Timestamp) {
        self.news = now;
        self.paths.insert(ends);
    }

    /// The time of the oldest touch that was not examined yet.
    pub(super) const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether time alone may have changed a DN before `now`.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.timers.first().is_some_and(|(time, _)| *time < now)
    }

    /// The touched DNs, with the moments and frames, oldest first; they are untouched then.
    pub(super) fn take_touched(&mut self) -> Vec<(Timestamp, u32, Option<FrameRef>)> {
        self.since = None;
        let touched = std::mem::take(&mut self.touched);
        let take = |dn: u32| {
            let (time, frame) = self.dns.get_mut(dn as usize)?.touched.take()?;
            Some((time, dn, frame))
        };
        let mut touched: Vec<_> = touched.into_iter().filter_map(take).collect();
        touched.sort_by_key(|(time, ..)| *time);
        touched
    }

    /// The first DN that time alone may have changed by `until`, and when.
    pub(super) fn take_timer(&mut self, until: Timestamp) -> Option<(Timestamp, u32)> {
        let first = self.timers.first().copied().filter(|(time, _)| *time <= until)?;
        self.timers.pop_first();
        if let Some(live) = self.dns.get_mut(first.1 as usize) {
            live.timer = None;
        }
        Some(first)
    }

    /// Sets the moment at which time alone may change a DN.
    pub(super) fn set_timer(&mut self, dn: u32, time: Option<Timestamp>) {
        let Some(live) = self.dns.get_mut(dn as usize) else { return };
        let before = std::mem::replace(&mut live.timer, time);
        if before == time {
            return;
        }
        if let Some(before) = before {
            self.timers.remove(&(before, dn));
        }
        if let Some(time) = time {
            self.timers.insert((time, dn));
        }
    }

    /// The open transactions of a DN with their attempts, in the order they began.
    pub(super) fn open<'s>(
        &mut self,
        dn: u32,
        store: &'s Store,
        transactions: &'s Transactions,
    ) -> SmallVec<[(&'s Transaction, &'s Attempt); 2]> {
        let Some(live) = self.dn(dn) else { return SmallVec::new() };
        let own = |slot: u32| {
            attempt_of(store, transactions, slot).filter(|(t, a)| a.dn == dn && t.final_code == 0)
        };
        live.open.retain(|slot| own(*slot).is_some());
        let mut open: SmallVec<[_; 2]> = live.open.iter().filter_map(|&slot| own(slot)).collect();
        open.sort_by_key(|(t, _)| t.generation);
        open
    }

    /// Notes which attempts of a DN silence would close; the totals of their sources follow.
    pub(super) fn set_silent(&mut self, dn: u32, silent: SmallVec<[Silent; 1]>, now: Timestamp) {
        let Some(live) = self.dns.get_mut(dn as usize) else { return };
        if live.silent == silent {
            return;
        }
        let before = std::mem::replace(&mut live.silent, silent.clone());
        self.news = self.news.max(now);
        // those that stay silent change nothing
        let gone = before.iter().filter(|s| !silent.contains(s)).copied().collect();
        self.take_back(gone);
        for s in silent.into_iter().filter(|s| !before.contains(s)) {
            let (attempts, credentials) = self.silent.entry(s.source).or_default();
            *attempts += 1;
            *credentials += u64::from(s.credentials);
            self.sources.insert(s.source);
        }
    }

    fn take_back(&mut self, silent: SmallVec<[Silent; 1]>) {
        for s in silent {
            let (attempts, credentials) = self.silent.entry(s.source).or_default();
            *attempts -= 1;
            *credentials -= u64::from(s.credentials);
            if *attempts == 0 {
                self.silent.remove(&s.source);
            }
            self.sources.insert(s.source);
        }
    }

    /// Replaces what a DN was reported as, and returns it.
    /// A DN goes by another name from now on: the row of the old one is gone.
    pub(super) fn rename(&mut self, dn: u32, old: Vec<u8>, now: Timestamp) {
        let Some(from) = self.report(dn, None) else { return };
        let (to, expires_at, frame) = (None, None, self.frame);
        self.found.push(DnChange { time: now, dn: old, from: Some(from), to, expires_at, frame });
    }

    pub(super) fn report(&mut self, dn: u32, status: Option<Status>) -> Option<Status> {
        let live = self.dns.get_mut(dn as usize)?;
        std::mem::replace(&mut live.reported, status)
    }

    /// Forgets the DNs that get no place, and reports it.
    pub(super) fn forget(&mut self, store: &Store, places: &[u32], now: Timestamp) {
        let dns = std::mem::take(&mut self.dns);
        let touched = std::mem::take(&mut self.touched);
        self.timers.clear();
        for (index, live) in dns.into_iter().enumerate() {
            let place = Places::to(places, index as u32);
            if place != NIL {
                if let Some(time) = live.timer {
                    self.timers.insert((time, place));
                }
                if let Some(kept) = self.dn(place) {
                    *kept = live;
                }
                continue;
            }
            self.take_back(live.silent);
            if let (Some(from), Some(dn)) = (live.reported, store.dns.get(index)) {
                let dn = dn.name(&store.texts).to_vec();
                let (from, to, expires_at, frame) = (Some(from), None, None, None);
                self.found.push(DnChange { time: now, dn, from, to, expires_at, frame });
            }
        }
        let kept = touched.into_iter().map(|dn| Places::to(places, dn));
        self.touched = kept.filter(|&dn| dn != NIL).collect();
    }

    /// About how many bytes all this takes.
    pub(super) fn bytes(&self) -> usize {
        self.dns.capacity() * PER_DN + self.found.capacity() * (size_of::<DnChange>() + 32)
    }

    /// Whether a source, a server or a path changed that may concern several DNs.
    pub(super) fn has_news(&self) -> bool {
        !(self.sources.is_empty() && self.servers.is_empty() && self.paths.is_empty())
    }

    /// Touches the DNs that a change of a source, a server or a path concerns.
    pub(super) fn spread(&mut self, store: &Store, transactions: &Transactions) {
        let now = self.news;
        if !(self.servers.is_empty() && self.paths.is_empty()) {
            let servers = std::mem::take(&mut self.servers);
            let paths = std::mem::take(&mut self.paths);
            for slot in transactions.slots() {
                if let Some((t, a)) = attempt_of(store, transactions, slot)
                    && t.final_code == 0
                    && (servers.contains(&a.registrar.endpoint(&store.texts))
                        || t.ends().is_some_and(|(src, dst)| {
                            paths
                                .contains(&(src.endpoint(&store.texts), dst.endpoint(&store.texts)))
                        }))
                {
                    self.touch(a.dn, now, None);
                }
            }
        }
        let mut turned = HashSet::default();
        for source in std::mem::take(&mut self.sources) {
            let totals = store.sources.get(&source).map(|totals| self.with_silent(source, totals));
            if self.scanners.judge(source, totals.as_ref()) {
                turned.insert(source);
            }
        }
        if !turned.is_empty() {
            for (index, dn) in store.dns.iter().enumerate() {
                if dn.sources.iter().any(|(s, _)| turned.contains(&s.addr)) {
                    self.touch(index as u32, now, None);
                }
            }
        }
    }

    /// The totals of a source if silence closed its open attempts now.
    fn with_silent(&self, address: IpAddr, totals: &Source) -> Source {
        let mut totals = totals.clone();
        let (attempts, credentials) = self.silent.get(&address).copied().unwrap_or_default();
        totals.attempts += attempts;
        totals.with_credentials += credentials;
        totals
    }
}

fn attempt_of<'s>(
    store: &'s Store,
    transactions: &'s Transactions,
    slot: u32,
) -> Option<(&'s Transaction, &'s Attempt)> {
    let t = transactions.get(slot)?;
    let Subject::Register { attempt } = t.subject else { return None };
    Some((t, store.attempts.get(attempt as usize)?))
}

/// The next moment after `now` at which time alone may change the status of a DN.
pub(super) fn next_moment(
    dn: &Dn,
    open: &[(&Transaction, &Attempt)],
    now: Timestamp,
) -> Option<Timestamp> {
    let ends = dn.registrations.iter().flat_map(|reg| {
        let unsure = reg.unsure().map(|unsure| unsure.until);
        reg.bindings.iter().filter_map(|b| b.expires_at).chain(unsure)
    });
    let stated = dn.heard().into_iter().flat_map(|heard| &heard.statements);
    let stated = stated.filter_map(Heard::runs_until);
    let silence = open.iter().flat_map(|(t, _)| t.moments());
    ends.chain(stated).chain(silence).filter(|time| *time > now).min()
}
