//! HEP agents on loopback: what they send is followed and recorded, keys are asked for.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use regscope::hep::{Item, Sender, encode};
use regscope::net::{Endpoint, Origin, Transport};
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
    let (id, cseq) = (dn.len(), if code == 200 { 2 } else { 1 });
    let common = format!(
        "Via: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK{id}-{cseq}\r\nFrom: <sip:{dn}@192.0.2.60>;tag=1\r\n\
         To: <sip:{dn}@192.0.2.60>\r\nCall-ID: c{id}\r\nCSeq: {cseq} REGISTER\r\n\
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

/// The outcome of the incident.
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
    // the final report
    assert!(err.contains("Causes and evidence"), "{err}");
}

#[test]
fn a_device_that_falls_silent_is_told_though_its_state_stays() {
    let (watch, address) = listening(&[]);
    let mut sender = Sender::new(address, 7, "edge", "").unwrap();
    let end = |host: &str| Endpoint::new(host.parse().unwrap(), 5060);
    let (phone, server) = (end("192.0.2.50"), end("192.0.2.60"));
    let time = messages("incident")[0].0.time;
    let mut send = |(src, dst), start: &str, method: &str, cseq: u32| {
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK{cseq}\r\n\
             From: <sip:5002@192.0.2.60>;tag=1\r\nTo: <sip:5002@192.0.2.60>\r\nCall-ID: {method}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:5002@192.0.2.50>;expires=600\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let transport = Transport::Udp;
        sender.send(&Item { time, src, dst, transport, bytes: text.as_bytes() });
    };
    send((phone, server), "REGISTER sip:192.0.2.60 SIP/2.0", "REGISTER", 1);
    send((server, phone), "SIP/2.0 200 OK", "REGISTER", 1);
    // this agent reports responses to the server too
    send((server, phone), "OPTIONS sip:5002@192.0.2.50 SIP/2.0", "OPTIONS", 1);
    send((phone, server), "SIP/2.0 200 OK", "OPTIONS", 1);
    // the clock is this host's: an answer is overdue after four seconds
    for (cseq, wait) in [(2, 4100), (3, 700)] {
        send((server, phone), "OPTIONS sip:5002@192.0.2.50 SIP/2.0", "OPTIONS", cseq);
        sleep(Duration::from_millis(wait));
    }
    watch.wait_change("5002", "in_service");
    let told = watch.out.clone();
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    let told = told.lock().unwrap().clone();
    let silent = told.iter().filter(|(_, line)| line.contains("registered-but-silent")).count();
    assert_eq!(silent, 1, "{told:#?}");
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
