//! Time stamps that are wrong move no clock, from whatever the capture is read; times that are true do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const DAY: i64 = 86_400;
const Y2096: i64 = 70 * 365 * DAY;

/// An ARP request: no packet of ours, and yet the clock of the capture runs by it.
const ARP: &[u8] = b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01\
                     \x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\0\0\0\x0a\0\0\x02";

/// The packets of a classic capture: seconds, microseconds, bytes.
fn packets(path: &Path) -> Vec<(i64, u32, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes.get(at..at + 4).unwrap().try_into().unwrap());
    let (mut at, mut all) = (24, Vec::new());
    while at < bytes.len() {
        let length = word(at + 8) as usize;
        let packet = bytes.get(at + 16..at + 16 + length).unwrap().to_vec();
        all.push((i64::from(word(at)), word(at + 4), packet));
        at += 16 + length;
    }
    all
}

fn write(path: &Path, packets: &[(i64, u32, Vec<u8>)]) {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1] {
        out.extend(word.to_le_bytes());
    }
    for (seconds, micros, packet) in packets {
        let length = u32::try_from(packet.len()).unwrap();
        for word in [u32::try_from(*seconds).unwrap(), *micros, length, length] {
            out.extend(word.to_le_bytes());
        }
        out.extend(packet);
    }
    fs::write(path, out).unwrap();
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name).join("input.pcap")
}

fn json(args: &[&str], stdin: Option<&Path>) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.args(["report", "--quiet", "--format", "json"]).args(args);
    if let Some(path) = stdin {
        command.stdin(Stdio::from(File::open(path).unwrap()));
    }
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

/// Each DN with its verdict, in order.
fn verdicts(report: &Value) -> Vec<String> {
    let dns = report["dns"].as_array().unwrap().iter();
    dns.map(|dn| format!("{} {}", dn["dn"], dn["verdict"])).collect()
}

fn warnings(report: &Value) -> usize {
    report["capture"]["warnings"].as_array().unwrap().len()
}

#[test]
fn one_wrong_stamp_anywhere_changes_no_verdict() {
    let original = case("in-service");
    if !original.exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("poisoned.pcap");
    let file = path.to_str().unwrap();
    let true_packets = packets(&original);
    let want = verdicts(&json(&[original.to_str().unwrap()], None));
    let at = |place: usize| true_packets.get(place).or_else(|| true_packets.last()).unwrap().0;
    for place in [0, 1, true_packets.len() / 2, true_packets.len()] {
        for off in [Y2096, -at(place), 3 * DAY, -3 * DAY] {
            let mut packets = true_packets.clone();
            packets.insert(place, (at(place) + off, 0, ARP.to_vec()));
            write(&path, &packets);
            let report = json(&[file], None);
            assert_eq!(verdicts(&report), want, "{off} at {place}");
            assert_eq!(warnings(&report), 1, "{off} at {place}");
            // the same through a pipe, beside another file, and from what is saved of it
            assert_eq!(verdicts(&json(&["-"], Some(&path))), want, "{off} at {place}");
            let both = json(&[file, original.to_str().unwrap()], None);
            assert_eq!(verdicts(&both), want, "{off} at {place}");
        }
    }
    let saved = dir.path().join("saved.pcapng");
    let mut extract = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = extract
        .args(["extract", "--quiet", "--source", "0.0.0.0/0", "-o"])
        .arg(&saved)
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json(&[saved.to_str().unwrap()], None);
    assert_eq!((verdicts(&report), warnings(&report)), (want, 0));
}

#[test]
fn time_that_went_by_counts() {
    let original = case("in-service");
    if !original.exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("later.pcap");
    let mut packets = packets(&original);
    let last = packets.last().unwrap().0;
    // a keep-alive hours later
    packets.push((last + 20 * 3600, 0, ARP.to_vec()));
    write(&path, &packets);
    let report = json(&[path.to_str().unwrap()], None);
    assert!(verdicts(&report).iter().all(|dn| dn.contains("expired")), "{report}");
    assert_eq!(warnings(&report), 0);
}

#[test]
fn a_clock_that_was_set_is_said_and_expires_nothing() {
    for name in ["clock-set-ahead", "clock-set-back"] {
        let file = case(name);
        if !file.exists() {
            return;
        }
        let report = json(&[file.to_str().unwrap()], None);
        let rules = report["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]);
        assert_eq!(rules.filter(|rule| *rule == "clock-set").count(), 1, "{name}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let text = command.args(["report", "--utc"]).arg(&file).output().unwrap().stdout;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("the clock was set"), "{text}");
        // an hour after the start by the clock that counts: everything is read
        let later = json(&["--at", "2025-11-18T17:58:30Z", file.to_str().unwrap()], None);
        assert_eq!(later["capture"]["packets"], report["capture"]["packets"], "{name}");
    }
}
