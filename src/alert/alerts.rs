//! Decides what is reported, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::findings::Findings;
use super::notification::{Kind, Notification};
use super::opening::{Ripe, SOURCES, divide};
use super::outage::{NAMED, Outage, Scope};
use super::{Cause, Event, Level, News, Now, Trouble};
use crate::hashing::HashMap;
use crate::net::Timestamp;

/// How long others with the same cause are awaited after the latest, and after the first.
pub(super) const QUIET: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(10);
/// How long a DN stays in service before it counts as back.
const SETTLED: Duration = Duration::from_secs(5);
/// The same for one that went out again soon: doubled each time, up to a bound.
const RELAPSED: Duration = Duration::from_secs(60);
const LONGEST_RELAPSE: Duration = Duration::from_secs(900);
/// How long an outage of a DN is remembered after it.
const REMEMBERED: Duration = Duration::from_secs(1800);
/// Between two notifications of an outage that grows or shrinks: doubled each time, up to a bound.
pub(super) const PAUSE: Duration = Duration::from_secs(60);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How long a notification holds if there are no reminders.
const VALID: Duration = Duration::from_secs(7 * 86_400);
/// How long expected DNs may be missing after a restart: a phone refreshes once an hour.
const REAPPEAR: Duration = Duration::from_secs(3600);
/// Outages that may begin at once, and how soon another one may after that; further ones are reported together.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_secs(60);

/// What is reported, and what may be held.
#[derive(Clone, Debug)]
pub struct AlertLimits {
    /// How long a DN is in trouble before it is reported.
    pub for_at_least: Duration,
    /// When an outage that goes on is reported again, if ever.
    pub remind: Option<Duration>,
    /// DNs in trouble.
    pub dns: usize,
    /// Outages that are open.
    pub outages: usize,
    /// DNs whose last outage is remembered.
    pub relapses: usize,
}

impl Default for AlertLimits {
    fn default() -> Self {
        Self {
            for_at_least: Duration::ZERO,
            remind: None,
            dns: 50_000,
            outages: 1000,
            relapses: 10_000,
        }
    }
}

/// What was not reported.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AlertCounts {
    /// DNs that were in trouble for too short a time.
    pub brief: u64,
    /// DNs in trouble beyond what is held.
    pub not_held: u64,
}

/// A DN in trouble.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) level: Level,
    pub(super) since: Timestamp,
    /// The outage it was reported with, if it was reported.
    pub(super) outage: Option<u64>,
    /// What is to be reported of it; if it is back, what is wrong with it nevertheless.
    pub(super) pending: Option<Box<Pending>>,
    /// Since when it is well again.
    pub(super) well: Option<Timestamp>,
    /// Whether this run has seen it in trouble.
    pub(super) is_confirmed: bool,
}

/// What is to be reported of a DN.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    trouble: Trouble,
    scope: Scope,
    cause: Option<Cause>,
}

/// DNs in trouble and outages that are open.
#[derive(Debug)]
pub struct Alerts {
    pub(super) limits: AlertLimits,
    pub(super) dns: BTreeMap<String, Held>,
    /// DNs that are due to be reported, or to count as back.
    pub(super) waiting: BTreeSet<String>,
    pub(super) outages: BTreeMap<u64, Outage>,
    /// The number of the next outage.
    pub(super) next: u64,
    /// How often a DN was in trouble of late, and until when.
    relapses: HashMap<String, (u32, Timestamp)>,
    /// Outages that may still begin, and since when that number holds.
    allowed: (u32, Timestamp),
    /// The time between the run before and this one.
    pub(super) gap: Option<(Timestamp, Timestamp)>,
    findings: Findings,
    counts: AlertCounts,
    is_last: bool,
}

impl Alerts {
    /// Nothing is wrong.
    #[must_use]
    pub fn new(limits: AlertLimits) -> Self {
        Self {
            limits,
            dns: BTreeMap::new(),
            waiting: BTreeSet::new(),
            outages: BTreeMap::new(),
            next: 1,
            relapses: HashMap::default(),
            allowed: (BURST, Timestamp::NONE),
            gap: None,
            findings: Findings::default(),
            counts: AlertCounts::default(),
            is_last: false,
        }
    }

    /// What was not reported so far.
    #[must_use]
    pub const fn counts(&self) -> AlertCounts {
        self.counts
    }

    /// Outages that were reported and are not over, and the DNs in them.
    #[must_use]
    pub fn open(&self) -> (usize, usize) {
        (self.outages.len(), self.outages.values().map(|outage| outage.out).sum())
    }

