//! The program follows HEP agents and devices: what happens is told, in time, and the end is clean.

#![cfg(any(feature = "live", feature = "hep"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test; an index into JSON never panics"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

#[cfg(all(feature = "live", feature = "hep", target_os = "linux"))]
mod collectors;
#[cfg(all(feature = "live", target_os = "linux"))]
mod failing;
#[cfg(all(feature = "live", target_os = "linux"))]
mod lab;
#[cfg(all(feature = "live", target_os = "linux"))]
#[path = "../namespace/mod.rs"]
mod namespace;
#[cfg(all(feature = "live", target_os = "linux"))]
mod registrar;

#[cfg(all(feature = "exec", feature = "metrics"))]
mod alerts;

const WAIT: Duration = Duration::from_secs(10);

/// A program that watches; it is killed if the test fails.
struct Watch {
    child: Child,
    out: Arc<Mutex<Vec<(Instant, String)>>>,
    err: Arc<Mutex<Vec<(Instant, String)>>>,
    /// Threads that read its outputs.
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_regscope"))
            .arg("watch")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let follow = |stream: Box<dyn std::io::Read + Send>, lines: &Arc<Mutex<Vec<_>>>| {
            let lines = Arc::clone(lines);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines() {
                    lines.lock().unwrap().push((Instant::now(), line.unwrap()));
                }
            })
        };
        let readers = vec![
            follow(Box::new(child.stdout.take().unwrap()), &out),
            follow(Box::new(child.stderr.take().unwrap()), &err),
        ];
        let watch = Self { child, out, err, readers };
        watch.wait_err("watching ");
        watch
    }

    fn lines(&self) -> Vec<(Instant, Value)> {
        let lines = self.out.lock().unwrap();
        lines.iter().map(|(at, line)| (*at, serde_json::from_str(line).unwrap())).collect()
    }

    fn err(&self) -> String {
        let lines = self.err.lock().unwrap();
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn wait_err(&self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let err = self.err();
            if let Some(line) = err.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(began.elapsed() < WAIT, "no {words:?} in {err}");
            sleep(Duration::from_millis(5));
        }
    }

    #[cfg(all(feature = "live", target_os = "linux"))]
    fn wait_text(&self, words: &str) {
        let began = Instant::now();
        while !self.out.lock().unwrap().iter().any(|(_, line)| line.contains(words)) {
            assert!(began.elapsed() < WAIT, "no {words:?} in {:#?}", self.out.lock().unwrap());
            sleep(Duration::from_millis(5));
        }
    }

    /// The first change of a DN to a verdict, and when it was told.
    fn wait_change(&self, dn: &str, verdict: &str) -> (Instant, Value) {
        let began = Instant::now();
        loop {
            let lines = self.lines();
            let found = lines.iter().find(|(_, line)| {
                line["type"] == "change" && line["dn"] == dn && line["to"]["verdict"] == verdict
            });
            if let Some(found) = found {
                return found.clone();
            }
            assert!(began.elapsed() < WAIT, "no {dn} {verdict}: {lines:#?}\n{}", self.err());
            sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        // the shell's own: not every machine has kill(1)
        let kill = format!("kill {signal} {pid}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it by a signal: its status, and what it said on standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < WAIT, "it does not end");
            sleep(Duration::from_millis(5));
        };
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status.code(), self.err())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name).join("input.pcap")
}

/// Status, standard output and standard error of a run that ends by itself.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.arg("watch").args(args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(feature = "hep")]
mod agents {
    use std::io::Write as _;
    use std::net::{SocketAddr, TcpStream};

    use regscope::hep::{Item, Sender, encode};
    use regscope::net::Origin;
    use regscope::packet::{Decoder, Event, Limits};
    use regscope::source::{CaptureSet, OpenOptions};

    use super::*;

    /// The messages over UDP of a capture case.
    pub(super) fn messages(name: &str) -> Vec<(Origin, Vec<u8>)> {
        let mut set = CaptureSet::open(&[case(name)], OpenOptions::default()).unwrap();
        let mut decoder = Decoder::new(Limits::default());
        let mut seen = Vec::new();
        while let Some(frame) = set.next_frame() {
            decoder.decode(&frame, &mut |event| {
                if let Event::Datagram { origin, bytes } = event {
                    seen.push((*origin, bytes.to_vec()));
                }
            });
        }
        seen
    }

