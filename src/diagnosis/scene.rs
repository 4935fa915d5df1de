//! What rules know beyond one DN: servers, sources, and what is ordinary in this fleet.

use std::convert::Infallible;
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::baseline::Baseline;
use super::case::{Case, shown_by};
use super::finding::Evidence;
use super::gathered::{Gathered, next_of};
use super::signs::Signs;
use crate::net::{Endpoint, Timestamp};
use crate::parallel;
use crate::registration::{AttemptView, DnView, Flag, Marks, Outcome, Snapshot, Sym, Verdict};

/// A snapshot and what was counted over all of it.
pub struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) baseline: Baseline,
    /// What each DN shows, in order of the snapshot.
    signs: Vec<Signs>,
    /// Whether two DNs that are registered name the same instance.
    pub(super) shares_instance: bool,
    /// DNs whose registration is older than the capture.
    pub(super) under_way: usize,
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
    servers: SmallVec<[(Endpoint, u8); 4]>,
    sources: SmallVec<[(IpAddr, u8); 4]>,
}

const ANSWERED: u8 = 1;
const ACCEPTED: u8 = 2;
const UNASKED: u8 = 4;
const FORBIDDEN: u8 = 8;
const REFUSED: u8 = 16;

fn mark<K: PartialEq>(list: &mut SmallVec<[(K, u8); 4]>, key: K, marks: u8) {
    match list.iter_mut().find(|(k, _)| *k == key) {
        Some((_, own)) => *own |= marks,
        None => list.push((key, marks)),
    }
}

/// What an attempt came to.
fn marks_of(attempt: &AttemptView<'_>) -> u8 {
    let asked = attempt.challenges() > 0 || attempt.credentials();
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
    marks.iter().filter(|(on, _)| *on).fold(0, |all, (_, mark)| all | mark)
}

/// DNs of a piece.
const PIECE: usize = 2048;

/// The first message of an attempt: its CSeq, and whether something came before it.
fn first_of(attempt: &AttemptView<'_>) -> (u32, bool) {
    attempt.messages().next().map_or((attempt.cseq, false), |first| {
        (first.cseq, first.code != 0 || first.marks.has(Marks::CREDENTIALS))
    })
}

/// The instance of a DN that is registered.
fn instance(case: &Case<'_>) -> Option<Sym> {
    let instance = case.details()?.instance;
    (!instance.is_none() && case.view.bindings().next().is_some()).then_some(instance)
}

/// What is seen of some DNs.
#[derive(Default)]
struct Piece {
    /// By the place of the DN in the snapshot.
    signs: Vec<(usize, Signs)>,
    baseline: Baseline,
    under_way: usize,
    instances: Vec<Sym>,
    servers: FxHashMap<Endpoint, Served>,
    /// Of each DN the addresses that sent its REGISTERs, with what came of them.
    sources: Vec<(IpAddr, u8)>,
    /// DNs of which credentials were refused: what shows it is kept in order of the DNs.
    refused: Vec<usize>,
}

impl Piece {
    fn of(blank: &Scene<'_>, places: &[u32]) -> Self {
        let mut piece = Self::default();
        let mut all = blank.snapshot.dns_at(places);
        let (mut gathered, mut dns) = (Gathered::default(), Vec::new());
        let mut firsts = Vec::new();
        while next_of(&mut all, &mut dns) {
            gathered.gather(&dns);
            for ((place, view), attempts) in dns.iter().zip(gathered.each()) {
                firsts.clear();
                firsts.extend(attempts.iter().map(first_of));
                let case = Case::of(blank, *view, attempts);
                let signs = Signs::of(&case, firsts.iter().map(|(cseq, _)| *cseq));
                piece.signs.push((*place, signs.or(piece.baseline.add(&case))));
                // an answer alone may be what is left of an exchange that was cut
                let begun = firsts.first().is_some_and(|(_, begun)| *begun);
                piece.under_way += usize::from(begun && !case.has(Flag::Truncated));
                piece.instances.extend(instance(&case));
                if piece.count(attempts) {
                    piece.refused.push(*place);
                }
            }
        }
        piece
    }