    /// Takes in what happened.
    pub fn note(&mut self, news: News) {
        match news {
            News::Change(event) => self.change(event),
            News::Found(found) => self.findings.note(found),
        }
    }

    fn change(&mut self, event: Event) {
        let Event { time, dn, now, source, registrar, cause } = event;
        let scope = Scope { source, registrar };
        match now {
            Now::Unknown => {}
            Now::Well => self.well(&dn, time, None),
            Now::Gone => self.gone(&dn),
            Now::Unwanted => {
                if self.dns.get(&dn).is_some_and(|held| held.outage.is_none()) {
                    self.forget(&dn);
                }
            }
            Now::Trouble(trouble) => {
                let pending = Pending { trouble, scope, cause };
                let held = self.dns.get(&dn).filter(|held| held.outage.is_some());
                // in service again, if not for sure
                if held.is_some_and(|held| pending.trouble.level < held.level) {
                    self.well(&dn, time, Some(pending));
                } else {
                    self.trouble(dn, time, pending);
                }
            }
        }
    }

    fn well(&mut self, dn: &str, time: Timestamp, next: Option<Pending>) {
        let Some(held) = self.dns.get_mut(dn) else { return };
        if held.outage.is_some() {
            held.well = held.well.or(Some(time));
            held.pending = next.map(Box::new);
            self.waiting.insert(dn.to_owned());
        } else {
            self.counts.brief += 1;
            self.forget(dn);
        }
    }

    fn forget(&mut self, dn: &str) {
        self.dns.remove(dn);
        self.waiting.remove(dn);
    }

    /// Leaves out a DN that is not followed any more, unless an earlier run knew it; its outage ends unreported if
    /// nothing else is known of it.
    fn gone(&mut self, dn: &str) {
        let Some(held) = self.dns.get(dn).filter(|held| held.is_confirmed) else { return };
        let outage = held.outage;
        self.forget(dn);
        let Some(id) = outage else { return };
        let Some(outage) = self.outages.get_mut(&id) else { return };
        outage.out = outage.out.saturating_sub(1);
        if outage.out == 0 && outage.back == 0 {
            self.outages.remove(&id);
        }
    }

    fn trouble(&mut self, dn: String, time: Timestamp, pending: Pending) {
        let level = pending.trouble.level;
        let is_full = self.dns.len() >= self.limits.dns;
        let Some(held) = self.dns.get_mut(&dn) else {
            if is_full {
                self.counts.not_held += 1;
                return;
            }
            self.waiting.insert(dn.clone());
            let pending = Some(Box::new(pending));
            let held =
                Held { level, since: time, outage: None, pending, well: None, is_confirmed: true };
            self.dns.insert(dn, held);
            return;
        };
        held.is_confirmed = true;
        if let Some(id) = held.outage.filter(|_| level <= held.level) {
            // another cause of the same outage is no news
            held.pending = None;
            if held.well.take().is_some() {
                self.waiting.remove(&dn);
                self.relapsed(&dn, time);
                self.outages
                    .entry(id)
                    .and_modify(|outage| outage.relapses = outage.relapses.saturating_add(1));
            }
            return;
        }
        if let Some(id) = held.outage.take() {
            // it is worse, and reported again as what it is now
            self.outages.entry(id).and_modify(|outage| {
                outage.out = outage.out.saturating_sub(1);
                outage.worse += 1;
            });
        }
        if level != held.level {
            (held.level, held.since) = (level, time);
        }
        held.well = None;
        held.pending = Some(Box::new(pending));
        self.waiting.insert(dn);
    }

    /// Notes that a DN was in trouble, for when it is again.
    fn relapsed(&mut self, dn: &str, time: Timestamp) {
        if self.relapses.len() >= self.limits.relapses && !self.relapses.contains_key(dn) {
            self.relapses.retain(|_, (_, last)| time.since(*last) < REMEMBERED);
            if self.relapses.len() >= self.limits.relapses {
                return;
            }
        }
        let known = self.relapses.entry(dn.to_owned()).or_insert((0, time));
        let is_recent = time.since(known.1) < REMEMBERED;
        *known = (if is_recent { known.0.saturating_add(1) } else { 1 }, time);
    }

    /// How long a DN has to be well to count as back.
    fn settling(&self, dn: &str, now: Timestamp) -> Duration {
        let recent = self.relapses.get(dn).filter(|(_, last)| now.since(*last) < REMEMBERED);
        recent.map_or(SETTLED, |(times, _)| doubled(RELAPSED, *times, LONGEST_RELAPSE))
    }

