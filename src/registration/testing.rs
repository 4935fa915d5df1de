//! Plays scenarios, traffic as lines of text, for the tests of the model and of its readers.
//!
//! ```text
//! TIME > REGISTER key=value…      a request from `from` (a) to `to` (r)
//! TIME < CODE key=value…          an answer, from `to` to `from`
//! TIME ! icmp [answer]            an ICMP error quoting the last request (its answer); `kind`: port host ttl
//! TIME ! FATE                     of a TCP connection: reset closed refused silent missed joined alert encrypted,
//!                                 or of two hosts: esp sigcomp
//! TIME ? NAME KIND key=value…     a question of `from` (a) to the name server `to` (n); with `code`, its reply,
//!                                 which leads to the names and addresses of `leads`
//! TIME k key=value…               a keep-alive of `from` (a)
//! TIME .                          some other packet: the capture goes on
//! TIME ^ SECONDS                  the clock that stamps packets was set, by so much; times are those that count
//! TIME w                          file 0 is a capture, file 1 a log of `r`: both reach from 0 to that time
//! TIME ~ KIND key=value…          a statement of a log; keys `dn`, `contact`, `code`, `for` (seconds), `sure`,
//!                                 `ref` (of T-Library), `none` for no DN
//! ```
//!
//! Keys: `dn` (5002), `from`/`to` (host letters: a b c devices, r s registrars, e an edge proxy),
//! `call` (1), `cseq` (1), `branch` (follows call and cseq), `via` (a second Via: the branch of the
//! hop before), `expires`, `contact` (default the device's own; `none`, `*`, or texts joined by
//! `|`), `nonce` (credentials on a request, challenge on an answer), `realm`, `stale`, `proxy`,
//! `min`, `after`, `tcp`, `ws`, `cut` (bytes kept), `id` (IP identification), `file`, `node` (a node's log or capture), `method`, `path`,
//! `agent`, `ruri`, `fromdn`, `username`, `rport` (filled in by the answer), `sport` and `dport`
//! (the ports of `from`; of the answer's receiver), `tport` (the port of `to`), `vhost` (the Via's host), `algorithm`, `require`,
//! `fragmented`, `badreg` (a body of the event reg that is no XML), `reg` (such a body: the state of
//! the registration and `URI,STATE,EVENT` of its contacts, joined by `|`), `no` (headers and
//! parameters left out: via branch from tag to callid cseq), `touri` (in To), `received` (in the
//! Via), `vialast` (Via behind all others), `empty` (credentials without a response), `also` (another challenge: `REALM,NONCE`),
//! `phrase` and `warning` (the reason phrase and the text of a Warning, `_` for a space),
//! `secserver` (Security-Server in an answer), `nc` (nonce count), `auts` (AKA: ask for a new challenge), `ntlm` (NTLM instead of Digest, its `gssapi-data`).

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use crate::log::{Place, Statement, StatementKind, Sureness};
use crate::net::{
    Cut, Endpoint, FileId, FrameRef, LogMarks, Origin, PathInfo, Timestamp, Transport,
};
use crate::packet::{
    ConnectionEvent, ConnectionKind, DnsKind, DnsLead, DnsMessage, DnsReply, IcmpError, IcmpKind,
    TlsSign,
};
use crate::sip::Message;

use super::{Coverage, NodeSource, Snapshot, SnapshotOptions, Tracker};

/// One line of a scenario, as words.
pub(crate) struct Line<'a> {
    pub words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.words.iter().find_map(|w| w.strip_prefix(key)?.strip_prefix('='))
    }

    /// The value of a key, or a default.
    pub(crate) fn or(&self, key: &str, default: &'a str) -> &'a str {
        self.get(key).unwrap_or(default)
    }

    fn lacks(&self, what: &str) -> bool {
        self.or("no", "").split(',').any(|word| word == what)
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }
}

/// The endpoint of a host letter.
pub(crate) fn endpoint(host: &str) -> Endpoint {
    let last = host.bytes().next().unwrap();
    let net = if host.ends_with('p') { [10, 0, 0, last] } else { [192, 0, 2, last] };
    Endpoint::new(IpAddr::V4(Ipv4Addr::from(net)), 5060)
}

