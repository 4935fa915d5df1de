//! Finds where two nodes lost each other: each states out of service what the other one holds.
//!
//! Where nothing given shows the owner of a DN, the node that goes on believing in it counts as the owner.
//! Such DNs make a split only if both nodes state some, and together most of those that both believed in.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::ClusterDn;
use crate::net::{FrameRef, Timestamp};
use crate::registration::{Act, Ground, Ledger, NodeEvent, NodeId, State};

/// What two nodes state within this time belongs together.
const TOGETHER: i64 = 10_000_000_000;
/// The same binding runs out at two registrars within this time.
const TIMERS: i64 = 2_000_000_000;
/// Groups of one side only that are looked at: each takes a pass over all DNs.
const LOOKED_AT: usize = 64;

/// Two nodes lost each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split {
    /// The first DN stated out of service.
    pub since: Timestamp,
    /// When the last of the DNs that came back did; `None` while any is out.
    pub until: Option<Timestamp>,
    /// The two nodes.
    pub between: [NodeId; 2],
    /// What each node states, the first one first; one only if the other states nothing.
    pub sides: Vec<Side>,
    /// Whether only one node states DNs of the other out of service.
    pub one_sided: bool,
    /// Those of its DNs of which nothing shows the owner, by their places in the cluster, in order.
    pub without_owner: Vec<usize>,
}

/// What one node states in a split.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// The node.
    pub node: NodeId,
    /// The DNs of the other node that it states out of service, by their places in the cluster.
    pub dns: Vec<usize>,
    /// Those of them that it still does, while the other node still holds them.
    pub open: Vec<usize>,
    /// The first such statement.
    pub since: Timestamp,
    /// Where that is.
    pub at: FrameRef,
    /// When and where the last DN that came back is stated in service.
    pub back: Option<(Timestamp, FrameRef)>,
    /// Whether only its answers show what it believes, and no statement.
    pub by_answers: bool,
}

impl Split {
    /// The DNs of both sides, by their places in the cluster, each once.
    pub fn dns(&self) -> impl Iterator<Item = usize> + use<> {
        let all: BTreeSet<usize> = self.sides.iter().flat_map(|side| side.dns.clone()).collect();
        all.into_iter()
    }

    /// Whether it lasts at a moment.
    #[must_use]
    pub fn lasts_at(&self, time: Timestamp) -> bool {
        self.since <= time && self.until.is_none_or(|until| until > time)
    }

    /// Whether each side has a DN whose owner is known.
    #[must_use]
    pub fn has_owners(&self) -> bool {
        let is_known = |dn: &usize| self.without_owner.binary_search(dn).is_err();
        self.sides.iter().all(|side| side.dns.iter().any(is_known))
    }

    /// Whether it is between these two nodes.
    #[must_use]
    pub fn is_between(&self, a: NodeId, b: NodeId) -> bool {
        self.between == [a.min(b), a.max(b)]
    }
}

/// A node states a DN out of service that another node holds.
#[derive(Clone, Debug)]
struct Mark {
    dn: usize,
    by: NodeId,
    /// The node that holds the DN, or goes on believing in it where no owner is known.
    owner: NodeId,
    is_owned: bool,
    time: Timestamp,
    at: FrameRef,
    /// It is the answer to somebody who asked, whenever that was.
    asked: bool,
    end: End,
}

/// What became of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Open,
    /// The node states the DN in service again.
    Back(Timestamp, FrameRef),
    /// The DN is no longer the other node's, or out of service there too.
    Moot,
}

