//! The statistics against numbers counted by hand, against tshark, and against themselves on every case.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

fn regscope(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8").args(args);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn report(files: &[&str]) -> Value {
    let args = [&["report", "--utc", "--format", "json"], files].concat();
    serde_json::from_str(&regscope(&args)).unwrap()
}

fn statistics(case: &str) -> Value {
    let mut report = report(&[&format!("captures/{case}/input.pcap")]);
    report.get_mut("statistics").unwrap().take()
}

/// The captures that are one file.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let dirs = root.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = dirs
        .flat_map(|dir| dir.read_dir().into_iter().flatten())
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.file_name().unwrap().to_string_lossy().starts_with("input"))
        .collect();
    inputs.sort();
    inputs
}

/// Members that are to have these values.
fn has(found: &Value, want: &Value, case: &str) {
    for (name, want) in want.as_object().unwrap() {
        assert_eq!(&found[name], want, "{name} of {case}");
    }
}

#[test]
fn the_incident_counted_by_hand() {
    // 13 exchanges of a REGISTER and its response: 4 × 200, 6 × 403, 3 × 404
    let found = statistics("incident");
    let want = json!({
        "attempts": 13, "succeeded": 4, "failed": 9, "ineffective": 9, "unknown": 0, "pending": 0,
        "requests": 13, "retransmissions": 0, "responses": 13, "copies": 0, "not_counted": 0,
        "rrd_unknown": 0, "gaps": [],
    });
    has(&found, &want, "incident");
    let codes = json!({
        "200": {"count": 4, "retransmissions": 0},
        "403": {"count": 6, "retransmissions": 0},
        "404": {"count": 3, "retransmissions": 0},
    });
    assert_eq!(found["codes"], codes);
    // frames 1-2, 3-4, 11-12, 13-14: 826, 411, 399 and 369 µs
    let rrd = &found["rrd"];
    assert_eq!(
        (&rrd["count"], &rrd["min"], &rrd["max"]),
        (&json!(4), &json!(0.000_369), &json!(0.000_826))
    );
    assert_eq!((&rrd["p50"], &rrd["p99"]), (&json!(0.000_399), &json!(0.000_826)));
    // frames 19-20 take longest: 1.255 ms
    assert_eq!(found["response_time"]["max"], json!(0.001_255));
    assert_eq!(found["registrars"].as_array().unwrap().len(), 1);
    let sources = found["sources"].as_array().unwrap();
    let of = |address: &str| sources.iter().find(|s| s["address"] == address).unwrap();
    has(
        of("192.168.210.54"),
        &json!({"attempts": 9, "failed": 9, "ineffective_percent": 100.0}),
        ".54",
    );
    has(
        of("192.168.210.81"),
        &json!({"attempts": 4, "failed": 0, "ineffective_percent": 0.0}),
        ".81",
    );
}

#[test]
fn a_retransmission_is_no_attempt() {
    // frame 1 and frame 14 are answered; frame 3 is sent again ten times, frames 4 to 13, and never answered
    let found = statistics("no-answer");
    let want = json!({
        "attempts": 3, "succeeded": 2, "failed": 1, "ineffective": 1,
        "requests": 13, "retransmissions": 10, "responses": 2,
    });
    has(&found, &want, "no-answer");
    let sum = |name: &str| -> u64 {
        found["series"][name].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum()
    };
    assert_eq!(["attempts", "failed", "retransmissions"].map(sum), [3, 1, 10]);
}

#[test]
fn a_challenge_is_no_failure_and_belongs_to_the_delay() {
    // 1002: REGISTER, 401, REGISTER, 200, each on both sides of the proxy; the device waits from frame 1 to
    // frame 8. The other attempt ends with 404.
    let found = statistics("edge-proxy-two-hops");
    let want = json!({
        "attempts": 2, "succeeded": 1, "failed": 1, "ineffective": 1, "requests": 6, "responses": 6,
        "retransmissions": 0,
    });
    has(&found, &want, "edge-proxy-two-hops");
    assert_eq!(found["codes"]["401"]["count"], 2);
    assert_eq!((&found["rrd"]["count"], &found["rrd"]["max"]), (&json!(1), &json!(0.003_171)));
    assert_eq!(found["response_time"]["count"], 3);
}

