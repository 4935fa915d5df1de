//! A DN registered at another node, and the node before still holds it.

use super::super::prelude::*;
use super::of_dn;
use crate::cluster::ClusterDn;

pub(in crate::diagnosis) static ABOUT: About = About {
    id: "owner-moved",
    severity: Severity::Warning,
    fragment: "moved to another node, and the one before still holds it",
    meaning: "The phone registered at another node of the cluster, and the binding that the node before had \
              granted still runs: nobody removed it. Until it runs out, that node may still consider itself the owner.",
    check: "why the phone changed nodes (fail-over, DNS, a load balancer), and whether the node before \
            learned of it: its own log after that moment",
    reference: "RFC 3261 §10.2.4",
};

/// The finding, if a DN is in that state.
pub(super) fn finding(scene: &Scene<'_>, dn: &ClusterDn) -> Option<Finding> {
    let left = dn.left_behind?;
    let moved = dn.moves.last()?;
    let view = scene.snapshot.dn_at(dn.place)?;
    if !view.flags().contains(Flag::Conflict) {
        return None;
    }
    let name = |node| words::node(scene.snapshot, node);
    let (from, to) = (name(moved.from), name(moved.to));
    let rest = left.until.map(|until| until.nanos_since(scene.snapshot.at));
    let rest = rest.map_or_else(String::new, |rest| format!(" for {}", words::span(rest)));
    let learned = if scene.cluster.states_anything(moved.from) {
        String::new()
    } else {
        format!("; the given files do not show whether {from} learned of it")
    };
    let sentence = format!(
        "{}: registered at {to} and belongs there now; the binding that {from} granted before still runs{rest}{learned}",
        words::text(&dn.name)
    );
    let mut finding = of_dn(&ABOUT, dn, ABOUT.finding(Confidence::Certain, sentence));
    let before = dn.events().iter().find(|event| event.at == left.at);
    finding.evidence.extend(before.map(|event| Evidence { time: event.time, frame: event.at }));
    finding.evidence.push(Evidence { time: moved.time, frame: moved.at });
    Some(finding)
}
