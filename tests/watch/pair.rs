//! A real pair of kamailio, each on a host of its own, that replicate their bindings (dmq): followed live over HEP
//! while the link between them is cut, a phone changes nodes, and one of them is killed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::alerts::{metrics_address, scrape_until};
use super::lab::{Kamailio, Running, missing, modules, program};
use super::namespace::{inside, ip, say};
use super::*;

const EAST: &str = "192.0.2.1";
const WEST: &str = "192.0.2.2";
const PHONES: &str = "192.0.2.9";
const COLLECTOR: &str = "192.0.2.90";
/// What phones that refresh ask for, in seconds.
const BRIEF: u32 = 4;
const SPLIT: &str = "regscope_cluster_split{a=\"east\",b=\"west\"}";

/// A host on the bridge.
struct Host {
    /// Holds its namespace.
    holder: Running,
    address: &'static str,
}

impl Host {
    fn new(dir: &Path, name: &str, address: &'static str) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--net", "sleep", "300"]);
        let host = Self { holder: Running::start(command, dir.join(name)), address };
        let id = host.holder.id();
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        while std::fs::read_link(format!("/proc/{id}/ns/net")).is_ok_and(|there| there == own) {
            sleep(Duration::from_millis(1));
        }
        ip(&format!("link add to-{name} type veth peer name {name} netns {id}"));
        ip(&format!("link set to-{name} master br0 up"));
        for args in [
            "link set lo up",
            &format!("addr add {address}/24 dev {name}"),
            &format!("link set {name} up"),
        ] {
            let output = host.command("ip").args(args.split(' ')).output().unwrap();
            assert!(output.status.success(), "{args}: {output:?}");
        }
        host
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.holder.id().to_string(), "-n", program]);
        command
    }

    fn rules(&self, text: &str) {
        let mut nft = self.command("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        nft.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success(), "{text}");
    }

    /// Nothing goes between this host and another any more.
    fn cut(&self, other: &str) {
        self.rules(&format!(
            "table ip cut {{\n\
             chain in {{ type filter hook input priority 0; ip saddr {other} drop\n }}\n\
             chain out {{ type filter hook output priority 0; ip daddr {other} drop\n }}\n}}\n"
        ));
    }

    /// A kamailio on it, whose peer is at `other`, and whose agent has that capture id.
    fn kamailio(&self, dir: PathBuf, other: &str, id: &str, collector: &str) -> Kamailio {
        let command = self.command(program("kamailio").unwrap().to_str().unwrap());
        let [own, peer] = [self.address, other].map(|node| format!("\"sip:{node}:5060\""));
        let uri = format!("\"sip:{collector}\"");
        let defines = [
            ("WITH_HEP", "1"),
            ("HEP_VERSION", "3"),
            ("HEP_ID", id),
            ("HEP_URI", &uri),
            ("WITH_DMQ", "1"),
            ("DMQ_OWN", &own),
            ("DMQ_PEER", &peer),
        ];
        let kamailio = Kamailio::start_by(command, dir, self.address, &defines);
        for dn in ["1001", "1002", "1003"] {
            kamailio.policy(dn, "open");
        }
        kamailio
    }
}

/// A message of a user agent at `from`, and the status code of its final response.
fn exchange(socket: &UdpSocket, node: &str, request: &str) -> Option<u16> {
    socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    socket.send_to(request.as_bytes(), (node, 5060)).unwrap();
    let mut answer = [0; 4096];
    loop {
        let length = socket.recv(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        let code: u16 = text.split(' ').nth(1)?.parse().ok()?;
        if code >= 200 {
            return Some(code);
        }
    }
}

/// A request about a DN; `number` tells it from others.
fn request(
    method: &str,
    dn: &str,
    node: &str,
    socket: &UdpSocket,
    number: u32,
    more: &str,
) -> String {
    let own = socket.local_addr().unwrap();
    let (uri, from) = match method {
        "REGISTER" => (format!("sip:{node}"), dn),
        _ => (format!("sip:{dn}@{node}"), "monitor"),
    };
    let call = if method == "REGISTER" { 0 } else { number };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{}-{method}-{dn}-{number}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@{node}>;tag=t{}\r\nTo: <sip:{dn}@{node}>\r\n\
         Call-ID: {dn}-{call}-{}@{}\r\nCSeq: {number} {method}\r\n{more}\
         User-Agent: Desk-Phone/4\r\nContent-Length: 0\r\n\r\n",
        own.port(),
        own.port(),
        own.port(),
        own.ip(),
    )
}

/// A phone's socket, and how many requests it sent.
struct Phone {
    dn: &'static str,
    node: &'static str,
    socket: UdpSocket,
    sent: u32,
}

