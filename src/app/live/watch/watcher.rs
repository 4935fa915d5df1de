//! Decides which changes of the model are reported, and when.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::hashing::{HashMap, HashSet};

use super::output::{Output, Told};
use super::risks::Risks;
use crate::app::live::engine::Engine;
use crate::app::live::inputs::Inputs;
#[cfg(feature = "metrics")]
use crate::cluster::Cluster;
use crate::diagnosis::{Finding, Scene, Severity, diagnose, diagnose_dn};
use crate::net::Timestamp;
use crate::registration::{Basis, DnChange, DnView, FlagSet, Snapshot, Status, Verdict};

/// Between two questions for changes.
const POLL: Duration = Duration::from_millis(100);
/// How long a state that a healthy phone passes through is kept back.
const TENTATIVE: i64 = 300_000_000;
/// Between two snapshots, at least; taking them uses at most a quarter of the time.
const BETWEEN: Duration = Duration::from_millis(500);
const SHARE: u32 = 4;
/// Between two looks for findings about sources, and about DNs whose state did not change.
const AROUND: Duration = Duration::from_secs(5);
/// When expected DNs that did not come are reported: later than a request may go unanswered (Timer F).
const EXPECTED: u32 = 35;
/// DNs whose reports are remembered.
const REMEMBERED: usize = 100_000;

