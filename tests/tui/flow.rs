//! The ladder of a DN's messages and one message alone: looks, marks, search, secrets.

use regscope::cli::InputSettings;
use regscope::tui::{Effect, Palette};

use crate::fleet::{capture, packet};
use crate::session::{Session, at_each_size};

#[test]
fn ladders() {
    // a response that does not reach the device: its ports are beside its lane
    at_each_size("flow-answer-lost", |size| Session::on("nat-answer-lost", "f", size));
    at_each_size("flow-two-hops", |size| Session::on("edge-proxy-two-hops", "fjj", size));
    at_each_size("flow-two-registrars", |size| Session::on("conflict", "f", size));
    at_each_size("flow-unreachable", |size| Session::on("unreachable-after-service", "fG", size));
    at_each_size("flow-hostile", |size| Session::on("hostile-text", "f", size));
    at_each_size("flow-captured-twice", |size| Session::on("captured-twice", "f", size));
}

#[test]
fn messages() {
    at_each_size("message-credentials", |size| Session::on("auth-failed", "fjj<Enter>", size));
    at_each_size("message-bytes", |size| Session::on("auth-failed", "fjj<Enter>b", size));
    at_each_size("message-folded", |size| Session::on("odd-spelling", "f<Enter>", size));
    at_each_size("message-cut", |size| Session::on("truncated", "f<Enter>", size));
}

#[test]
fn only_digest_responses_that_are_asked_for_are_shown_or_copied() {
    let size = (140, 40);
    let mut session = Session::new("auth-failed", size);
    session.keys("fjj");
    let shown = |session: &mut Session| {
        let text = session.text(size);
        let at = text.find("response=\"").unwrap() + "response=\"".len();
        text[at..].chars().take_while(|c| *c != '"').collect::<String>()
    };
    assert_eq!(shown(&mut session), "***");
    session.keys("<Enter>");
    assert_eq!(shown(&mut session), "***");
    session.keys("y");
    session.keys("x");
    let secret = shown(&mut session);
    assert!(secret.len() > 20, "{secret}");
    session.keys("y");
    let copied: Vec<bool> = session
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Copy(text) => text.contains(&secret),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(copied, [false, true]);
    // bytes, as numbers and as characters, hide it as well
    session.keys("xb");
    let bytes = session.text(size);
    assert!(bytes.contains("** **") && !bytes.contains(&secret[..8]), "{bytes}");
    // another message begins masked
    session.keys("bxnnN");
    assert!(!session.text(size).contains("secrets shown"));
}

#[test]
fn two_marked_messages_stand_side_by_side_and_one_alone() {
    let mut session = Session::new("incident", (140, 40));
    session.keys("f<Space>j<Space><Enter>");
    assert!(session.text((140, 40)).contains("frames 5 | 6"));
    session.keys("<Esc><F5><Enter>");
    assert!(session.text((140, 40)).contains("frame #6,"));
    // through all messages of the DN, and no further
    session.keys("nnnnnnnnn");
    assert!(session.text((140, 40)).contains("message 6 of 6"));
    session.keys("<Esc>");
    assert!(session.text((140, 40)).contains("#6 403 Forbidden"));
}

#[test]
fn search_finds_lines_of_the_ladder_and_of_messages() {
    let size = (80, 24);
    let mut session = Session::new("nat-answer-lost", size);
    session.keys("f/200 ok");
    assert!(session.text(size).contains("4 found"));
    session.keys("<Enter>nn");
    assert!(session.text(size).contains("#6 200 OK, retransmission"));
    session.keys("N");
    assert!(session.text(size).contains("#4 200 OK, retransmission"));
    session.keys("/lab-phone");
    assert!(session.text(size).contains("#5 REGISTER, retransmission"));
    // what is given up leaves nothing
    session.keys("<Esc>");
    assert!(!session.text(size).contains("found"));
}

#[test]
fn the_text_of_a_message_scrolls_by_itself() {
    let size = (80, 24);
    let mut session = Session::new("nat-answer-lost", size);
    session.keys("f");
    assert!(!session.text(size).contains("Content-Length: 0"));
    session.keys("<Tab><PgDn>");
    let text = session.text(size);
    assert!(text.contains("Content-Length: 0") && text.contains("── #1 REGISTER"), "{text}");
    session.keys("<Esc>j");
    assert!(session.text(size).contains("── #2 200 OK"));
    // the size changes, the selection stays
    session.resize((50, 12)).resize((200, 60));
    assert!(session.text((200, 60)).contains("── #2 200 OK"));
}

/// A DN that refreshes so often, in one file.
fn refreshing(times: u32) -> (tempfile::TempDir, InputSettings) {
    let mut file = capture(0);
    for n in 0..times {
        let common = format!(
            "Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bK{n}\r\nFrom: <sip:5001@r>;tag=a\r\n\
             To: <sip:5001@r>\r\nCall-ID: 1@x\r\nCSeq: {} REGISTER\r\n\
             Contact: <sip:5001@10.1.0.1:5060>;expires=60\r\nContent-Length: 0\r\n\r\n",
            n + 1
        );
        let (device, registrar) = ([10, 1, 0, 1], [10, 2, 0, 1]);
        let request = format!("REGISTER sip:r SIP/2.0\r\n{common}");
        packet(&mut file, (1000 + n * 30, 0), device, registrar, request.as_bytes());
        let answer = format!("SIP/2.0 200 OK\r\n{common}");
        packet(&mut file, (1000 + n * 30, 900), registrar, device, answer.as_bytes());
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("refreshing.pcap");
    std::fs::write(&path, file).unwrap();
    (dir, InputSettings { files: vec![path], ..InputSettings::default() })
}

#[test]
fn of_thousands_of_messages_those_near_are_read() {
    let size = (80, 24);
    let (_dir, input) = refreshing(1500);
    let mut session = Session::with(input, "refreshing", size, Palette::Dark);
    session.keys("f");
    let first = session.read;
    assert!((20..=400).contains(&first), "{first}");
    session.keys("G");
    let text = session.text(size);
    assert!(text.contains("attempt 1500 of 1500") && text.contains("#3000 200 OK"), "{text}");
    assert!(text.contains("SIP/2.0 200 OK"), "{text}");
    assert!((first + 1..=first + 400).contains(&session.read), "{}", session.read);
    // back in the list of attempts equal ones are one line, and open
    session.keys("<Esc><Enter>");
    assert!(session.text(size).contains("1500 attempts"));
    session.keys("/more like it<Enter><Enter>");
    let text = session.text(size);
    assert!(text.contains("▾ 1499 more like it") && text.contains("the same (#3 → #4)"), "{text}");
}
