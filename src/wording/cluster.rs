//! The cluster in words: its nodes, a row a DN, and where nodes lost each other.

use super::when::Clock;
use super::{names, words};
use crate::cluster::{Cluster, ClusterDn, Split};
use crate::net::{apart, count, escape_bytes};
use crate::registration::{NodeId, Owner, Snapshot, State, Verdict, natural};

/// What a log without a node's name is called.
const NAMELESS: &str = "(unnamed)";

/// A node's name.
pub(crate) fn name(snapshot: &Snapshot, node: NodeId) -> &str {
    snapshot.node_name(node).unwrap_or(NAMELESS)
}

/// A belief in a column.
pub(crate) const fn belief(state: State) -> &'static str {
    match state {
        State::InService => "in",
        State::OutOfService => "out",
        State::Unknown => "?",
    }
}

/// A DN in a table.
pub(crate) struct Row {
    pub name: String,
    pub owner: String,
    /// Its registration, and until when it runs.
    pub binding: String,
    /// What each node believes.
    pub beliefs: Vec<State>,
    /// What is odd about it.
    pub mark: &'static str,
}

impl Row {
    pub(crate) fn new(
        snapshot: &Snapshot,
        cluster: &Cluster,
        dn: &ClusterDn,
        clock: &Clock,
    ) -> Self {
        let owner = dn.owner.map_or("-", |owner| name(snapshot, owner.node));
        Self {
            name: escape_bytes(&dn.name).into_owned(),
            owner: owner.to_owned(),
            binding: binding(snapshot, dn, clock),
            beliefs: cluster.beliefs(dn).map(|(_, belief)| belief.state).collect(),
            mark: mark(dn),
        }
    }
}

/// What is odd about a DN.
fn mark(dn: &ClusterDn) -> &'static str {
    if dn.is_split {
        "split"
    } else if !dn.twice.is_empty() {
        "owned twice"
    } else if dn.left_behind.is_some() {
        "moved"
    } else {
        ""
    }
}

/// The registration of a DN, and until when it runs.
fn binding(snapshot: &Snapshot, dn: &ClusterDn, clock: &Clock) -> String {
    match dn.owner {
        Some(Owner { by_sip: false, .. }) => "T-Library".to_owned(),
        Some(Owner { until: Some(until), .. }) => format!("until {}", clock.short(until)),
        Some(_) => "in service".to_owned(),
        None => match snapshot.dn_at(dn.place).map(|view| view.state()) {
            Some(state) if state.verdict != Verdict::CtiOnly => {
                words::verdict(state.verdict, state.status_code, None, clock)
            }
            _ => "-".to_owned(),
        },
    }
}

/// Where two nodes lost each other, from when to when, and what each states.
pub(crate) fn split(
    snapshot: &Snapshot,
    cluster: &Cluster,
    split: &Split,
    clock: &Clock,
) -> String {
    let [a, b] = split.between.map(|node| name(snapshot, node));
    let since = clock.precise(split.since);
    let mut text = match split.until {
        Some(until) => {
            format!("{a} and {b} lost each other from {since} to {}", clock.precise(until))
        }
        None => format!("{a} and {b} have lost each other since {since}"),
    };
    let mut before = None;
    for side in &split.sides {
        let dns = side.dns.iter().filter_map(|dn| cluster.dns.get(*dn));
        let dns: Vec<&[u8]> = dns.map(|dn| dn.name.as_slice()).collect();
        let joint = if before.is_none() { ": " } else { "; " };
        // what is reported once where both do the same
        let (verb, what) = match before.replace(side.by_answers) {
            _ if side.by_answers => ("no longer finds", ""),
            Some(false) => ("reports", ""),
            _ => ("reports", " out of service"),
        };
        let dns = names::sentence(&dns);
        append!(text, "{joint}{} {verb} {dns}{what}", name(snapshot, side.node));
    }
    if let (true, [one, other]) = (split.one_sided, &*split.sides) {
        let nanos = other.since.nanos_since(one.since);
        let apart = match nanos / 1_000_000_000 {
            seconds @ ..120 => format!("{seconds} s"),
            _ => apart(nanos),
        };
        append!(text, "; the two begin {apart} apart, by clocks that may differ");
    } else if split.one_sided {
        let other =
            split.between.into_iter().find(|node| split.sides.iter().all(|s| s.node != *node));
        if let Some(other) = other {
            let by_answers = split.sides.iter().any(|side| side.by_answers);
            let what = if by_answers {
                "no answer of the kind is seen of"
            } else {
                "nothing of the kind is reported by"
            };
            append!(text, "; {what} {}", name(snapshot, other));
        }
    }
    text
}

/// How large it is and how it is, in one line.
pub(crate) fn summary(cluster: &Cluster) -> String {
    let open = cluster.splits.iter().filter(|split| split.until.is_none()).count() as u64;
    let (nodes, dns) = (cluster.nodes.len() as u64, cluster.dns.len() as u64);
    let mut text = format!("{}, {}", count(nodes, "node"), count(dns, "DN"));
    let disputed = cluster.dns.iter().filter(|dn| dn.is_disputed()).count() as u64;
    if disputed > 0 {
        append!(text, ", {disputed} of them disputed");
    }
    match (open, cluster.splits.len() as u64) {
        (0, 0) => {}
        (0, over) => append!(text, ", {}, ended", count(over, "split")),
        (open, _) => append!(text, ", {} open", count(open, "split")),
    }
    text
}

/// The DNs, those that something is odd about first.
pub(crate) fn ordered(cluster: &Cluster) -> Vec<&ClusterDn> {
    let mut dns: Vec<&ClusterDn> = cluster.dns.iter().collect();
    let odd = |dn: &ClusterDn| (mark(dn).is_empty(), !dn.is_disputed());
    dns.sort_by(|a, b| odd(a).cmp(&odd(b)).then_with(|| natural(&a.name, &b.name)));
    dns
}
