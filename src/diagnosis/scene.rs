//! What rules know beyond one DN: servers, sources, and what is ordinary in this fleet.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::baseline::Baseline;
use super::case::{Case, shown_by};
use super::finding::Evidence;
use crate::net::{Endpoint, Timestamp};
use crate::registration::{AttemptView, DnView, Outcome, Snapshot, Verdict};

/// A snapshot and what was counted over all of it.
pub struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) baseline: Baseline,
    servers: FxHashMap<Endpoint, Served>,
    sources: FxHashMap<IpAddr, Sent>,
}

/// What a server did.
#[derive(Clone, Copy, Default)]
pub(super) struct Served {
    /// DNs it answered at all.
    pub answered: u32,
    /// DNs it accepted.
    pub accepted: u32,
    /// DNs it accepted without asking for credentials.
    pub accepted_unasked: u32,
    /// Its latest answer.
    pub last_answer: Timestamp,
}

/// What came of the REGISTERs of an address.
#[derive(Clone, Default)]
pub(super) struct Sent {
    /// DNs.
    pub dns: u32,
    /// DNs refused with 403 without being asked for credentials.
    pub forbidden_unasked: u32,
    /// DNs accepted.
    pub accepted: u32,
    /// DNs whose credentials were refused.
    pub credentials_refused: u32,
    /// How often credentials were refused.
    pub refusals: u32,
    /// The first and the latest refusal of credentials.
    pub refused: Vec<Evidence>,
    /// Between which moments they were refused.
    pub refused_between: Option<(Timestamp, Timestamp)>,
    /// The first DN accepted after its credentials had been refused.
    pub then_accepted: Option<(Vec<u8>, Vec<Evidence>)>,
}

/// What one DN has done, while it is counted.
#[derive(Default)]
struct One {
    servers: Vec<(Endpoint, u8)>,
    sources: Vec<(IpAddr, u8)>,
}

const ANSWERED: u8 = 1;
const ACCEPTED: u8 = 2;
const UNASKED: u8 = 4;
const FORBIDDEN: u8 = 8;
const REFUSED: u8 = 16;

fn mark<K: PartialEq>(list: &mut Vec<(K, u8)>, key: K, marks: u8) {
    match list.iter_mut().find(|(k, _)| *k == key) {
        Some((_, own)) => *own |= marks,
        None => list.push((key, marks)),
    }
}

impl<'a> Scene<'a> {
    /// The scene of a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut scene = Self {
            snapshot,
            baseline: Baseline::default(),
            servers: FxHashMap::default(),
            sources: FxHashMap::default(),
        };
        for view in snapshot.dns() {
            scene.count(view);
        }
        let mut baseline = Baseline::default();
        for (_, view) in snapshot.dns_in_memory() {
            baseline.add(&Case::new(&scene, view));
        }
        scene.baseline = baseline;
        scene
    }

    fn count(&mut self, view: DnView<'_>) {
        let mut one = One::default();
        for attempt in view.attempts() {
            self.count_attempt(view, &attempt, &mut one);
        }
        for (server, marks) in one.servers {
            let served = self.servers.entry(server).or_default();
            served.answered += u32::from(marks & ANSWERED != 0);
            served.accepted += u32::from(marks & ACCEPTED != 0);
            served.accepted_unasked += u32::from(marks & UNASKED != 0);
        }
        for (source, marks) in one.sources {
            let sent = self.sources.entry(source).or_default();
            sent.dns += 1;
            sent.forbidden_unasked += u32::from(marks & FORBIDDEN != 0);
            sent.accepted += u32::from(marks & ACCEPTED != 0);
            sent.credentials_refused += u32::from(marks & REFUSED != 0);
        }
    }

    fn count_attempt(&mut self, view: DnView<'_>, attempt: &AttemptView<'_>, one: &mut One) {
        let asked = attempt.challenges > 0 || attempt.credentials;
        let accepted = attempt.outcome == Outcome::Accepted;
        let refused = attempt.outcome == Outcome::Failed(Verdict::AuthFailed);
        let forbidden =
            attempt.outcome == Outcome::Failed(Verdict::Rejected) && attempt.code == 403 && !asked;
        let marks = [
            (attempt.code != 0, ANSWERED),
            (accepted, ACCEPTED),
            (accepted && !asked, UNASKED),
            (forbidden, FORBIDDEN),
            (refused, REFUSED),
        ];
        let marks = marks.iter().filter(|(on, _)| *on).fold(0, |all, (_, mark)| all | mark);
        mark(&mut one.servers, attempt.registrar, marks);
        mark(&mut one.sources, attempt.source.addr, marks);
        if attempt.code != 0 {
            let served = self.servers.entry(attempt.registrar).or_default();
            served.last_answer = served.last_answer.max(attempt.last);
        }
        let refusals = attempt.refusals.max(u32::from(refused));
        let before = one.sources.iter().any(|(s, m)| *s == attempt.source.addr && m & REFUSED != 0);
        if refusals == 0 && !(accepted && before && attempt.credentials) {
            return;
        }
        let sent = self.sources.entry(attempt.source.addr).or_default();
        sent.refusals += refusals;
        if refusals > 0 {
            let first = sent.refused_between.map_or(attempt.started, |(first, _)| first);
            sent.refused_between = Some((first, attempt.last));
        }
        if refused {
            sent.refused.truncate(1);
            sent.refused.extend(shown_by(attempt).pop());
        } else if accepted && sent.then_accepted.is_none() {
            sent.then_accepted = Some((view.name().to_vec(), shown_by(attempt)));
        }
    }

    /// What a server did.
    pub(super) fn served(&self, server: Endpoint) -> Served {
        self.servers.get(&server).copied().unwrap_or_default()
    }

    /// What came of the REGISTERs of an address.
    pub(super) fn sent(&self, source: IpAddr) -> Option<&Sent> {
        self.sources.get(&source)
    }
}
