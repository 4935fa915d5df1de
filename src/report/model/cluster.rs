//! The cluster: its nodes, the owner of each DN, what each node believes of it, and where nodes lost each other.

use std::borrow::Cow;

use serde::Serialize;

use super::time;
use crate::capture::{file_name, is_line};
use crate::cluster::{Cluster, ClusterDn, Split};
use crate::net::{Endpoint, FrameRef, escape_lossy};
use crate::registration::{Belief, Ground, NodeId};
use crate::report::View;

/// The whole section.
#[derive(Serialize)]
pub(super) struct ClusterDoc<'a> {
    nodes: Vec<NodeDoc<'a>>,
    nodes_dropped: u64,
    dns: Vec<DnDoc<'a>>,
    splits: Vec<SplitDoc<'a>>,
}

/// A node.
#[derive(Serialize)]
struct NodeDoc<'a> {
    node: &'a str,
    files: Vec<String>,
    address: Option<String>,
    addresses: Vec<String>,
}

/// A DN.
#[derive(Serialize)]
struct DnDoc<'a> {
    dn: Cow<'a, str>,
    owner: Option<&'a str>,
    owner_from: Option<&'static str>,
    owner_since: Option<String>,
    expires_at: Option<String>,
    split: bool,
    nodes: Vec<BeliefDoc<'a>>,
    moves: Vec<MoveDoc<'a>>,
}

/// What a node believes.
#[derive(Serialize)]
struct BeliefDoc<'a> {
    node: &'a str,
    belief: &'static str,
    since: Option<String>,
    /// What shows it: `statement`, `answer` or `grant`.
    from: Option<&'static str>,
    #[serde(flatten)]
    at: Option<Place>,
}

/// A DN belongs to another node than before.
#[derive(Serialize)]
struct MoveDoc<'a> {
    time: Option<String>,
    from: &'a str,
    to: &'a str,
    #[serde(flatten)]
    at: Place,
}

/// Two nodes lost each other.
#[derive(Serialize)]
struct SplitDoc<'a> {
    since: Option<String>,
    until: Option<String>,
    between: [&'a str; 2],
    dns: Vec<Cow<'a, str>>,
    healthy: Vec<Cow<'a, str>>,
    one_sided: bool,
    without_owner: Vec<Cow<'a, str>>,
    sides: Vec<SideDoc<'a>>,
    evidence: Vec<Place>,
}

/// What one node states in a split.
#[derive(Serialize)]
struct SideDoc<'a> {
    node: &'a str,
    /// What shows it: `statement` or `answer`.
    from: &'static str,
    dns: Vec<Cow<'a, str>>,
}

/// A line of a log or a frame of a capture, with the name of its file.
#[derive(Serialize)]
struct Place {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
}

impl<'a> ClusterDoc<'a> {
    /// What is selected of a cluster; `None` if there is none.
    pub(super) fn new(view: &View<'a>, cluster: &'a Cluster) -> Option<Self> {
        let pen = Pen { view: *view, cluster };
        let shown = |dn: &&ClusterDn| view.selection.takes_name(&dn.name);
        (!cluster.is_empty()).then(|| Self {
            nodes: cluster.nodes.iter().map(|node| pen.node(*node)).collect(),
            nodes_dropped: view.snapshot.nodes_dropped(),
            dns: cluster.dns.iter().filter(shown).map(|dn| pen.dn(dn)).collect(),
            splits: cluster.splits.iter().map(|split| pen.split(split)).collect(),
        })
    }
}

/// What the section is written from.
struct Pen<'a> {
    view: View<'a>,
    cluster: &'a Cluster,
}

impl<'a> Pen<'a> {
    fn name(&self, node: NodeId) -> &'a str {
        self.view.snapshot.node_name(node).unwrap_or("?")
    }

    fn place(&self, at: FrameRef) -> Place {
        let files = &self.view.capture.files;
        let file = files.get(usize::from(at.file().0)).map(file_name).unwrap_or_default();
        let number = Some(at.number());
        let (line, frame) = if is_line(files, at) { (number, None) } else { (None, number) };
        Place { file, line, frame }
    }

    fn node(&self, node: NodeId) -> NodeDoc<'a> {
        let files = &self.view.capture.files;
        let known = self.view.snapshot.nodes().get(node.place());
        let own = known.into_iter().flat_map(|node| &node.files);
        let own = own.filter_map(|file| files.get(usize::from(file.0))).map(file_name);
        let addresses = known.map(|node| node.addresses.as_slice()).unwrap_or_default();
        let addresses: Vec<_> = addresses.iter().map(Endpoint::to_string).collect();
        let address = addresses.first().cloned();
        NodeDoc { node: self.name(node), files: own.collect(), address, addresses }
    }

    fn dn(&self, dn: &'a ClusterDn) -> DnDoc<'a> {
        DnDoc {
            dn: escape_lossy(&dn.name),
            owner: dn.owner.map(|owner| self.name(owner.node)),
            owner_from: dn.owner.map(|owner| if owner.by_sip { "sip" } else { "tlib" }),
            owner_since: dn.owner.and_then(|owner| time(owner.since.known())),
            expires_at: dn.owner.and_then(|owner| time(owner.until)),
            split: dn.is_split,
            nodes: self.cluster.beliefs(dn).map(|(node, own)| self.belief(node, own)).collect(),
            moves: dn
                .moves
                .iter()
                .map(|moved| MoveDoc {
                    time: time(moved.time.known()),
                    from: self.name(moved.from),
                    to: self.name(moved.to),
                    at: self.place(moved.at),
                })
                .collect(),
        }
    }

    fn belief(&self, node: NodeId, belief: &Belief) -> BeliefDoc<'a> {
        BeliefDoc {
            node: self.name(node),
            belief: belief.state.name(),
            since: time(belief.since.and_then(crate::net::Timestamp::known)),
            from: belief.at.map(|_| belief.ground.name()),
            at: belief.at.map(|at| self.place(at)),
        }
    }

    fn split(&self, split: &Split) -> SplitDoc<'a> {
        let cluster = self.cluster;
        let name = |place: usize| cluster.dns.get(place).map(|dn| escape_lossy(&dn.name));
        let evidence = split
            .sides
            .iter()
            .flat_map(|side| std::iter::once(side.at).chain(side.back.map(|(_, at)| at)));
        SplitDoc {
            since: time(split.since.known()),
            until: time(split.until),
            between: split.between.map(|node| self.name(node)),
            dns: split.dns().filter_map(name).collect(),
            healthy: cluster.healthy(split).filter_map(name).collect(),
            one_sided: split.one_sided,
            without_owner: split.without_owner.iter().copied().filter_map(name).collect(),
            sides: split
                .sides
                .iter()
                .map(|side| SideDoc {
                    node: self.name(side.node),
                    from: if side.by_answers { Ground::Answer } else { Ground::Statement }.name(),
                    dns: side.dns.iter().copied().filter_map(name).collect(),
                })
                .collect(),
            evidence: evidence.map(|at| self.place(at)).collect(),
        }
    }
}
