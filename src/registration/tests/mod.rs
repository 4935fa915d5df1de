//! Scenarios of the model as data: `scenarios.txt` is played by one loop.
//!
//! ```text
//! # title
//! TIME > REGISTER key=value…      a request from `from` (a) to `to` (r)
//! TIME < CODE key=value…          an answer, from `to` to `from`
//! TIME ! icmp                     an ICMP port unreachable quoting the last request
//! TIME .                          some other packet: the capture goes on
//! = VERDICT [CODE] [+flag …] [attempts=N] [dn=NAME] [at=HOST]
//! ```
//!
//! Keys: `dn` (5002), `from`/`to` (host letters: a b c devices, r s registrars, e an edge proxy),
//! `call` (1), `cseq` (1), `branch` (follows call and cseq), `via` (a second Via: the branch of the
//! hop before), `expires`, `contact` (default the device's own; `none`, `*`, or texts joined by
//! `|`), `nonce` (credentials on a request, challenge on an answer), `realm`, `stale`, `proxy`,
//! `min`, `after`, `tcp`, `cut` (bytes kept), `id` (IP identification), `file`, `method`, `path`.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::net::{Cut, Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
use crate::packet::{IcmpError, IcmpKind};
use crate::sip::Message;

const SCENARIOS: &str = include_str!("scenarios.txt");

struct Line<'a> {
    words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.words.iter().find_map(|w| w.strip_prefix(key)?.strip_prefix('='))
    }

    fn or(&self, key: &str, default: &'a str) -> &'a str {
        self.get(key).unwrap_or(default)
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }
}

fn endpoint(host: &str) -> Endpoint {
    let last = host.bytes().next().unwrap();
    let net = if host.ends_with('p') { [10, 0, 0, last] } else { [192, 0, 2, last] };
    Endpoint::new(IpAddr::V4(Ipv4Addr::from(net)), 5060)
}

fn seconds(text: &str) -> Timestamp {
    let (secs, frac) = text.split_once('.').unwrap_or((text, "0"));
    let nanos = format!("{frac:0<9}").parse::<i64>().unwrap();
    Timestamp::from_parts(1_700_000_000 + secs.parse::<i64>().unwrap(), nanos)
}

/// The text of a message.
fn message(line: &Line<'_>, code: Option<&str>) -> String {
    let (dn, call, cseq) = (line.or("dn", "5002"), line.or("call", "1"), line.or("cseq", "1"));
    let method = line.or("method", "REGISTER");
    let from = endpoint(line.or("from", "a")).addr;
    let own = format!("z9hG4bK-{call}-{cseq}-{dn}");
    let branch = line.get("branch").map_or(own, |b| format!("z9hG4bK-{b}"));
    let mut text = match code {
        Some(code) => format!("SIP/2.0 {code} Whatever\r\n"),
        None if method == "REGISTER" => "REGISTER sip:example.org SIP/2.0\r\n".to_owned(),
        None => format!("{method} sip:{dn}@example.org SIP/2.0\r\n"),
    };
    let _ = write!(text, "Via: SIP/2.0/UDP {from};branch={branch};rport\r\n");
    if let Some(before) = line.get("via") {
        let _ = write!(text, "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK-{before}\r\n");
    }
    let to_host = line.or("domain", "example.org");
    let _ = write!(text, "From: <sip:{dn}@{to_host}>;tag=x{call}\r\nTo: <sip:{dn}@{to_host}>\r\n");
    let _ = write!(text, "Call-ID: call-{call}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n");
    text += &credentials(line, code.is_some());
    if let Some(seconds) = line.get("min") {
        let _ = write!(text, "Min-Expires: {seconds}\r\n");
    }
    if let Some(seconds) = line.get("after") {
        let _ = write!(text, "Retry-After: {seconds}\r\n");
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
    text + "Content-Length: 0\r\n\r\n"
}

fn credentials(line: &Line<'_>, answer: bool) -> String {
    let Some(nonce) = line.get("nonce") else { return String::new() };
    let (realm, proxy) = (line.or("realm", "lab"), line.has("proxy"));
    let stale = if line.has("stale") { ", stale=true" } else { "" };
    match (answer, proxy) {
        (true, false) => {
            format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}\r\n")
        }
        (true, true) => {
            format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}\r\n")
        }
        (false, proxy) => format!(
            "{}Authorization: Digest username=\"u\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"sip:x\", response=\"00\"\r\n",
            if proxy { "Proxy-" } else { "" }
        ),
    }
}

#[derive(Default)]
struct Player {
    tracker: Tracker,
    frame: u64,
    last_request: Option<(Origin, String)>,
}

impl Player {
    fn origin(&mut self, line: &Line<'_>, time: Timestamp, answer: bool) -> Origin {
        self.frame += 1;
        let (a, b) = (endpoint(line.or("from", "a")), endpoint(line.or("to", "r")));
        let file = FileId(line.or("file", "0").parse().unwrap());
        Origin {
            time,
            frame: FrameRef { file, number: self.frame, offset: 0 },
            src: if answer { b } else { a },
            dst: if answer { a } else { b },
            transport: if line.has("tcp") { Transport::Tcp } else { Transport::Udp },
            path: PathInfo {
                ip_id: line.get("id").map_or(self.frame as u16, |id| id.parse().unwrap()),
                cut: line.get("cut").map(|_| Cut::Snaplen),
                peer_seen: !line.has("oneway"),
                ..PathInfo::default()
            },
        }
    }