/// What distinguishes a finding about no DN.
type Key = (&'static str, Option<std::net::IpAddr>, u64);

/// Changes and findings that wait to be reported, and those that were.
pub(super) struct Watcher<W> {
    output: Output<W>,
    /// Changes to report.
    pending: Vec<DnChange>,
    /// Changes to states that may pass, and since when they are kept back.
    held: HashMap<Vec<u8>, (Timestamp, DnChange)>,
    expected: Vec<String>,
    began: Timestamp,
    expected_told: bool,
    /// Expected DNs that were reported missing.
    missing: HashSet<Vec<u8>>,
    /// The rules that held for a DN when it was last reported.
    rules: HashMap<Vec<u8>, Vec<&'static str>>,
    around: HashSet<Key>,
    risks: Risks,
    poll_due: Instant,
    look_due: Instant,
    around_due: Instant,
    /// Packets at the last look around.
    looked: u64,
    /// A DN changed since then.
    has_changed: bool,
    #[cfg(feature = "metrics")]
    dns: Option<crate::metrics::DnGauges>,
    /// The nodes at the last look around, and whether each DN has a series.
    #[cfg(feature = "metrics")]
    cluster: (crate::metrics::ClusterGauges, bool),
}

impl<W: Write> Watcher<W> {
    pub(super) fn new(output: Output<W>, expected: Vec<String>, began: Timestamp) -> Self {
        let now = Instant::now();
        Self {
            output,
            pending: Vec::new(),
            held: HashMap::default(),
            expected,
            began,
            expected_told: false,
            missing: HashSet::default(),
            rules: HashMap::default(),
            around: HashSet::default(),
            risks: Risks::default(),
            poll_due: now,
            look_due: now,
            around_due: now,
            looked: 0,
            has_changed: false,
            #[cfg(feature = "metrics")]
            dns: None,
            #[cfg(feature = "metrics")]
            cluster: Default::default(),
        }
    }

    /// Counts DNs by every change, reported or not.
    #[cfg(feature = "metrics")]
    pub(super) fn count_in(&mut self, dns: crate::metrics::DnGauges, per_dn: bool) {
        self.dns = Some(dns);
        self.cluster.1 = per_dn;
    }

    /// The nodes of a cluster as they were last seen.
    #[cfg(feature = "metrics")]
    pub(super) const fn cluster(&self) -> &crate::metrics::ClusterGauges {
        &self.cluster.0
    }

    /// The DNs at risk at the last look around.
    #[cfg(feature = "metrics")]
    pub(super) const fn risks(&self) -> &Risks {
        &self.risks
    }

    /// Takes in which node owns which DN, and which nodes have lost each other.
    #[cfg(feature = "metrics")]
    fn count_nodes(&mut self, snapshot: &Snapshot) {
        let cluster = Cluster::of(snapshot);
        let (gauges, per_dn) = &mut self.cluster;
        let name = |node| snapshot.node_name(node).unwrap_or_default();
        let owned = cluster.dns.iter().filter_map(|dn| Some((&*dn.name, name(dn.owner?.node))));
        gauges.own(owned, *per_dn);
        // in order of time: the latest of two nodes counts
        for split in &cluster.splits {
            gauges.split(split.between.map(name), split.until.is_none());
        }
    }

    /// What the changes so far add up to.
    #[cfg(feature = "metrics")]
    pub(super) const fn dns(&self) -> Option<&crate::metrics::DnGauges> {
        self.dns.as_ref()
    }

    /// What was printed and what for, for notifications.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    pub(super) const fn output(&mut self) -> &mut Output<W> {
        &mut self.output
    }

    /// Takes over the names of what is followed by now.
    pub(super) fn note_inputs(&mut self, inputs: &Inputs) {
        self.output.note_inputs(inputs);
    }

    /// Reports what is due; everything if it is the last turn.
    pub(super) fn turn(&mut self, engine: &mut Engine, last: bool) -> io::Result<()> {
        let now = Instant::now();
        if now < self.poll_due && !last {
            return Ok(());
        }
        self.poll_due = now + POLL;
        let changes = engine.changes();
        self.has_changed |= !changes.is_empty();
        #[cfg(feature = "metrics")]
        if let Some(dns) = &mut self.dns {
            for change in &changes {
                dns.change(change);
            }
        }
        self.collect(changes);
        self.release(engine.clock(), last);
        let expected = !self.expected_told
            && !self.expected.is_empty()
            && engine.clock() >= self.began.plus_secs(EXPECTED);
        let is_new = engine.packets().read != self.looked || self.has_changed;
        let around = (now >= self.around_due || last) && is_new;
        let news = !self.pending.is_empty() || expected || around;
        if news && (now >= self.look_due || last) {
            self.look(engine, expected, around)?;
            let took = now.elapsed();
            self.look_due = Instant::now() + BETWEEN.max(took * SHARE);
            if around {
                self.around_due = Instant::now() + AROUND.max(took * SHARE * SHARE);
            }
        }
        Ok(())
    }

    /// Joins each change with one of the same DN that was kept back.
    fn collect(&mut self, changes: Vec<DnChange>) {
        for mut change in changes {
            let held = self.held.remove(&change.dn);
            let since = held.as_ref().map_or(change.time, |(since, _)| *since);
            if let Some((_, held)) = held {
                change.from = held.from;
            }
            if change.from.is_none() && self.missing.remove(&change.dn) {
                change.from = Some(not_seen());
            }
            if change.from == change.to {
                continue;
            }
            if change.to.is_some_and(Status::is_tentative) {
                self.held.insert(change.dn.clone(), (since, change));
            } else {
                self.pending.push(change);
            }
        }
    }

    /// Releases changes that stayed tentative for long enough.
    fn release(&mut self, clock: Timestamp, all: bool) {
        let pending = &mut self.pending;
        self.held.retain(|_, (since, change)| {
            let keep = !all && clock.nanos_since(*since) < TENTATIVE;
            if !keep {
                pending.push(change.clone());
            }
            keep
        });
    }

    fn look(&mut self, engine: &mut Engine, expected: bool, around: bool) -> io::Result<()> {
        let names = if expected { self.expected.as_slice() } else { &[] };
        let snapshot = engine.snapshot(names);
        if expected {
            self.expected_told = true;
            self.note_missing(&snapshot, engine.clock());
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by_key(|change| change.time);
        if around {
            let told: HashSet<&[u8]> = pending.iter().map(|change| change.dn.as_slice()).collect();
            let is_due = |dn: &[u8]| told.contains(dn) || self.held.contains_key(dn);
            let risks = self.risks.changes(&snapshot, engine.clock(), is_due);
            pending.extend(risks);
        }
        if !pending.is_empty() {
            self.tell(pending, &snapshot, engine)?;
        }
        if around {
            (self.looked, self.has_changed) = (engine.packets().read, false);
            #[cfg(feature = "metrics")]
            if self.dns.is_some() {
                self.count_nodes(&snapshot);
                self.risks.count(&snapshot);
            }
            self.tell_around(&diagnose(&snapshot), engine.clock())?;
        }
        self.output.flush()
    }

    /// Reports new findings about sources, the capture, and DNs whose state did not change.
    fn tell_around(&mut self, found: &[Finding], now: Timestamp) -> io::Result<()> {
        let mut of_dns: BTreeMap<&[u8], Vec<&Finding>> = BTreeMap::new();
        for finding in found.iter().filter(|finding| is_loud(finding)) {
            if let Some(dn) = finding.dn.as_deref() {
                of_dns.entry(dn).or_default().push(finding);
                continue;
            }
            // a finding about a whole cluster is reported again when it ends
            let mut evidence = finding.evidence.iter();
            let shown = if finding.leads() { evidence.next_back() } else { evidence.next() };
            let frame = shown.map_or(0, |e| e.frame.number());
            if self.around.len() >= REMEMBERED {
                self.around.clear();
            }
            if self.around.insert((finding.rule, finding.source, frame)) {
                self.output.finding(finding, now)?;
            }
        }
        for (dn, found) in of_dns {
            // findings about further DNs are not remembered, and would be reported again
            let known = self.rules.len() < REMEMBERED || self.rules.contains_key(dn);
            if known && !self.held.contains_key(dn) {
                self.tell_findings(dn, &found, now)?;
            }
        }
        Ok(())
    }

    fn note_missing(&mut self, snapshot: &Snapshot, time: Timestamp) {
        let unseen = snapshot.dns().filter(|dn| dn.state().verdict == Verdict::NotSeen);
        for dn in unseen.map(|dn| dn.name().to_vec()) {
            self.missing.insert(dn.clone());
            let to = Some(not_seen());
            let change = DnChange { time, dn, from: None, to, expires_at: None, frame: None };
            self.pending.push(change);
        }
    }

    fn tell(
        &mut self,
        changes: Vec<DnChange>,
        snapshot: &Snapshot,
        engine: &mut Engine,
    ) -> io::Result<()> {
        let now = engine.clock();
        let scene = Scene::new(snapshot);
        let wanted: HashSet<Vec<u8>> = changes.iter().map(|c| c.dn.clone()).collect();
        let views: HashMap<&[u8], DnView<'_>> = snapshot
            .dns()
            .filter(|dn| wanted.contains(dn.name()))
            .map(|dn| (dn.name(), dn))
            .collect();
        for mut change in changes {
            let view = views.get(change.dn.as_slice()).copied();
            let mut found = view.map_or_else(Vec::new, |view| diagnose_dn(&scene, view));
            // what is of a whole cluster is reported once, and not for each of its DNs
            found.retain(|finding| !finding.leads());
            // the current cause explains the DN's latest change only
            let is_latest = |view: DnView<'_>| {
                let state = view.state();
                change.to.is_some_and(|to| {
                    (to.verdict, to.status_code) == (state.verdict, state.status_code)
                })
            };
            let latest = view.is_some_and(is_latest);
            let cause = found.iter().find(|finding| finding.is_cause && latest);
            let risk = self.risks.mark(&mut change, view.filter(|_| latest));
            let by = found.iter().find(|finding| risk.is_some() && is_loud(finding));
            let told = Told::new(&change, snapshot, view, cause).at_risk(risk, by);
            let told = told.known_to(view.and_then(|view| engine.hosts_of(view)));
            self.output.change(&told)?;
            if latest {
                self.tell_findings(&change.dn, &found.iter().collect::<Vec<_>>(), now)?;
            }
        }
        Ok(())
    }

    /// Reports findings about the DN that its last report did not have.
    fn tell_findings(&mut self, dn: &[u8], found: &[&Finding], now: Timestamp) -> io::Result<()> {
        let loud = || found.iter().filter(|f| !f.is_cause && is_loud(f));
        let before = self.rules.get(dn);
        for finding in loud().filter(|f| before.is_none_or(|rules| !rules.contains(&f.rule))) {
            self.output.finding(finding, now)?;
        }
        if self.rules.len() >= REMEMBERED {
            self.rules.clear();
        }
        let rules: Vec<_> = loud().map(|f| f.rule).collect();
        if rules.is_empty() {
            self.rules.remove(dn);
        } else {
            self.rules.insert(dn.to_vec(), rules);
        }
        Ok(())
    }
}

