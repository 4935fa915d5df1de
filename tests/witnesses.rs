//! Logs beside captures and beside each other: clocks that differ, messages in one alone, rotated files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SERVER: [u8; 4] = [192, 0, 2, 10];
/// 21 November 2026, 12:00 UTC.
const START: i64 = 1_795_262_400_000;
const DAY: i64 = 86_400_000;

/// A message between a device and the server.
#[derive(Clone)]
struct Seen {
    /// Milliseconds since 1970.
    at: i64,
    device: u8,
    is_request: bool,
    text: String,
}

/// REGISTER and 200 of DNs 1001 to 1000 + `count`, ten seconds apart.
fn exchanges(count: u8) -> Vec<Seen> {
    (1..=count).flat_map(|device| exchange(device, 1, i64::from(device) * 10_000)).collect()
}

fn exchange(device: u8, cseq: u8, after: i64) -> [Seen; 2] {
    let message = |start: &str, tag: &str| {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.{device}:5062;branch=z9hG4bK{device}-{cseq};rport\r\n\
             From: <sip:{dn}@192.0.2.10>;tag=a\r\nTo: <sip:{dn}@192.0.2.10>{tag}\r\nCall-ID: call-{dn}\r\n\
             CSeq: {cseq} REGISTER\r\nContact: <sip:{dn}@192.0.2.{device}:5062>;expires=120\r\n\
             Content-Length: 0\r\n\r\n",
            dn = 1000 + i32::from(device),
        )
    };
    let at = START + after;
    let request = message("REGISTER sip:192.0.2.10 SIP/2.0", "");
    let answer = message("SIP/2.0 200 OK", ";tag=b");
    [
        Seen { at, device, is_request: true, text: request },
        Seen { at: at + 10, device, is_request: false, text: answer },
    ]
}

/// The log that Asterisk writes of messages, its clock `off` milliseconds.
fn log(messages: &[Seen], off: i64) -> String {
    let line = |seen: &Seen| {
        let time = jiff::Timestamp::from_millisecond(seen.at + off).unwrap();
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%F %H:%M:%S.%3f");
        let (size, device) = (seen.text.len(), seen.device);
        let (what, to) = if seen.is_request {
            ("Received SIP request", "from")
        } else {
            ("Transmitting SIP response", "to")
        };
        format!(
            "[{time}] VERBOSE[9] res_pjsip_logger.c: <--- {what} ({size} bytes) {to} UDP:192.0.2.{device}:5062 --->\n\
             {}\n",
            seen.text
        )
    };
    messages.iter().map(line).collect()
}

/// A capture of messages: raw IP, one datagram each.
fn pcap(messages: &[Seen]) -> Vec<u8> {
    let mut file = Vec::new();
    for number in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 101_u32] {
        file.extend(number.to_le_bytes());
    }
    for (place, seen) in messages.iter().enumerate() {
        let device = [192, 0, 2, seen.device];
        let (src, dst, from, to) = if seen.is_request {
            (device, SERVER, 5062_u16, 5060_u16)
        } else {
            (SERVER, device, 5060, 5062)
        };
        let size = u16::try_from(seen.text.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend((28 + size).to_be_bytes());
        packet.extend(u16::try_from(place + 1).unwrap().to_be_bytes());
        packet.extend([0, 0, 64, 17, 0, 0]);
        packet.extend(src.into_iter().chain(dst));
        packet.extend([from, to, 8 + size, 0].into_iter().flat_map(u16::to_be_bytes));
        packet.extend(seen.text.as_bytes());
        let length = u32::try_from(packet.len()).unwrap();
        let (secs, micros) = (seen.at / 1000, seen.at % 1000 * 1000);
        for number in [u32::try_from(secs).unwrap(), u32::try_from(micros).unwrap(), length, length]
        {
            file.extend(number.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn in_dir(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn report(files: &[&Path]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["report", "--format", "json"]).args(files).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).map_err(|_| errors).unwrap()
}

fn file<'r>(report: &'r Value, name: &str) -> &'r Value {
    let mut files = report["capture"]["files"].as_array().unwrap().iter();
    files.find(|file| file["name"].as_str().unwrap().ends_with(name)).unwrap()
}

fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["rule"].as_str().unwrap()).collect()
}

fn dn<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["dns"].as_array().unwrap().iter().find(|dn| dn["dn"] == name).unwrap()
}

/// Seconds since 1970.
fn secs(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_offset_of_a_log_is_measured_and_its_times_are_the_captures() {
    let dir = tempfile::tempdir().unwrap();
    let messages = exchanges(5);
    let capture = in_dir(dir.path(), "a.pcap", pcap(&messages));
    let alone = report(&[&capture]);
    for off in [0, -2310, 2310, -19_800_000, 40_000_000_000] {
        let log = in_dir(dir.path(), "a.log", log(&messages, off));
        // whatever the order on the command line
        for files in [[&*log, &*capture], [&*capture, &*log]] {
            let both = report(&files);
            let offset = &file(&both, "a.log")["offset"];
            assert_eq!(
                (&offset["milliseconds"], &offset["shared_messages"]),
                (&(-off).into(), &10.into())
            );
            for one in alone["dns"].as_array().unwrap() {
                let same = dn(&both, one["dn"].as_str().unwrap());
                for key in
                    ["verdict", "since", "expires_at", "attempts_total", "sources", "first_seen"]
                {
                    assert_eq!(same[key], one[key], "{key} with {off} ms");
                }
                assert!(same["flags"].to_string().contains("seen_twice"), "{same}");
            }
            assert!(!rules(&both).contains(&"not-in-log"), "{both}");
        }
    }
}

#[test]
fn clocks_without_messages_in_common_expire_nothing_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let messages = exchanges(5);
    let log = in_dir(dir.path(), "a.log", log(&messages[..2], -7_200_000));
    let capture = in_dir(dir.path(), "a.pcap", pcap(&messages[2..]));
    let found = report(&[&log, &capture]);
    assert_eq!(dn(&found, "1001")["verdict"], "in_service");
    assert_eq!(file(&found, "a.log")["offset"], Value::Null);
    let output = Command::new(env!("CARGO_BIN_EXE_regscope"))
        .args([Path::new("report"), &log, &capture])
        .output()
        .unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("no message in common"), "{text}");
    // alone, two hours later, it has run out
    let later = exchange(9, 1, 7_200_000);
    let log = in_dir(dir.path(), "b.log", self::log(&[&messages[..2], &later].concat(), 0));
    assert_eq!(dn(&report(&[&log]), "1001")["verdict"], "expired");
}