impl Phone {
    fn new(dn: &'static str, node: &'static str) -> Self {
        Self { dn, node, socket: UdpSocket::bind((PHONES, 0)).unwrap(), sent: 0 }
    }

    fn register(&mut self, expires: u32) -> Option<u16> {
        self.sent += 1;
        let dn = self.dn;
        let more = format!("Contact: <sip:{dn}@{PHONES}:5070>\r\nExpires: {expires}\r\n");
        let text = request("REGISTER", dn, self.node, &self.socket, self.sent, &more);
        exchange(&self.socket, self.node, &text)
    }
}

/// Phones that refresh until they are dropped: which DN at which node.
struct Phones {
    at: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Phones {
    fn new() -> Self {
        let at = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let over = Arc::<AtomicBool>::default();
        let mut phones = Self { at: Arc::clone(&at), over: Arc::clone(&over), threads: Vec::new() };
        phones.threads.push(std::thread::spawn(move || {
            let mut all: Vec<Phone> = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let now: Vec<_> =
                    at.lock().unwrap().iter().map(|(dn, node)| (*dn, *node)).collect();
                for (dn, node) in now {
                    let place = all.iter().position(|phone| (phone.dn, phone.node) == (dn, node));
                    let place = place.unwrap_or_else(|| {
                        all.push(Phone::new(dn, node));
                        all.len() - 1
                    });
                    all[place].register(BRIEF);
                }
                sleep(Duration::from_secs(1));
            }
        }));
        let over = Arc::clone(&phones.over);
        let socket = UdpSocket::bind((PHONES, 5070)).unwrap();
        phones.threads.push(std::thread::spawn(move || answer(&socket, &over)));
        phones
    }

    /// A phone refreshes at that node from now on.
    fn keep(&self, dn: &'static str, node: &'static str) {
        self.at.lock().unwrap().insert(dn, node);
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

/// Every phone answers every OPTIONS.
fn answer(socket: &UdpSocket, over: &AtomicBool) {
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut bytes = [0; 4096];
    while !over.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut bytes) else { continue };
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let names = ["via:", "from:", "to:", "call-id:", "cseq:"];
        let is_kept = |line: &&str| names.iter().any(|name| line.to_lowercase().starts_with(name));
        let kept: String = text
            .lines()
            .filter(is_kept)
            .map(|line| line.trim_end().to_owned() + "\r\n")
            .collect::<String>()
            .replacen("To: ", "To: \"\" ", 1);
        let text = format!("SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n");
        socket.send_to(text.as_bytes(), from).unwrap();
    }
}

/// The stage: both hosts, what is followed, and what it says.
struct Stage {
    dir: tempfile::TempDir,
    watch: Watch,
    metrics: std::net::SocketAddr,
    asked: u32,
}

impl Stage {
    /// A monitor asks a node for a DN.
    fn ask(&mut self, node: &str, dn: &str) -> Option<u16> {
        self.asked += 1;
        let socket = UdpSocket::bind((COLLECTOR, 0)).unwrap();
        exchange(&socket, node, &request("OPTIONS", dn, node, &socket, self.asked, ""))
    }

    /// What a report on all that was recorded so far says of each DN: owner, and what each node believes.
    fn dns(&self) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
        command.args(["report", "--format", "json", "--node", "east=11", "--node", "west=12"]);
        let output = command.arg(self.dir.path().join("pair.pcapng")).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let dns = report["cluster"]["dns"].as_array().unwrap().iter();
        let mut dns: Vec<_> = dns
            .map(|dn| {
                let nodes = dn["nodes"].as_array().unwrap().iter();
                let nodes = nodes.map(|n| format!(" {}={}", word(&n["node"]), word(&n["belief"])));
                format!("{} {}:{}", word(&dn["dn"]), word(&dn["owner"]), nodes.collect::<String>())
            })
            .collect();
        dns.sort();
        dns
    }

    /// Waits for what a report on all that was recorded so far says.
    fn wait_dns(&self, wanted: &[&str]) {
        let began = Instant::now();
        while !wanted.iter().all(|line| self.dns().iter().any(|dn| dn == line)) {
            assert!(began.elapsed() < WAIT, "{:?}, not {wanted:?}", self.dns());
            sleep(Duration::from_millis(200));
        }
    }

    /// What was told of a DN by a rule, or of all by one.
    fn found(&self, rule: &str) -> Vec<String> {
        let lines = self.watch.lines();
        let of_rule = lines.iter().filter(|(_, line)| line["rule"] == rule);
        of_rule.map(|(_, line)| word(&line["sentence"]).to_owned()).collect()
    }

    fn wait_found(&self, rule: &str, words: &str) {
        let began = Instant::now();
        while !self.found(rule).iter().any(|sentence| sentence.contains(words)) {
            assert!(began.elapsed() < WAIT, "no {rule} {words:?} in {}", self.watch.out());
            sleep(Duration::from_millis(20));
        }
    }

    fn owner(&self, dn: &str, node: &str) {
        scrape_until(
            self.metrics,
            &format!("regscope_dn_owner{{dn=\"{dn}\",node=\"{node}\"}}"),
            1.0,
        );
    }

    /// Whether a verdict out of service was ever told of a DN.
    fn was_out(&self, dn: &str) -> bool {
        let lines = self.watch.lines();
        lines.iter().any(|(_, line)| line["dn"] == dn && line["to"]["state"] == "out_of_service")
    }
}

