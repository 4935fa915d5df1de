//! A node that states other DNs of the owner in service never stated this one.

use std::collections::BTreeMap;

use super::super::prelude::*;
use super::of_dn;
use crate::cluster::{Cluster, ClusterDn};
use crate::net::{FileId, Timestamp};
use crate::registration::{Act, Ground, NodeId, State};

pub(in crate::diagnosis) static ABOUT: About = About {
    id: "not-told-to-peer",
    severity: Severity::Warning,
    fragment: "in service at its owner, never stated by another node",
    meaning: "The owner holds the DN in service. Another node, whose log covers the time, states other DNs of \
              this owner in service and never states this one. Whether the owner sent it is not in these files, \
              and the level of the log may hide it.",
    check: "the DN's configuration on both nodes, and the events around its registration in the other \
            node's log",
    reference: "RFC 3261 §10.3; Genesys SIP Cluster: the owner tells its peers",
};

/// The other node has this long.
const PATIENCE: i64 = 10_000_000_000;

/// What each node states of the DNs of each owner.
pub(super) struct Told {
    /// DNs of an owner that a node states in service: how many, and the first such statement.
    stated: BTreeMap<(NodeId, NodeId), (usize, Evidence)>,
    /// The logs in which a node states anything, from when to when.
    logs: BTreeMap<(NodeId, FileId), (Timestamp, Timestamp)>,
}

impl Told {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut told = Self { stated: BTreeMap::new(), logs: BTreeMap::new() };
        for dn in &scene.cluster.dns {
            for event in dn.events().iter().filter(|event| is_stated(event.act)) {
                let log = (event.node, event.at.file());
                let span = told.logs.entry(log).or_insert((event.time, event.time));
                *span = (span.0.min(event.time), span.1.max(event.time));
            }
            let Some(owner) = dn.owner else { continue };
            for (node, first) in states_in(dn) {
                let (count, shown) = told.stated.entry((node, owner.node)).or_insert((0, first));
                *count += 1;
                if first.time < shown.time {
                    *shown = first;
                }
            }
        }
        told.widen(scene);
        told
    }

    /// A log covers all of its time, not only what it states.
    fn widen(&mut self, scene: &Scene<'_>) {
        for ((_, file), span) in &mut self.logs {
            let mut inputs = scene.snapshot.coverage().iter();
            let known = inputs.find(|input| input.files.contains(file));
            *span = known.map_or(*span, |input| input.span);
        }
    }

    /// The finding, if a DN is in that state.
    pub(super) fn finding(&self, scene: &Scene<'_>, dn: &ClusterDn) -> Option<Finding> {
        let owner = dn.owner?;
        let belief = dn.owner_belief(&scene.cluster)?;
        // an owner that states nothing may have informed its peers before the logs begin
        let came = belief.state == State::InService && belief.ground == Ground::Statement;
        let since = belief.since.filter(|_| came)?;
        let silent = scene.cluster.beliefs(dn).find(|(node, other)| {
            other.state == State::Unknown
                && *node != owner.node
                && self.covers(&scene.cluster, (*node, owner.node), since)
        });
        let (peer, _) = silent?;
        let (others, example) = self.stated.get(&(peer, owner.node)).copied()?;
        let [own, peer] = [owner.node, peer].map(|node| words::node(scene.snapshot, node));
        let others =
            if others == 1 { "1 other DN".to_owned() } else { format!("{others} other DNs") };
        let sentence = format!(
            "{}: in service at {own}, and {peer} never states it, while it states {others} of {own} in service; \
             the given files do not show whether {own} sent it",
            words::text(&dn.name)
        );
        let mut finding = of_dn(&ABOUT, dn, ABOUT.finding(Confidence::Possible, sentence));
        let shown = belief.at.map(|frame| Evidence { time: since, frame });
        finding.evidence.extend(shown);
        finding.evidence.push(example);
        Some(finding)
    }

    /// Whether the node would have stated a DN of the owner that came in service at `since`.
    fn covers(&self, cluster: &Cluster, (node, owner): (NodeId, NodeId), since: Timestamp) -> bool {
        let split = |time: Timestamp| {
            cluster.splits.iter().any(|split| split.is_between(node, owner) && split.lasts_at(time))
        };
        // what comes back by the end of a split is stated then
        let waits = Timestamp::from_nanos(since.nanos().saturating_add(PATIENCE));
        let logs = self.logs.iter().filter(|((own, _), _)| *own == node);
        let mut spans = logs.map(|(_, span)| span);
        spans.any(|(first, last)| *first < since && *last >= waits)
            && !split(since)
            && !split(waits)
            && self.stated.contains_key(&(node, owner))
    }
}

/// Whether it is a statement of CTI.
const fn is_stated(act: Act) -> bool {
    matches!(act, Act::In | Act::Out)
}

/// The nodes that state a DN in service at any time, each with the first such statement.
fn states_in(dn: &ClusterDn) -> BTreeMap<NodeId, Evidence> {
    let mut first = BTreeMap::new();
    for event in dn.events().iter().filter(|event| event.act == Act::In) {
        first.entry(event.node).or_insert(Evidence { time: event.time, frame: event.at });
    }
    first
}