#[test]
fn what_stands_in_one_alone_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let messages = exchanges(5);
    let without = |device: u8| -> Vec<Seen> {
        messages.iter().filter(|seen| seen.device != device).cloned().collect()
    };
    let capture = in_dir(dir.path(), "a.pcap", pcap(&messages));
    let log_3 = in_dir(dir.path(), "a.log", log(&without(3), -500));
    let found = report(&[&log_3, &capture]);
    assert!(rules(&found).contains(&"not-in-log"), "{found}");
    let finding =
        found["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "not-in-log").unwrap();
    assert!(finding["sentence"].as_str().unwrap().ends_with(": 1003"), "{finding}");
    let capture_3 = in_dir(dir.path(), "b.pcap", pcap(&without(3)));
    let all = in_dir(dir.path(), "b.log", log(&messages, -500));
    let found = report(&[&all, &capture_3]);
    assert!(rules(&found).contains(&"not-in-capture"), "{found}");
    assert!(!rules(&found).contains(&"not-in-log"), "{found}");
    // before the log began, and after it ended, nothing is missing in it
    let part = in_dir(dir.path(), "c.log", log(&messages[2..8], -500));
    let found = report(&[&part, &capture]);
    assert!(!rules(&found).contains(&"not-in-log"), "{found}");
}

#[test]
fn a_rotated_log_is_one_whatever_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let text = log(&exchanges(5), 0);
    let whole = in_dir(dir.path(), "whole.txt", &text);
    let whole = report(&[&whole]);
    // within a header, and within the answer to another
    let (first, second) = (text.find("CSeq").unwrap(), text.rfind("REGISTER sip").unwrap());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&text.as_bytes()[..first]).unwrap();
    let oldest = in_dir(dir.path(), "server.log.2.gz", packed.finish().unwrap());
    let older = in_dir(dir.path(), "server.log.1", &text[first..second]);
    let newest = in_dir(dir.path(), "server.log", &text[second..]);
    for files in [[&*oldest, &*older, &*newest], [&*newest, &*older, &*oldest]] {
        let found = report(&files);
        assert_eq!(found["capture"]["sip_messages"], 10);
        assert_eq!(found["capture"]["truncated_messages"], 0);
        for one in whole["dns"].as_array().unwrap() {
            let same = dn(&found, one["dn"].as_str().unwrap());
            assert_eq!((&same["verdict"], &same["since"]), (&one["verdict"], &one["since"]));
        }
        let continues = file(&found, "server.log")["continues"].as_str().unwrap();
        assert!(continues.ends_with("server.log.1"), "{continues}");
        assert_eq!(file(&found, "server.log.2.gz")["continues"], Value::Null);
    }
    // with one missing between, what is cut stays cut
    let found = report(&[&oldest, &newest]);
    assert!(file(&found, "server.log")["warnings"].to_string().contains("missing"), "{found}");
    assert_eq!(found["capture"]["sip_messages"], 2);
}

#[test]
fn logs_of_two_hosts_are_not_joined() {
    let dir = tempfile::tempdir().unwrap();
    let messages = exchanges(6);
    let one = in_dir(dir.path(), "east.log", log(&messages[..6], 0));
    let two = in_dir(dir.path(), "west.log", log(&messages[6..], 0));
    let found = report(&[&one, &two]);
    assert_eq!(file(&found, "west.log")["continues"], Value::Null);
    assert_eq!(found["dns"].as_array().unwrap().len(), 6);
}

#[test]
fn a_clock_that_was_set_in_a_log_expires_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut messages = exchanges(5);
    messages.extend(exchange(1, 2, 60_000));
    for (off, set) in [(-3_600_000, true), (100 * DAY, true), (2 * DAY, true), (0, false)] {
        let (before, after) = messages.split_at(10);
        // 1001 refreshes behind the step
        let text = log(before, 0) + &log(after, off);
        let found = report(&[&in_dir(dir.path(), "a.log", text)]);
        for one in found["dns"].as_array().unwrap() {
            assert_eq!(one["verdict"], "in_service", "{off}: {one}");
            assert_eq!(one["flags"].to_string().contains("clock_step"), set, "{off}: {one}");
        }
        assert_eq!(rules(&found).contains(&"clock-set"), set);
        let steps = file(&found, "a.log")["clock"]["steps"].as_array().unwrap().len();
        assert_eq!(steps, usize::from(set));
    }
    // a quiet night: another DN comes, with a Call-ID of its own
    let text = log(&exchanges(5), 0) + &log(&exchange(9, 1, 0), 3 * DAY);
    let found = report(&[&in_dir(dir.path(), "night.log", text)]);
    assert_eq!(dn(&found, "1001")["verdict"], "expired");
    assert!(!rules(&found).contains(&"clock-set"), "{found}");
    assert!(secs(&found["capture"]["last"]) - secs(&found["capture"]["first"]) > 200_000.0);
}