/// Every split, in order of time.
pub(super) fn all(dns: &[ClusterDn]) -> Vec<Split> {
    let mut pairs = BTreeMap::<[NodeId; 2], Vec<Mark>>::new();
    for (place, dn) in dns.iter().enumerate() {
        for mark in marks(place, dn) {
            let pair = [mark.by.min(mark.owner), mark.by.max(mark.owner)];
            pairs.entry(pair).or_default().push(mark);
        }
    }
    let (mut looked, mut splits) = (0, Vec::new());
    for (between, mut marks) in pairs {
        marks.sort_by_key(|mark| (mark.time, mark.at));
        let groups = groups(marks).into_iter();
        splits.extend(groups.filter_map(|group| Split::found(dns, between, group, &mut looked)));
    }
    splits.sort_by_key(|split| (split.since, split.between));
    splits
}

/// What a node states out of service of what another one holds, and what becomes of it.
fn marks(place: usize, dn: &ClusterDn) -> Vec<Mark> {
    let mut ledger = Ledger::default();
    let mut marks: Vec<Mark> = Vec::new();
    for (index, event) in dn.events.iter().enumerate() {
        let rest = dn.events.get(index + 1..).unwrap_or_default();
        if says_out(event.act) && event.time.known().is_some() {
            let holders = holders(&ledger, event).into_iter();
            let mark = |holder| mark((place, dn), &ledger, event, holder, rest);
            marks.extend(holders.filter_map(mark));
        }
        ledger.apply(event);
        for mark in marks.iter_mut().filter(|mark| mark.end == End::Open) {
            mark.end = mark.after(&ledger, event);
        }
    }
    for mark in marks.iter_mut().filter(|mark| mark.end == End::Open) {
        if mark.is_moved(&ledger, dn.at) {
            mark.end = End::Moot;
        }
    }
    marks
}

/// The nodes that a statement speaks against, and whether they are known to hold the DN: its owner, or else those that
/// state it in service.
fn holders(ledger: &Ledger, event: &NodeEvent) -> SmallVec<[(NodeId, bool); 2]> {
    if let Some(owner) = ledger.owner(event.time) {
        return SmallVec::from_iter([(owner.node, true)]);
    }
    // what registered by SIP and does so no longer is out of service for that
    if ledger.is_by_sip() || event.act != Act::Out {
        return SmallVec::new();
    }
    let states_in = |node: &NodeId| is_stated_in(ledger, *node, event.time);
    ledger.nodes().filter(states_in).map(|node| (node, false)).collect()
}

/// Whether a node states a DN in service.
fn is_stated_in(ledger: &Ledger, node: NodeId, time: Timestamp) -> bool {
    let belief = ledger.belief(node, time);
    (belief.state, belief.ground) == (State::InService, Ground::Statement)
}

/// The mark that a statement is, if it speaks against a registration that goes on.
fn mark(
    (place, dn): (usize, &ClusterDn),
    ledger: &Ledger,
    event: &NodeEvent,
    (owner, is_owned): (NodeId, bool),
    rest: &[NodeEvent],
) -> Option<Mark> {
    let NodeEvent { time, at, node: by, .. } = *event;
    let before = ledger.belief(by, time);
    let believed = before.state == State::InService && before.ground != Ground::Grant;
    let own = ledger.holds(by, time).is_some();
    let owner_out = ledger.belief(owner, time).state == State::OutOfService;
    let asked = event.act != Act::Out;
    // a move is announced as well: the nodes may state things in between; an answer before it is not about it
    let moving = dn.moves.iter().any(|moved| {
        let after = time.nanos_since(moved.time);
        after.abs() <= TOGETHER && (!asked || after >= 0)
    });
    if owner == by || !believed || own || owner_out || moving {
        return None;
    }
    // the owner's own word, or the end of the registration, may come a moment later; two registrars whose time runs
    // out are closer together than two logs
    let later = if asked { TIMERS } else { TOGETHER };
    let soon = rest.iter().take_while(|next| next.time.nanos_since(time) <= later);
    let mut soon = soon.filter(|next| next.node == owner);
    let ends = soon.any(|next| says_out(next.act) || matches!(next.act, Act::Ended(..)));
    let end = End::Open;
    (!ends).then_some(Mark { dn: place, by, owner, is_owned, time, at, asked, end })
}