/// Somebody asks a node for the bindings of a DN.
fn query(node: &str, dn: &str) -> Option<u16> {
    let socket = UdpSocket::bind((COLLECTOR, 0)).unwrap();
    exchange(&socket, node, &request("REGISTER", dn, node, &socket, 1, ""))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// Waits for what a location table holds.
fn wait_table(kamailio: &Kamailio, dns: &[&str]) {
    let began = Instant::now();
    while kamailio.table() != dns {
        assert!(began.elapsed() < WAIT, "{:?}, not {dns:?}", kamailio.table());
        sleep(Duration::from_millis(50));
    }
}

/// Why the pair cannot be played here.
fn cannot() -> Option<String> {
    let missing = missing(&["kamailio", "nft", "nsenter", "unshare"]);
    missing.or_else(|| {
        let has = |module: &str| modules().is_some_and(|place| place.join(module).is_file());
        (!has("dmq.so") || !has("dmq_usrloc.so"))
            .then(|| "kamailio\u{2019}s dmq is not here".to_owned())
    })
}

#[test]
fn a_pair_that_replicates_is_followed_through_a_split() {
    const NAME: &str = "pair::a_pair_that_replicates_is_followed_through_a_split";
    if let Some(why) = cannot() {
        return say(&format!("skipped {NAME}: {why}"));
    }
    if !inside(NAME) {
        return;
    }
    ip("link set lo up");
    ip("link add br0 type bridge");
    ip("link set br0 up");
    for address in [PHONES, COLLECTOR] {
        ip(&format!("addr add {address}/24 dev br0"));
    }
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let path = |name: &str| dir.path().join(name);
    let record = path("pair.pcapng").to_str().unwrap().to_owned();
    let listen = format!("{COLLECTOR}:9060");
    let named = ["--node", "east=11", "--node", "west=12"];
    let args =
        ["--hep", &listen, "--format", "ndjson", "--metrics", "127.0.0.1:0", "--metrics-per-dn"];
    let watch = Watch::start(&[&args[..], &named, &["--write", &record]].concat());
    let metrics = metrics_address(&watch);
    let (east, west) = (Host::new(dir.path(), "east", EAST), Host::new(dir.path(), "west", WEST));
    let first = east.kamailio(path("first"), WEST, "11", &listen);
    let second = west.kamailio(path("second"), EAST, "12", &listen);
    let mut stage = Stage { dir, watch, metrics, asked: 0 };
    let phones = Phones::new();
    together(&mut stage, &phones, [&first, &second]);
    east.cut(WEST);
    apart(&mut stage, [&first, &second]);
    moved(&stage, &phones, &second);
    drop(second);
    killed(&stage, &phones, &first);
    let path = stage.dir.path().join("again");
    let second = west.kamailio(path, EAST, "12", &listen);
    east.rules("delete table ip cut\n");
    again(&mut stage, &phones, [&first, &second]);
    drop(phones);
    let (status, err) = stage.watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("nothing was lost"), "{err}");
}

/// Phones register, each node tells the other, and both find every DN.
fn together(stage: &mut Stage, phones: &Phones, [first, second]: [&Kamailio; 2]) {
    // nodes have the order in which they are met
    assert_eq!(Phone::new("1003", EAST).register(3600), Some(200));
    stage.watch.wait_change("1003", "in_service");
    phones.keep("1001", EAST);
    phones.keep("1002", WEST);
    for (dn, node) in [("1001", "east"), ("1002", "west"), ("1003", "east")] {
        stage.owner(dn, node);
    }
    for node in [first, second] {
        wait_table(node, &["1001", "1002", "1003"]);
    }
    // what the peer believes nobody has seen yet
    stage.wait_dns(&[
        "1001 east: east=in_service west=unknown",
        "1002 west: east=unknown west=in_service",
        "1003 east: east=in_service west=unknown",
    ]);
    assert_eq!((stage.ask(WEST, "1001"), stage.ask(EAST, "1002")), (Some(200), Some(200)));
    assert_eq!(query(WEST, "1003"), Some(200));
    stage.wait_dns(&[
        "1001 east: east=in_service west=in_service",
        "1002 west: east=in_service west=in_service",
        "1003 east: east=in_service west=in_service",
    ]);
    sleep(Duration::from_secs(6));
    // that a node knows what its peer granted is no second registration
    for rule in ["cluster-split", "conflict-two-registrars", "owned-twice", "owner-moved"] {
        assert_eq!(stage.found(rule), [""; 0]);
    }
}

