//! What is saved of chosen DNs: packets that say the same alone, and reports.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regscope::source::{CaptureSet, OpenOptions};
use serde_json::Value;

/// Exit status, standard output, standard error.
fn regscope(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let output = command.args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn report(files: &[&str]) -> Value {
    let (status, out, err) = regscope(&[&["report", "--format", "json"], files].concat());
    assert_eq!(status, 0, "{files:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

fn dns(report: &Value) -> &[Value] {
    report["dns"].as_array().unwrap()
}

fn find<'v>(report: &'v Value, dn: &Value) -> Option<&'v Value> {
    dns(report).iter().find(|other| other["dn"] == *dn)
}

/// What has to be the same of a DN, whether its packets are alone or not.
fn story(dn: &Value) -> Value {
    let keys = [
        "dn",
        "aor",
        "verdict",
        "state",
        "status_code",
        "cohort",
        "flags",
        "since",
        "expires_at",
        "first_seen",
        "last_seen",
        "sources",
        "registrations",
        "contacts",
        "vias",
        "user_agents",
    ];
    let mut story: serde_json::Map<String, Value> =
        keys.iter().map(|&key| (key.to_owned(), dn[key].clone())).collect();
    for key in ["attempts", "bindings", "history"] {
        let mut list = dn[key].clone();
        for entry in list.as_array_mut().unwrap() {
            // frames have other numbers in another file
            let entry = entry.as_object_mut().unwrap();
            let frames = entry.remove("frames");
            let number = frames.map(|frames| frames.as_array().unwrap().len());
            entry.insert("frames".to_owned(), number.into());
            entry.remove("frame");
            entry.remove("file");
            entry.remove("files");
        }
        story.insert(key.to_owned(), list);
    }
    Value::Object(story)
}

/// The capture of each case.
fn cases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let Ok(dirs) = fs::read_dir(root) else { return Vec::new() };
    let mut cases = Vec::new();
    for dir in dirs.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let is_input = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with("input.");
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        cases.extend(files.filter(is_input).min().map(|file| (name, file)));
    }
    // a log has no packets
    cases.retain(|(_, file)| file.extension().is_none_or(|extension| extension != "log"));
    cases.sort();
    cases
}

fn case(name: &str) -> String {
    let found = cases().into_iter().find(|(own, _)| own == name).map(|(_, file)| file);
    found.unwrap().to_str().unwrap().to_owned()
}

/// Lengths of the frames of a capture: captured and on the wire.
fn frames(file: &str) -> Vec<(usize, u32)> {
    let mut set = CaptureSet::open(&[PathBuf::from(file)], OpenOptions::default()).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = set.next_frame() {
        frames.push((frame.bytes.len(), frame.wire_len));
    }
    frames
}

/// A directory, and a path in it.
fn place(name: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name).to_str().unwrap().to_owned();
    (dir, path)
}

