//! Determines the owner of each DN of a cluster, what each node believes of it, and where nodes have lost each other.
//!
//! ```text
//!  Snapshot ──▶ events of each DN, by node ──▶ Ledger      owner and beliefs at any moment
//!               (grants, statements)      └──▶ marks       a node states out what another node holds
//!                                               └──▶ Split  marks of two nodes at one time
//! ```
//!
//! The belief of a node whose files are not given is unknown.

mod split;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::hashing::HashMap;
use crate::net::{FrameRef, Timestamp};
use crate::registration::{
    Act, Belief, DnView, Flag, Ledger, NodeEvent, NodeId, Owner, Snapshot, State,
};

pub use split::{Side, Split};

/// The state of a cluster at one moment.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Its nodes.
    pub nodes: Vec<NodeId>,
    /// Its DNs, in the order of the snapshot.
    pub dns: Vec<ClusterDn>,
    /// Where nodes lost each other, in order of time.
    pub splits: Vec<Split>,
    names: HashMap<Vec<u8>, usize>,
}

/// A DN of a cluster.
#[derive(Clone, Debug)]
pub struct ClusterDn {
    /// Its name, as on the wire.
    pub name: Vec<u8>,
    /// Its place among the DNs of the snapshot.
    pub place: usize,
    /// The moment at which it is judged.
    at: Timestamp,
    /// The node it belongs to.
    pub owner: Option<Owner>,
    /// What each node believes, in the order of [`Cluster::nodes`].
    pub beliefs: Vec<Belief>,
    /// From which node to which it moved.
    pub moves: Vec<Move>,
    /// The nodes that hold it at once, if two do and both renew.
    pub twice: SmallVec<[Owner; 2]>,
    /// The other node's grant that still runs since the DN moved.
    pub left_behind: Option<Owner>,
    /// Whether a split that is not over holds it.
    pub is_split: bool,
    events: Vec<NodeEvent>,
}

/// A DN belongs to another node than before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// When.
    pub time: Timestamp,
    /// The grant that moved it.
    pub at: FrameRef,
    /// The node before.
    pub from: NodeId,
    /// The node since.
    pub to: NodeId,
}

impl Cluster {
    /// The cluster that a snapshot shows; without nodes or DNs if there is none.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        // one node alone is only worth a look for what it states
        if snapshot.nodes().len() < 2 && snapshot.counts.statements == 0 {
            return Self::default();
        }
        let dns: Vec<ClusterDn> =
            snapshot.dns().enumerate().filter_map(|(place, dn)| ClusterDn::of(place, dn)).collect();
        let names = (0..).zip(&dns).map(|(place, dn)| (dn.name.clone(), place)).collect();
        let mut cluster = Self { nodes: nodes_of(snapshot, &dns), dns, splits: Vec::new(), names };
        let any_stated = cluster.dns.iter().any(ClusterDn::is_stated);
        if cluster.nodes.len() < 2 && !any_stated {
            return Self::default();
        }
        for dn in &mut cluster.dns {
            let ledger = dn.ledger(Timestamp::MAX);
            dn.beliefs = cluster.nodes.iter().map(|node| ledger.belief(*node, dn.at)).collect();
        }
        cluster.splits = split::all(&cluster.dns);
        for split in cluster.splits.iter().filter(|split| split.until.is_none()) {
            for place in split.sides.iter().flat_map(|side| &side.open) {
                if let Some(dn) = cluster.dns.get_mut(*place) {
                    dn.is_split = true;
                }
            }
        }
        cluster
    }

    /// Whether there is no cluster.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dns.is_empty()
    }

    /// The DN of that name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<&ClusterDn> {
        self.dns.get(self.place_of(name)?)
    }

    /// The place of the DN of that name in the cluster.
    #[must_use]
    pub fn place_of(&self, name: &[u8]) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Whether a node states anything of any DN.
    #[must_use]
    pub fn states_anything(&self, node: NodeId) -> bool {
        let mut events = self.dns.iter().flat_map(|dn| &dn.events);
        events.any(|event| event.node == node && matches!(event.act, Act::In | Act::Out))
    }

    /// The DNs of a split whose registration continued throughout, by their places in the cluster.
    pub fn healthy<'c>(&'c self, split: &'c Split) -> impl Iterator<Item = usize> + use<'c> {
        let renewed = |dn: &ClusterDn| {
            dn.events
                .iter()
                .any(|event| matches!(event.act, Act::Granted(..)) && split.lasts_at(event.time))
        };
        let holds = |dn: &ClusterDn| dn.owner.is_some_and(|owner| owner.by_sip);
        let healthy =
            move |place: &usize| self.dns.get(*place).is_some_and(|dn| holds(dn) && renewed(dn));
        split.dns().filter(healthy)
    }

    /// Each node with what it believes of a DN.
    pub fn beliefs<'c>(
        &'c self,
        dn: &'c ClusterDn,
    ) -> impl Iterator<Item = (NodeId, &'c Belief)> + use<'c> {
        self.nodes.iter().copied().zip(&dn.beliefs)
    }
}

