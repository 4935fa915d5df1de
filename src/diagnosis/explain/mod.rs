//! The story of one DN in order of time, and its outcome.

use super::case::Case;
use super::finding::Finding;
use super::scene::Scene;
use crate::net::{FrameRef, Timestamp};
use crate::registration::{Snapshot, State, Verdict};

mod events;
mod tell;

/// What to check when SIP shows no fault and the desktop does.
const HEALTHY: &str = "if the DN is shown out of service elsewhere, look there: the T-Library client \
                       or the nodes of the cluster disagree with a registration that is in order";

/// The story of one DN.
#[derive(Clone, Debug)]
pub struct Story {
    /// The DN, safe to show.
    pub dn: String,
    /// What happened, in order of time.
    pub paragraphs: Vec<Event>,
    /// Its outcome, in one sentence.
    pub verdict: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What the rules find: the cause first, if there is one.
    pub findings: Vec<Finding>,
    /// What to check, in order.
    pub checks: Vec<&'static str>,
}

/// One thing that happened, or the same thing several times in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// When it happened last, if several times.
    pub until: Option<Timestamp>,
    /// How often.
    pub count: u32,
    /// The frames that show it; the first and the last of several.
    pub frames: Vec<FrameRef>,
    /// The plain sentence, without its time and frames; text from the wire is safe to show.
    pub sentence: String,
}

impl Story {
    /// Adds what else is known of the DN, after its cause.
    pub fn add(&mut self, finding: Finding) {
        let place = self.findings.iter().take_while(|f| f.is_cause).count();
        let first = self.checks.len().min(place);
        if !self.checks.contains(&finding.check) {
            self.checks.insert(first, finding.check);
        }
        self.findings.insert(place, finding);
    }
}

/// The story of a DN; `None` if the snapshot knows no such DN.
#[must_use]
pub fn explain(snapshot: &Snapshot, dn: &[u8]) -> Option<Story> {
    let view = snapshot.find(dn)?;
    let scene = Scene::new(snapshot);
    let case = Case::new(&scene, view);
    let findings = super::diagnose_dn(&scene, view);
    let mut checks = Vec::new();
    for finding in findings.iter().filter(|f| f.is_cause).chain(&findings) {
        if !checks.contains(&finding.check) {
            checks.push(finding.check);
        }
    }
    if case.is(Verdict::InService) && view.risk().is_none() {
        checks.push(HEALTHY);
    }
    Some(Story {
        dn: case.name().into_owned(),
        paragraphs: events::of(&case),
        verdict: verdict(&case),
        since: view.state().since,
        findings,
        checks,
    })
}

/// The outcome of the story.
fn verdict(case: &Case<'_>) -> String {
    let state = match case.view.state().state() {
        State::InService => "is in service",
        State::OutOfService => "is out of service",
        State::Unknown => "is in an unknown state",
    };
    let word = case.verdict().label(case.view.state().status_code);
    // a time that ran out ran out where it was granted
    let granted_by = case.decider().filter(|_| case.is(Verdict::Expired)).map(|last| last.spoke);
    let at = granted_by.or_else(|| case.registrar());
    let at = at.map_or_else(String::new, |server| format!(" at {server}"));
    match case.verdict() {
        Verdict::InService => {
            let risk = if case.view.risk().is_some() { ", at risk" } else { "" };
            format!("{} {state}{at}{risk}", case.name())
        }
        Verdict::CtiOnly => format!("{} {state}, known from CTI only", case.name()),
        _ => format!("{} {state}{at}: {word}", case.name()),
    }
}
