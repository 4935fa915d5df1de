//! Chooses the DNs that are compared with each other.

use std::sync::Arc;

use super::filter::Filter;
use super::model::Side;
use crate::registration::{Cohort, DnView, Snapshot, Verdict};

/// Two sets of DNs.
#[derive(Clone, Debug)]
pub struct Cohorts<'a> {
    pub(super) failing: Vec<DnView<'a>>,
    pub(super) working: Arc<[DnView<'a>]>,
    labels: [String; 2],
    outcome: Option<(Verdict, Option<u16>)>,
    pub(super) left_out: usize,
}

impl<'a> Cohorts<'a> {
    /// The DNs that fail, against those that work.
    #[must_use]
    pub fn working_and_failing(snapshot: &'a Snapshot) -> Self {
        let of = |cohort| snapshot.dns().filter(move |dn| dn.cohort() == cohort).collect();
        Self::new(snapshot, ["failing", "working"], of(Cohort::Failing), of(Cohort::Working))
    }

    /// The failing DNs by verdict and status code, each kind against all working ones.
    #[must_use]
    pub fn by_outcome(snapshot: &'a Snapshot) -> Vec<Self> {
        let all = Self::working_and_failing(snapshot);
        all.kinds().iter().map(|kind| all.only(snapshot, kind)).collect()
    }

    /// The kinds of failure, in the order of their first DN.
    pub(super) fn kinds(&self) -> Vec<KindOfFailure> {
        let mut kinds: Vec<KindOfFailure> = Vec::new();
        for (row, dn) in self.failing.iter().enumerate() {
            let (verdict, code) = (dn.state().verdict, dn.state().status_code);
            match kinds.iter_mut().find(|k| k.outcome() == (verdict, code)) {
                Some(kind) => kind.rows.push(row),
                None => kinds.push(KindOfFailure { verdict, code, rows: vec![row] }),
            }
        }
        kinds
    }

    /// One kind of failure alone.
    pub(super) fn only(&self, snapshot: &'a Snapshot, kind: &KindOfFailure) -> Self {
        let code = kind.code.map_or_else(String::new, |code| format!(" {code}"));
        let label = format!("{}{code}", kind.verdict.name());
        let failing = kind.rows.iter().filter_map(|row| self.failing.get(*row).copied()).collect();
        let labels = [label.as_str(), "working"];
        let working = Arc::clone(&self.working);
        let cohorts = Self::of(snapshot, labels, failing, working);
        Self { outcome: Some(kind.outcome()), ..cohorts }
    }

    /// The DNs one filter selects, against those another does; those in both are left out.
    #[must_use]
    pub fn selected(snapshot: &'a Snapshot, a: &Filter, b: Option<&Filter>) -> Self {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for dn in snapshot.dns() {
            let in_a = a.matches(&dn, snapshot);
            let in_b = b.map_or(!in_a, |b| b.matches(&dn, snapshot));
            match (in_a, in_b) {
                (true, false) => first.push(dn),
                (false, true) => second.push(dn),
                _ => {}
            }
        }
        let others = b.map_or("all others", Filter::text);
        Self::new(snapshot, [a.text(), others], first, second)
    }

    /// How many DNs are on each side.
    #[must_use]
    pub fn sizes(&self) -> [usize; 2] {
        [self.failing.len(), self.working.len()]
    }

    /// Any two sets of DNs of a snapshot, with their labels.
    #[must_use]
    pub fn new(
        snapshot: &'a Snapshot,
        labels: [&str; 2],
        failing: Vec<DnView<'a>>,
        working: Vec<DnView<'a>>,
    ) -> Self {
        Self::of(snapshot, labels, failing, working.into())
    }

    fn of(
        snapshot: &'a Snapshot,
        labels: [&str; 2],
        failing: Vec<DnView<'a>>,
        working: Arc<[DnView<'a>]>,
    ) -> Self {
        let left_out = snapshot.dns().len().saturating_sub(failing.len() + working.len());
        Self { failing, working, labels: labels.map(str::to_owned), outcome: None, left_out }
    }

    pub(super) fn sides(&self) -> [Side; 2] {
        let [failing, working] = self.labels.clone();
        let side = |label, dns: &[DnView<'_>], outcome| Side {
            label,
            dns: dns.len(),
            outcome,
            examples: dns.iter().take(8).map(|dn| dn.name().to_vec()).collect(),
        };
        [side(failing, &self.failing, self.outcome), side(working, &self.working, None)]
    }
}

/// Failing DNs with the same verdict and status code.
pub(super) struct KindOfFailure {
    verdict: Verdict,
    code: Option<u16>,
    /// Their places among the failing DNs.
    pub rows: Vec<usize>,
}

impl KindOfFailure {
    /// The verdict and status code.
    pub(super) const fn outcome(&self) -> (Verdict, Option<u16>) {
        (self.verdict, self.code)
    }
}
