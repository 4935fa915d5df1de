//! Judges a snapshot by rules, one rule a file, each finding with its evidence.
//!
//! ```text
//!  cause     why a DN is not in service: one finding at most, the first rule that holds
//!  remark    anything else about a DN
//!  cluster   a cluster's nodes, and a DN at them
//!  capture   a source, a server, or the capture itself
//!  secret    whether the digests fit a password that is known
//!  explain   the story of one DN, in order of time
//! ```
//!
//! Rules see the [`Snapshot`] and what was counted over it. They report what the wire shows, say
//! how sure they are, and stay silent when the capture does not hold enough. What working DNs share
//! with failing ones is never a cause.

use std::cmp::Reverse;

use crate::net::Timestamp;
use crate::registration::{Cohort, DnView, Snapshot, State};

mod baseline;
mod capture;
mod case;
mod cause;
mod cluster;
pub mod explain;
mod finding;
mod gathered;
mod habit;
mod lost;
mod odd;
mod prelude;
mod remark;
mod rule;
mod scene;
pub mod secret;
mod signs;
mod storm;
mod summary;
mod unseen;
mod waves;
mod words;

#[cfg(test)]
mod tests;

use case::Case;
pub use finding::{Confidence, Evidence, Finding, Severity};
use gathered::{Gathered, next_of};
pub use rule::{About, Rule};
pub use scene::Scene;
use signs::Signs;
pub use summary::{Group, grouped};

/// What every rule finds, the most severe first, causes before remarks, in order of time.
///
/// Observations that are normal in a working fleet are reported only for DNs that do not work.
#[must_use]
pub fn diagnose(snapshot: &Snapshot) -> Vec<Finding> {
    let scene = Scene::new(snapshot);
    let loud = remark::REMARKS.iter().filter(|rule| !rule.is_ordinary());
    let loud = loud.fold(Signs::default(), |all, rule| all.or(rule.needs()));
    // room that is not used is never touched, and what grows is copied
    let mut all = Vec::with_capacity(snapshot.dns().len());
    // most DNs work, and no rule holds for them
    let worth_a_look = |(place, view): &(usize, DnView<'_>)| {
        view.cohort() != Cohort::Working || scene.signs(*place).meets(loud)
    };
    let places = snapshot.places_in_memory();
    let mut left = snapshot.dns_at(&places).filter(worth_a_look);
    let (mut gathered, mut some) = (Gathered::default(), Vec::new());
    while next_of(&mut left, &mut some) {
        gathered.gather(&some);
        for ((place, view), attempts) in some.iter().zip(gathered.each()) {
            let case = Case::of(&scene, *view, attempts);
            let working = view.cohort() == Cohort::Working;
            judge_dn(&case, scene.signs(*place), !working, |finding| all.push((*place, finding)));
        }
    }
    let mut findings = Vec::new();
    for rule in capture::RULES {
        rule.judge(&scene, &mut findings);
    }
    findings.extend(scene.of_cluster.into_iter().map(|own| own.finding));
    all.extend(findings.into_iter().map(|finding| (usize::MAX, finding)));
    all.sort_by_cached_key(|(place, finding)| (Rank::of(finding), *place));
    all.into_iter().map(|(_, finding)| finding).collect()
}

/// Sorts findings: what is found of a cluster as a whole, then the most severe first, causes before
/// remarks, in order of time.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by_cached_key(Rank::of);
}

/// The rank of a finding among others.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank(bool, Reverse<Severity>, bool, Option<Timestamp>);

impl Rank {
    fn of(finding: &Finding) -> Self {
        let first = finding.evidence.first().map(|e| e.time);
        Self(!finding.leads(), Reverse(finding.severity), !finding.is_cause, first)
    }
}

/// What the rules find of one DN, its cause first.
#[must_use]
pub fn diagnose_dn(scene: &Scene<'_>, view: DnView<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let case = Case::new(scene, view);
    judge_dn(&case, case.signs(), true, |finding| findings.push(finding));
    if let Some(place) = scene.cluster.place_of(view.name()) {
        let own = scene.of_cluster.iter().filter(|own| own.dns.contains(&place));
        findings.extend(own.map(|own| own.finding.clone()));
    }
    findings
}

/// Asks the rules that can hold for a DN that shows this; `all` of them, or only those that are not
/// ordinary.
fn judge_dn(case: &Case<'_>, signs: Signs, all: bool, mut tell: impl FnMut(Finding)) {
    if case.view.state().state() != State::InService {
        let mut causes = cause::CAUSES.iter().filter(|rule| signs.meets(rule.needs()));
        if let Some(finding) = causes.find_map(|rule| rule.judge(case)) {
            tell(Finding { is_cause: true, ..finding });
        }
    }
    let remarks = remark::REMARKS.iter().filter(|rule| signs.meets(rule.needs()));
    let told = remarks.filter(|rule| all || !rule.is_ordinary());
    told.filter_map(|rule| rule.judge(case)).for_each(tell);
}

/// What is the same in every case of each rule: causes, remarks, rules of clusters and of the capture, and
/// rules about known passwords.
pub fn abouts() -> impl Iterator<Item = &'static About> {
    let of_dns = cause::CAUSES.iter().chain(remark::REMARKS).map(|rule| rule.about());
    let of_captures = capture::RULES.iter().map(|rule| rule.about());
    of_dns.chain(cluster::ABOUTS).chain(of_captures).chain(secret::ABOUTS)
}
