//! Counts what rules know beyond one DN: servers, sources, and what is normal in this fleet.

use std::convert::Infallible;
use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};
use smallvec::SmallVec;

use super::baseline::Baseline;
use super::case::{Case, shown_by};
use super::cluster::{self, OfCluster};
use super::finding::Evidence;
use super::gathered::{Gathered, next_of};
use super::signs::Signs;
use super::storm::Storm;
use super::unseen::{self, Unseen};
use super::waves::Waves;
use crate::cluster::Cluster;
use crate::net::{Endpoint, Timestamp};
use crate::parallel;
use crate::registration::{
    AttemptView, DnView, Flag, Marks, Outcome, Purpose, Snapshot, Sym, Verdict,
};

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
    /// Times in which DNs sent REGISTERs that the capture lacks, some of them.
    unseen: Vec<Unseen>,
    servers: HashMap<Endpoint, Served>,
    /// The server that accepted most of the DNs that were accepted, and how many.
    pub(super) usual: Option<(Endpoint, u32)>,
    sources: HashMap<IpAddr, Sent>,
    /// Servers to which many REGISTERs came at once, in order.
    pub(super) storms: Vec<Storm>,
    /// The nodes and what they believe.
    pub(super) cluster: Cluster,
    /// What is found of them.
    pub(super) of_cluster: Vec<OfCluster>,
}

/// What a server did.
#[derive(Clone, Default)]
pub(super) struct Served {
    /// DNs it answered at all.
    pub answered: u32,
    /// DNs it accepted.
    pub accepted: u32,
    /// DNs it accepted without asking for credentials.
    pub accepted_unasked: u32,
    /// Its latest response to each DN, in order of time.
    answers: Vec<Timestamp>,
    /// DNs it accepted and refuses since.
    turned: u32,
    /// The first of these refusals.
    first_turn: Option<Timestamp>,
    /// When it last accepted a DN.
    last_accepted: Timestamp,
    /// It passes REGISTERs on to another server.
    pub passes_on: bool,
}

impl Served {
    /// DNs that it answered at `time` or later.
    pub(super) fn answered_since(&self, time: Timestamp) -> u32 {
        let before = self.answers.partition_point(|answer| *answer < time);
        u32::try_from(self.answers.len() - before).unwrap_or(u32::MAX)
    }

    /// Its latest response.
    pub(super) fn last_answer(&self) -> Option<Timestamp> {
        self.answers.last().copied()
    }

    /// How many DNs it accepted and refuses now, if it has accepted none since the first of these
    /// refusals: the registrar changed, not those DNs.
    pub(super) fn turned_away(&self) -> Option<u32> {
        let since = self.first_turn?;
        (self.turned > 1 && self.last_accepted < since).then_some(self.turned)
    }

    fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.accepted += other.accepted;
        self.accepted_unasked += other.accepted_unasked;
        self.answers.extend_from_slice(&other.answers);
        self.turned += other.turned;
        self.first_turn = self.first_turn.into_iter().chain(other.first_turn).min();
        self.last_accepted = self.last_accepted.max(other.last_accepted);
        self.passes_on |= other.passes_on;
    }

    /// Notes what a server did with one DN.
    fn note(&mut self, server: Endpoint, attempts: &[AttemptView<'_>]) {
        let here = attempts.iter().filter(|a| a.code != 0 && a.registrar == server);
        let mut turn = None;
        let mut accepted = false;
        for a in here {
            match a.outcome {
                Outcome::Accepted => {
                    (accepted, turn) = (true, None);
                    self.last_accepted = self.last_accepted.max(a.last);
                }
                Outcome::Failed(Verdict::AuthFailed | Verdict::Rejected) if accepted => {
                    turn = turn.or(Some(a.last));
                }
                _ => {}
            }
        }
        self.turned += u32::from(turn.is_some());
        self.first_turn = self.first_turn.into_iter().chain(turn).min();
    }
}

/// The outcomes of the REGISTERs of an address.
#[derive(Clone, Default)]
pub(super) struct Sent {
    /// DNs.
    pub dns: u32,
    /// DNs rejected with 403 without a challenge.
    pub forbidden_unasked: u32,
    /// DNs accepted.
    pub accepted: u32,
    /// Attempts that were rejected, or whose credentials were refused.
    pub rejections: u32,
    /// DNs that had such attempts.
    pub rejected: u32,
    /// The latest response that came to it.
    pub last_answer: Timestamp,
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

const ANSWERED: u8 = 1;
const ACCEPTED: u8 = 2;
const UNASKED: u8 = 4;
const FORBIDDEN: u8 = 8;
const REFUSED: u8 = 16;

/// What some attempts of one DN came to.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Tried {
    marks: u8,
    /// How often they were rejected, or their credentials refused.
    rejections: u32,
    last_answer: Option<Timestamp>,
}

