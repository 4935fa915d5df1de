//! Two nodes seen by HEP agents: the owner of a DN, and where they have lost each other, as lines and as numbers.

use std::net::SocketAddr;
use std::time::SystemTime;

use regscope::hep::{Item, Sender};
use regscope::net::{Endpoint, Timestamp, Transport};

use super::agents::listening;
use super::alerts::{metrics_address, scrape, scrape_until};
use super::*;

/// A node: its address, and the agent on it.
struct Node {
    server: Endpoint,
    agent: Sender,
}

fn end(address: &str) -> Endpoint {
    Endpoint::new(address.parse().unwrap(), 5060)
}

fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_parts(now.as_secs().cast_signed(), now.subsec_nanos().into())
}

/// A message as text: its first line, the method, and the branches of its Vias, that of the latest hop first.
fn text(start: &str, method: &str, dn: &str, branches: &[&str], more: &str) -> String {
    // a proxy keeps the Call-ID: here it is the branch of the first hop
    let call = branches.last().unwrap();
    let from = if method == "REGISTER" { dn } else { "caller" };
    let vias: Vec<String> = branches
        .iter()
        .map(|branch| format!("Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-{branch}\r\n"))
        .collect();
    let vias = vias.concat();
    format!(
        "{start}\r\n{vias}From: <sip:{from}@192.0.2.1>;tag=1\r\nTo: <sip:{dn}@192.0.2.1>\r\n\
         Call-ID: {call}\r\nCSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

impl Node {
    fn new(address: SocketAddr, id: u32, name: &str, server: &str) -> Self {
        let agent = Sender::new(address, id, name, "").unwrap();
        Self { server: end(server), agent }
    }

    fn tell(&mut self, from: Endpoint, to: Endpoint, text: &str) {
        let (time, transport) = (now(), Transport::Udp);
        self.agent.send(&Item { time, src: from, dst: to, transport, bytes: text.as_bytes() });
        // datagrams of two agents have no order of their own
        sleep(Duration::from_millis(30));
    }

    /// The phone registers here.
    fn register(&mut self, dn: &str, phone: &str) {
        let (phone, server) = (end(phone), self.server);
        let contact = format!("Contact: <sip:{dn}@{}>;expires=3600\r\n", phone.addr);
        let via = format!("reg-{dn}");
        let request = "REGISTER sip:192.0.2.1 SIP/2.0";
        self.tell(phone, server, &text(request, "REGISTER", dn, &[&via], &contact));
        self.tell(server, phone, &text("SIP/2.0 200 OK", "REGISTER", dn, &[&via], &contact));
    }

    /// Somebody calls the DN here: the node finds it and calls the phone, or answers 404.
    fn call(&mut self, dn: &str, phone: &str, number: u32, found: bool) {
        let (caller, phone, server) = (end("192.0.2.9"), end(phone), self.server);
        let (outer, inner) = (format!("o-{dn}-{number}"), format!("i-{dn}-{number}"));
        let start = format!("INVITE sip:{dn}@192.0.2.1 SIP/2.0");
        self.tell(caller, server, &text(&start, "INVITE", dn, &[&outer], ""));
        let answer = if found { "SIP/2.0 200 OK" } else { "SIP/2.0 404 Not Found" };
        if found {
            let vias = [inner.as_str(), outer.as_str()];
            self.tell(server, phone, &text(&start, "INVITE", dn, &vias, ""));
            self.tell(phone, server, &text(answer, "INVITE", dn, &vias, ""));
        }
        self.tell(server, caller, &text(answer, "INVITE", dn, &[&outer], ""));
    }
}

#[test]
fn two_agents_speak_for_two_nodes() {
    let (watch, address) = listening(&["--metrics", "127.0.0.1:0", "--metrics-per-dn", "--utc"]);
    let metrics = metrics_address(&watch);
    let mut one = Node::new(address, 1, "dc1", "192.0.2.1");
    let mut two = Node::new(address, 2, "dc2", "192.0.2.2");
    one.register("5001", "192.0.2.51");
    two.register("5002", "192.0.2.52");
    one.call("5002", "192.0.2.52", 1, true);
    two.call("5001", "192.0.2.51", 1, true);
    watch.wait_change("5002", "in_service");
    scrape_until(metrics, "regscope_dn_owner{dn=\"5001\",node=\"dc1\"}", 1.0);
    let numbers = scrape_until(metrics, "regscope_dn_owner{dn=\"5002\",node=\"dc2\"}", 1.0);
    assert!(numbers.keys().all(|name| !name.starts_with("regscope_cluster_split{")));
    // what each replicated of the other is gone
    one.call("5002", "192.0.2.52", 2, false);
    two.call("5001", "192.0.2.51", 2, false);
    let split = "regscope_cluster_split{a=\"dc1\",b=\"dc2\"}";
    scrape_until(metrics, split, 1.0);
    let told = |words: &str| {
        let lines = watch.lines();
        lines.iter().any(|(_, line)| {
            let of_split = line["type"] == "finding" && line["rule"] == "cluster-split";
            of_split && line["sentence"].as_str().unwrap().contains(words)
        })
    };
    assert!(told("dc1 and dc2 have lost each other"), "{}", watch.out());
    one.call("5002", "192.0.2.52", 3, true);
    two.call("5001", "192.0.2.51", 3, true);
    scrape_until(metrics, split, 0.0);
    assert!(told("dc1 and dc2 lost each other for"), "{}", watch.out());
    let numbers = scrape(metrics);
    assert!((numbers["regscope_dn_owner_without_series"]).abs() < 1e-9);
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
}

#[test]
fn a_node_of_live_traffic_is_named_by_its_address() {
    let refused = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let output = command.args(["watch", "--hep", "127.0.0.1:0"]).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (given, why) in [("dc1=dc1.log", "does not exist"), ("dc1=src", "is a directory")] {
        let (status, err) = refused(&["--node", given]);
        assert_eq!(status, Some(2));
        assert!(err.contains(why) && err.contains("--node dc1=ADDR:PORT"), "{err}");
    }
    let (watch, address) = listening(&[
        "--metrics",
        "127.0.0.1:0",
        "--metrics-per-dn",
        "--node",
        "east=192.0.2.1:5060",
        "--node",
        "west=192.0.2.2",
    ]);
    // one agent sees the traffic of both
    let mut one = Node::new(address, 1, "tap", "192.0.2.1");
    one.register("5001", "192.0.2.51");
    one.server = end("192.0.2.2");
    one.register("5002", "192.0.2.52");
    let metrics = metrics_address(&watch);
    scrape_until(metrics, "regscope_dn_owner{dn=\"5001\",node=\"east\"}", 1.0);
    scrape_until(metrics, "regscope_dn_owner{dn=\"5002\",node=\"west\"}", 1.0);
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
}
