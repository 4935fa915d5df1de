//! What ends badly: a device that is removed, a disk that is full, a program that is killed.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pcap::{Active, Capture};
use regscope::net::Endpoint;
use serde_json::Value;

use super::devices::{inject, wire};
use super::lab::program;
use super::namespace::{inside, ip, make_pair, say};
use super::{WAIT, Watch};

/// Puts a REGISTER and its 200 on the wire of `lab0`.
fn register(wire: &mut Capture<Active>, dn: u32) {
    let end = |last: u8| Endpoint::new(IpAddr::from([192, 0, 2, last]), 5060);
    let (phone, registrar) = (end(50), end(60));
    let common = format!(
        "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK{dn}\r\nFrom: <sip:{dn}@192.0.2.60>;tag=1\r\n\
         To: <sip:{dn}@192.0.2.60>\r\nCall-ID: {dn}\r\nCSeq: 1 REGISTER\r\n\
         Contact: <sip:{dn}@192.0.2.50>;expires=300\r\nContent-Length: 0\r\n\r\n"
    );
    let request = format!("REGISTER sip:192.0.2.60 SIP/2.0\r\n{common}");
    inject(wire, phone, registrar, request.as_bytes());
    inject(wire, registrar, phone, format!("SIP/2.0 200 OK\r\n{common}").as_bytes());
}

/// A directory that every user may write to.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    dir
}

/// The DNs in a recording, all of them in service; it must be read without an error or a warning.
fn recorded(file: &Path) -> Vec<u32> {
    let mut report = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = report.args(["report", "--quiet", "--format", "json"]).arg(file).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["capture"]["warnings"], Value::Array(Vec::new()), "{}", report["capture"]);
    let dns = report["dns"].as_array().unwrap().iter();
    let mut dns: Vec<u32> = dns
        .filter(|dn| dn["verdict"] == "in_service")
        .map(|dn| dn["dn"].as_str().unwrap().parse().unwrap())
        .collect();
    dns.sort_unstable();
    if program("tshark").is_some() {
        let mut tshark = Command::new("tshark");
        let output = tshark.arg("-r").arg(file).args(["-Y", "sip.Method"]).output().unwrap();
        // it says so when it runs as root
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<_> =
            errors.lines().filter(|line| !line.contains("Running as user")).collect();
        assert!(output.status.success() && errors.is_empty(), "{errors:?}");
        let requests = String::from_utf8_lossy(&output.stdout).lines().count();
        assert!([dns.len(), dns.len() + 1].contains(&requests), "{requests} of {}", dns.len());
    } else {
        say("left out: tshark is not here");
    }
    dns
}

/// The number of DNs reported in service.
fn told(watch: &Watch) -> usize {
    let lines = watch.lines();
    lines.iter().filter(|(_, line)| line["to"]["verdict"] == "in_service").count()
}