    /// Counts a DN; whether credentials of it were refused.
    fn count(&mut self, attempts: &[AttemptView<'_>]) -> bool {
        let mut one = One::default();
        let mut refusals = 0;
        for attempt in attempts {
            let marks = marks_of(attempt);
            mark(&mut one.servers, attempt.registrar, marks);
            mark(&mut one.sources, attempt.source.addr, marks);
            refusals += attempt.refusals().max(u32::from(marks & REFUSED != 0));
        }
        for (server, marks) in one.servers {
            let served = self.servers.entry(server).or_default();
            served.answered += u32::from(marks & ANSWERED != 0);
            served.accepted += u32::from(marks & ACCEPTED != 0);
            served.accepted_unasked += u32::from(marks & UNASKED != 0);
            let answered = attempts.iter().filter(|a| a.code != 0 && a.registrar == server);
            served.last_answer = answered.map(|a| a.last).fold(served.last_answer, Ord::max);
        }
        self.sources.extend(one.sources);
        refusals > 0
    }
}

impl<'a> Scene<'a> {
    /// The scene of a snapshot, seen on every core.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let blank = Self::blank(snapshot);
        let mut scene = Self::blank(snapshot);
        scene.signs = vec![Signs::default(); snapshot.dns().len()];
        let mut refused = Vec::new();
        let mut instances = FxHashSet::default();
        let places = snapshot.places_in_memory();
        let look = |places: &[u32]| Piece::of(&blank, places);
        let Ok(()) = parallel::in_order::<_, _, Infallible>(&places, PIECE, look, |piece| {
            scene.shares_instance |= piece.instances.iter().any(|own| !instances.insert(*own));
            refused.extend_from_slice(&piece.refused);
            scene.add(piece);
            Ok(())
        });
        refused.sort_unstable();
        for view in refused.into_iter().filter_map(|place| snapshot.dn_at(place)) {
            scene.count_refusals(view);
        }
        scene
    }

    /// Adds what was seen of some DNs.
    fn add(&mut self, piece: Piece) {
        for (place, signs) in piece.signs {
            if let Some(place) = self.signs.get_mut(place) {
                *place = signs;
            }
        }
        self.baseline.merge(&piece.baseline);
        self.under_way += piece.under_way;
        for (server, seen) in piece.servers {
            let served = self.servers.entry(server).or_default();
            served.answered += seen.answered;
            served.accepted += seen.accepted;
            served.accepted_unasked += seen.accepted_unasked;
            served.last_answer = served.last_answer.max(seen.last_answer);
        }
        for (source, marks) in piece.sources {
            let sent = self.sources.entry(source).or_default();
            sent.dns += 1;
            sent.forbidden_unasked += u32::from(marks & FORBIDDEN != 0);
            sent.accepted += u32::from(marks & ACCEPTED != 0);
            sent.credentials_refused += u32::from(marks & REFUSED != 0);
        }
    }

    fn blank(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            baseline: Baseline::default(),
            signs: Vec::new(),
            shares_instance: false,
            under_way: 0,
            servers: FxHashMap::default(),
            sources: FxHashMap::default(),
        }
    }

    /// Notes what shows that credentials of a DN were refused, and what came after.
    fn count_refusals(&mut self, view: DnView<'_>) {
        let mut before = SmallVec::<[(IpAddr, u8); 4]>::new();
        for attempt in view.attempts() {
            let marks = marks_of(&attempt);
            let (accepted, refused) = (marks & ACCEPTED != 0, marks & REFUSED != 0);
            mark(&mut before, attempt.source.addr, marks);
            let refusals = attempt.refusals().max(u32::from(refused));
            let before = before.iter().any(|(s, m)| *s == attempt.source.addr && m & REFUSED != 0);
            if refusals == 0 && !(accepted && before && attempt.credentials()) {
                continue;
            }
            let sent = self.sources.entry(attempt.source.addr).or_default();
            sent.refusals += refusals;
            if refusals > 0 {
                let first = sent.refused_between.map_or(attempt.started, |(first, _)| first);
                sent.refused_between = Some((first, attempt.last));
            }
            if refused {
                sent.refused.truncate(1);
                sent.refused.extend(shown_by(&attempt).pop());
            } else if accepted && sent.then_accepted.is_none() {
                sent.then_accepted = Some((view.name().to_vec(), shown_by(&attempt)));
            }
        }
    }

    /// What a DN shows.
    pub(super) fn signs(&self, place: usize) -> Signs {
        self.signs.get(place).copied().unwrap_or_default()
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
