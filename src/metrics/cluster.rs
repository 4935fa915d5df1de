//! Shows which node of a cluster owns each DN, and which nodes have lost each other.

use std::collections::BTreeMap;

use super::Families;
use super::dns::{NAME, SERIES};
use crate::net::escape_bytes;

/// Pairs of nodes with a series of their own.
const PAIRS: usize = 2048;

/// Which node owns which DN, and which nodes have lost each other.
#[derive(Clone, Default, Debug)]
pub struct ClusterGauges {
    /// The owner of each DN, by its name as it is shown.
    owners: BTreeMap<String, String>,
    /// DNs with an owner and without a series.
    without_series: u64,
    /// Two nodes that lost each other at some time, and whether they still have.
    splits: BTreeMap<(String, String), bool>,
}

impl ClusterGauges {
    /// Takes in which node owns which DN now; with a series for each if `per_dn`.
    pub fn own<'o>(&mut self, owners: impl IntoIterator<Item = (&'o [u8], &'o str)>, per_dn: bool) {
        self.owners.clear();
        self.without_series = 0;
        for (dn, node) in owners {
            if per_dn && dn.len() <= NAME && self.owners.len() < SERIES {
                self.owners.insert(escape_bytes(dn).into_owned(), node.to_owned());
            } else {
                self.without_series += 1;
            }
        }
    }

    /// Takes in a pair of nodes that lost each other, and whether they still have.
    pub fn split(&mut self, [a, b]: [&str; 2], open: bool) {
        let pair = (a.to_owned(), b.to_owned());
        if self.splits.len() < PAIRS || self.splits.contains_key(&pair) {
            self.splits.insert(pair, open);
        }
    }

    /// Adds what there is to say.
    pub fn add_to(&self, families: &mut Families) {
        if self.owners.is_empty() && self.without_series == 0 && self.splits.is_empty() {
            return;
        }
        let owners = self.owners.iter().map(|(dn, node)| [("dn", dn.as_str()), ("node", node)]);
        let owners: Vec<_> = owners.collect();
        families.gauges(
            "regscope_dn_owner",
            "The node of the cluster that owns the DN; always 1.",
            owners.iter().map(|labels| (&labels[..], 1.0)),
        );
        families.gauge(
            "regscope_dn_owner_without_series",
            "DNs with an owner and without a regscope_dn_owner.",
            self.without_series as f64,
        );
        let splits = self.splits.iter();
        let splits: Vec<_> = splits
            .map(|((a, b), open)| {
                ([("a", a.as_str()), ("b", b.as_str())], f64::from(u8::from(*open)))
            })
            .collect();
        families.gauges(
            "regscope_cluster_split",
            "Whether two nodes of the cluster have lost each other; 0 once they have found each other again.",
            splits.iter().map(|(labels, open)| (&labels[..], *open)),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::metrics::Page;

    fn text(gauges: &ClusterGauges) -> String {
        let mut families = Families::default();
        gauges.add_to(&mut families);
        let page = Page { families: Arc::new(families), dns: None };
        String::from_utf8(page.render()).unwrap()
    }

    #[test]
    fn owners_and_splits_have_series_within_bounds() {
        let mut gauges = ClusterGauges::default();
        assert_eq!(text(&gauges).matches("regscope_").count(), 0);
        let names: Vec<Vec<u8>> = (0..SERIES + 3).map(|n| format!("{n}").into_bytes()).collect();
        gauges.own(names.iter().map(|name| (name.as_slice(), "A")), true);
        gauges.split(["A", "B"], true);
        let shown = text(&gauges);
        assert_eq!(shown.matches("regscope_dn_owner{").count(), SERIES);
        assert!(shown.contains("regscope_dn_owner_without_series 3"), "{shown:.2000}");
        assert!(shown.contains("regscope_cluster_split{a=\"A\",b=\"B\"} 1"));
        gauges.own([(&b"x\"\x1b\n"[..], "A\"B"), (&[b'9'; NAME + 1][..], "A")], true);
        gauges.split(["A", "B"], false);
        let shown = text(&gauges);
        assert!(
            shown.contains(r#"regscope_dn_owner{dn="x\"\\u{1b}\\n",node="A\"B"} 1"#),
            "{shown}"
        );
        assert!(shown.contains("regscope_dn_owner_without_series 1"), "{shown}");
        assert!(shown.contains("regscope_cluster_split{a=\"A\",b=\"B\"} 0"), "{shown}");
        gauges.own([(&b"1"[..], "A")], false);
        assert!(text(&gauges).contains("regscope_dn_owner_without_series 1"));
    }
}