pub(crate) fn seconds(text: &str) -> Timestamp {
    let (secs, frac) = text.split_once('.').unwrap_or((text, "0"));
    let nanos = format!("{frac:0<9}").parse::<i64>().unwrap();
    Timestamp::from_parts(1_700_000_000 + secs.parse::<i64>().unwrap(), nanos)
}

/// The start line and the Vias of a message.
fn head(line: &Line<'_>, code: Option<&str>, method: &str) -> String {
    let (dn, call, cseq) = (line.or("dn", "5002"), line.or("call", "1"), line.or("cseq", "1"));
    let from = endpoint(line.or("from", "a")).addr;
    let without = |what: &str| line.lacks(what);
    let own = format!("z9hG4bK-{call}-{cseq}-{dn}");
    let branch = match line.get("branch") {
        _ if without("branch") => String::new(),
        Some("2543") => ";branch=1".to_owned(),
        Some(b) => format!(";branch=z9hG4bK-{b}"),
        None => format!(";branch={own}"),
    };
    let mut text = match code {
        Some(code) if line.has("vialast") => return status_line(line, code),
        Some(code) => status_line(line, code),
        None if method == "REGISTER" => {
            format!("REGISTER {} SIP/2.0\r\n", line.or("ruri", "sip:example.org"))
        }
        None => {
            let usual = format!("sip:{dn}@example.org");
            format!("{method} {} SIP/2.0\r\n", line.or("ruri", &usual))
        }
    };
    if !without("via") {
        let _ = write!(
            text,
            "Via: SIP/2.0/UDP {}{branch};rport{}{}\r\n",
            line.or("vhost", &from.to_string()),
            line.get("rport").map_or(String::new(), |port| format!("={port}")),
            line.get("received").map_or(String::new(), |host| format!(";received={host}")),
        );
    }
    for before in line.get("via").into_iter().flat_map(|v| v.split('|')) {
        let _ = write!(text, "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK-{before}\r\n");
    }
    text
}

/// The first line of an answer.
fn status_line(line: &Line<'_>, code: &str) -> String {
    let usual = crate::sip::status_phrase(code.parse().unwrap(), None);
    let own = line.get("phrase").map(|phrase| format!("{code} {}", phrase.replace('_', " ")));
    format!("SIP/2.0 {}\r\n", own.unwrap_or(usual))
}