/// The link is cut: each goes on with its own, and what it was told of the other runs out.
fn apart(stage: &mut Stage, [first, second]: [&Kamailio; 2]) {
    // the copies run on: nobody can know yet
    assert_eq!((stage.ask(WEST, "1001"), stage.ask(EAST, "1002")), (Some(200), Some(200)));
    assert_eq!(stage.found("cluster-split"), [""; 0]);
    wait_table(first, &["1001", "1003"]);
    wait_table(second, &["1002", "1003"]);
    assert_eq!((stage.ask(WEST, "1001"), stage.ask(EAST, "1002")), (Some(480), Some(480)));
    scrape_until(stage.metrics, SPLIT, 1.0);
    stage.wait_found("cluster-split", "east and west have lost each other");
    let sentence = &stage.found("cluster-split")[0];
    assert!(sentence.contains("no longer finds 1001"), "{sentence}");
    stage.owner("1001", "east");
    stage.owner("1002", "west");
    stage.wait_dns(&[
        "1001 east: east=in_service west=out_of_service",
        "1002 west: east=out_of_service west=in_service",
    ]);
    assert!(!stage.was_out("1001") && !stage.was_out("1002"));
}

/// A phone registers at the other node, and the one before cannot be told.
fn moved(stage: &Stage, phones: &Phones, second: &Kamailio) {
    let mut phone = Phone::new("1003", WEST);
    assert_eq!(phone.register(3600), Some(200));
    phones.keep("1001", WEST);
    stage.owner("1003", "west");
    stage.owner("1001", "west");
    stage.wait_found("owner-moved", "1003: registered at west and belongs there now");
    wait_table(second, &["1001", "1002", "1003"]);
    stage.wait_dns(&["1003 west: east=in_service west=in_service"]);
    let dns = stage.dns();
    assert!(dns[0].starts_with("1001 west:") && dns[0].ends_with("west=in_service"), "{dns:?}");
    assert!(!stage.was_out("1001") && !stage.was_out("1003"));
}

/// One node is killed, and its agent with it: the binding runs out, and the phone goes to the other node.
fn killed(stage: &Stage, phones: &Phones, first: &Kamailio) {
    phones.at.lock().unwrap().remove("1001");
    let (_, line) = stage.watch.wait_change("1002", "expired");
    assert_eq!(line["registrar"], format!("{WEST}:5060"), "{line}");
    // nobody reports what the phone tries there: that it tried nothing is not known
    let cause = word(&line["cause"]["sentence"]);
    assert!(cause.contains("no refresh was reported: its HEP agent"), "{cause}");
    assert_eq!(line["cause"]["confidence"], "likely", "{line}");
    phones.keep("1002", EAST);
    stage.owner("1002", "east");
    wait_table(first, &["1002", "1003"]);
    // silence is not a statement: that a node is down nobody says
    let dns = stage.dns();
    assert!(dns[1].starts_with("1002 east: east=in_service"), "{dns:?}");
    let err = stage.watch.out();
    assert!(!err.contains("is down") && !err.contains("crashed"), "{err}");
}

/// The node and the link are back: both find every DN, and the split is over.
fn again(stage: &mut Stage, phones: &Phones, [first, second]: [&Kamailio; 2]) {
    phones.keep("1001", WEST);
    for node in [first, second] {
        wait_table(node, &["1001", "1002", "1003"]);
    }
    assert_eq!((stage.ask(EAST, "1001"), stage.ask(WEST, "1002")), (Some(200), Some(200)));
    scrape_until(stage.metrics, SPLIT, 0.0);
    stage.wait_found("cluster-split", "east and west lost each other for");
    stage.owner("1001", "west");
    stage.owner("1002", "east");
    stage.wait_dns(&[
        "1001 west: east=in_service west=in_service",
        "1002 east: east=in_service west=in_service",
    ]);
    assert_eq!(stage.found("owned-twice"), [""; 0]);
    assert_eq!(stage.found("conflict-two-registrars"), [""; 0]);
}
