//! Measures the times when many DNs came to one server at once.

use std::net::IpAddr;

use super::finding::Evidence;
use super::waves::{MANY, Wave};
use crate::hashing::HashSet;
use crate::net::{Endpoint, Timestamp};
use crate::registration::{AttemptView, Demand, Outcome, Purpose, Snapshot, Verdict};

/// A server went silent for so long before the DNs came back, in nanoseconds.
const SILENT: i64 = 20_000_000_000;

/// Many DNs that came to one server at once.
#[derive(Clone, Debug)]
pub(super) struct Storm {
    pub server: Endpoint,
    /// DNs.
    pub dns: u32,
    /// The addresses they came from: the first, and how many.
    pub source: Option<IpAddr>,
    pub sources: usize,
    /// From the first to the last REGISTER of it.
    pub lasted: i64,
    /// How often that many came at once.
    pub times: u32,
    /// DNs that were rejected with 5xx, or not answered.
    pub overloaded: u32,
    /// DNs that came back before the time they were asked to wait.
    pub hasty: u32,
    /// How long they were asked to wait at most, in seconds.
    pub wait: u32,
    /// How long the server had answered no DN before, if that is long and it was asked.
    pub silent: Option<i64>,
    /// The first and the last REGISTER of it.
    pub evidence: Vec<Evidence>,
}

/// What is seen of a server while its DNs are looked through.
struct Look {
    wave: Wave,
    storm: Storm,
    first: Option<Evidence>,
    last: Option<Evidence>,
    sources: HashSet<IpAddr>,
    /// Its latest response before, and whether it was asked after that.
    answered: Option<Timestamp>,
    in_vain: Option<Timestamp>,
}

impl Storm {
    /// The storms of a snapshot, by the waves that were counted.
    pub(super) fn all(snapshot: &Snapshot, high: &[(Endpoint, Wave)]) -> Vec<Self> {
        if high.is_empty() {
            return Vec::new();
        }
        let mut looks: Vec<Look> =
            high.iter().map(|(server, wave)| Look::at(*server, *wave)).collect();
        for view in snapshot.dns() {
            for look in &mut looks {
                look.dn(view.attempts());
            }
        }
        looks.into_iter().filter_map(Look::storm).collect()
    }

    /// Whether it does harm: a tenth of the DNs were turned away, or came back too early.
    pub(super) fn harms(&self) -> bool {
        self.overloaded.max(self.hasty) * 10 >= self.dns
    }
}

impl Look {
    fn at(server: Endpoint, wave: Wave) -> Self {
        let storm = Storm {
            server,
            dns: 0,
            source: None,
            sources: 0,
            lasted: 0,
            times: wave.times,
            overloaded: 0,
            hasty: 0,
            wait: 0,
            silent: None,
            evidence: Vec::new(),
        };
        Self {
            wave,
            storm,
            first: None,
            last: None,
            sources: HashSet::default(),
            answered: None,
            in_vain: None,
        }
    }

    /// Takes in the attempts of one DN.
    fn dn<'a>(&mut self, attempts: impl Iterator<Item = AttemptView<'a>>) {
        let server = self.storm.server;
        let (mut came, mut overloaded, mut hasty) = (false, false, false);
        for a in attempts.filter(|a| a.registrar == server) {
            if a.started < self.wave.from {
                let vain =
                    a.outcome == Outcome::Failed(Verdict::NoAnswer) || a.retransmissions() > 0;
                self.in_vain = self.in_vain.max(vain.then_some(a.started));
                let answers = a.messages().filter(|m| m.code != 0 && m.time < self.wave.from);
                self.answered = self.answered.max(answers.map(|m| m.time).max());
            }
            let inside = a.started >= self.wave.from && a.started < self.wave.to;
            if !inside || a.purpose != Purpose::Register {
                continue;
            }
            came = true;
            self.sources.insert(a.source.addr);
            self.storm.source.get_or_insert(a.source.addr);
            let shown = a.messages().next();
            let shown = shown.map(|m| Evidence { time: m.time, frame: m.frame() });
            if self.first.is_none_or(|first| a.started < first.time) {
                self.first = shown;
            }
            if self.last.is_none_or(|last| a.started > last.time) {
                self.last = shown;
            }
            overloaded |=
                (500..600).contains(&a.code) || a.outcome == Outcome::Failed(Verdict::NoAnswer);
            if let Some((Demand::RetryAfter(wait), Some(false))) = a.demand() {
                hasty = true;
                self.storm.wait = self.storm.wait.max(wait);
            }
        }
        self.storm.dns += u32::from(came);
        self.storm.overloaded += u32::from(overloaded);
        self.storm.hasty += u32::from(hasty);
    }

    fn storm(mut self) -> Option<Storm> {
        let (first, last) = self.first.zip(self.last)?;
        let storm = &mut self.storm;
        storm.sources = self.sources.len();
        storm.lasted = last.time.nanos_since(first.time);
        storm.evidence = vec![first, last];
        let silent = self.answered.map(|answered| first.time.nanos_since(answered));
        storm.silent = silent.filter(|silent| *silent >= SILENT && self.in_vain >= self.answered);
        (storm.dns >= MANY).then_some(self.storm)
    }
}
