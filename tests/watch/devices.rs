//! Devices in network namespaces: the verdicts of the report, expiry on the second, clean ends.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;

use etherparse::PacketBuilder;
use pcap::{Active, Capture};
use regscope::net::Endpoint;
use regscope::packet::{Decoder, Event, Limits};
use regscope::source::{CaptureSet, OpenOptions};

use super::namespace::{INSIDE, inside, ip, make_pair, say};
use super::*;

/// Puts a datagram on the wire of `lab0`, whatever its sender.
pub(crate) fn inject(wire: &mut Capture<Active>, src: Endpoint, dst: Endpoint, payload: &[u8]) {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (src.addr, dst.addr) else { return };
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 9])
        .ipv4(from.octets(), to.octets(), 64)
        .udp(src.port, dst.port)
        .write(&mut frame, payload)
        .unwrap();
    wire.sendpacket(frame).unwrap();
}

pub(crate) fn wire() -> Capture<Active> {
    Capture::from_device("lab0").unwrap().immediate_mode(true).open().unwrap()
}

/// Replays the datagrams of a case, pauses shortened.
pub(super) fn replay(name: &str) {
    let mut wire = wire();
    let mut set = CaptureSet::open(&[case(name)], OpenOptions::default()).unwrap();
    let mut decoder = Decoder::new(Limits::default());
    let mut last = None;
    while let Some(frame) = set.next_frame() {
        let pause = last.map_or(Duration::ZERO, |last| frame.time.since(last));
        last = Some(frame.time);
        sleep(pause.min(Duration::from_millis(50)));
        decoder.decode(&frame, &mut |event| {
            if let Event::Datagram { origin, bytes } = event {
                inject(&mut wire, origin.src, origin.dst, bytes);
            }
        });
    }
}

/// Verdict and code of every DN of a case, as `report` has them.
pub(super) fn reported(name: &str) -> BTreeMap<String, (Value, Value)> {
    let mut report = Command::new(env!("CARGO_BIN_EXE_regscope"));
    report.args(["report", "--quiet", "--format", "json"]).arg(case(name));
    let report: Value = serde_json::from_slice(&report.output().unwrap().stdout).unwrap();
    let dns = report["dns"].as_array().unwrap().iter();
    dns.map(|dn| {
        let name = dn["dn"].as_str().unwrap().to_owned();
        (name, (dn["verdict"].clone(), dn["status_code"].clone()))
    })
    .collect()
}

/// The latest of every DN, according to the changes.
fn told(watch: &Watch) -> BTreeMap<String, (Value, Value)> {
    let mut told = BTreeMap::new();
    for (_, line) in watch.lines() {
        if line["type"] == "change" {
            let to = (line["to"]["verdict"].clone(), line["to"]["status_code"].clone());
            told.insert(line["dn"].as_str().unwrap().to_owned(), to);
        }
    }
    told
}

#[test]
fn a_device_gives_the_verdicts_of_the_report() {
    if !inside("devices::a_device_gives_the_verdicts_of_the_report") {
        return;
    }
    make_pair();
    for name in ["incident", "auth-failed", "conflict"] {
        let want = reported(name);
        assert!(!want.is_empty());
        let watch = Watch::start(&["-i", "lab0", "--format", "ndjson"]);
        replay(name);
        let sent = Instant::now();
        while told(&watch) != want && sent.elapsed() < WAIT {
            sleep(Duration::from_millis(5));
        }
        assert_eq!(told(&watch), want, "{name}");
        assert!(sent.elapsed() < Duration::from_secs(2), "{name}: {:?}", sent.elapsed());
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("running as nobody") && err.contains("nothing was lost"), "{err}");
    }
}

#[test]
fn a_registration_expires_on_the_second_without_traffic() {
    if !inside("devices::a_registration_expires_on_the_second_without_traffic") {
        return;
    }
    make_pair();
    let watch = Watch::start(&["-i", "lab0", "--format", "ndjson"]);
    let (phone, server): (IpAddr, IpAddr) =
        ("192.0.2.50".parse().unwrap(), "192.0.2.60".parse().unwrap());
    let (phone, server) = (Endpoint::new(phone, 5060), Endpoint::new(server, 5060));
    let common = "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK7\r\n\
                  From: <sip:7001@192.0.2.60>;tag=1\r\nTo: <sip:7001@192.0.2.60>\r\n\
                  Call-ID: short\r\nCSeq: 1 REGISTER\r\n\
                  Contact: <sip:7001@192.0.2.50>;expires=2\r\nContent-Length: 0\r\n\r\n";
    let mut wire = wire();
    let request = format!("REGISTER sip:192.0.2.60 SIP/2.0\r\n{common}");
    inject(&mut wire, phone, server, request.as_bytes());
    inject(&mut wire, server, phone, format!("SIP/2.0 200 OK\r\n{common}").as_bytes());
    let sent = Instant::now();
    let (told, there) = watch.wait_change("7001", "in_service");
    assert!(told - sent < Duration::from_secs(1), "{:?}", told - sent);
    let (told, gone) = watch.wait_change("7001", "expired");
    let after = told - sent;
    assert!((2000..3000).contains(&after.as_millis()), "{after:?}");
    let time = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    assert!((time(&gone["time"]) - time(&there["time"]) - 2.0).abs() < 0.001, "{gone}");
    assert_eq!((&gone["from"]["verdict"], &gone["frame"]), (&"in_service".into(), &Value::Null));
    assert_eq!(gone["cause"]["rule"], "expired-not-refreshed");
}

