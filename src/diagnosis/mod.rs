//! Judges a snapshot by rules, one rule a file, each finding with its evidence.
//!
//! ```text
//!  cause     why a DN is not in service: one finding at most, the first rule that holds
//!  remark    what else is to be said of a DN
//!  capture   what is to be said of a source, a server, or the capture itself
//!  secret    whether the digests fit a password that is known
//!  explain   the story of one DN, in order of time
//! ```
//!
//! Rules see the [`Snapshot`] and what was counted over it. They report what the wire shows, say
//! how sure they are, and stay silent when the capture does not hold enough. What working DNs share
//! with failing ones is never a cause.

use crate::registration::{Cohort, DnView, Snapshot, State};

mod baseline;
mod capture;
mod case;
mod cause;
pub mod explain;
mod finding;
mod prelude;
mod remark;
mod rule;
mod scene;
pub mod secret;
mod summary;
mod words;

#[cfg(test)]
mod tests;

use case::Case;
pub use finding::{Confidence, Evidence, Finding, Severity};
pub use rule::{About, Rule};
pub use scene::Scene;
pub use summary::{Group, grouped};

/// What every rule finds, the most severe first, causes before remarks, in order of time.
///
/// Observations that are ordinary in a working fleet are told of DNs that do not work.
#[must_use]
pub fn diagnose(snapshot: &Snapshot) -> Vec<Finding> {
    let scene = Scene::new(snapshot);
    let mut by_dn = Vec::new();
    for (place, view) in snapshot.dns_in_memory() {
        let all = view.cohort() != Cohort::Working;
        let mut findings = Vec::new();
        judge_dn(&Case::new(&scene, view), all, &mut findings);
        by_dn.extend(findings.into_iter().map(|finding| (place, finding)));
    }
    by_dn.sort_by_key(|(place, _)| *place);
    let mut findings: Vec<Finding> = by_dn.into_iter().map(|(_, finding)| finding).collect();
    for rule in capture::RULES {
        rule.judge(&scene, &mut findings);
    }
    rank(&mut findings);
    findings
}

/// Sorts findings: the most severe first, causes before remarks, in order of time.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by_key(|f| {
        let first = f.evidence.first().map(|e| e.time);
        (std::cmp::Reverse(f.severity), !f.is_cause, first)
    });
}

/// What the rules find of one DN, its cause first.
#[must_use]
pub fn diagnose_dn(scene: &Scene<'_>, view: DnView<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    judge_dn(&Case::new(scene, view), true, &mut findings);
    findings
}

fn judge_dn(case: &Case<'_>, all: bool, findings: &mut Vec<Finding>) {
    if case.verdict().state() != State::InService {
        let found = cause::CAUSES.iter().find_map(|rule| rule.judge(case));
        findings.extend(found.map(|finding| Finding { is_cause: true, ..finding }));
    }
    for rule in remark::REMARKS {
        if let Some(finding) = rule.judge(case)
            && (all || !rule.is_ordinary())
        {
            findings.push(finding);
        }
    }
}

/// What is the same in every case of each rule: causes, remarks, rules of the capture, and what
/// known passwords tell.
pub fn abouts() -> impl Iterator<Item = &'static About> {
    let of_dns = cause::CAUSES.iter().chain(remark::REMARKS).map(|rule| rule.about());
    let of_captures = capture::RULES.iter().map(|rule| rule.about());
    of_dns.chain(of_captures).chain(secret::ABOUTS)
}