    fn play(&mut self, text: &str) {
        let line = Line { words: text.split_whitespace().collect() };
        let time = seconds(line.words[0]);
        match line.words[1] {
            "." => self.tracker.advance(time),
            "!" => {
                let (sent, text) = self.last_request.clone().unwrap();
                let mut origin = self.origin(&line, time, true);
                origin.src = sent.dst;
                let keep = line.or("cut", "60").parse::<usize>().unwrap().min(text.len());
                let quoted = &text.as_bytes()[..keep];
                self.tracker.icmp(&IcmpError {
                    origin: &origin,
                    kind: IcmpKind::PortUnreachable,
                    icmp_type: 3,
                    icmp_code: 3,
                    quoted_src: sent.src,
                    quoted_dst: sent.dst,
                    quoted_transport: Transport::Udp,
                    quoted,
                });
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

    /// What differs from an expectation.
    fn check(&self, text: &str) -> Result<(), String> {
        let line = Line { words: text.split_whitespace().collect() };
        let snapshot = self.tracker.snapshot(&SnapshotOptions::default());
        let name = line.or("dn", "5002");
        let dn = snapshot.dns().find(|d| d.name() == name.as_bytes()).ok_or("no such DN")?;
        let state = dn.state();
        let (verdict, code) = match line.get("at") {
            None => (state.verdict, state.status_code),
            Some(host) => state
                .registrations
                .iter()
                .find(|r| r.registrar == endpoint(host))
                .map(|r| (r.verdict, r.status_code))
                .ok_or("not registered there")?,
        };
        let flags: Vec<_> = state.flags.iter().map(Flag::name).collect();
        let want_code = line.words.get(2).and_then(|w| w.parse::<u16>().ok());
        let mut wrong = Vec::new();
        if verdict.name() != line.words[1] || want_code.is_some() && want_code != code {
            wrong.push(format!("{} {code:?}", verdict.name()));
        }
        for word in line.words.iter().skip(2) {
            if let Some(flag) = word.strip_prefix('+')
                && !flags.contains(&flag)
            {
                wrong.push(format!("no flag {flag} in {flags:?}"));
            }
            if let Some(flag) = word.strip_prefix('-')
                && flags.contains(&flag)
            {
                wrong.push(format!("flag {flag}"));
            }
        }
        if let Some(attempts) = line.get("attempts") {
            let have = dn.attempts().count().to_string();
            if have != attempts {
                wrong.push(format!("{have} attempts"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    }
}

#[test]
fn scenarios_come_to_what_they_say() {
    let mut failures = Vec::new();
    let mut checks = 0;
    let (mut title, mut player) = ("", Player::default());
    for line in SCENARIOS.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(next) = line.strip_prefix('#') {
            (title, player) = (next.trim(), Player::default());
        } else if line.starts_with('=') {
            checks += 1;
            if let Err(wrong) = player.check(line) {
                failures.push(format!("{title}: wanted `{line}`, got {wrong}"));
            }
        } else {
            player.play(line);
        }
    }
    assert!(failures.is_empty(), "{} of {checks}:\n{}", failures.len(), failures.join("\n"));
    assert!(checks > 50, "only {checks} checks");
}

mod random {
    //! Any order of any messages: no panic, and the verdicts stay consistent with each other.

    use proptest::prelude::*;

    use super::*;

    fn line() -> impl Strategy<Value = String> {
        let what = prop::sample::select(vec![
            "> REGISTER",
            "> REGISTER expires=0",
            "> REGISTER contact=*",
            "> REGISTER contact=none",
            "> REGISTER nonce=n1",
            "> REGISTER nonce=n2 realm=other",
            "> REGISTER via=1-1-5002",
            "> OPTIONS method=OPTIONS",
            "< 100",
            "< 200",
            "< 200 contact=none",
            "< 302",
            "< 401 nonce=n1",
            "< 401 nonce=n2 stale",
            "< 403",
            "< 407 nonce=n1 proxy",
            "< 423 min=60",
            "< 480 method=OPTIONS",
            "< 503 after=5",
            "! icmp",
            ".",
        ]);
        let host = prop::sample::select(vec!["a", "b", "e"]);
        let to = prop::sample::select(vec!["r", "s", "e"]);
        (what, host, to, 1..4u32, 1..4u32, 0..3u32, prop::option::of(0..700usize), any::<bool>()).prop_map(
            |(what, from, to, call, cseq, dn, cut, tcp)| {
                let cut = cut.filter(|n| *n > 200).map_or(String::new(), |n| format!(" cut={n}"));
                let tcp = if tcp { " tcp" } else { "" };
                let expires = if what.contains("expires") { "" } else { " expires=20" };
                format!("{what} from={from} to={to} call={call} cseq={cseq} dn=500{dn}{expires}{cut}{tcp}")
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn anything_in_any_order(lines in prop::collection::vec((line(), 0..40_000u32), 1..60)) {
            let mut player = Player::default();
            let mut time = 0u64;
            for (line, gap) in lines {
                time += u64::from(gap);
                if line.starts_with('!') && player.last_request.is_none() {
                    continue;
                }
                player.play(&format!("{}.{:03} {line}", time / 1000, time % 1000));
            }
            let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
            for dn in snapshot.dns() {
                let state = dn.state();
                let bound = dn.bindings().count() > 0;
                let held = state.registrations.iter().any(|r| r.verdict == Verdict::InService);
                prop_assert_eq!(state.verdict == Verdict::InService, held);
                prop_assert!(!held || bound, "in service without a binding");
                prop_assert!(state.expires_at.is_none_or(|end| end > snapshot.at));
                let history = dn.history();
                prop_assert!(history.is_sorted_by_key(|(_, c)| c.time));
                let messages: usize = dn.attempts().map(|a| a.messages().count()).sum();
                prop_assert!(messages > 0);
            }
        }
    }
}
