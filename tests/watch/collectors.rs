//! HEP from real agents: kamailio's siptrace over UDP and TCP, and sngrep.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::lab::{Exchange, Kamailio, Lab, PHONES, Phone, REGISTRAR, missing};
use super::namespace::{inside, say};
use super::{WAIT, Watch};

fn listening(address: &str) -> (Watch, u16) {
    let watch = Watch::start(&["--hep", &format!("{address}:0"), "--format", "ndjson"]);
    let line = watch.wait_err("HEP agents at ");
    let address = line.split("HEP agents at ").nth(1).unwrap().split([';', ' ']).next().unwrap();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    (watch, port)
}

/// Checks that a DN's change was reported within a second of its agent's time, and its source.
fn follows(watch: &Watch, phone: &Phone<'_>, verdict: &str) {
    let (told, line) = watch.wait_change(phone.dn, verdict);
    let told = (SystemTime::now() - told.elapsed()).duration_since(UNIX_EPOCH).unwrap();
    let late = told.as_secs_f64() - line["time"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((0.0..1.0).contains(&late), "{late} s after: {line}");
    assert_eq!(line["source"], format!("{PHONES}:{}", phone.port), "{line}");
    assert_eq!(line["registrar"], format!("{REGISTRAR}:5060"), "{line}");
    let transport = if phone.transport == "u1" { "udp" } else { "tcp" };
    assert_eq!(line["transport"], transport, "{line}");
}

/// In service and refused over UDP, in service and removed over TCP.
fn play(lab: &Lab, kamailio: &Kamailio, watch: &Watch) {
    let phone = |dn, port, transport| Phone { dn, port, transport };
    kamailio.policy("1001", "open");
    kamailio.policy("1052", "open");
    let there = phone("1001", 5071, "u1");
    lab.register(&there, &[Exchange::new(1, 300, 200)]);
    follows(watch, &there, "in_service");
    let unknown = phone("5008", 5072, "u1");
    lab.register(&unknown, &[Exchange::new(1, 300, 404)]);
    follows(watch, &unknown, "rejected");
    assert_eq!(watch.wait_change("5008", "rejected").1["to"]["status_code"], 404);
    let over_tcp = phone("1052", 5073, "t1");
    // on one connection
    let mut sipp =
        lab.sipp(&over_tcp, &[Exchange::new(1, 300, 200), Exchange::new(2, 0, 200).after(1500)]);
    follows(watch, &over_tcp, "in_service");
    follows(watch, &over_tcp, "deregistered");
    assert!(sipp.wait(WAIT), "{}", sipp.log());
    let three = ["1001", "5008", "1052"];
    assert!(watch.lines().iter().all(|(_, line)| three.contains(&line["dn"].as_str().unwrap())));
}

#[test]
fn what_kamailio_traces_over_udp_and_tcp_is_followed() {
    const NAME: &str = "collectors::what_kamailio_traces_over_udp_and_tcp_is_followed";
    if let Some(why) = missing(&["kamailio", "sipp", "nsenter"]) {
        return say(&format!("skipped {NAME}: {why}"));
    }
    if !inside(NAME) {
        return;
    }
    let lab = Lab::new();
    for over in ["", ";transport=tcp"] {
        let (watch, port) = listening(REGISTRAR);
        let uri = format!("\"sip:{REGISTRAR}:{port}{over}\"");
        let agent =
            [("WITH_HEP", "1"), ("HEP_VERSION", "3"), ("HEP_ID", "2101"), ("HEP_URI", &uri)];
        let name = if over.is_empty() { "over-udp" } else { "over-tcp" };
        let kamailio = Kamailio::start(&lab, name, &agent);
        play(&lab, &kamailio, &watch);
        assert_eq!(kamailio.table(), ["1001"]);
        drop(kamailio);
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{name}: {err}");
        let total = "3 DNs: 1 in service, 2 out of service";
        assert!(err.contains("8 SIP messages") && err.contains(total), "{name}: {err}");
        assert!(err.contains("nothing was lost"), "{name}: {err}");
    }
}

#[test]
fn what_sngrep_sends_on_is_followed() {
    const NAME: &str = "collectors::what_sngrep_sends_on_is_followed";
    if let Some(why) = missing(&["kamailio", "sipp", "sngrep", "nsenter"]) {
        return say(&format!("skipped {NAME}: {why}"));
    }
    if !inside(NAME) {
        return;
    }
    let lab = Lab::new();
    let kamailio = Kamailio::start(&lab, "kamailio", &[]);
    let (watch, port) = listening("127.0.0.1");
    let mut sngrep = std::process::Command::new("sngrep");
    sngrep.args(["-F", "-N", "-q", "-d", "lab0", "-H", &format!("udp:127.0.0.1:{port}")]);
    sngrep.env("TERM", "xterm").current_dir(lab.dir.path());
    let mut sngrep = lab.start(sngrep, "sngrep.log");
    wait_for_capture(sngrep.id());
    play(&lab, &kamailio, &watch);
    sngrep.end();
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("3 DNs: 1 in service, 2 out of service"), "{err}");
    assert!(err.contains("nothing was lost"), "{err}");
}

/// Waits until a program has opened a packet socket.
fn wait_for_capture(id: u32) {
    let began = Instant::now();
    loop {
        let sockets = std::fs::read_to_string("/proc/net/packet").unwrap();
        if sockets.lines().count() > 1 {
            // it has no thread that reads yet
            return sleep(Duration::from_millis(300));
        }
        assert!(began.elapsed() < WAIT, "{id} does not capture: {sockets}");
        sleep(Duration::from_millis(10));
    }
}