    pub(super) fn item(seen: &(Origin, Vec<u8>)) -> Item<'_> {
        let Origin { time, src, dst, transport, .. } = seen.0;
        Item { time, src, dst, transport, bytes: &seen.1 }
    }

    pub(super) fn listening(extra: &[&str]) -> (Watch, SocketAddr) {
        let args = [&["--hep", "127.0.0.1:0", "--format", "ndjson"], extra].concat();
        let watch = Watch::start(&args);
        let line = watch.wait_err("HEP agents at ");
        let address = line.split("HEP agents at ").nth(1).unwrap();
        let address = address.split([';', ' ']).next().unwrap().parse().unwrap();
        (watch, address)
    }

    /// Has a phone try to register: the request, and an answer.
    #[cfg(all(feature = "exec", feature = "metrics"))]
    pub(super) fn register(address: SocketAddr, dn: &str, code: u16) {
        use regscope::net::{Endpoint, Transport};
        let common = format!(
            "Via: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK7\r\nFrom: <sip:{dn}@192.0.2.60>;tag=1\r\n\
             To: <sip:{dn}@192.0.2.60>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:phone@192.0.2.50>\r\nContent-Length: 0\r\n\r\n"
        );
        let phone = Endpoint::new("192.0.2.50".parse().unwrap(), 5060);
        let server = Endpoint::new("192.0.2.60".parse().unwrap(), 5060);
        let mut sender = Sender::new(address, 7, "edge", "").unwrap();
        let (time, transport) = (messages("incident")[0].0.time, Transport::Udp);
        for (src, dst, start) in [
            (phone, server, "REGISTER sip:192.0.2.60 SIP/2.0".to_owned()),
            (server, phone, format!("SIP/2.0 {code} Said")),
        ] {
            let text = format!("{start}\r\n{common}");
            sender.send(&Item { time, src, dst, transport, bytes: text.as_bytes() });
        }
    }

    /// What the incident comes to.
    fn incident(watch: &Watch) {
        for dn in ["1002", "1003"] {
            let (_, line) = watch.wait_change(dn, "in_service");
            assert_eq!((&line["schema"], &line["to"]["state"]), (&1.into(), &"in_service".into()));
            assert_eq!(line["cause"], Value::Null);
        }
        let (_, line) = watch.wait_change("5002", "rejected");
        assert_eq!((&line["from"], &line["to"]["status_code"]), (&Value::Null, &403.into()));
        assert_eq!(line["source"], "192.168.210.54:5060");
        assert_eq!(line["registrar"], "192.168.210.81:5060");
        assert_eq!(line["cause"]["rule"], "rejected-403-without-challenge");
        assert!(line["time"].as_str().unwrap().contains('.') && line["frame"].is_u64());
        assert_eq!(watch.wait_change("5008", "rejected").1["to"]["status_code"], 404);
    }

    #[test]
    fn agents_over_udp_are_followed_and_sigterm_ends_it() {
        let (watch, address) = listening(&[]);
        let mut sender = Sender::new(address, 7, "edge", "").unwrap();
        for message in &messages("incident") {
            sender.send(&item(message));
        }
        let sent = Instant::now();
        incident(&watch);
        assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("26 packets, 26 SIP messages; 5 DNs: 2 in service"), "{err}");
    }

    #[test]
    fn agents_over_tcp_are_followed_recorded_and_sigint_ends_it() {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        let file = dir.path().join("seen.pcapng");
        let (watch, address) = listening(&["-w", file.to_str().unwrap()]);
        let mut all = Vec::new();
        for message in &messages("incident") {
            assert!(encode(&item(message), 7, b"edge", b"", &mut all));
        }
        let mut stream = TcpStream::connect(address).unwrap();
        all.chunks(500).for_each(|part| stream.write_all(part).unwrap());
        incident(&watch);
        let (status, err) = watch.end("-INT");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("recorded 26 packets"), "{err}");
        // what was recorded says the same
        let mut report = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let output = report.args(["report", "--quiet"]).arg(&file).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with("5 DNs: 2 in service, 3 out of service"), "{text}");
    }

    #[test]
    fn a_wrong_key_is_counted_and_a_report_can_be_had_meanwhile() {
        let (watch, address) = listening(&["--hep-key", "secret", "--utc"]);
        let all = messages("incident");
        let mut wrong = Sender::new(address, 7, "edge", "guess").unwrap();
        for message in &all {
            wrong.send(&item(message));
        }
        watch.wait_err("26 HEP packets without the right key");
        assert!(watch.lines().is_empty());
        let mut right = Sender::new(address, 7, "edge", "secret").unwrap();
        for message in &all {
            right.send(&item(message));
        }
        incident(&watch);
        watch.signal("-USR1");
        watch.wait_err("5 DNs: 2 in service, 3 out of service (2 rejected 403, 1 rejected 404)");
        let (status, err) = watch.end("-HUP");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("26 HEP packets without the right key"), "{err}");
    }

    #[test]
    fn an_address_that_is_taken_or_strange_is_refused() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let (status, err) = refused(&["--hep", &address]);
        assert_eq!(status, Some(3), "{err}");
        assert!(err.contains("cannot listen for HEP agents at 127.0.0.1:"), "{err}");
        assert_eq!(refused(&["--hep", "nowhere"]).0, Some(2));
    }
}

/// Devices, in network namespaces of its own.
#[cfg(all(feature = "live", target_os = "linux"))]
mod devices {
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

    /// Puts a datagram on the wire of `lab0`, whoever seems to send it.
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

    /// Verdict and code of every DN of a case, as `report` tells them.
    fn reported(name: &str) -> BTreeMap<String, (Value, Value)> {
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

    /// The latest of every DN, as the changes tell it.
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
        assert_eq!(
            (&gone["from"]["verdict"], &gone["frame"]),
            (&"in_service".into(), &Value::Null)
        );
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
        let watch =
            Watch::start(&[&["-i", "lab0", "--format", "text", "--utc"][..], &ring].concat());
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
        let (status, err) = refused(&["-i", "lab0", "--for", "1s"]);
        assert_eq!(status, Some(0), "{err}");
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
        one(
            &["-i", "lab0", "-w", "/no/such/dir/x.pcapng"],
            3,
            "cannot write /no/such/dir/x.pcapng",
        );
        one(&["-i", "lab0", "--keylog", "/no/such/log"], 3, "cannot read the key log");
    }

    #[test]
    fn without_the_right_to_capture_the_sentence_says_how_to_get_it() {
        if !nix::unistd::geteuid().is_root() || Command::new("setpriv").arg("-V").output().is_err()
        {
            say("skipped: giving up rights needs root and setpriv");
            return;
        }
        assert!(env::var_os(INSIDE).is_none());
        // where nobody can reach it
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
}

#[test]
fn without_anything_to_watch_it_is_bad_usage() {
    let (status, err) = refused(&[]);
    assert_eq!(status, Some(2));
    assert!(err.contains("nothing to watch"), "{err}");
}