/// The text of a message.
fn message(line: &Line<'_>, code: Option<&str>) -> String {
    let (dn, call, cseq) = (line.or("dn", "5002"), line.or("call", "1"), line.or("cseq", "1"));
    let method = line.or("method", "REGISTER");
    let from = endpoint(line.or("from", "a")).addr;
    let without = |what: &str| line.lacks(what);
    let mut text = head(line, code, method);
    let to_host = line.or("domain", "example.org");
    if !without("from") {
        let tag = if without("tag") { String::new() } else { format!(";tag=x{call}") };
        let _ = write!(text, "From: <sip:{}@{to_host}>{tag}\r\n", line.or("fromdn", dn));
    }
    if !without("to") {
        let usual = format!("<sip:{dn}@{to_host}>");
        let _ = write!(text, "To: {}\r\n", line.or("touri", &usual));
    }
    if let Some(agent) = line.get("agent") {
        let _ = write!(text, "User-Agent: {agent}\r\n");
    }
    if !without("callid") {
        let _ = write!(text, "Call-ID: call-{call}\r\n");
    }
    if !without("cseq") {
        let _ = write!(text, "CSeq: {cseq} {method}\r\n");
    }
    text += "Max-Forwards: 70\r\n";
    text += &credentials(line, code.is_some());
    if let Some(seconds) = line.get("min") {
        let _ = write!(text, "Min-Expires: {seconds}\r\n");
    }
    if let Some(seconds) = line.get("after") {
        let _ = write!(text, "Retry-After: {seconds}\r\n");
    }
    if let Some(tags) = line.get("require") {
        let _ = write!(text, "Require: {tags}\r\n");
    }
    if let Some(said) = line.get("warning") {
        let _ = write!(text, "Warning: 399 r.example \"{}\"\r\n", said.replace('_', " "));
    }
    if line.has("secserver") {
        text += "Security-Server: ipsec-3gpp; alg=hmac-md5-96; spi-c=1; spi-s=2; port-c=5062; port-s=5063\r\n";
    }
    if line.has("path") {
        text += "Path: <sip:edge.example.org;lr>\r\n";
    }
    let lists = code.is_none_or(|c| c.starts_with('2')) && method == "REGISTER";
    let own = format!("<sip:{dn}@{from}:5060>");
    for contact in line.or("contact", if lists { &own } else { "none" }).split('|') {
        if contact != "none" {
            let _ = write!(text, "Contact: {contact}\r\n");
        }
    }
    if let Some(seconds) = line.get("expires") {
        let _ = write!(text, "Expires: {seconds}\r\n");
    }
    if line.has("badreg") {
        return text + "Event: reg\r\nContent-Length: 3\r\n\r\n<a<";
    }
    if let Some(reg) = line.get("reg") {
        let body = reginfo(line, reg);
        return text + &format!("Event: reg\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    }
    text + "Content-Length: 0\r\n\r\n"
}

/// A registration information document (RFC 3680 §5).
fn reginfo(line: &Line<'_>, reg: &str) -> String {
    let (state, contacts) = reg.split_once('|').unwrap_or((reg, ""));
    let dn = line.or("dn", "5002");
    let kind = if line.has("full") { "full" } else { "partial" };
    let mut text = format!(
        "<reginfo version=\"0\" state=\"{kind}\"><registration aor=\"sip:{dn}@{}\" state=\"{state}\">",
        line.or("domain", "example.org")
    );
    for contact in contacts.split('|').filter(|c| !c.is_empty()) {
        let mut words = contact.split(',');
        let mut word = || words.next().unwrap();
        let (uri, state, event) = (word(), word(), word());
        let _ =
            write!(text, "<contact state=\"{state}\" event=\"{event}\"><uri>{uri}</uri></contact>");
    }
    text + "</registration></reginfo>"
}

fn credentials(line: &Line<'_>, answer: bool) -> String {
    if let Some(data) = line.get("ntlm") {
        let name = if answer { "WWW-Authenticate" } else { "Authorization" };
        return format!("{name}: NTLM realm=\"SIP\", gssapi-data=\"{data}\"\r\n");
    }
    let Some(nonce) = line.get("nonce") else { return String::new() };
    let (realm, proxy) = (line.or("realm", "lab"), line.has("proxy"));
    let stale = if line.has("stale") { ", stale=true" } else { "" };
    match (answer, proxy) {
        (true, false) => {
            let one = |realm, nonce| {
                format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}\r\n")
            };
            let also = line.get("also").and_then(|also| also.split_once(','));
            one(realm, nonce) + &also.map_or_else(String::new, |(realm, nonce)| one(realm, nonce))
        }
        (true, true) => {
            format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}\r\n")
        }
        (false, proxy) => format!(
            "{}Authorization: Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"sip:example.org\", response=\"{}\"{}{}{}\r\n",
            if proxy { "Proxy-" } else { "" },
            line.or("username", "u"),
            if line.has("empty") { "" } else { "00" },
            line.get("algorithm").map_or(String::new(), |a| format!(", algorithm={a}")),
            line.get("nc").map_or(String::new(), |nc| format!(", qop=auth, nc={nc:0>8}")),
            line.get("auts").map_or(String::new(), |auts| format!(", auts=\"{auts}\"")),
        ),
    }
}

/// A statement of a log.
fn statement(line: &Line<'_>, time: Timestamp) -> Statement {
    const KINDS: [StatementKind; 20] = [
        StatementKind::Registered,
        StatementKind::Refreshed,
        StatementKind::Removed,
        StatementKind::NothingToRemove,
        StatementKind::Replaced,
        StatementKind::Expired,
        StatementKind::ConnectionLost,
        StatementKind::NotKnown,
        StatementKind::AuthFailed,
        StatementKind::AuthSucceeded,
        StatementKind::Challenged,
        StatementKind::RefusedSource,
        StatementKind::Limit,
        StatementKind::Reachable,
        StatementKind::Unreachable,
        StatementKind::InService,
        StatementKind::OutOfService,
        StatementKind::Owned,
        StatementKind::Attached,
        StatementKind::Failed,
    ];
    let word = line.words[2];
    Statement {
        at: Place::default(),
        time: Some(time),
        kind: KINDS.into_iter().find(|kind| kind.name() == word).unwrap(),
        sure: match line.or("sure", "D") {
            "L" => Sureness::Seen,
            "C" => Sureness::Copied,
            _ => Sureness::Documented,
        },
        dn: (!line.has("none")).then(|| line.or("dn", "5002").to_owned()),
        contact: line.get("contact").map(str::to_owned),
        call_id: None,
        source: line.get("from").map(endpoint),
        code: line.get("code").map(|code| code.parse().unwrap()),
        expires: line.get("for").map(|seconds| seconds.parse().unwrap()),
        reference: line.get("ref").map(|reference| reference.parse().unwrap()),
        text: format!("the log says {}", word.replace('_', " ")),
    }
}