#[test]
fn a_password_that_is_wrong_is_no_ineffective_attempt() {
    // RFC 6076 §4.2 counts 401 and 407 as challenges, whatever follows them
    let found = statistics("auth-failed");
    assert!(found["failed"].as_u64().unwrap() > 0, "{found}");
    let refused = found["codes"].as_object().unwrap();
    if !refused.contains_key("403") {
        assert_eq!(found["ineffective"], 0, "{found}");
    }
}

#[test]
fn a_packet_captured_twice_counts_once() {
    let found = statistics("captured-twice");
    has(
        &found,
        &json!({"requests": 2, "responses": 2, "copies": 4, "retransmissions": 0}),
        "twice",
    );
}

#[test]
fn what_a_capture_does_not_show_is_neither_success_nor_failure() {
    for case in ["one-way", "truncated"] {
        let found = statistics(case);
        assert!(found["unknown"].as_u64().unwrap() > 0, "{case}: {found}");
        let text =
            regscope(&["report", "--statistics", "--utc", &format!("captures/{case}/input.pcap")]);
        assert!(text.contains("not in this capture (responses not captured,"), "{text}");
    }
}

#[test]
fn time_that_no_input_covers_is_known_as_such() {
    let (first, second) = ("captures/field-at-risk/input.pcap", "captures/incident/input.pcap");
    let together = report(&[first, second])["statistics"].take();
    let spans: Vec<_> = [first, second].map(|file| report(&[file])).to_vec();
    let of = |report: &Value, end: &str| {
        report["statistics"]["series"][end].as_str().unwrap().parse::<f64>().unwrap()
    };
    let apart = spans.iter().map(|r| of(r, "from")).fold(0.0, f64::max)
        - spans.iter().map(|r| of(r, "to")).fold(f64::MAX, f64::min);
    let gaps = together["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), usize::from(apart >= 30.0), "{apart} {gaps:?}");
    let unknown = together["series"]["in_service"].as_array().unwrap().iter();
    assert_eq!(unknown.filter(|n| n.is_null()).count() > 0, apart >= 30.0, "{apart}");
}

/// DNs in service by the list, and at the end of the statistics.
fn in_service(report: &Value) -> (usize, Option<u64>) {
    let dns = report.get("dns").and_then(Value::as_array).unwrap().iter();
    let listed = dns.filter(|dn| dn["state"] == "in_service").count();
    let slices = report.pointer("/statistics/series/in_service").and_then(Value::as_array);
    (listed, slices.and_then(|slices| slices.last()?.as_u64()))
}

#[test]
fn as_many_dns_are_in_service_at_the_end_as_the_list_has() {
    let mut compared = 0;
    for file in cases() {
        if file.to_string_lossy().contains("/joined-days-apart/") {
            continue;
        }
        let (listed, end) = in_service(&report(&[file.to_str().unwrap()]));
        if let Some(end) = end {
            assert_eq!(end, listed as u64, "{}", file.display());
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
    // states that statements or CTI show
    let split = ["dc1-001.log", "dc1.log", "dc1.pcap", "dc2-001.log", "dc2.log", "dc2.pcap"];
    let split = split.map(|file| format!("captures/cluster-split-open/{file}"));
    let split: Vec<&str> = split.iter().map(String::as_str).collect();
    assert_eq!(in_service(&report(&split)), (3, Some(3)));
    let notices = report(&["captures/log-asterisk-notices/input.log"]);
    assert_eq!(in_service(&notices), (1, Some(1)));
}

#[test]
fn a_log_without_messages_begins_with_its_first_statement() {
    let file = "captures/log-asterisk-notices/input.log";
    let series = &report(&[file])["statistics"]["series"];
    assert_eq!(series["from"], "1768240801.000000000");
    assert_eq!(series["to"], "1768240860.000000000");
    let text = regscope(&["report", "--utc", file]);
    assert!(text.contains("18:00:01 – 18:01:00 UTC") && !text.contains("no clock"), "{text}");
}

#[test]
fn every_message_and_every_attempt_counts_in_one_place() {
    for file in cases() {
        let name = file.display().to_string();
        let report = report(&[&name]);
        let all = &report["statistics"];
        let number = |of: &Value, name: &str| of[name].as_u64().unwrap();
        let sum = |list: &str, what: &str| -> u64 {
            all[list].as_array().unwrap().iter().map(|own| number(own, what)).sum()
        };
        let ends = ["succeeded", "failed", "unknown", "pending"].map(|end| number(all, end));
        assert_eq!(ends.iter().sum::<u64>(), number(all, "attempts"), "{name}");
        assert!(number(all, "ineffective") <= number(all, "failed"), "{name}");
        for what in ["attempts", "failed", "requests", "retransmissions", "responses"] {
            let want = number(all, what);
            assert_eq!([sum("registrars", what), sum("sources", what)], [want; 2], "{name} {what}");
        }
        let codes = all["codes"].as_object().unwrap();
        let responses: u64 = codes.values().map(|own| number(own, "count")).sum();
        assert_eq!(responses, number(all, "responses"), "{name}");
        let attempts: usize = report["dns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dn| dn["attempts"].as_array().unwrap().len())
            .sum();
        assert_eq!(attempts as u64, number(all, "attempts"), "{name}");
    }
}

/// Responses to REGISTERs by code, as tshark has them; `None` where it is not installed.
fn tshark(file: &Path) -> Option<BTreeMap<String, u64>> {
    let args = [
        "-Y",
        "sip.Status-Code && sip.CSeq.method == \"REGISTER\"",
        "-T",
        "fields",
        "-e",
        "sip.Status-Code",
    ];
    let output = Command::new("tshark").args(["-n", "-r"]).arg(file).args(args).output().ok()?;
    let mut codes = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        for code in line.split(',') {
            *codes.entry(code.to_owned()).or_default() += 1;
        }
    }
    Some(codes)
}

#[test]
fn tshark_counts_the_same_responses() {
    let mut compared = 0;
    for case in [
        "incident",
        "recovered",
        "edge-proxy-two-hops",
        "no-answer",
        "flapping",
        "redirected",
        "min-expires",
        "auth-failed",
        "rejected",
        "vlan",
        "ipv6",
        "refresh-refused",
        "field-retry-after",
        "field-at-risk",
    ] {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("captures/{case}/input.pcap"));
        let Some(want) = tshark(&file) else { return };
        let found = statistics(case);
        assert_eq!((&found["copies"], &found["not_counted"]), (&json!(0), &json!(0)), "{case}");
        let codes = found["codes"].as_object().unwrap();
        let codes: BTreeMap<String, u64> = codes
            .iter()
            .map(|(code, own)| (code.clone(), own["count"].as_u64().unwrap()))
            .collect();
        assert_eq!(codes, want, "{case}");
        compared += 1;
    }
    assert_eq!(compared, 14);
}

#[test]
fn text_and_markdown_have_them_where_they_are_asked_for() {
    let file = "captures/incident/input.pcap";
    for format in ["text", "markdown"] {
        let args = ["report", "--utc", "--format", format, file];
        assert!(!regscope(&args).contains("Statistics"));
        let asked = regscope(&[&args[..], &["--statistics"]].concat());
        let (_, section) = asked.split_once("Statistics").unwrap();
        insta::assert_snapshot!(format!("incident_{format}"), section);
    }
    let one = regscope(&["report", "--utc", "--statistics", "--dn", "1003", file]);
    assert!(one.contains("\n  2 attempts: 2 succeeded, 0 failed.\n"), "{one}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for file in cases() {
        let text = regscope(&["report", "--utc", "--statistics", file.to_str().unwrap()]);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", file.display());
        }
    }
}