impl Tried {
    fn of(attempt: &AttemptView<'_>) -> Self {
        let (marks, rejections) = (marks_of(attempt), rejections(attempt));
        Self { marks, rejections, last_answer: answered_at(attempt) }
    }

    fn with(self, other: Self) -> Self {
        Self {
            marks: self.marks | other.marks,
            rejections: self.rejections.saturating_add(other.rejections),
            last_answer: self.last_answer.max(other.last_answer),
        }
    }
}

/// When an attempt was last answered, by a challenge or for good.
fn answered_at(attempt: &AttemptView<'_>) -> Option<Timestamp> {
    match (attempt.code, attempt.challenges()) {
        (0, 0) => None,
        // its last message is its response
        (code, _) if code != 0 && attempt.retransmissions() == 0 => Some(attempt.last),
        _ => attempt.messages().filter(|m| m.code != 0).map(|m| m.time).max(),
    }
}

/// What the attempts of one DN came to, by server or by source: each is listed once.
///
/// Most DNs have one of each, some have thousands.
struct Came<K>(SmallVec<[(K, Tried); 4]>);

impl<K: Ord + Copy> Came<K> {
    fn of<'v>(
        attempts: &[AttemptView<'v>],
        key: impl Fn(&AttemptView<'v>) -> K,
    ) -> SmallVec<[(K, Tried); 4]> {
        let mut came = Self(SmallVec::new());
        for attempt in attempts {
            came.add((key(attempt), Tried::of(attempt)));
        }
        came.join();
        came.0
    }

    fn add(&mut self, (key, tried): (K, Tried)) {
        match self.0.last_mut() {
            Some(last) if last.0 == key => last.1 = last.1.with(tried),
            _ => self.0.push((key, tried)),
        }
    }

    /// Joins what belongs to the same key.
    fn join(&mut self) {
        if self.0.len() > 1 {
            self.0.sort_unstable();
            std::mem::take(&mut self.0).into_iter().for_each(|one| self.add(one));
        }
    }
}

/// What an attempt came to.
fn marks_of(attempt: &AttemptView<'_>) -> u8 {
    let asked = attempt.challenges() > 0 || attempt.credentials();
    let accepted = attempt.outcome == Outcome::Accepted;
    let refused = attempt.outcome == Outcome::Failed(Verdict::AuthFailed) || attempt.refusals() > 0;
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

/// A server that answered no DN.
static NOBODY: Served = Served {
    answered: 0,
    accepted: 0,
    accepted_unasked: 0,
    answers: Vec::new(),
    turned: 0,
    first_turn: None,
    last_accepted: Timestamp::from_parts(0, 0),
    passes_on: false,
};

/// A registrar that accepted fewer DNs is no rule for others.
const RULE: u32 = 3;

/// How often an attempt was rejected, or its credentials refused.
fn rejections(attempt: &AttemptView<'_>) -> u32 {
    let failed =
        matches!(attempt.outcome, Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed));
    attempt.refusals().max(u32::from(failed))
}

/// Servers of one DN that are checked for DNs they accepted and have refused since.
const SERVERS: usize = 8;
/// Times with REGISTERs that were not captured, at most.
const UNSEEN: usize = 256;
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
    unseen: Vec<Unseen>,
    instances: Vec<Sym>,
    servers: HashMap<Endpoint, Served>,
    /// The addresses that sent each DN's REGISTERs, with the outcomes.
    sources: Vec<(IpAddr, Tried)>,
    waves: Waves,
    /// DNs of which credentials were refused: what shows it is kept in order of the DNs.
    refused: Vec<usize>,
}