fn entries(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// DNs about which an extract does not say all that the whole capture does, and what it leaves out.
const LACKING: &[(&str, &str)] = &[
    // the same user at another domain: alone, a DN needs no domain in its name
    ("field-domains-apart", "2441@north.example"),
    ("field-domains-apart", "2441@south.example"),
    ("field-domains-apart", "2442@north.example"),
    ("field-domains-apart", "2442@south.example"),
    // a split shows in the DNs of both its sides: alone, a DN is not known to be in one
    ("cluster-dmq", "1001"),
    ("cluster-dmq", "1002"),
];

#[test]
fn the_packets_of_every_dn_of_every_case_tell_its_story_alone() {
    let (dir, out) = place("x.pcapng");
    let (mut told, mut wrong) = (0, Vec::new());
    for (name, file) in cases() {
        let file = file.to_str().unwrap();
        let whole = report(&[file]);
        for dn in dns(&whole).iter().filter(|dn| !dn["attempts"].as_array().unwrap().is_empty()) {
            let list = dn["dn"].as_str().unwrap();
            let (status, said, err) =
                regscope(&["extract", "--force", "-q", "--dn", list, "-o", &out, file]);
            assert_eq!(status, 0, "{name} {list}: {err}");
            let alone = report(&[&out]);
            let same = find(&alone, &dn["dn"]).map(story) == Some(story(dn));
            if same == LACKING.contains(&(name.as_str(), list)) {
                wrong.push(format!("{name} {list}, the same: {same}: {said}"));
            }
            let limits = ["snaplen_cut", "undecoded", "tcp_lost_bytes"];
            let limits = limits.map(|key| alone["capture"]["decoded"][key].to_string());
            if limits[1] != "{}" && whole["capture"]["decoded"]["undecoded"] == "{}" {
                wrong.push(format!("{name} {list}: {limits:?}"));
            }
            assert_eq!(entries(dir.path()), ["x.pcapng"], "nothing else is left");
            told += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(told > 100 || cases().is_empty(), "{told}");
}

#[test]
fn requests_in_vain_come_along_and_answered_ones_do_not() {
    let (_dir, out) = place("x.pcapng");
    let file = case("field-unanswered-calls");
    // one INVITE sent seven times; three INVITEs that were answered
    for (dn, packets) in [("2194", "9 of"), ("2193", "4 of")] {
        let (_, said, _) = regscope(&["extract", "--force", "-q", "--dn", dn, "-o", &out, &file]);
        assert!(said.contains(packets), "{dn}: {said}");
    }
}

#[test]
fn over_udp_nobody_else_is_in_the_file() {
    let (_dir, out) = place("x.pcapng");
    let (status, said, err) =
        regscope(&["extract", "--dn", "5002,1003", "-o", &out, &case("incident")]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(said.contains(": 10 of 26 packets for 2 DNs, "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let names: Vec<_> = dns(&report(&[&out])).iter().map(|dn| dn["dn"].clone()).collect();
    assert_eq!(names, ["5002", "1003"]);
}

#[test]
fn all_fragments_and_all_segments_are_there() {
    let (_dir, out) = place("x.pcapng");
    for (name, least) in [("ip-fragments", 3), ("ip-fragments-lost", 2), ("tcp", 32)] {
        let (file, whole) = (case(name), report(&[&case(name)]));
        let dn = dns(&whole)[0]["dn"].as_str().unwrap();
        let (status, _, err) = regscope(&["extract", "--force", "--dn", dn, "-o", &out, &file]);
        assert_eq!(status, 0, "{name}: {err}");
        let copied: Vec<_> = frames(&out).into_iter().filter(|(kept, _)| *kept > 0).collect();
        assert!(copied.len() >= least, "{name}: {copied:?}");
        let original = frames(&file);
        assert!(copied.iter().all(|frame| original.contains(frame)), "{name}");
        // Wireshark joins them as well
        let count = |file: &str| {
            let filter = format!("sip.Method == \"REGISTER\" && sip.to.user == \"{dn}\"");
            let args = ["-r", file, "-Y", &filter];
            let output = Command::new("tshark").args(args).output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).lines().count())
        };
        assert_eq!(count(&out), count(&file), "{name}");
    }
}

#[test]
fn the_clock_of_the_capture_goes_with_the_packets() {
    let (_dir, out) = place("x.pcapng");
    let file = case("expired");
    let whole = report(&[&file]);
    let expired = dns(&whole).iter().find(|dn| dn["verdict"] == "expired").unwrap();
    let dn = expired["dn"].as_str().unwrap();
    assert_eq!(regscope(&["extract", "--dn", dn, "-o", &out, &file]).0, 0);
    let alone = report(&[&out]);
    for key in ["first", "last", "at"] {
        assert_eq!(alone["capture"][key], whole["capture"][key], "{key}");
    }
    let frames = frames(&out);
    let &(kept, on_wire) = frames.last().unwrap();
    assert!(kept == 0 && on_wire > 0 && frames.iter().filter(|(kept, _)| *kept == 0).count() <= 2);
    assert_eq!(alone["capture"]["decoded"]["undecoded"].to_string(), "{}");
}

#[test]
fn several_captures_become_one_and_each_frame_says_where_it_was() {
    let (_dir, out) = place("x.pcapng");
    let (a, b) = (case("incident"), case("moved"));
    let (status, said, err) = regscope(&["extract", "--dn", "1002,1003,1201", "-o", &out, &a, &b]);
    assert_eq!((status, err.as_str()), (0, ""), "{said}");
    let alone = report(&[&out]);
    for dn in dns(&report(&[&a, &b])) {
        if ["1201", "1002", "1003"].contains(&dn["dn"].as_str().unwrap()) {
            assert_eq!(find(&alone, &dn["dn"]).unwrap()["verdict"], dn["verdict"]);
        }
    }
    let args = ["-r", &out, "-T", "fields", "-e", "frame.comment", "-e", "frame.interface_name"];
    let Ok(output) = Command::new("tshark").args(args).output() else { return };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // both are called input.pcap, so they keep their directories
    assert!(text.contains("frame 1 of ") && text.contains("moved/input.pcap"), "{text}");
    let sources: BTreeSet<_> = text.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(sources.len(), 2, "{sources:?}");
}

#[test]
fn a_filter_holds_for_every_reading() {
    if cfg!(not(feature = "live")) {
        return;
    }
    let (_dir, out) = place("x.pcapng");
    let filter = ["--filter", "src host 192.168.210.54"];
    let (status, said, err) = regscope(
        &[&["extract", "--dn", "5002", "-o", &out], &filter[..], &[&case("incident")]].concat(),
    );
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(said.contains(": 3 of 26 packets"), "{said}");
    let copied = frames(&out).into_iter().filter(|(kept, _)| *kept > 0).count();
    assert_eq!(copied, 3);
}

#[test]
fn what_other_packets_decide_is_said() {
    // that a registrar's answers are not captured is known only by what other DNs do
    let (dir, out) = place("x.pcapng");
    let write = |name: &str, pcap: Vec<u8>| {
        let path = dir.path().join(name);
        fs::write(&path, pcap).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let acts = write("acts.pcap", requests(&case("auth-failed"), usize::MAX, b"sip:"));
    let asks = write("asks.pcap", requests(&case("incident"), 1, b"5008@"));
    let args = ["extract", "--dn", "5008", "-o", &out, &acts, &asks];
    let (status, said, err) = regscope(&args);
    assert_eq!((status, err.as_str()), (0, ""));
    let verdict = |files: &[&str]| {
        let report = report(files);
        find(&report, &"5008".into()).unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (verdict(&[&acts, &asks]).as_str(), verdict(&[&out]).as_str()),
        ("one_way", "pending")
    );
    let words = "5008 is one_way in the whole capture and pending by these packets alone";
    assert!(said.contains(words), "{said}");
}

/// The last requests of a pcap file that hold `words`, so many of them.
fn requests(file: &str, number: usize, words: &[u8]) -> Vec<u8> {
    let pcap = fs::read(file).unwrap();
    let (header, mut rest) = pcap.split_at(24);
    let mut records = Vec::new();
    while rest.len() > 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (record, after) = rest.split_at(16 + length);
        let holds = |words: &[u8]| record.windows(words.len()).any(|bytes| bytes == words);
        if holds(b"REGISTER sip:") && holds(words) {
            records.push(record);
        }
        rest = after;
    }
    let kept = records.split_off(records.len().saturating_sub(number));
    [header, &kept.concat()].concat()
}

#[test]
fn what_cannot_be_saved_is_one_sentence_and_leaves_nothing() {
    let (dir, out) = place("x.pcapng");
    let copy = dir.path().join("copy.pcap");
    fs::copy(case("incident"), &copy).unwrap();
    let copy = copy.to_str().unwrap();
    let (_, nowhere) = place("x");
    let refused = |args: &[&str], status: i32, words: &str| {
        let (have, said, err) = regscope(&[&["extract"], args].concat());
        assert_eq!((have, said.as_str()), (status, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
        assert_eq!(entries(dir.path()), ["copy.pcap"], "{args:?}");
    };
    refused(&["-o", &out, copy], 2, "--dn LIST or --source");
    refused(&["--dn", "5002", copy], 2, "--output");
    refused(&["--dn", "9999", "-o", &out, copy], 2, "9999 is not a DN of this capture");
    refused(&["--dn", "5002", "-o", &out, "-"], 2, "cannot be read twice");
    refused(&["--dn", "5002", "--force", "-o", copy, copy], 2, "is one of the captures");
    let own = dir.path().to_str().unwrap();
    refused(&["--dn", "5002", "--force", "-o", copy, own], 2, "is one of the captures");
    refused(&["--dn", "5002", "-o", own, copy], 2, "is there already");
    refused(&["--dn", "5002", "-o", &nowhere, copy], 3, "cannot write");
    refused(&["--dn", "5002", "-o", "/proc/x.pcapng", copy], 3, "cannot write");
    let expected = fs::read(case("incident")).unwrap();
    assert_eq!(fs::read(copy).unwrap(), expected, "captures are never written over");
}

#[test]
fn a_file_that_is_there_is_replaced_only_if_told() {
    let (dir, out) = place("x.pcapng");
    fs::write(&out, "precious").unwrap();
    let args = ["extract", "--dn", "5002", "-o", &out, &case("incident")];
    let (status, _, err) = regscope(&args);
    assert_eq!(status, 2);
    assert!(err.contains("is there already: --force replaces it"), "{err}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
    assert_eq!(regscope(&[&args[..], &["--force"]].concat()).0, 0);
    assert_eq!(dns(&report(&[&out])).len(), 1);
    assert_eq!(entries(dir.path()), ["x.pcapng"]);
}

#[test]
fn a_report_can_be_saved_too_and_of_standard_input() {
    for (format, words) in [
        ("text", "✗ 5002  rejected 403"),
        ("markdown", "#### 5002: rejected 403 Forbidden"),
        ("json", "\"dn\":\"5002\""),
        ("csv", "5002,out_of_service,rejected,403,2025-11-18T15:57:00.392+00:00"),
    ] {
        let (_dir, out) = place("x");
        let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let args = ["extract", "--utc", "--format", format, "--dn", "5002", "-o", &out, "-"];
        let stdin = fs::File::open(case("incident")).unwrap();
        let output = command.args(args).stdin(stdin).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("x: 1 DN, "), "{said}");
        let saved = fs::read_to_string(&out).unwrap();
        assert!(saved.contains(words), "{saved}");
        assert!(!saved.contains("5001 ") && !saved.contains('\u{1b}'), "{saved}");
    }
}
