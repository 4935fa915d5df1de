use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::compare::pair::{Subject, pair};
use crate::compare::tests::fleet::{Phone, incident, ip, play};
use crate::compare::{Contrast, contrast};
use crate::net::{Endpoint, Transport};

/// A fleet whose texts try to be more than text.
fn hostile() -> Contrast {
    let server = Endpoint::new(ip("192.0.2.1"), 5060);
    let phones: Vec<Phone> = (0..12)
        .map(|number| Phone {
            dn: format!("{}{number}", if number < 6 { "=cmd|" } else { "+" }),
            source: Endpoint::new(ip("192.0.2.9"), 5060),
            transport: Transport::Udp,
            agent: if number < 6 {
                "=HYPERLINK(\"x\",`a|b`)\u{1b}[31m\u{202e}<img>"
            } else {
                "-1+1"
            }
            .to_owned(),
            expires: 60,
            realm: None,
            ttl: 64,
            mac: [2; 6],
            contact_host: None,
            contact_port: 5060,
            code: if number < 6 { 403 } else { 200 },
            vlan: None,
            request_seen: true,
        })
        .collect();
    contrast(&play(&phones, server))
}

fn csv(contrast: &Contrast) -> String {
    let mut out = Vec::new();
    write_csv(contrast, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_incident_as_text() {
    insta::assert_snapshot!(text(&contrast(&incident(false))));
}

#[test]
fn the_incident_as_markdown() {
    insta::assert_snapshot!(markdown(&contrast(&incident(true))));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for contrast in [hostile(), contrast(&incident(true))] {
        for line in text(&contrast).lines() {
            assert!(line.width() <= 80, "{line}");
        }
    }
}

#[test]
fn nothing_from_the_wire_acts() {
    let hostile = hostile();
    let json = serde_json::to_string(&ContrastJson::from(&hostile)).unwrap();
    for out in [text(&hostile), markdown(&hostile), csv(&hostile), json] {
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out}");
    }
    for line in csv(&hostile).lines().skip(1) {
        for cell in line.split(',') {
            assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{line}");
        }
    }
    let markdown = markdown(&hostile);
    assert!(!markdown.contains("<img>"), "{markdown}");
    assert!(markdown.contains("\\`a\\|b\\`"), "{markdown}");
    for line in markdown.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
    }
}

#[test]
fn json_has_what_a_program_needs() {
    let contrast = contrast(&incident(true));
    let json = serde_json::to_value(ContrastJson::from(&contrast)).unwrap();
    let group = &json["groups"][0];
    assert_eq!(group["attributes"][0], "source.address");
    let lead = &group["members"][0];
    assert_eq!(lead["separation"], 1.0);
    assert_eq!(lead["support"]["failing"]["n"], 3);
    assert_eq!(lead["condition"]["values"][0], "192.168.210.54");
    assert_eq!(lead["few"], true);
    assert_eq!(json["by_outcome"][0]["failing"]["status_code"], 403);
    assert_eq!(json["by_outcome"][0]["failing"]["verdict"], "rejected");
    let mut same = json["same"].as_array().unwrap().iter();
    assert!(same.any(|f| f["attribute"] == "auth.given"));
}

#[test]
fn a_pair_shows_what_differs_and_what_does_not() {
    let snapshot = incident(false);
    let subject = |name: &str| {
        let dn = snapshot.dns().find(|d| d.name() == name.as_bytes()).unwrap();
        Subject::new(&snapshot, dn)
    };
    let pair = pair(&subject("1002"), &subject("5001"));
    let lead = vec!["5001: its cause".to_owned()];
    let view = PairView { pair: &pair, sides: Default::default(), lead, apart: false, once: true };
    let text = pair_text(&view);
    assert!(text.lines().all(|line| line.width() <= 80), "{text}");
    for want in [
        "! Source address          192.168.210.81             192.168.210.54\n",
        "Registrar: 192.168.210.81:5060",
        "standard input cannot be read",
        "  5001: its cause\n",
    ] {
        assert!(text.contains(want), "{text}");
    }
    let json = serde_json::to_value(PairJson::from(&pair)).unwrap();
    assert_eq!(json["rows"][0]["kind"], "differs");
}

#[test]
fn two_messages_show_no_secret() {
    let message = |response: &str, agent: &str| {
        format!(
            "REGISTER sip:x SIP/2.0\r\nTo: <sip:1@x>\r\nUser-Agent: {agent}\r\nAuthorization: Digest \
             username=\"1\", realm=\"x\", response=\"{response}\"\r\n\r\n"
        )
    };
    let (left, right) = (message("5ec7e7a", "A"), message("5ec7e7b", "B\u{1b}[2J"));
    let snapshot = incident(false);
    let dn = snapshot.dns().next().unwrap();
    let pair = pair(&Subject::new(&snapshot, dn), &Subject::new(&snapshot, dn));
    let side = |text: String| SideView {
        request: Some(RawMessage {
            bytes: text.into_bytes(),
            frame: crate::net::FrameRef::default(),
            cut: false,
        }),
        ..SideView::default()
    };
    let sides = [side(left), side(right)];
    let view = PairView { pair: &pair, sides, lead: Vec::new(), apart: false, once: false };
    let (mut json, mut csv) = (Vec::new(), Vec::new());
    write_pair_json(&view, &mut json).unwrap();
    write_pair_csv(&view, &mut csv).unwrap();
    let written = [json, csv].map(|bytes| String::from_utf8(bytes).unwrap());
    for out in written.iter().chain(&[pair_text(&view), pair_markdown(&view)]) {
        assert!(!out.contains("5ec7e7") && !out.contains('\u{1b}'), "{out}");
    }
    assert!(pair_text(&view).contains("! User-Agent "), "{}", pair_text(&view));
}
