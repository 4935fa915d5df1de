//! Counts what is found above an observation in captures from elsewhere, and in the healthy rows
//! of the lab's, when they are beside the project: whatever is not judged here may be a false alarm.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Start of the capture's name, rule, and what is in the capture (each examined, message by
/// message). `false alarm` marks those that are wrong and stay for the reason given.
const JUDGED: &[(&str, &str, &str)] = &[
    ("OISF__suricata-verify__sip-", "challenge-not-answered", "a 401 ends the capture: possible"),
    ("arkime__arkime__gtp-iphone", "deregistered-by-own-side", "Expires 0 from the phone, 200"),
    ("irontec__sngrep__aaa", "stale-loop", "401 \"nonce has changed\" to the credentials"),
    ("ntop__nDPI__sip.pcap", "stale-loop", "401 \"nonce has changed\" to the credentials"),
    (
        "ntop__nDPI__fuzz-2006",
        "challenge-not-answered",
        "false alarm: random bytes changed the names, so answers lack their requests",
    ),
    (
        "ntop__nDPI__fuzz-2006",
        "one-way-capture",
        "false alarm: random bytes changed the names and lost the answers",
    ),
    (
        "seladb__PcapPlusPlus__sip_resp",
        "challenge-not-answered",
        "false alarm: no REGISTER is in the capture, so none could be seen to follow",
    ),
    ("seladb__PcapPlusPlus__sip_resp", "server-error-5xx", "a 503 and a 504 stand there"),
    ("seladb__PcapPlusPlus__sip_resp", "one-direction", "four answers and no REGISTER"),
    ("slytechs-repos__jnetpcap", "deregistered-by-own-side", "Expires 0, 200; Contacts rewritten"),
];

/// The same for DNs of the lab that are in service at the end: something did fail.
const IN_SERVICE_BUT: &[(&str, &str, &str)] = &[
    ("02_source_acl_two", "rejected-from-other-source", "the second source gets 403 each time"),
    ("04_nat_no_rport_server", "answer-lost", "the answers go to a port nobody listens on"),
    ("08_conflict", "conflict-two-registrars", "two registrars hold the DN"),
];

fn known() -> Option<PathBuf> {
    let given = std::env::var_os("KNOWN_CAPTURES").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let known = given.unwrap_or_else(beside);
    if known.join("public").is_dir() {
        return Some(known);
    }
    // a test that has nothing to look at says so
    drop(writeln!(std::io::stderr(), "no {} here: left out", known.join("public").display()));
    None
}

fn captures(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is = |path: &PathBuf| {
        let name = path.to_string_lossy();
        [".pcap", ".pcapng", ".cap", ".gz"].iter().any(|end| name.ends_with(end))
    };
    files.filter(is).collect::<BTreeSet<_>>().into_iter().collect()
}

fn report(path: &Path) -> Option<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["report", "--format", "json"]).arg(path).output().unwrap();
    serde_json::from_slice(&output.stdout).ok()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Findings above an observation that were not judged.
fn unjudged(path: &Path, judged: &[(&str, &str, &str)], healthy_only: bool) -> Vec<String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let Some(report) = report(path) else { return Vec::new() };
    let in_service = |dn: &str| {
        let mut dns = list(&report, "dns").iter();
        dns.any(|one| text(one, "dn") == dn && text(one, "state") == "in_service")
    };
    let mut found = Vec::new();
    for finding in list(&report, "findings") {
        let rule = text(finding, "rule");
        let known = judged.iter().any(|(start, r, _)| name.starts_with(start) && *r == rule);
        let quiet = text(finding, "severity") == "observation";
        let left_out = healthy_only && !in_service(text(finding, "dn"));
        if !known && !quiet && !left_out {
            found.push(format!("{name}: {rule}: {}", text(finding, "sentence")));
        }
    }
    found
}

#[test]
fn nothing_is_alarmed_about_falsely() {
    let Some(known) = known() else { return };
    let mut alarms = Vec::new();
    for path in captures(&known.join("public")) {
        alarms.extend(unjudged(&path, JUDGED, false));
    }
    for path in captures(&known.join("lab")) {
        alarms.extend(unjudged(&path, IN_SERVICE_BUT, true));
    }
    assert!(alarms.is_empty(), "{} to be judged\n{}", alarms.len(), alarms.join("\n"));
}
