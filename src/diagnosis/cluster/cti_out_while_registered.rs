//! The owner itself states a DN out of service while the binding it granted runs.

use super::super::prelude::*;
use super::{beside, of_dn};
use crate::cluster::ClusterDn;
use crate::registration::{Ground, Owner, State};

pub(in crate::diagnosis) static ABOUT: About = About {
    id: "cti-out-while-registered",
    severity: Severity::Warning,
    fragment: "out of service for CTI at its own node, while registered",
    meaning: "The node that granted the running binding states the DN out of service since. SIP is in order; \
              calls are not routed to the DN all the same. Why the node took it out is not in what it states.",
    check: "the DN at the owner: what the server's log says around that line, and whether an option such as \
            oos-check or oos-force took it out; not the phone's registration",
    reference: "RFC 3261 §10.3; Genesys T-Library: EventDNOutOfService (147)",
};

/// The finding, if a DN is in that state.
pub(super) fn finding(scene: &Scene<'_>, dn: &ClusterDn) -> Option<Finding> {
    let Owner { node, by_sip, at, .. } = dn.owner?;
    let belief = dn.owner_belief(&scene.cluster)?;
    let (since, line) = belief.since.zip(belief.at)?;
    if !by_sip || belief.state != State::OutOfService || belief.ground != Ground::Statement {
        return None;
    }
    let (others, unknown) = beside(scene, dn, node);
    let sentence = format!(
        "{}: {} holds a running binding of it and states it out of service{unknown}",
        words::text(&dn.name),
        words::node(scene.snapshot, node)
    );
    let mut finding = of_dn(&ABOUT, dn, ABOUT.finding(Confidence::Likely, sentence));
    finding.evidence.push(Evidence { time: since, frame: line });
    let granted = dn.events().iter().find(|event| event.at == at);
    finding.evidence.extend(granted.map(|event| Evidence { time: event.time, frame: at }));
    finding.evidence.extend(others);
    Some(finding)
}