impl Piece {
    fn of(blank: &Scene<'_>, places: &[u32]) -> Self {
        let mut piece = Self { waves: blank.waves(), ..Self::default() };
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
                // a response alone may be what is left of an exchange that was cut
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
        for attempt in attempts.iter().filter(|a| a.purpose == Purpose::Register) {
            self.waves.add(attempt.registrar, attempt.started);
        }
        for attempt in attempts.iter().filter(|a| a.entry != a.registrar) {
            self.servers.entry(attempt.entry).or_default().passes_on = true;
        }
        let servers = Came::of(attempts, |a| a.registrar).into_iter();
        for (place, (server, Tried { marks, last_answer, .. })) in servers.enumerate() {
            let served = self.servers.entry(server).or_default();
            served.answered += u32::from(marks & ANSWERED != 0);
            served.accepted += u32::from(marks & ACCEPTED != 0);
            served.accepted_unasked += u32::from(marks & UNASKED != 0);
            served.answers.extend(last_answer);
            if place < SERVERS {
                served.note(server, attempts);
            }
        }
        self.sources.extend(Came::of(attempts, |attempt| attempt.source.addr));
        let room = UNSEEN.saturating_sub(self.unseen.len());
        let unseen = if room > 0 { unseen::all(attempts) } else { Vec::new() };
        self.unseen.extend(unseen.into_iter().map(|(_, unseen)| unseen).take(room));
        attempts.iter().any(|a| a.refusals() > 0 || marks_of(a) & REFUSED != 0)
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
        let mut instances = HashSet::default();
        let mut waves = blank.waves();
        let places = snapshot.places_in_memory();
        let look = |places: &[u32]| Piece::of(&blank, places);
        let Ok(()) = parallel::in_order::<_, _, Infallible>(&places, PIECE, look, |mut piece| {
            scene.shares_instance |= piece.instances.iter().any(|own| !instances.insert(*own));
            refused.extend_from_slice(&piece.refused);
            waves.merge(std::mem::take(&mut piece.waves));
            scene.add(piece);
            Ok(())
        });
        scene.servers.values_mut().for_each(|served| served.answers.sort_unstable());
        scene.usual = scene.find_usual();
        let high = waves.high(|server| scene.served(server).answered);
        scene.storms = Storm::all(snapshot, &high);
        scene.cluster = Cluster::of(snapshot);
        scene.of_cluster = cluster::findings(&scene);
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
        self.unseen.extend(piece.unseen);
        self.unseen.sort_unstable();
        self.unseen.truncate(UNSEEN);
        for (server, seen) in piece.servers {
            self.servers.entry(server).or_default().merge(&seen);
        }
        for (source, Tried { marks, rejections, last_answer }) in piece.sources {
            let sent = self.sources.entry(source).or_default();
            sent.rejections += rejections;
            sent.rejected += u32::from(rejections > 0);
            sent.last_answer = sent.last_answer.max(last_answer.unwrap_or_default());
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
            unseen: Vec::new(),
            servers: HashMap::default(),
            usual: None,
            sources: HashMap::default(),
            storms: Vec::new(),
            cluster: Cluster::default(),
            of_cluster: Vec::new(),
        }
    }

    fn find_usual(&self) -> Option<(Endpoint, u32)> {
        let all: u32 = self.servers.values().map(|served| served.accepted).sum();
        let accepted = self.servers.iter().map(|(server, served)| (served.accepted, *server));
        let (most, server) = accepted.max()?;
        (most >= RULE && most.saturating_mul(2) > all).then_some((server, most))
    }

    fn waves(&self) -> Waves {
        let Snapshot { first, last, at, .. } = *self.snapshot;
        Waves::new(first.unwrap_or(at), last.unwrap_or(at))
    }

    /// Notes what shows that credentials of a DN were refused, and what came after.
    fn count_refusals(&mut self, view: DnView<'_>) {
        let mut refused_before = HashSet::default();
        for attempt in view.attempts() {
            let marks = marks_of(&attempt);
            let (accepted, refused) = (marks & ACCEPTED != 0, marks & REFUSED != 0);
            if refused {
                refused_before.insert(attempt.source.addr);
            }
            let refusals = attempt.refusals().max(u32::from(refused));
            let before = refused_before.contains(&attempt.source.addr);
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
            }
            if accepted && sent.then_accepted.is_none() {
                sent.then_accepted = Some((view.name().to_vec(), shown_by(&attempt)));
            }
        }
    }

    /// What a DN shows.
    pub(super) fn signs(&self, place: usize) -> Signs {
        self.signs.get(place).copied().unwrap_or_default()
    }

    /// How many DNs sent REGISTERs around that moment that the capture lacks, as far as is remembered.
    pub(super) fn unseen_at(&self, time: Timestamp) -> usize {
        let around = |unseen: &&Unseen| unseen.from <= time && time <= unseen.until;
        self.unseen.iter().filter(around).count()
    }

    /// What a server did.
    pub(super) fn served(&self, server: Endpoint) -> &Served {
        self.servers.get(&server).unwrap_or(&NOBODY)
    }

    /// The outcomes of the REGISTERs of an address.
    pub(super) fn sent(&self, source: IpAddr) -> Option<&Sent> {
        self.sources.get(&source)
    }
}
