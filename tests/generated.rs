//! Holds the report on made-up captures against what their maker knows, and against tshark.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

#[path = "../benches/generate/mod.rs"]
mod generate;

use generate::{Plan, Shape, Truth};

const BYTES: u64 = 200_000;

const SHAPES: [(&str, Shape); 6] = [
    ("registrations", Shape::Registrations { bytes: BYTES }),
    ("mixed", Shape::Mixed { bytes: BYTES }),
    ("tcp", Shape::Tcp { bytes: BYTES }),
    ("dns", Shape::Dns { count: 150 }),
    ("attempts", Shape::Attempts { count: 150 }),
    ("flows", Shape::Flows { count: 60 }),
];

/// Makes a capture in a directory.
fn make(dir: &Path, name: &str, shape: Shape, seed: u64, pieces: usize) -> (PathBuf, Truth) {
    let path = dir.join(name);
    let truth = Plan { shape, seed, path: path.clone(), pieces }.carry_out().unwrap();
    (path, truth)
}

fn report(files: &[PathBuf]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["report", "--format", "json"]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What tshark prints, a line a packet; `None` where it is not installed.
fn tshark(path: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-r"]).arg(path).args(args);
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn verdicts(report: &Value) -> BTreeMap<&str, u64> {
    let mut verdicts = BTreeMap::new();
    for dn in report["dns"].as_array().unwrap() {
        *verdicts.entry(dn["verdict"].as_str().unwrap()).or_default() += 1;
    }
    verdicts
}

#[track_caller]
fn agrees(name: &str, report: &Value, truth: &Truth) {
    let capture = &report["capture"];
    let counts = ["packets", "sip_messages", "register_messages", "register_answers"];
    let told = counts.map(|count| capture[count].as_u64().unwrap());
    let known =
        [truth.packets, truth.sip_messages, truth.register_messages, truth.register_answers];
    assert_eq!(told, known, "{name}: {counts:?}");
    assert_eq!(report["dns"].as_array().unwrap().len() as u64, truth.dns, "{name}");
    assert_eq!(verdicts(report), truth.verdicts, "{name}");
    let attempts = report["dns"].as_array().unwrap().iter().map(|dn| &dn["attempts_total"]);
    let attempts: u64 = attempts.map(|total| total.as_u64().unwrap()).sum();
    assert_eq!(attempts, truth.attempts, "{name}");
    let decoded = &capture["decoded"];
    assert_eq!(decoded["packets_not_sip"].as_u64().unwrap(), truth.rtp, "{name}");
    assert_eq!(decoded["tcp_lost_bytes"], 0, "{name}");
    // what is sent twice before its turn is out of order twice
    let told = ["tcp_retransmitted", "tcp_out_of_order"].map(|n| decoded[n].as_u64().unwrap());
    let known = [truth.tcp_retransmitted, truth.tcp_out_of_order];
    assert_eq!(told.iter().sum::<u64>(), known.iter().sum::<u64>(), "{name}: {told:?} {known:?}");
    assert!(told[1] >= known[1], "{name}: {told:?} {known:?}");
}

#[test]
fn reports_come_to_what_the_maker_knows() {
    let dir = TempDir::new().unwrap();
    let mut seen = BTreeSet::new();
    for (name, shape) in SHAPES {
        for seed in 1..9 {
            let extension = if seed % 2 == 0 { "pcapng" } else { "pcap" };
            let file = format!("{name}-{seed}.{extension}");
            let (path, truth) = make(dir.path(), &file, shape, seed, 1);
            assert_eq!(fs::metadata(&path).unwrap().len(), truth.bytes);
            agrees(&file, &report(&[path]), &truth);
            seen.extend(truth.verdicts.into_keys());
        }
    }
    let shape = Shape::Registrations { bytes: 10 * BYTES };
    let (path, truth) = make(dir.path(), "larger.pcap", shape, 1, 1);
    agrees("larger", &report(&[path]), &truth);
    seen.extend(truth.verdicts.into_keys());
    let all = ["auth_failed", "deregistered", "expired", "in_service", "no_answer", "rejected"];
    assert_eq!(seen, BTreeSet::from(all), "the phones meet everything");
}

#[test]
fn tshark_counts_the_same_and_finds_no_bad_checksum() {
    let dir = TempDir::new().unwrap();
    for (name, shape) in SHAPES {
        for extension in ["pcap", "pcapng"] {
            let file = format!("{name}.{extension}");
            let (path, truth) = make(dir.path(), &file, shape, 5, 1);
            let fields = ["-Y", "sip", "-T", "fields", "-e", "sip.CSeq.method"];
            let Some(methods) = tshark(&path, &fields) else { return };
            let methods: Vec<&str> = methods.split([',', '\n']).filter(|m| !m.is_empty()).collect();
            let register = methods.iter().filter(|method| **method == "REGISTER").count() as u64;
            assert_eq!(methods.len() as u64, truth.sip_messages, "{file}");
            assert_eq!(register, truth.register_messages + truth.register_answers, "{file}");
            let bad = "ip.checksum.status == Bad or udp.checksum.status == Bad \
                       or tcp.checksum.status == Bad or _ws.malformed";
            let check = ["ip", "udp", "tcp"].map(|layer| format!("{layer}.check_checksum:TRUE"));
            let args = check.iter().flat_map(|option| ["-o", option]).chain(["-Y", bad]);
            let args: Vec<&str> = args.collect();
            assert_eq!(tshark(&path, &args).unwrap(), "", "{file}");
            let all = tshark(&path, &["-T", "fields", "-e", "frame.number"]).unwrap();
            assert_eq!(all.lines().count() as u64, truth.packets, "{file}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let dir = TempDir::new().unwrap();
    for (name, shape) in SHAPES {
        let bytes = |file: &str, seed| fs::read(make(dir.path(), file, shape, seed, 1).0).unwrap();
        let first = bytes("first.pcap", 7);
        assert!(first == bytes("second.pcap", 7), "{name}");
        assert!(first != bytes("other.pcap", 8), "{name}");
    }
}

/// Leaves out what names files and frames, which differ between a file and its pieces.
fn without_places(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for key in ["file", "files", "frame", "frames"] {
                members.remove(key);
            }
            members.values_mut().for_each(without_places);
        }
        Value::Array(items) => items.iter_mut().for_each(without_places),
        _ => {}
    }
}

#[test]
fn a_file_and_its_pieces_are_the_same_trace() {
    let dir = TempDir::new().unwrap();
    for (name, shape) in SHAPES {
        let (whole, truth) = make(dir.path(), &format!("{name}.pcap"), shape, 9, 1);
        make(dir.path(), &format!("{name}.pcap"), shape, 9, 40);
        let pieces = (0..40).map(|n| dir.path().join(format!("{name}-{n:03}.pcap")));
        let pieces: Vec<PathBuf> = pieces.collect();
        let (mut of_whole, mut of_pieces) = (report(&[whole]), report(&pieces));
        agrees(name, &of_whole, &truth);
        agrees(name, &of_pieces, &truth);
        assert_eq!(of_pieces["capture"]["files"].as_array().unwrap().len(), 40);
        without_places(&mut of_whole);
        without_places(&mut of_pieces);
        assert_eq!(of_whole, of_pieces, "{name}");
    }
}
