//! The screen Cluster: looks, where Enter leads, and when it is there.

use std::path::Path;

use regscope::cli::InputSettings;
use regscope::tui::Palette;

use crate::session::{Session, at_each_size};

/// The logs and captures of both nodes.
fn split(case: &str) -> InputSettings {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case);
    let files = ["dc1-001.log", "dc1.log", "dc1.pcap", "dc2-001.log", "dc2.log", "dc2.pcap"];
    let files = files.map(|file| case.join(file)).to_vec();
    InputSettings { files, ..InputSettings::default() }
}

fn on(case: &str, keys: &str, size: (u16, u16)) -> Session {
    let mut session = Session::with(split(case), case, size, Palette::Dark);
    session.keys(keys);
    session
}

#[test]
fn nodes_and_dns() {
    at_each_size("cluster-over", |size| on("cluster-split", "6j", size));
    at_each_size("cluster-open", |size| on("cluster-split-open", "6", size));
    at_each_size("cluster-story", |size| on("cluster-split", "6<Enter><End>", size));
}

#[test]
fn a_low_terminal_has_the_list_alone() {
    let mut session = on("cluster-split-open", "6", (60, 12));
    let text = session.text((60, 12));
    assert!(text.contains("1001") && text.contains("SIPS_DC1"), "{text}");
}

#[test]
fn without_a_cluster_there_is_no_such_screen() {
    let mut session = Session::on("incident", "6", (80, 24));
    let text = session.text((80, 24));
    assert!(!text.contains("6 Cluster"), "{text}");
    assert!(text.contains("show no cluster"), "{text}");
}

#[test]
fn dns_are_found_by_their_owner() {
    for (filter, dns) in [
        ("owner=sips_dc1", "2 of 3"),
        ("owner!=none", "3 of 3"),
        ("node~dc2", "3 of 3"),
        ("cti=out", "0 of 3"),
        ("cti=in", "3 of 3"),
    ] {
        let mut session = on("cluster-split-open", &format!("<F7>{filter}<Enter>"), (80, 24));
        let text = session.text((80, 24));
        assert!(text.contains(dns), "{filter}: {text}");
    }
}

#[test]
fn a_finding_about_no_dn_opens_the_log_at_its_line() {
    let size = (140, 40);
    let mut session = on("cluster-split-open", "4<Enter><Enter>j<Enter>", size);
    let text = session.text(size);
    assert!(text.contains("dc1.log") && text.contains("line 42, shown with"), "{text}");
}
