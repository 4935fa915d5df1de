//! The stories of DNs.

use std::fmt::Write as _;

use crate::diagnosis::explain::{Story, explain};
use crate::registration::testing::Player;

fn text(story: &Story) -> String {
    let start = story.paragraphs.first().map_or_else(Default::default, |e| e.time);
    let mut lines = Vec::new();
    for event in &story.paragraphs {
        let frames: Vec<_> = event.frames.iter().map(|f| format!("#{}", f.number())).collect();
        let millis = event.time.nanos_since(start) / 1_000_000;
        lines.push(format!("+{millis} ms {} {}", frames.join(" "), event.sentence));
    }
    lines.push(story.verdict.clone());
    lines.extend(story.findings.first().map(|f| format!("{}: {}", f.rule, f.sentence)));
    lines.join("\n")
}

#[test]
fn repetition_is_folded() {
    let mut scenario = String::from("0 > REGISTER expires=5\n0.01 < 200 expires=5\n");
    for n in 2..9 {
        let _ = write!(scenario, "{n}0 > REGISTER call={n}\n{n}0.01 < 403 call={n}\n");
    }
    let story = explain(&Player::snapshot_of(&scenario), b"5002").unwrap();
    assert_eq!(
        text(&story),
        "+0 ms #1 #2 accepted for 5 s by 192.0.2.114:5060, from 192.0.2.97:5060, \
         Contact sip:5002@192.0.2.97:5060\n\
         +5000 ms #2 the time granted by 192.0.2.114:5060 ran out\n\
         +20000 ms #3 #4 refused 403 Forbidden by 192.0.2.114:5060, from 192.0.2.97:5060\n\
         +30000 ms #5 #16 refused 403 Forbidden 6 more times within 50.0 s\n\
         5002 is out of service at 192.0.2.114:5060: rejected 403 Forbidden\n\
         rejected-403-without-challenge: 5002: 192.0.2.114:5060 rejected its REGISTER with 403 Forbidden and \
         never challenged it, 7 times within 1 min 0 s; it had accepted this DN once, 20.0 s before"
    );
}

#[test]
fn hostile_text_is_made_safe() {
    let scenario = "0 > REGISTER contact=<sip:\u{202e}x@192.0.2.97>\n0.01 < 200 contact=none";
    let story = explain(&Player::snapshot_of(scenario), b"5002").unwrap();
    let said = text(&story);
    assert!(said.contains("\\u{202e}") && !said.contains('\u{202e}'), "{said}");
}

#[test]
fn a_dn_nobody_knows_has_no_story() {
    assert!(explain(&Player::snapshot_of(""), b"5002").is_none());
}