/// Flags the DNs that a split holds which is not over.
pub fn flag_splits(snapshot: &mut Snapshot) {
    let dns = Cluster::of(snapshot).dns;
    let held = dns.iter().filter(|dn| dn.is_split).map(|dn| dn.place);
    snapshot.flag(held, Flag::CtiSplit);
}

/// The nodes that have a part in something, and those that the user or a log names.
fn nodes_of(snapshot: &Snapshot, dns: &[ClusterDn]) -> Vec<NodeId> {
    let acting = dns.iter().flat_map(|dn| dn.events.iter().map(|event| event.node));
    let named = snapshot.nodes().iter().enumerate().filter(|(_, node)| !node.files.is_empty());
    let named = named.filter_map(|(place, _)| NodeId::from_place(place));
    acting.chain(named).collect::<BTreeSet<_>>().into_iter().collect()
}

impl ClusterDn {
    fn of(place: usize, dn: DnView<'_>) -> Option<Self> {
        let events = dn.node_events();
        if events.is_empty() {
            return None;
        }
        let at = dn.judged_at();
        let name = dn.name().to_vec();
        let (twice, beliefs) = (SmallVec::new(), Vec::new());
        let mut own = Self {
            name,
            place,
            at,
            owner: None,
            beliefs,
            moves: Vec::new(),
            twice,
            left_behind: None,
            is_split: false,
            events,
        };
        let mut ledger = Ledger::default();
        for event in &own.events {
            let before = ledger.owner(event.time);
            ledger.apply(event);
            let now = ledger.owner(event.time);
            if let (Some(before), Some(now)) = (before, now)
                && before.node != now.node
                && matches!(event.act, Act::Granted(..) | Act::Attached(_))
            {
                let (time, at, from, to) = (event.time, event.at, before.node, now.node);
                own.moves.push(Move { time, at, from, to });
            }
        }
        own.owner = ledger.owner(at);
        own.twice = ledger.held_twice(at);
        // what both refresh moves with neither
        if !own.twice.is_empty() {
            own.moves.clear();
        }
        let last = own.moves.last().filter(|_| own.twice.is_empty());
        let left = last.filter(|moved| own.owner.is_some_and(|owner| owner.node == moved.to));
        own.left_behind = left.and_then(|moved| ledger.holds(moved.from, at));
        Some(own)
    }

    /// What nodes did and said up to a moment, this not included.
    fn ledger(&self, before: Timestamp) -> Ledger {
        Ledger::of(self.events.iter().take_while(|event| event.time < before))
    }

    /// What nodes did with it and stated about it, in order of time.
    #[must_use]
    pub fn events(&self) -> &[NodeEvent] {
        &self.events
    }

    /// Whether any node states anything of it.
    #[must_use]
    pub fn is_stated(&self) -> bool {
        let of_cti = |event: &NodeEvent| {
            matches!(event.act, Act::In | Act::Out | Act::Asked(_) | Act::Attached(_))
        };
        self.events.iter().any(of_cti)
    }

    /// What the owner believes of it.
    #[must_use]
    pub fn owner_belief<'c>(&'c self, cluster: &'c Cluster) -> Option<&'c Belief> {
        let owner = self.owner?.node;
        cluster.beliefs(self).find(|(node, _)| *node == owner).map(|(_, belief)| belief)
    }

    /// Whether two nodes believe different things of it.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        let known = || self.beliefs.iter().map(|b| b.state).filter(|s| *s != State::Unknown);
        known().any(|state| Some(state) != known().next())
    }
}