    /// What is to be reported before the end: others with the same cause are not awaited.
    pub fn last(&mut self, now: Timestamp) -> Vec<Notification> {
        self.is_last = true;
        self.turn(now)
    }

    /// What is to be reported now.
    pub fn turn(&mut self, now: Timestamp) -> Vec<Notification> {
        let mut reported = Vec::new();
        self.settle(now);
        let over: Vec<u64> =
            self.outages.iter().filter(|(_, outage)| outage.out == 0).map(|(id, _)| *id).collect();
        for id in over {
            if let Some(outage) = self.outages.remove(&id).filter(|outage| outage.back > 0) {
                reported.push(self.report(Kind::Recovery, id, &outage, now));
            }
        }
        self.ripen(now, &mut reported);
        let due: Vec<_> = self
            .outages
            .iter()
            .filter_map(|(id, outage)| {
                Some((*id, self.report(self.due(*id, outage, now)?, *id, outage, now)))
            })
            .collect();
        for (id, notification) in due {
            reported.push(notification);
            self.note_reported(id, now);
        }
        for (found, number) in self.findings.due(now, self.is_last) {
            reported.push(Notification::of_finding(self.next, found, number, now));
            self.next += 1;
        }
        reported
    }

    fn report(&self, kind: Kind, id: u64, outage: &Outage, now: Timestamp) -> Notification {
        let is_of_all = matches!(kind, Kind::Update | Kind::Reminder) && outage.fresh.1 == 0;
        let own = self.dns.iter().filter(|(_, held)| held.outage == Some(id));
        let most = if is_of_all { NAMED } else { 0 };
        let named = own.take(most).map(|(dn, _)| dn.clone()).collect();
        let valid = self.limits.remind.map_or(VALID, |remind| remind * 2);
        Notification::new(kind, id, outage, named, self.gap, (now, valid))
    }

    fn note_reported(&mut self, id: u64, now: Timestamp) {
        if let Some(outage) = self.outages.get_mut(&id) {
            outage.note_reported(now);
        }
    }

    /// Whether an outage that goes on is to be reported again.
    fn due(&self, id: u64, outage: &Outage, now: Timestamp) -> Option<Kind> {
        let quiet = now.since(outage.reported_at);
        let pause = doubled(PAUSE, outage.reported, LONGEST_PAUSE);
        let has_shrunk = || outage.has_shrunk();
        // while DNs come back, the last of them is awaited, but not for good
        let has_settled = || quiet >= pause * 2 || !self.is_coming_back(id);
        if quiet >= pause && (outage.fresh.1 > 0 || (has_shrunk() && has_settled())) {
            return Some(Kind::Update);
        }
        let is_due =
            |remind: Duration| quiet >= remind * 2 || (quiet >= remind && !self.is_coming_back(id));
        self.limits.remind.filter(|remind| is_due(*remind)).map(|_| Kind::Reminder)
    }

    /// Whether a DN of an outage is well and does not count as back yet.
    fn is_coming_back(&self, id: u64) -> bool {
        let mut held = self.waiting.iter().filter_map(|dn| self.dns.get(dn));
        held.any(|held| held.outage == Some(id) && held.well.is_some())
    }

    /// Takes DNs out of their outages that are back for long enough.
    fn settle(&mut self, now: Timestamp) {
        let is_back = |dn: &&String| {
            let well = self.dns.get(*dn).and_then(|held| held.well);
            well.is_some_and(|well| now.since(well) >= self.settling(dn, now))
        };
        let back: Vec<String> = self.waiting.iter().filter(is_back).cloned().collect();
        for dn in back {
            let Some(held) = self.dns.remove(&dn) else { continue };
            self.waiting.remove(&dn);
            let well = held.well.unwrap_or(now);
            if let Some(outage) = held.outage.and_then(|id| self.outages.get_mut(&id)) {
                outage.out = outage.out.saturating_sub(1);
                outage.back += 1;
                outage.last_back = outage.last_back.max(well);
                outage.unwatched |= !held.is_confirmed;
            }
            self.relapsed(&dn, well);
            if let Some(pending) = held.pending {
                self.trouble(dn, well, *pending);
            }
        }
    }

