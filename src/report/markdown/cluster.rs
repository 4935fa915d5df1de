//! The cluster as Markdown.

use super::{ROWS, escape};
use crate::cluster::Cluster;
use crate::report::View;
use crate::wording::append;
use crate::wording::cluster::{Row, belief, name, ordered, split, summary};
use crate::wording::when::Clock;

/// The section; empty without a cluster.
pub(super) fn section(view: &View<'_>, clock: &Clock) -> String {
    let (snapshot, cluster) = (view.snapshot, &Cluster::of(view.snapshot));
    let mut text = String::new();
    if cluster.is_empty() {
        return text;
    }
    append!(text, "\n#### Cluster: {}\n\n", summary(cluster));
    for lost in &cluster.splits {
        let words = split(snapshot, cluster, lost, clock);
        append!(text, "- **{}**\n", escape(&words));
    }
    text += "\n| DN | Owner | Registration |";
    for node in &cluster.nodes {
        append!(text, " {} |", escape(name(snapshot, *node)));
    }
    append!(text, " |\n|---|---|---|{}---|\n", "---|".repeat(cluster.nodes.len()));
    let dns = ordered(cluster).into_iter().filter(|dn| view.selection.takes_name(&dn.name));
    let dns: Vec<_> = dns.collect();
    for dn in dns.iter().take(ROWS) {
        let row = Row::new(snapshot, cluster, dn, clock);
        append!(
            text,
            "| {} | {} | {} |",
            escape(&row.name),
            escape(&row.owner),
            escape(&row.binding)
        );
        for state in &row.beliefs {
            append!(text, " {} |", belief(*state));
        }
        append!(text, " {} |\n", row.mark);
    }
    if let Some(more) = dns.get(ROWS..).filter(|more| !more.is_empty()) {
        append!(text, "\nand {} more\n", more.len());
    }
    text
}
