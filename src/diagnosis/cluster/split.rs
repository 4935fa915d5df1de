//! Two nodes have lost each other.

use super::super::prelude::*;
use super::OfCluster;
use crate::cluster::Split;

pub(in crate::diagnosis) static ABOUT: About = About {
    id: "cluster-split",
    severity: Severity::Warning,
    fragment: "nodes lost each other",
    meaning: "Two nodes of a cluster state DNs of each other out of service at one time, or no longer find them, \
              although the registrations of these DNs go on at the node that holds them. Each node goes on with its own \
              DNs, so a DN is out of service for half of the calls and its phone is not to blame. Nothing in \
              these logs names the loss of the connection itself: it follows from what both nodes state.",
    check: "the connection between the two nodes (T-Controller, or what replicates their bindings): network, \
            firewall, and whether both processes run; not the phones, and not SIP",
    reference: "RFC 3261 §10.3; Genesys SIP Cluster: each node marks the other's DNs out of service",
};

/// What DNs are named.
const NAMED: usize = 8;

/// The finding that a split is.
pub(super) fn finding(scene: &Scene<'_>, split: &Split) -> OfCluster {
    let is_weak = split.one_sided || !split.has_owners();
    let confidence = if is_weak { Confidence::Possible } else { Confidence::Likely };
    let mut finding = ABOUT.finding(confidence, sentence(scene, split));
    for side in &split.sides {
        finding.evidence.push(Evidence { time: side.since, frame: side.at });
    }
    for side in &split.sides {
        let back = side.back.filter(|_| split.until.is_some());
        finding.evidence.extend(back.map(|(time, frame)| Evidence { time, frame }));
    }
    OfCluster { dns: split.dns().collect(), finding }
}

fn sentence(scene: &Scene<'_>, split: &Split) -> String {
    let name = |node| words::node(scene.snapshot, node);
    let [a, b] = split.between.map(name);
    let lasts = match split.until {
        Some(until) => {
            format!("lost each other for {}", words::span(until.nanos_since(split.since)))
        }
        None => "have lost each other".to_owned(),
    };
    let sides: Vec<_> = split
        .sides
        .iter()
        .map(|side| {
            let names = side.dns.iter().filter_map(|place| scene.cluster.dns.get(*place));
            let mut names: Vec<_> = names.map(|dn| words::text(&dn.name)).collect();
            let more = names.len().saturating_sub(NAMED);
            names.truncate(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let (node, names) = (name(side.node), names.join(", "));
            if side.by_answers {
                format!("{node} no longer finds {names}{more}")
            } else {
                format!("{node} states {names}{more} out of service")
            }
        })
        .collect();
    let mut text = format!("{a} and {b} {lasts}: {}", sides.join(" and "));
    if let (true, [one, other]) = (split.one_sided, &*split.sides) {
        let apart = words::span(other.since.nanos_since(one.since));
        text.push_str("; the two begin ");
        text.push_str(&apart);
        text.push_str(" apart, by clocks that may differ");
    } else if let (true, Some(first)) = (split.one_sided, split.sides.first()) {
        let [a, b] = split.between;
        let other = if first.node == a { b } else { a };
        let states = scene.cluster.states_anything(other);
        let other = name(other);
        let what = if states {
            format!(", and {other} states nothing of the kind at that time")
        } else if first.by_answers {
            format!(
                "; nothing given shows {other} asked for DNs of {} that it no longer finds",
                name(first.node)
            )
        } else {
            format!("; the given files do not show what {other} states")
        };
        text.push_str(&what);
    }
    let without_owner = match split.without_owner.len() {
        0 => String::new(),
        n => format!("; nothing given shows which of them holds {n} of these DNs"),
    };
    text.push_str(&without_owner);
    let healthy = match scene.cluster.healthy(split).count() {
        0 => return text,
        1 => "1 of these DNs was".to_owned(),
        n => format!("{n} of these DNs were"),
    };
    format!("{text}; {healthy} refreshed meanwhile and answered 200")
}