/// Whether a node says that a DN is out of service.
const fn says_out(act: Act) -> bool {
    matches!(act, Act::Out | Act::Answers { found: false, .. })
}

/// Whether a node says that a DN is in service.
const fn says_in(act: Act) -> bool {
    matches!(act, Act::In | Act::Answers { found: true, .. })
}

impl Mark {
    /// What becomes of it by an event that the ledger has taken in.
    fn after(&self, ledger: &Ledger, event: &NodeEvent) -> End {
        if event.node == self.by && says_in(event.act) {
            return End::Back(event.time, event.at);
        }
        let out_too = event.node == self.owner && says_out(event.act);
        if out_too || self.is_moved(ledger, event.time) { End::Moot } else { End::Open }
    }

    /// Whether the DN is no longer the other node's at a moment.
    fn is_moved(&self, ledger: &Ledger, time: Timestamp) -> bool {
        ledger.owner(time).map_or(self.is_owned, |owner| owner.node != self.owner)
    }
}

/// Marks in order of time, those together that follow one another closely or come while others last.
fn groups(marks: Vec<Mark>) -> Vec<Vec<Mark>> {
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    // until when any mark of the last group lasts
    let mut until = Timestamp::default();
    for mark in marks {
        let last = groups.last().and_then(|group| group.last());
        let close = last.is_some_and(|last| mark.time.nanos_since(last.time) <= TOGETHER);
        let joins = last.is_some() && (close || until > mark.time);
        let lasts = match mark.end {
            End::Open => Timestamp::MAX,
            End::Back(back, _) => back,
            End::Moot => mark.time,
        };
        until = if joins { until.max(lasts) } else { lasts };
        match groups.last_mut().filter(|_| joins) {
            Some(group) => group.push(mark),
            None => groups.push(vec![mark]),
        }
    }
    groups
}

/// Whether both nodes have marks in a group, which is in order of time, and at one time.
fn is_two_sided([a, b]: [NodeId; 2], group: &[Mark]) -> bool {
    let of = |node: NodeId| group.iter().filter(move |mark| mark.by == node);
    if of(a).next().is_none() || of(b).next().is_none() {
        return false;
    }
    // an answer comes whenever somebody asks
    let mut before: Option<&Mark> = None;
    group.iter().any(|mark| {
        let last = before.replace(mark).filter(|last| last.by != mark.by);
        mark.asked || last.is_some_and(|last| mark.time.nanos_since(last.time) <= TOGETHER)
    })
}

/// Whether a group of one side holds at least half of the DNs that the node believed in at the other.
fn is_most(dns: &[ClusterDn], group: &[Mark]) -> bool {
    let Some(first) = group.first() else { return false };
    is_half(dns, group, |ledger| {
        let belief = ledger.belief(first.by, first.time);
        belief.ground != Ground::Grant
            && belief.state == State::InService
            && ledger.owner(first.time).is_some_and(|owner| owner.node == first.owner)
    })
}

/// Whether marks without a known owner hold at least half of such DNs that both nodes stated in service.
fn is_most_of_both(dns: &[ClusterDn], between: [NodeId; 2], group: &[Mark]) -> bool {
    let without: Vec<Mark> = group.iter().filter(|mark| !mark.is_owned).cloned().collect();
    let Some(time) = without.first().map(|first| first.time) else { return false };
    is_half(dns, &without, |ledger| {
        let both = between.iter().all(|node| is_stated_in(ledger, *node, time));
        both && !ledger.is_by_sip() && ledger.owner(time).is_none()
    })
}

/// Whether a group holds at least half of the DNs of which something was so before it began.
fn is_half(dns: &[ClusterDn], group: &[Mark], was_so: impl Fn(&Ledger) -> bool) -> bool {
    let Some(first) = group.first() else { return false };
    let marked: BTreeSet<usize> = group.iter().map(|mark| mark.dn).collect();
    let known = dns.iter().filter(|dn| was_so(&dn.ledger(first.time)));
    marked.len() * 2 >= known.count()
}

