//! Finds where two nodes lost each other: each states out of service what the other one holds.

use std::collections::{BTreeMap, BTreeSet};

use super::ClusterDn;
use crate::net::{FrameRef, Timestamp};
use crate::registration::{Act, Ground, Ledger, NodeEvent, NodeId, State};

/// What two nodes state within this time belongs together.
const TOGETHER: i64 = 10_000_000_000;
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
    owner: NodeId,
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
    let mut looked = 0;
    let mut splits = Vec::new();
    for (between, mut marks) in pairs {
        marks.sort_by_key(|mark| (mark.time, mark.at));
        for group in groups(marks) {
            let split = Split::of(between, &group);
            if split.one_sided {
                looked += 1;
                if looked > LOOKED_AT || !is_most(dns, &group) {
                    continue;
                }
            }
            splits.push(split);
        }
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
            marks.extend(mark(place, dn, &ledger, event, rest));
        }
        ledger.apply(event);
        for mark in marks.iter_mut().filter(|mark| mark.end == End::Open) {
            mark.end = mark.after(&ledger, event);
        }
    }
    for mark in marks.iter_mut().filter(|mark| mark.end == End::Open) {
        if ledger.owner(dn.at).is_none_or(|owner| owner.node != mark.owner) {
            mark.end = End::Moot;
        }
    }
    marks
}

/// The mark that a statement is, if it speaks against a registration that goes on.
fn mark(
    place: usize,
    dn: &ClusterDn,
    ledger: &Ledger,
    event: &NodeEvent,
    rest: &[NodeEvent],
) -> Option<Mark> {
    let NodeEvent { time, at, node: by, .. } = *event;
    let owner = ledger.owner(time).filter(|owner| owner.node != by)?;
    let before = ledger.belief(by, time);
    let believed = before.state == State::InService && before.ground != Ground::Grant;
    let own = ledger.holds(by, time).is_some();
    let owner_out = ledger.belief(owner.node, time).state == State::OutOfService;
    // a move is announced as well: the nodes may state things in between
    let moving = dn.moves.iter().any(|moved| moved.time.nanos_since(time).abs() <= TOGETHER);
    if !believed || own || owner_out || moving {
        return None;
    }
    // the owner's own word, or the end of the registration, may come a moment later
    let soon = rest.iter().take_while(|next| next.time.nanos_since(time) <= TOGETHER);
    let mut soon = soon.filter(|next| next.node == owner.node);
    let ends = soon.any(|next| says_out(next.act) || matches!(next.act, Act::Ended(..)));
    let asked = event.act != Act::Out;
    (!ends).then_some(Mark { dn: place, by, owner: owner.node, time, at, asked, end: End::Open })
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
        let moved = ledger.owner(event.time).is_none_or(|owner| owner.node != self.owner);
        let out_too = event.node == self.owner && says_out(event.act);
        if moved || out_too { End::Moot } else { End::Open }
    }
}

/// Marks in order of time, those together that follow one another closely or come while others last.
fn groups(marks: Vec<Mark>) -> Vec<Vec<Mark>> {
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        let joins = groups.last().is_some_and(|group| {
            let close = |other: &Mark| mark.time.nanos_since(other.time) <= TOGETHER;
            let lasts = |other: &Mark| match other.end {
                End::Open => true,
                End::Back(back, _) => back > mark.time,
                End::Moot => false,
            };
            group.last().is_some_and(close) || group.iter().any(lasts)
        });
        match groups.last_mut().filter(|_| joins) {
            Some(group) => group.push(mark),
            None => groups.push(vec![mark]),
        }
    }
    groups
}

/// Whether a group of one side holds at least half of the DNs that the node believed in at the other.
fn is_most(dns: &[ClusterDn], group: &[Mark]) -> bool {
    let Some(first) = group.first() else { return false };
    let marked: BTreeSet<usize> = group.iter().map(|mark| mark.dn).collect();
    let known = dns.iter().filter(|dn| {
        let ledger = dn.ledger(first.time);
        let belief = ledger.belief(first.by, first.time);
        belief.ground != Ground::Grant
            && belief.state == State::InService
            && ledger.owner(first.time).is_some_and(|owner| owner.node == first.owner)
    });
    marked.len() * 2 >= known.count()
}

impl Split {
    fn of(between: [NodeId; 2], group: &[Mark]) -> Self {
        let mut sides: Vec<Side> = Vec::new();
        for mark in group {
            let place = sides.iter().position(|side| side.node == mark.by);
            let place = place.unwrap_or_else(|| {
                let (node, since, at) = (mark.by, mark.time, mark.at);
                sides.push(Side { node, dns: Vec::new(), open: Vec::new(), since, at, back: None });
                sides.len() - 1
            });
            let Some(side) = sides.get_mut(place) else { continue };
            if !side.dns.contains(&mark.dn) {
                side.dns.push(mark.dn);
            }
            if mark.end == End::Open {
                side.open.push(mark.dn);
            }
            if let End::Back(time, at) = mark.end {
                side.back = side.back.max(Some((time, at)));
            }
        }
        let [a, b] = between;
        let of = |by: NodeId| group.iter().filter(move |mark| mark.by == by);
        let is_close =
            |x: &Mark, y: &Mark| x.asked || y.asked || x.time.nanos_since(y.time).abs() <= TOGETHER;
        let one_sided = !of(a).any(|x| of(b).any(|y| is_close(x, y)));
        let back = group.iter().filter_map(|mark| match mark.end {
            End::Back(time, _) => Some(time),
            _ => None,
        });
        let open = group.iter().any(|mark| mark.end == End::Open);
        let until = back.max().filter(|_| !open);
        let since = group.first().map_or_else(Timestamp::default, |mark| mark.time);
        Self { since, until, between, sides, one_sided }
    }
}
