//! Two nodes hold a DN, and both are refreshed.

use super::super::prelude::*;
use super::of_dn;
use crate::cluster::ClusterDn;
use crate::net::FrameRef;
use crate::registration::Owner;

pub(in crate::diagnosis) static ABOUT: About = About {
    id: "owned-twice",
    severity: Severity::Warning,
    fragment: "owned by two nodes at once",
    meaning: "Two nodes of a cluster granted the DN, both bindings run, and each was refreshed while the other \
              ran: two devices, one that registers with both nodes, or a load balancer that hands each refresh to another \
              node. Each node considers itself the owner.",
    check: "which devices register the DN (Contact, source and User-Agent at each node), and whether the \
            phone is meant to register with both",
    reference: "RFC 3261 §10.2.4",
};

/// The finding, if a DN is in that state.
pub(super) fn finding(scene: &Scene<'_>, dn: &ClusterDn) -> Option<Finding> {
    let view = scene.snapshot.dn_at(dn.place)?;
    // the flows of one device at two edges are meant so (RFC 5626)
    if dn.twice.is_empty() || !view.flags().contains(Flag::Conflict) {
        return None;
    }
    let nodes: Vec<_> = dn.twice.iter().map(|o| words::node(scene.snapshot, o.node)).collect();
    let states = |owner: &Owner| scene.cluster.states_anything(owner.node);
    let unknown = if dn.twice.iter().any(states) {
        ""
    } else {
        "; the given files do not show where its calls go"
    };
    let sentence = format!(
        "{}: {} both hold it, and each binding is refreshed beside the other{unknown}",
        words::text(&dn.name),
        nodes.join(" and ")
    );
    let mut finding = of_dn(&ABOUT, dn, ABOUT.finding(Confidence::Certain, sentence));
    let shown = |at: FrameRef| dn.events().iter().find(|event| event.at == at);
    let shown = dn.twice.iter().filter_map(|owner| shown(owner.at));
    finding.evidence.extend(shown.map(|event| Evidence { time: event.time, frame: event.at }));
    Some(finding)
}