fn is_loud(finding: &Finding) -> bool {
    finding.severity >= Severity::Warning
}

const fn not_seen() -> Status {
    let (verdict, flags, basis) = (Verdict::NotSeen, FlagSet::EMPTY, Basis::Wire);
    Status { verdict, state: verdict.state(), status_code: None, flags, basis }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::live::budget::{Budget, Front};
    use crate::cli::WatchFormat;
    use crate::packet::KeyLog;

    const BEGAN: Timestamp = Timestamp::from_parts(1_763_505_000, 0);

    fn watcher(format: WatchFormat, expected: &[&str]) -> Watcher<Vec<u8>> {
        let output = Output::new(
            Vec::new(),
            format,
            TimeZone::UTC,
            Inputs::new(vec!["eth0".to_owned()], std::iter::empty()),
        );
        let expected = expected.iter().map(|&name| name.to_owned()).collect();
        Watcher::new(output, expected, BEGAN)
    }

    const fn status(verdict: Verdict) -> Status {
        let (flags, basis) = (FlagSet::EMPTY, Basis::Wire);
        Status { verdict, state: verdict.state(), status_code: None, flags, basis }
    }

    fn change(millis: i64, from: Option<Status>, to: Option<Status>) -> DnChange {
        let time = Timestamp::from_nanos(BEGAN.nanos() + millis * 1_000_000);
        DnChange { time, dn: b"5001".to_vec(), from, to, expires_at: None, frame: None }
    }

    #[test]
    fn expected_dns_that_do_not_come_are_told_once_and_in_time() {
        let mut watcher = watcher(WatchFormat::Text, &["5001", "5002"]);
        let mut engine = Engine::new(&Budget::divide(4 << 20, Front::Lines), KeyLog::new());
        let told = |watcher: &Watcher<Vec<u8>>| {
            String::from_utf8(watcher.output.get_ref().clone()).unwrap()
        };
        for (second, lines) in [(1, 0), (34, 0), (35, 2), (36, 2), (90, 2)] {
            engine.pass_time(BEGAN.plus_secs(second));
            watcher.turn(&mut engine, true).unwrap();
            assert_eq!(told(&watcher).lines().count(), lines, "{second} s");
        }
        let first = "22:30:35  5001  expected, not seen so far  5001: no REGISTER";
        assert!(told(&watcher).starts_with(first), "{}", told(&watcher));
        // it comes after all
        watcher.collect(vec![change(99_000, None, Some(status(Verdict::InService)))]);
        assert_eq!(watcher.pending.pop().unwrap().from, Some(status(Verdict::NotSeen)));
    }

    #[test]
    fn a_state_that_passes_is_not_told() {
        let mut watcher = watcher(WatchFormat::Ndjson, &[]);
        let (asked, there) = (Some(status(Verdict::Challenged)), Some(status(Verdict::InService)));
        watcher.collect(vec![change(0, None, asked)]);
        watcher.release(change(200, None, None).time, false);
        assert!(watcher.pending.is_empty());
        watcher.collect(vec![change(250, asked, there)]);
        assert_eq!(watcher.pending, [change(250, None, there)]);
        watcher.pending.clear();
        // one that stays is
        watcher.collect(vec![change(1000, there, asked)]);
        watcher.release(change(1301, None, None).time, false);
        assert_eq!(watcher.pending, [change(1000, there, asked)]);
        watcher.pending.clear();
        // and one that is undone is not
        watcher.collect(vec![change(2000, there, asked), change(2001, asked, there)]);
        watcher.release(change(9000, None, None).time, true);
        assert!(watcher.pending.is_empty());
    }
}
