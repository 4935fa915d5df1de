//! The failing against the working DNs, two DNs side by side, and the sources.

use insta::assert_snapshot;
use regscope::cli::InputSettings;
use regscope::tui::{Effect, Palette};

use crate::session::{Session, at_each_size, case, thousand};

fn text(session: &mut Session) -> String {
    session.text((80, 24))
}

#[test]
fn what_only_the_failing_have_leads() {
    for (name, keys) in [
        ("compare-incident", "2"),
        ("compare-value", "2j"),
        ("compare-kind", "2]"),
        ("compare-same", "2e<End>"),
        ("compare-marked", "<Space>2<Left>"),
    ] {
        at_each_size(name, |size| Session::on("incident", keys, size));
    }
}

#[test]
fn without_two_sides_it_says_so() {
    for (name, case) in [
        ("compare-none-works", "rejected"),
        ("compare-none-fails", "flapping"),
        ("compare-too-few", "edge-proxy-two-hops"),
        ("compare-nothing", "nat-answer-lost"),
    ] {
        assert_snapshot!(name, Session::on(case, "2", (80, 24)).styled((80, 24)));
    }
}

#[test]
fn two_dns_side_by_side() {
    for (name, keys) in [
        ("pair-incident", "j<Space>j<Space>c"),
        ("pair-incident-same", "j<Space>j<Space>ce<PgDn>"),
        ("pair-incident-raw", "j<Space>j<Space>cr"),
        ("pair-incident-answers", "j<Space>j<Space>cr<Tab>"),
    ] {
        at_each_size(name, |size| Session::on("incident", keys, size));
    }
}

#[test]
fn the_sources() {
    for (name, case) in [
        ("sources-incident", "incident"),
        ("sources-scanner", "scanner"),
        ("sources-refused", "tcp-refused"),
        ("sources-hostile", "hostile-text"),
    ] {
        at_each_size(name, |size| Session::on(case, "3", size));
    }
}

#[test]
fn a_value_leads_to_its_dns() {
    let mut session = Session::on("incident", "2j<Enter>", (140, 40));
    let text = session.text((140, 40));
    assert!(text.contains("filter: source.address=192.168.210.54"), "{text}");
    assert!(text.contains("3 of 5"), "{text}");
    assert!(text.contains("5008") && !text.contains("1002"), "{text}");
}

#[test]
fn the_comparison_follows_marks_and_filter() {
    let mut session = Session::on("incident", "<F7>code=403<Enter>2<Left>", (80, 24));
    let text = session.text((140, 40));
    assert!(text.contains("[listed 2]"), "{text}");
    assert!(text.contains("against 3 others"), "{text}");
    session.keys("<Esc>");
    assert!(self::text(&mut session).contains("[all failing 3]"));
    session.keys("<F5>");
    assert!(!self::text(&mut session).contains("listed"));
}

#[test]
fn a_search_unfolds_what_holds_it() {
    let mut session = Session::on("incident", "2/stale", (80, 24));
    let text = text(&mut session);
    assert!(text.contains("stale=true received"), "{text}");
    assert!(!text.contains("▸ Source address"), "{text}");
    session.keys("<Enter><F5>");
    assert!(!self::text(&mut session).contains("stale=true received"));
}

#[test]
fn resizing_keeps_what_is_selected() {
    let mut session = Session::on("incident", "2jjj", (140, 40));
    let selected = |session: &mut Session, size| {
        let text = session.styled(size);
        text.lines().rfind(|line| line.contains("reversed")).map(str::to_owned)
    };
    let before = selected(&mut session, (140, 40));
    selected(&mut session, (60, 14));
    assert_eq!(selected(&mut session, (140, 40)), before);
}

#[test]
fn a_pair_is_copied_as_text() {
    let mut session = Session::on("incident", "j<Space>j<Space>cy", (80, 24));
    let Some(Effect::Copy(copied)) = session.effects.pop() else { panic!("nothing copied") };
    assert!(copied.contains("! Source address"), "{copied}");
    assert!(copied.contains("192.168.210.81") && copied.contains("192.168.210.54"), "{copied}");
    session.keys("ry");
    let Some(Effect::Copy(copied)) = session.effects.pop() else { panic!("nothing copied") };
    assert!(copied.contains("! User-Agent"), "{copied}");
}

#[test]
fn wrapping_is_a_choice() {
    let keys = "j<Space>j<Space>cr";
    let lines = |session: &mut Session| text(session).matches("branch").count();
    let mut session = Session::on("incident", keys, (80, 24));
    assert!(text(&mut session).contains("nch=z9hG4bK"));
    session.keys("w");
    assert!(!text(&mut session).contains("nch=z9hG4bK"));
    assert!(lines(&mut session) < 2);
}

#[test]
fn sources_are_sorted_and_lead_to_their_dns() {
    let first = |session: &mut Session| {
        let text = text(session);
        text.lines().nth(4).unwrap_or_default().to_owned()
    };
    let mut session = Session::on("incident", "3", (80, 24));
    assert!(first(&mut session).contains("192.168.210.54"));
    session.keys("z");
    assert!(first(&mut session).contains("192.168.210.81"));
    session.keys("z<Enter>");
    let text = session.text((140, 40));
    assert!(text.contains("filter: source=192.168.210.54"), "{text}");
    session.keys("3c");
    assert!(self::text(&mut session).contains("[listed 3]"));
}

/// A thousand DNs of ten sources, every seventh refused.
fn many(keys: &str, size: (u16, u16)) -> Session {
    let input: InputSettings = thousand();
    let mut session = Session::with(input, "thousand.pcap", size, Palette::Dark);
    session.keys(keys);
    session
}

#[test]
fn a_thousand_dns() {
    for (name, keys) in [("compare-thousand", "2"), ("sources-thousand", "3")] {
        at_each_size(name, |size| many(keys, size));
    }
    at_each_size("compare-thousand-source", |size| many("3jc", size));
}

#[test]
fn without_colours() {
    let mut session = Session::with(case("incident"), "incident", (80, 24), Palette::Mono);
    session.keys("2");
    assert_snapshot!("compare-mono", session.styled((80, 24)));
}

#[test]
fn no_size_is_too_small_to_draw() {
    for keys in ["2", "2e", "3", "j<Space>j<Space>c", "j<Space>j<Space>cr"] {
        let mut session = Session::on("incident", keys, (80, 24));
        for (columns, rows) in [(1, 1), (40, 10), (41, 11), (55, 16), (300, 90)] {
            let text = session.text((columns, rows));
            assert!(text.lines().count() <= usize::from(rows));
        }
    }
}

#[test]
fn kinds_of_failure_have_the_labels_of_the_list() {
    let size = (140, 40);
    let mut session = Session::on("log-asterisk-notices", "2", size);
    let text = session.text(size);
    assert!(
        text.contains("authentication failed 1") && text.contains("binding removed 1"),
        "{text}"
    );
    assert!(!text.contains("auth failed") && !text.contains("terminated"), "{text}");
}

#[test]
fn nothing_that_differs_is_said() {
    let size = (80, 24);
    let mut session = Session::on("no-answer", "2", size);
    let text = session.text(size);
    assert!(text.contains("Nothing differs in what was captured."), "{text}");
    assert!(!text.contains("What differs most"), "{text}");
}