fn wait_told(watch: &Watch, count: usize) {
    let began = Instant::now();
    while told(watch) < count {
        assert!(began.elapsed() < WAIT, "{} of {count}: {}", told(watch), watch.err());
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_device_that_is_removed_is_told_and_nothing_before_or_after_is_lost() {
    if !inside("failing::a_device_that_is_removed_is_told_and_nothing_before_or_after_is_lost") {
        return;
    }
    make_pair();
    let dir = directory();
    let file = dir.path().join("seen.pcapng");
    let args = ["-i", "lab0", "--format", "ndjson", "-w", file.to_str().unwrap()];
    let watch = Watch::start(&args);
    let mut before = wire();
    (1000..1100).for_each(|dn| register(&mut before, dn));
    // straight after the last packet
    ip("link del lab0");
    watch.wait_err("lab0 is gone");
    wait_told(&watch, 100);
    make_pair();
    watch.wait_err("lab0 is back");
    let mut after = wire();
    (1100..1200).for_each(|dn| register(&mut after, dn));
    wait_told(&watch, 200);
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("nothing was lost"), "{err}");
    assert_eq!(recorded(&file), (1000..1200).collect::<Vec<_>>());
}

/// Files in memory with room for so many bytes, in the mount namespace of this test.
fn small_disk(at: &Path, options: &str) {
    let mount = ["-t", "tmpfs", "-o", options, "tmpfs"];
    let output = Command::new("mount").args(mount).arg(at).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_full_disk_is_told_and_recording_goes_on_when_there_is_room() {
    if !inside("failing::a_full_disk_is_told_and_recording_goes_on_when_there_is_room") {
        return;
    }
    // every packet is counted: none of the devices' own
    fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").unwrap();
    make_pair();
    let dir = directory();
    small_disk(dir.path(), "size=256k,mode=777");
    let file: PathBuf = dir.path().join("seen.pcapng");
    let args = ["-i", "lab0", "--format", "ndjson", "-w", file.to_str().unwrap()];
    let watch = Watch::start(&args);
    let mut wire = wire();
    // more than there is room for, and than is held
    (10_000..13_000).for_each(|dn| register(&mut wire, dn));
    let line = watch.wait_err("cannot write ");
    assert!(line.contains("seen.pcapng: No space left on device"), "{line}");
    wait_told(&watch, 3000);
    // what is there is whole
    let whole = recorded(&file);
    assert!((100..1000).contains(&whole.len()), "{}", whole.len());
    assert_eq!(whole, (10_000..10_000 + whole.len() as u32).collect::<Vec<_>>());
    small_disk(dir.path(), "remount,size=64m,mode=777");
    let line = watch.wait_err("recording goes on; ");
    let lost: usize =
        line.split("goes on; ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(lost > 0, "{line}");
    (20_000..20_100).for_each(|dn| register(&mut wire, dn));
    wait_told(&watch, 3100);
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    let line = err.lines().find(|line| line.contains("recorded ")).unwrap().to_owned();
    assert!(line.contains(&format!(" packets, {lost} lost;")), "{line}");
    let total = err.lines().last().unwrap();
    let number = |line: &str, before: &str| -> usize {
        let word = line.split(before).next().unwrap().rsplit(' ').next().unwrap();
        word.parse().unwrap()
    };
    assert_eq!(number(&line, " packets,") + lost, 6200, "{err}");
    assert_eq!(number(total, " packets,"), 6200, "{err}");
    let dns = recorded(&file);
    assert!(dns.ends_with(&(20_000..20_100).collect::<Vec<_>>()), "{dns:?}");
    // one more or less where only half of a registration fitted
    assert!(dns.len().abs_diff(3100 - lost / 2) <= 1, "{lost} packets lost, {} DNs", dns.len());
}

#[test]
fn what_is_killed_has_recorded_all_but_the_last_second() {
    if !inside("failing::what_is_killed_has_recorded_all_but_the_last_second") {
        return;
    }
    make_pair();
    let dir = directory();
    let mut watching = Vec::new();
    // of all phases between two writes
    for millis in (1800_u64..3000).step_by(130) {
        let file = dir.path().join(format!("{millis}.pcapng"));
        let args = ["-i", "lab0", "--format", "ndjson", "-w", file.to_str().unwrap()];
        let watch = Watch::start(&args);
        watching.push((Duration::from_millis(millis), file, watch));
    }
    let mut wire = wire();
    let (began, mut sent) = (Instant::now(), Vec::new());
    let mut killed = Vec::new();
    while !watching.is_empty() {
        let dn = 10_000 + sent.len() as u32;
        register(&mut wire, dn);
        sent.push(began.elapsed());
        if let Some(at) = watching.iter().position(|(when, ..)| *when <= began.elapsed()) {
            let (_, file, watch) = watching.remove(at);
            watch.signal("-KILL");
            killed.push((began.elapsed(), file));
        }
        // slowly enough that time alone has it written
        sleep(Duration::from_millis(20));
    }
    for (when, file) in killed {
        let dns = recorded(&file);
        assert_eq!(dns, (10_000..10_000 + dns.len() as u32).collect::<Vec<_>>());
        let due = sent.iter().filter(|&&at| at + Duration::from_secs(1) < when).count();
        assert!(dns.len() >= due, "killed after {when:?}: {} of {due} due", dns.len());
    }
}
