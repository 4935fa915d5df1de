//! One DN and the findings: looks, where Enter leads, what is copied.

use regscope::tui::Effect;

use crate::session::{Session, at_each_size};

#[test]
fn dns() {
    at_each_size("dn-refused", |size| Session::on("incident", "<Enter>", size));
    at_each_size("dn-flapping", |size| Session::on("flapping", "<Enter>", size));
    at_each_size("dn-two-registrars", |size| Session::on("moved-registrar", "<Enter>", size));
    at_each_size("dn-story", |size| Session::on("flapping", "<Enter><Tab>", size));
    at_each_size("dn-hostile", |size| Session::on("hostile-text", "<Enter><PgDn>", size));
}

#[test]
fn findings() {
    at_each_size("findings", |size| Session::on("incident", "4<Enter>j", size));
    at_each_size("findings-scanner", |size| Session::on("scanner", "4", size));
    at_each_size("findings-limits", |size| Session::on("ip-fragments-lost", "4G", size));
}

#[test]
fn evidence_leads_to_its_message() {
    let size = (140, 40);
    let mut session = Session::new("incident", size);
    session.keys("<Enter>/#22<Enter><Enter>");
    assert!(session.text(size).contains("── #22 403 Forbidden"));
    session.keys("<Esc>f");
    assert!(session.text(size).contains("── #22 403 Forbidden"));
    session.keys("<Esc>r");
    assert!(session.text(size).contains("frame #22,"));
    // a frame that is no REGISTER or answer of the DN is shown alone
    let mut session = Session::new("terminated-reginfo", size);
    session.keys("<Enter>/#9<Enter><Enter>");
    let text = session.text(size);
    assert!(text.contains("frame #9,") && text.contains("NOTIFY sip:"), "{text}");
    // and one that holds no SIP is said to hold none
    let mut session = Session::new("unreachable-after-service", size);
    session.keys("<Enter>/#4<Enter><Enter>");
    assert!(session.text(size).contains("the frame holds none"));
}

#[test]
fn evidence_in_a_log_opens_it_there() {
    let size = (140, 40);
    let mut session = Session::new("log-genesys", size);
    session.keys("<Enter>/:108<Enter><Enter>");
    let text = session.text(size);
    assert!(text.contains("line 108, shown with lines 88 to 120"), "{text}");
    assert!(text.contains("> 108  18:00:09.000: DN 5008 is not configured"), "{text}");
    // a message of a log first shows itself, then the lines around
    session.keys("<Esc>r<Enter>");
    let text = session.text(size);
    assert!(text.contains("SIP/2.0 404 Not Found") && text.contains("line 110"), "{text}");
    session.keys("y");
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.contains("DN 5008")));
    // there is nothing of the kind for a frame
    let mut session = Session::new("incident", size);
    session.keys("<Enter>r<Enter>");
    assert!(session.text(size).contains("frame #"));
    at_each_size("dn-log", |size| Session::on("log-genesys", "<Enter>/:108<Enter><Enter>", size));
}

#[test]
fn a_finding_and_a_summary_are_copied_as_text() {
    let mut session = Session::new("incident", (80, 24));
    session.keys("<Enter>y");
    session.keys("jy");
    session.keys("<Esc>4<Enter>jy");
    let copies: Vec<&String> = session
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Copy(text) => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        copies[0].starts_with("5001 rejected 403 Forbidden since 15:57:00\n192.168.210.54:5060 →")
    );
    assert!(copies[0].contains("3 attempts"), "{}", copies[0]);
    assert!(
        copies[1].starts_with("5001: 192.168.210.81:5060 rejected its REGISTER with 403 Forbidden")
    );
    assert!(copies[1].contains("\nSeen in #21 at 15:57:05.211, #22 at 15:57:05.212.\nCheck: "));
    assert_eq!(copies[1], copies[2]);
}

#[test]
fn a_dn_is_compared_with_the_one_most_like_it_or_with_the_marked_one() {
    let size = (140, 40);
    let mut session = Session::new("incident", size);
    session.keys("<Enter>c");
    let text = session.text(size);
    assert!(text.contains("1003 | 5001"), "{text}");
    assert!(text.contains("closest match on the other side: 1003 (same registrar and transport)"));
    let mut session = Session::new("incident", size);
    session.keys("jj<Space><Home><Enter>c");
    let text = session.text(size);
    assert!(text.contains("5001 → 5001 | 5008") && !text.contains("closest match"), "{text}");
}

#[test]
fn findings_are_narrowed_and_lead_to_their_evidence() {
    let size = (140, 40);
    let mut session = Session::new("incident", size);
    session.keys("4<F7>");
    assert!(session.text(size).contains("errors: 3 of 6"));
    session.keys("<F7><F7>/5008");
    assert!(session.text(size).contains("search: 5008: 2 of 6"));
    session.keys("<Enter><Home><Enter>");
    let text = session.text(size);
    assert!(text.contains("5008 Flow") && text.contains("404 Not Found"), "{text}");
    session.keys("<Esc><Esc>");
    assert!(session.text(size).contains("6 findings"));
    // of a source there is no ladder
    let mut session = Session::new("scanner", size);
    session.keys("4<Enter>");
    let text = session.text(size);
    assert!(text.contains("No DN belongs to this finding of 192.168.210.66 (3 shows"), "{text}");
}

#[test]
fn a_dn_of_which_only_statements_are_known_has_no_ladder() {
    let size = (140, 40);
    let mut session = Session::on("log-asterisk-notices", "/1003<Enter><Enter>f", size);
    let text = session.text(size);
    assert!(text.contains("Only log statements, no SIP messages (1 statement)."), "{text}");
    assert!(text.contains("(log statement, no SIP message)"), "{text}");
    // out since its statement, and nothing known before
    let service = text.lines().find(|line| line.contains("service  ")).unwrap_or_default();
    assert!(service.contains("··╳╳") && !service.contains("╳·"), "{text}");
    session.keys("<Esc>f");
    assert!(session.text(size).contains("Only log statements"));
    // one with messages has its ladder
    let mut session = Session::on("log-asterisk-pjsip", "f", size);
    assert!(session.text(size).contains(" Flow"), "{}", session.text(size));
}