/// Feeds a tracker with the lines of a scenario.
#[derive(Default)]
pub(crate) struct Player {
    pub tracker: Tracker,
    frame: u64,
    nodes: Vec<String>,
    pub last_request: Option<(Origin, String)>,
}

impl Player {
    /// The file of a line: that of its node, if it names one.
    fn file(&mut self, line: &Line<'_>) -> FileId {
        let Some(name) = line.get("node") else {
            return FileId(line.or("file", "0").parse().unwrap());
        };
        let file = FileId(u16::from(name.as_bytes()[name.len() - 1]));
        if !self.nodes.contains(&name.to_owned()) {
            self.nodes.push(name.to_owned());
            let addresses = &[][..];
            self.tracker.node_file(&NodeSource { name, file, addresses, is_named: true });
        }
        file
    }

    fn origin(&mut self, line: &Line<'_>, time: Timestamp, answer: bool) -> Origin {
        self.frame += 1;
        let (mut a, mut b) = (endpoint(line.or("from", "a")), endpoint(line.or("to", "r")));
        b.port = line.or("tport", "5060").parse().unwrap();
        if let Some(port) = line.get(if answer { "dport" } else { "sport" }) {
            a.port = port.parse().unwrap();
        }
        let file = self.file(line);
        Origin {
            time,
            frame: FrameRef::new(file, self.frame),
            src: if answer { b } else { a },
            dst: if answer { a } else { b },
            transport: match () {
                () if line.has("ws") => Transport::Ws,
                () if line.has("tcp") => Transport::Tcp,
                () => Transport::Udp,
            },
            path: PathInfo {
                ip_id: line.get("id").map_or(self.frame as u16, |id| id.parse().unwrap()),
                cut: line.get("cut").map(|_| Cut::Snaplen),
                peer_seen: !line.has("oneway"),
                log: LogMarks::default().with_if(LogMarks::LOGGED, line.has("logged")),
                fragmented: line.has("fragmented"),
                ..PathInfo::default()
            },
        }
    }

    /// File 0 is a capture and file 1 a log of `r`, and both reach from 0 to that moment.
    fn cover(&mut self, time: Timestamp) {
        let covering = |file: u16, local: Vec<Endpoint>| Coverage {
            files: vec![FileId(file)],
            is_log: file == 1,
            span: (seconds("0"), time),
            local,
            clock: 0,
            steps: Vec::new(),
        };
        let mut server = endpoint("r");
        server.port = 5060;
        self.tracker.note_coverage(vec![covering(0, Vec::new()), covering(1, vec![server])]);
    }