#[test]
fn a_device_that_goes_and_comes_is_told_and_a_ring_of_files_is_kept() {
    if !inside("devices::a_device_that_goes_and_comes_is_told_and_a_ring_of_files_is_kept") {
        return;
    }
    make_pair();
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    open_to_all(dir.path());
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let at = dir.path().to_str().unwrap();
    let ring = ["-w", at, "--rotate-size", "4K", "--keep", "2"];
    let watch = Watch::start(&[&["-i", "lab0", "--format", "text", "--utc"][..], &ring].concat());
    replay("incident");
    watch.wait_text("5002  new -> rejected 403 Forbidden");
    ip("link set lab0 down");
    watch.wait_err("lab0 is down");
    ip("link set lab0 up");
    watch.wait_err("lab0 is back");
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("recorded ") && !err.contains("lost in"), "{err}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "{err}");
}

#[test]
fn both_sources_at_once_are_one_trace() {
    if !inside("devices::both_sources_at_once_are_one_trace") || cfg!(not(feature = "hep")) {
        return;
    }
    make_pair();
    ip("link set lo up");
    let collector = UdpSocket::bind("127.0.0.1:0").unwrap();
    collector.set_read_timeout(Some(WAIT)).unwrap();
    let to = collector.local_addr().unwrap().to_string();
    let args = ["-i", "lab0", "--hep", "127.0.0.1:0", "--hep-out", &to, "--format", "ndjson"];
    let id = ["--hep-out-id", "77", "--hep-out-node", "edge-1", "--hep-out-key", "s3cret"];
    let watch = Watch::start(&[&args[..], &id[..]].concat());
    replay("incident");
    let (_, line) = watch.wait_change("5002", "rejected");
    assert_eq!(line["input"], "lab0");
    // every message captured is sent on
    let mut buffer = [0; 4000];
    for _ in 0..26 {
        let len = collector.recv(&mut buffer).unwrap();
        assert!(len > 100 && buffer.starts_with(b"HEP3"));
        let has = |wanted: &[u8]| buffer[..len].windows(wanted.len()).any(|w| w == wanted);
        assert!(has(b"edge-1") && has(b"s3cret") && has(&[0, 12, 0, 10, 0, 0, 0, 77]));
    }
    assert_eq!(watch.end("-TERM").0, Some(0));
}

#[test]
fn it_ends_by_itself_in_time() {
    if !inside("devices::it_ends_by_itself_in_time") {
        return;
    }
    make_pair();
    let began = Instant::now();
    let (status, err) = refused(&["-i", "lab0", "--for", "1s", "--filter", "udp port 5060"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("REGISTERs in IP fragments will be cut"), "{err}");
    assert!((1000..3000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[test]
fn what_cannot_be_watched_is_one_sentence() {
    if !inside("devices::what_cannot_be_watched_is_one_sentence") {
        return;
    }
    make_pair();
    let one = |args: &[&str], status: i32, words: &str| {
        let (have, err) = refused(args);
        assert_eq!(have, Some(status), "{args:?}: {err}");
        assert!(err.contains(words) && err.lines().count() == 1, "{args:?}: {err}");
    };
    one(&["-i", "lab7"], 3, "lab7: no such device (there are ");
    one(&["-i", "lab0", "--filter", "udp prot 5060"], 2, "syntax error");
    one(&["-i", "lab0", "--user", "nosuchuser"], 2, "there is no user");
    one(&["-i", "lab0", "-w", "/no/such/dir/x.pcapng"], 3, "cannot write /no/such/dir/x.pcapng");
    one(&["-i", "lab0", "--keylog", "/no/such/log"], 3, "cannot read the key log");
}

#[test]
fn without_the_right_to_capture_the_sentence_says_how_to_get_it() {
    if !nix::unistd::geteuid().is_root() || Command::new("setpriv").arg("-V").output().is_err() {
        say("skipped: giving up rights needs root and setpriv");
        return;
    }
    assert!(env::var_os(INSIDE).is_none());
    // in a place that others cannot reach
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    open_to_all(dir.path());
    let copy = dir.path().join("regscope");
    fs::copy(env!("CARGO_BIN_EXE_regscope"), &copy).unwrap();
    open_to_all(&copy);
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&copy)
        .args(["watch", "-i", "lo"])
        .current_dir("/")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("lo: no permission to capture: start it with sudo"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