    /// Puts DNs that are in trouble for long enough into outages, and reports those that begin.
    fn ripen(&mut self, now: Timestamp, reported: &mut Vec<Notification>) {
        let hold = self.limits.for_at_least;
        let age = |dn: &String| {
            let unreported = self.dns.get(dn).filter(|held| held.outage.is_none())?;
            let since = match (unreported.level, self.gap) {
                (Level::NotSeen, Some((_, began))) => unreported.since.max(began.plus(REAPPEAR)),
                _ => unreported.since,
            };
            let ripe = since.plus(hold);
            Some((unreported.pending.as_deref()?, (now >= ripe).then(|| now.since(ripe))?))
        };
        let mut causes: BTreeMap<&Trouble, (Duration, Duration)> = BTreeMap::new();
        for (pending, age) in self.waiting.iter().filter_map(age) {
            let ages = causes.entry(&pending.trouble).or_insert((age, age));
            *ages = (ages.0.min(age), ages.1.max(age));
        }
        let is_last = self.is_last;
        causes.retain(|_, (least, most)| is_last || *least >= QUIET || *most >= LONGEST);
        if causes.is_empty() {
            return;
        }
        let ripe = self.waiting.iter().filter_map(|dn| {
            let (Pending { trouble, scope, .. }, _) = age(dn)?;
            causes.contains_key(trouble).then_some(Ripe { dn, trouble, scope })
        });
        let owned = |(trouble, scope, dns): (Trouble, Scope, Vec<&str>)| {
            (trouble, scope, dns.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let mut all: Vec<_> = divide(ripe).into_iter().map(owned).collect();
        // the largest first: they begin while outages may
        all.sort_by_key(|(_, _, dns)| std::cmp::Reverse(dns.len()));
        let mut begun = BTreeSet::new();
        for (trouble, scope, dns) in all {
            let (id, is_new) = self.outage_for(&trouble, &scope, now);
            if is_new {
                begun.insert(id);
            }
            self.join(id, &dns);
        }
        for id in begun {
            if let Some(outage) = self.outages.get(&id) {
                reported.push(self.report(Kind::Outage, id, outage, now));
                self.note_reported(id, now);
            }
        }
    }

    fn join(&mut self, id: u64, dns: &[String]) {
        let Some(outage) = self.outages.get_mut(&id) else { return };
        for dn in dns {
            self.waiting.remove(dn);
            if let Some(held) = self.dns.get_mut(dn) {
                held.outage = Some(id);
                let cause = held.pending.take().and_then(|pending| pending.cause);
                outage.join(dn, held.since, cause);
            }
        }
    }

    /// The outage that DNs of this scope belong to, and whether it begins now.
    fn outage_for(&mut self, trouble: &Trouble, scope: &Scope, now: Timestamp) -> (u64, bool) {
        let open = |wanted: &Scope| {
            let is_it = |o: &Outage| o.trouble == *trouble && o.scope == *wanted;
            self.outages.iter().find(|(_, outage)| is_it(outage)).map(|(id, _)| *id)
        };
        let shared = Scope { source: None, registrar: scope.registrar.clone() };
        if let Some(id) = open(scope).or_else(|| open(&shared)) {
            return (id, false);
        }
        let own = self.outages.values().filter(|outage| {
            outage.trouble == *trouble && outage.scope.registrar == scope.registrar
        });
        let scope = if own.count() < SOURCES { scope.clone() } else { shared };
        let (trouble, scope) = if self.may_begin(now) {
            (trouble.clone(), scope)
        } else {
            let several = several(trouble.level);
            let is_it = |o: &Outage| o.trouble == several;
            if let Some((id, _)) = self.outages.iter().find(|(_, outage)| is_it(outage)) {
                return (*id, false);
            }
            (several, Scope::default())
        };
        let id = self.next;
        self.next += 1;
        self.outages.insert(id, Outage::new(trouble, scope, now));
        (id, true)
    }

    /// Whether another outage may begin, and takes note that it does.
    fn may_begin(&mut self, now: Timestamp) -> bool {
        let (mut left, since) = self.allowed;
        let earned = now.since(since).as_secs() / REFILL.as_secs();
        if earned > 0 {
            left = BURST.min(left.saturating_add(u32::try_from(earned).unwrap_or(BURST)));
            self.allowed.1 = now;
        }
        let may = left > 0 && self.outages.len() < self.limits.outages;
        self.allowed.0 = left - u32::from(may);
        may
    }
}

/// A duration that doubles each time: `first` the first time, `longest` at most.
pub(super) fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(8)).min(longest)
}

/// What is wrong with DNs that are reported together although their causes differ.
fn several(level: Level) -> Trouble {
    let label = match level {
        Level::AtRisk => "several risks",
        Level::NotSeen | Level::OutOfService => "several causes",
    };
    Trouble { level, verdict: "several".to_owned(), status_code: None, label: label.to_owned() }
}
