//! What 80 columns keep, and small things at the keyboard.

use regscope::tui::{Effect, SaveFormat};

use crate::session::Session;

const SMALL: (u16, u16) = (80, 24);

fn text(case: &str, keys: &str) -> String {
    Session::on(case, keys, SMALL).text(SMALL)
}

#[test]
fn the_ladder_keeps_what_decides() {
    // the REGISTER of 192.168.210.102 that removes the binding of 1010
    let removed = text("terminated-by-other-source", "f");
    assert!(removed.contains("REG exp 0"), "{removed}");
    let through_proxy = text("edge-proxy-two-hops", "<End>f");
    for label in ["REG +auth", "200 OK, 300 s", "401"] {
        assert_eq!(through_proxy.matches(label).count(), 2, "{label}\n{through_proxy}");
    }
    // where there is room the labels are whole
    let wide = text("removed-by-itself", "f");
    assert!(wide.contains("REGISTER, Expires 0"), "{wide}");
}

#[test]
fn a_proxy_in_the_path_is_named() {
    let path = "192.168.210.101:5060 → 192.168.210.82:5060 (proxy) → 192.168.210.81:5060 udp";
    let dn = text("edge-proxy-two-hops", "<Enter>");
    assert!(dn.contains(path), "{dn}");
    // the frames of the hop on which the registrar answered
    assert!(dn.contains("#10 ") && dn.contains("#11 "), "{dn}");
    let sources = text("edge-proxy-two-hops", "3");
    let proxy = sources.lines().find(|line| line.contains("192.168.210.82")).unwrap();
    assert!(proxy.contains("proxy"), "{sources}");
    let direct = text("incident", "<Enter>");
    assert!(!direct.contains("(proxy)"), "{direct}");
    assert!(!text("incident", "3").contains(" proxy  "));
}

#[test]
fn without_a_dn_the_findings_are_in_the_list() {
    let refused = text("tcp-refused", "");
    assert!(refused.contains("refuses TCP: 3 connections from 192.168.210.101"), "{refused}");
}

#[test]
fn columns_that_do_not_fit_are_marked_in_the_chooser() {
    let narrow = text("incident", "<F10>");
    let marked = |text: &str, column: &str| {
        let line = text.lines().find(|line| line.contains(&format!("[x] {column}"))).unwrap();
        line.contains("does not fit")
    };
    assert!(marked(&narrow, "RTT") && !marked(&narrow, "Source"), "{narrow}");
    let wide = Session::on("incident", "<F10>", (140, 40)).text((140, 40));
    assert!(!wide.contains("does not fit"), "{wide}");
}

#[test]
fn one_marked_dn_is_compared_with_the_selected_one() {
    // Space goes on to the next line
    let pair = text("incident", "<Space><End><F4>");
    assert!(pair.contains("1003 | 5001") || pair.contains("5001 | 1003"), "{pair}");
    let itself = text("incident", "<Space>k<F4>");
    assert!(itself.contains("go to another one"), "{itself}");
}

#[test]
fn clearing_a_search_keeps_the_marks() {
    let mut session = Session::on("incident", "<Space>/1003<Enter>", SMALL);
    assert!(session.text(SMALL).contains("1 marked"));
    session.keys("<F5>");
    let cleared = session.text(SMALL);
    assert!(cleared.contains("1 marked") && cleared.contains("5001"), "{cleared}");
    session.keys("<F5>");
    assert!(!session.text(SMALL).contains("marked"));
}

#[test]
fn up_and_down_choose_in_the_save_dialog() {
    let saved = |keys: &str| {
        let mut session = Session::on("incident", keys, SMALL);
        session.keys("<Enter>");
        let Some(Effect::Save(request)) = session.effects.pop() else { panic!("{keys}") };
        (request.dns.len(), request.format, request.path.display().to_string())
    };
    assert_eq!(saved("<F2>"), (1, SaveFormat::Pcapng, "dn-5001.pcapng".to_owned()));
    assert_eq!(saved("<F2><Down>"), (5, SaveFormat::Pcapng, "regscope-5-dns.pcapng".to_owned()));
    let csv = "<F2><Tab><Down><Down><Down><Down>";
    assert_eq!(saved(csv), (1, SaveFormat::Csv, "dn-5001.csv".to_owned()));
    assert_eq!(saved(&format!("{csv}<Up>")).1, SaveFormat::Json);
    // beyond the last choice of a field comes the next field
    assert_eq!(saved("<F2><Down><Down><Down>").1, SaveFormat::Text);
    assert_eq!(saved("<F2><Tab><Up><Up>"), saved("<F2>"));
}

#[test]
fn a_short_capture_has_curves_and_milliseconds() {
    let short = text("edge-proxy-two-hops", "");
    let line = short.lines().nth(1).unwrap();
    assert!(line.contains("attempts 2 ") && line.contains("failed 1 "), "{line}");
    assert!(line.contains("15:57:00.000 – 15:57:00.003 UTC"), "{line}");
}