/// The first word of a node of a split on a DN that the other one holds only since it began: it heard that from there.
fn told_since(dns: &[ClusterDn], split: &Split) -> Option<(NodeId, Timestamp, FrameRef)> {
    let word = |dn: &ClusterDn| {
        let mut ledger = Ledger::default();
        for event in &dn.events {
            let owner = ledger.owner(event.time).filter(|owner| {
                owner.node != event.node && split.is_between(owner.node, event.node)
            });
            if says_in(event.act) && owner.is_some_and(|owner| owner.since > split.since) {
                return Some((event.node, event.time, event.at));
            }
            ledger.apply(event);
        }
        None
    };
    dns.iter().filter_map(word).min_by_key(|(_, time, at)| (*time, *at))
}

impl Split {
    /// The split that a group of marks is, if it is one; `looked` counts the passes over all DNs.
    fn found(
        dns: &[ClusterDn],
        between: [NodeId; 2],
        mut group: Vec<Mark>,
        looked: &mut usize,
    ) -> Option<Self> {
        let mut may_look = || {
            *looked += 1;
            *looked <= LOOKED_AT
        };
        if group.iter().any(|mark| !mark.is_owned) {
            let holds = is_two_sided(between, &group) && may_look();
            if !holds || !is_most_of_both(dns, between, &group) {
                group.retain(|mark| mark.is_owned);
            }
        }
        if group.is_empty() {
            return None;
        }
        let one_sided = !is_two_sided(between, &group);
        let holds = !one_sided || may_look() && is_most(dns, &group);
        let mut split = holds.then(|| Self::of(between, &group, one_sided))?;
        // none of its DNs is left that could come back
        if group.iter().all(|mark| mark.end == End::Moot)
            && may_look()
            && let Some((node, time, at)) = told_since(dns, &split)
        {
            split.until = Some(time);
            let place = split.sides.iter().position(|side| side.node == node).unwrap_or_default();
            if let Some(side) = split.sides.get_mut(place) {
                side.back = Some((time, at));
            }
        }
        Some(split)
    }

    fn of(between: [NodeId; 2], group: &[Mark], one_sided: bool) -> Self {
        let mut sides: Vec<Side> = Vec::new();
        let mut seen = BTreeSet::new();
        for mark in group {
            let place = sides.iter().position(|side| side.node == mark.by);
            let place = place.unwrap_or_else(|| {
                sides.push(Side::begun_by(mark));
                sides.len() - 1
            });
            let Some(side) = sides.get_mut(place) else { continue };
            if seen.insert((mark.by, mark.dn)) {
                side.dns.push(mark.dn);
            }
            if mark.end == End::Open {
                side.open.push(mark.dn);
            }
            if let End::Back(time, at) = mark.end {
                side.back = side.back.max(Some((time, at)));
            }
            side.by_answers &= mark.asked;
        }
        let back = group.iter().filter_map(|mark| match mark.end {
            End::Back(time, _) => Some(time),
            _ => None,
        });
        let open = group.iter().any(|mark| mark.end == End::Open);
        let until = back.max().filter(|_| !open);
        let since = group.first().map_or_else(Timestamp::default, |mark| mark.time);
        let without_owner = group.iter().filter(|mark| !mark.is_owned).map(|mark| mark.dn);
        let without_owner = without_owner.collect::<BTreeSet<usize>>().into_iter().collect();
        Self { since, until, between, sides, one_sided, without_owner }
    }
}

impl Side {
    /// The side that a mark is the first of.
    fn begun_by(mark: &Mark) -> Self {
        let (dns, open) = (Vec::new(), Vec::new());
        let (node, since, at) = (mark.by, mark.time, mark.at);
        Self { node, dns, open, since, at, back: None, by_answers: true }
    }
}
