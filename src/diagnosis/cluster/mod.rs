//! Rules about the nodes of a cluster: where they lost each other, and what they believe of a DN.

use super::finding::{Evidence, Finding};
use super::rule::About;
use super::scene::Scene;
use super::words;
use crate::cluster::ClusterDn;
use crate::registration::{Ground, NodeId, State};

mod cti_out_while_registered;
mod not_told_to_peer;
mod owned_twice;
mod owner_moved;
mod split;

/// Nodes that are named of those that nothing is known of.
const UNKNOWN: usize = 4;

/// What the rules are about.
pub(super) static ABOUTS: [&About; 5] = [
    &split::ABOUT,
    &cti_out_while_registered::ABOUT,
    &owned_twice::ABOUT,
    &owner_moved::ABOUT,
    &not_told_to_peer::ABOUT,
];

/// A finding, and the DNs it is about, by their places in the cluster.
pub(super) struct OfCluster {
    pub dns: Vec<usize>,
    pub finding: Finding,
}

/// What the rules find.
pub(super) fn findings(scene: &Scene<'_>) -> Vec<OfCluster> {
    let cluster = &scene.cluster;
    let splits = cluster.splits.iter();
    let mut found: Vec<OfCluster> = splits.map(|lost| split::finding(scene, lost)).collect();
    let told = not_told_to_peer::Told::of(scene);
    for (place, dn) in cluster.dns.iter().enumerate() {
        let own = [
            cti_out_while_registered::finding(scene, dn),
            owned_twice::finding(scene, dn),
            owner_moved::finding(scene, dn),
            told.finding(scene, dn),
        ];
        let own = own.into_iter().flatten();
        found.extend(own.map(|finding| OfCluster { dns: vec![place], finding }));
    }
    found
}

impl Finding {
    /// Whether it is about a cluster as a whole: it comes before what is found of any DN.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.rule == split::ABOUT.id
    }
}

/// What the nodes beside one of them state of a DN, as evidence, and what of that the given files do not show.
fn beside(scene: &Scene<'_>, dn: &ClusterDn, own: NodeId) -> (Vec<Evidence>, String) {
    let others = || scene.cluster.beliefs(dn).filter(|(node, _)| *node != own);
    let stated = others().filter(|(_, belief)| belief.ground == Ground::Statement);
    let stated = stated.filter_map(|(_, belief)| belief.since.zip(belief.at));
    let unknown = others().filter(|(_, belief)| belief.state == State::Unknown);
    let unknown: Vec<_> =
        unknown.map(|(node, _)| words::node(scene.snapshot, node)).take(UNKNOWN).collect();
    let said = match &*unknown {
        [] => String::new(),
        names => format!("; nothing given shows what {} believes of it", names.join(" or ")),
    };
    (stated.map(|(time, frame)| Evidence { time, frame }).collect(), said)
}

/// A finding about a DN.
fn of_dn(about: &About, dn: &ClusterDn, finding: Finding) -> Finding {
    Finding { severity: about.severity, dn: Some(dn.name.clone()), ..finding }
}
