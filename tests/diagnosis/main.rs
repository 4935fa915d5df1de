//! What the rules find in the captures of the lab, and the stories of their DNs.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod pump;

use pump::{cases, read, snapshot};
use regscope::diagnosis::explain::{Story, explain};
use regscope::diagnosis::{Finding, Severity, diagnose};
use regscope::registration::{Snapshot, State};

/// The rules that hold for a DN of a capture, its cause first.
fn found(capture: &str, dn: &str) -> Vec<Finding> {
    let snapshot = snapshot(capture);
    diagnose(&snapshot).into_iter().filter(|f| f.dn.as_deref() == Some(dn.as_bytes())).collect()
}

#[test]
fn every_capture_is_judged_honestly() {
    let all = cases();
    assert!(all.len() > 50, "{} captures", all.len());
    for (name, path) in all {
        assert_honest(&name, &read(&path));
    }
}

#[test]
fn each_capture_has_its_cause() {
    for (capture, dn, rule) in [
        ("incident", "5001", "rejected-403-without-challenge"),
        ("incident", "5002", "rejected-403-without-challenge"),
        ("incident", "5008", "unknown-dn-404"),
        ("removed-by-itself", "5002", "deregistered-by-own-side"),
        ("auth-failed", "2002", "wrong-password"),
        ("auth-failed", "2102", "wrong-password"),
        ("auth-failed", "2003", "wrong-realm"),
        ("challenged", "2006", "challenge-not-answered"),
        ("not-kept", "1101", "not-kept"),
        ("expired", "1001", "expired-not-refreshed"),
        ("lapsed-after-failed-refresh", "1001", "rejected-403-without-challenge"),
        ("lapsed-after-failed-refresh", "1001", "refresh-failed-then-expired"),
        ("lapsed-after-failed-refresh", "1003", "no-answer"),
        ("lapsed-after-failed-refresh", "1003", "refresh-failed-then-expired"),
        ("no-answer", "1102", "no-answer"),
        ("query", "1008", "only-asked"),
        ("redirected", "1104", "redirect-not-followed"),
        ("terminated-in-registrar", "1012", "gone-at-registrar"),
        ("terminated-in-registrar", "1013", "gone-at-registrar"),
        ("one-way", "5008", "one-way-capture"),
        ("ip-fragments-lost", "1065", "cut-packets"),
        ("pending", "1002", "still-pending"),
        ("flapping", "1001", "flapping"),
        ("conflict", "1007", "conflict-two-registrars"),
        ("nat-answer-lost", "1043", "answer-lost"),
        ("two-devices", "1014", "two-devices"),
        ("moved", "1201", "moved"),
        ("recovered", "1103", "recovered"),
    ] {
        let found = found(capture, dn);
        let rules: Vec<_> = found.iter().map(|f| f.rule).collect();
        assert!(rules.contains(&rule), "{capture} {dn}: no {rule} in {rules:?}");
    }
}

#[test]
fn the_incident_is_told_as_it_was() {
    let sentences = |capture: &str, dn: &str| {
        let found = found(capture, dn);
        found.iter().map(|f| f.sentence.clone()).collect::<Vec<_>>().join("\n")
    };
    for (capture, dn, want) in [
        (
            "incident",
            "5001",
            "5001: 192.168.210.81:5060 rejected its REGISTER with 403 Forbidden and never challenged it, 3 times \
             within 4.9 s; it does the same to 2 of the 3 DNs from 192.168.210.54, including this one; it accepts 2 DNs, none of \
             them from there",
        ),
        (
            "incident",
            "5008",
            "5008: 192.168.210.81:5060 does not know 5008@192.168.210.81: 404 Not Found, 3 times \
             within 5.0 s; it accepts 2 other DNs in this capture",
        ),
        (
            "removed-by-itself",
            "5002",
            "5002 was accepted (200, 3600 s) and removed 3.0 s later by Expires 0 from the same \
             source 192.168.210.54 under another Call-ID: de-registered by the device",
        ),
        (
            "lapsed-after-failed-refresh",
            "1003",
            "1003: 192.168.210.81:5060 did not answer the REGISTER from 192.168.210.102:5060, \
             sent 11 times within 31.5 s; meanwhile it answers others (1 DN)",
        ),
        (
            "lapsed-after-failed-refresh",
            "1003",
            "1003: accepted for 4 s, the refresh 2.0 s later was not answered, and then the time \
             ran out",
        ),
        (
            "nat-answer-lost",
            "1043",
            "1043: 192.168.210.81:5060 responds, yet 192.168.210.200 retransmitted the REGISTER 3 times \
             after the response: the responses go to port 5060, the REGISTERs come from port 41043, \
             and the Via does not ask for rport",
        ),
        (
            "auth-failed",
            "2002",
            "2002: 192.168.210.81:5060 refused the credentials of user \"2002\" for the realm \
             \"lab.example\" 4 times, though they answer its nonce and it calls none stale: a \
             wrong password, or a user or source that it does not accept",
        ),
    ] {
        let said = sentences(capture, dn);
        assert!(said.lines().any(|line| line == want), "{capture} {dn}: {said}");
    }
    let all = sentences("incident", "5001") + &sentences("removed-by-itself", "5002");
    assert!(!all.contains("trusted"));
    assert!(!sentences("removed-by-itself", "5002").contains("refused"));
}

/// A DN that is not in service has one cause, and nothing else about a DN is an error; which warnings a
/// DN in service has is in `expect.toml`.
fn assert_honest(name: &str, snapshot: &Snapshot) {
    let findings = diagnose(snapshot);
    for view in snapshot.dns() {
        let own: Vec<_> =
            findings.iter().filter(|f| f.dn.as_deref() == Some(view.name())).collect();
        let dn = String::from_utf8_lossy(view.name());
        let causes = own.iter().filter(|f| f.is_cause).count();
        let in_service = view.state().verdict.state() == State::InService;
        assert_eq!(causes, usize::from(!in_service), "{name}: {dn}: {own:#?}");
        assert!(own.iter().all(|f| f.is_cause || f.severity < Severity::Error), "{name}: {dn}");
    }
}

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
fn a_dn_that_removed_itself() {
    let story = explain(&snapshot("removed-by-itself"), b"5002").unwrap();
    assert_eq!(
        text(&story),
        "+0 ms #3 #4 accepted for 3600 s by 192.168.210.81:5060, from 192.168.210.54:5060, \
         Contact sip:5002@192.168.210.54:5060\n\
         +3000 ms #5 #6 removed by Expires 0 from the same source under another Call-ID\n\
         5002 is out of service at 192.168.210.81:5060: de-registered by the device\n\
         deregistered-by-own-side: 5002 was accepted (200, 3600 s) and removed 3.0 s later by \
         Expires 0 from the same source 192.168.210.54 under another Call-ID: de-registered by the \
         device"
    );
}