    /// Plays one line of traffic.
    pub(crate) fn play(&mut self, text: &str) {
        let line = Line { words: text.split_whitespace().collect() };
        let time = seconds(line.words[0]);
        match line.words[1] {
            "." => self.tracker.advance(time),
            "^" => {
                let by = line.words[2].parse::<i64>().unwrap() * 1_000_000_000;
                self.tracker.note_clock_set((1, by));
            }
            "w" => self.cover(time),
            "?" => self.look_up(&line, time),
            "k" => {
                let origin = self.origin(&line, time, false);
                self.tracker.keep_alive(&origin);
            }
            "!" if !line.has("icmp") => self.connect(&line, time),
            "!" => {
                let (mut sent, mut text) = self.last_request.clone().unwrap();
                if line.has("answer") {
                    text = text.replacen("REGISTER sip:example.org SIP/2.0", "SIP/2.0 200 OK", 1);
                    (sent.src, sent.dst) = (sent.dst, sent.src);
                }
                let mut origin = self.origin(&line, time, true);
                origin.src = sent.dst;
                let usual = if line.has("answer") { "250" } else { "60" };
                let keep = line.or("cut", usual).parse::<usize>().unwrap().min(text.len());
                let quoted = &text.as_bytes()[..keep];
                let (kind, icmp_type, icmp_code) = match line.or("kind", "port") {
                    "host" => (IcmpKind::HostUnreachable, 3, 1),
                    "admin" => (IcmpKind::Prohibited, 3, 13),
                    "ttl" => (IcmpKind::TimeExceeded, 11, 0),
                    _ => (IcmpKind::PortUnreachable, 3, 3),
                };
                self.tracker.icmp(&IcmpError {
                    origin: &origin,
                    kind,
                    icmp_type,
                    icmp_code,
                    quoted_src: sent.src,
                    quoted_dst: sent.dst,
                    quoted_transport: Transport::Udp,
                    quoted,
                });
            }
            "~" => {
                self.frame += 1;
                let file = self.file(&line);
                let at = FrameRef::new(file, self.frame);
                self.tracker.statement(at, time, &statement(&line, time));
            }
            way => {
                let answer = way == "<";
                let origin = self.origin(&line, time, answer);
                let text = message(&line, answer.then(|| line.words[2]));
                let keep = line.get("cut").map_or(text.len(), |n| n.parse().unwrap());
                let bytes = &text.as_bytes()[..keep.min(text.len())];
                let message = Message::parse(bytes, keep < text.len()).expect(&text);
                self.tracker.message(&origin, &message);
                if !answer {
                    self.last_request = Some((origin, text));
                }
            }
        }
    }

    /// Plays the fate of a connection.
    fn connect(&mut self, line: &Line<'_>, time: Timestamp) {
        let mut origin = self.origin(line, time, false);
        origin.transport = Transport::Tcp;
        let kind = match line.words[2] {
            "reset" => ConnectionKind::Reset { by_server: true },
            "closed" => ConnectionKind::Closed { by_server: false },
            "refused" => ConnectionKind::Refused,
            "silent" => ConnectionKind::NoAnswer { repeats: 3 },
            "missed" => ConnectionKind::Missed,
            "joined" => ConnectionKind::Joined,
            "esp" => {
                let index = line.or("spi", "1").parse().unwrap();
                ConnectionKind::Sealed(crate::packet::Seal::Esp(index))
            }
            "sigcomp" => ConnectionKind::Sealed(crate::packet::Seal::SigComp),
            "alert" => ConnectionKind::Tls(TlsSign::Failed { alert: 48, by_server: true }),
            _ => ConnectionKind::Tls(TlsSign::Encrypted),
        };
        self.tracker.connection(&ConnectionEvent { origin, since: time, kind, tls: None });
    }

    /// Plays a question to a name server, or its reply.
    fn look_up(&mut self, line: &Line<'_>, time: Timestamp) {
        let code = line.get("code").map(|code| code.parse().unwrap());
        let mut origin = self.origin(line, time, false);
        origin.dst = Endpoint::new(endpoint(line.or("to", "n")).addr, 53);
        if code.is_some() {
            (origin.src, origin.dst) = (origin.dst, origin.src);
        }
        let kind = match line.words[3] {
            "A" => DnsKind::A,
            "AAAA" => DnsKind::Aaaa,
            "SRV" => DnsKind::Srv,
            _ => DnsKind::Naptr,
        };
        let leads = line.get("leads").into_iter().flat_map(|leads| leads.split('|'));
        let leads = leads.map(|lead| match lead.parse() {
            Ok(address) => DnsLead::Address(address),
            Err(_) => DnsLead::Name(lead.as_bytes().into()),
        });
        let reply = code.map(|code| DnsReply { code, leads: leads.collect() });
        let name = line.words[2].as_bytes().into();
        self.tracker.dns(&origin, &DnsMessage { name, kind, reply });
    }

    /// The model after the lines of `text`; empty lines and comments are skipped.
    pub(crate) fn snapshot_of(text: &str) -> Snapshot {
        let mut player = Self::default();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            player.play(line);
        }
        player.tracker.finish(&SnapshotOptions::default())
    }
}
