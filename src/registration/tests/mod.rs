//! Scenarios of the model as data: `scenarios.txt` is played by one loop.
//!
//! `# title` begins a scenario, `= VERDICT [CODE] [+flag …] [-flag …] [attempts=N] [dn=NAME]
//! [at=HOST] [when=SECONDS] [since=SECONDS] [until=SECONDS] [sources=HOST:IN:OUT|…]` expects (`= none`
//! that there is no such row); the other lines are those of [`super::testing`]. A title that ends in `(healthy)` says that
//! no prefix of the scenario is out of service, but for a challenge, a redirect or a 423.

use super::random::any_line;
use super::testing::{Line, Player, endpoint, seconds};
use super::*;

mod bounds;
mod changes;
mod hops;
mod tally;

const SCENARIOS: [&str; 6] = ["scenarios", "lives", "answers", "network", "evidence", "stated"];

/// The scenarios: their titles and their lines.
fn scenarios() -> Vec<(String, Vec<String>)> {
    let mut all = Vec::<(String, Vec<String>)>::new();
    for name in SCENARIOS {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/registration/tests");
        let text = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match line.strip_prefix('#') {
                Some(title) => all.push((title.trim().to_owned(), Vec::new())),
                None => all.last_mut().unwrap().1.push(line.to_owned()),
            }
        }
    }
    all
}

impl Player {
    /// What differs from an expectation.
    fn check(&mut self, text: &str) -> Result<(), String> {
        let line = Line { words: text.split_whitespace().collect() };
        let at = line.get("when").map(seconds);
        let snapshot = self.tracker.snapshot(&SnapshotOptions { at, ..SnapshotOptions::default() });
        let name = line.or("dn", "5002");
        let dn = snapshot.dns().find(|d| d.name() == name.as_bytes());
        if line.words[1] == "none" {
            return if dn.is_none() { Ok(()) } else { Err("a row".to_owned()) };
        }
        let dn = dn.ok_or("no such DN")?;
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
        for (key, have) in [("since", state.since), ("until", state.expires_at)] {
            if let Some(want) = line.get(key)
                && have != Some(seconds(want))
            {
                wrong.push(format!("{key} {have:?}"));
            }
        }
        if let Some(attempts) = line.get("attempts") {
            let have = dn.attempts().count().to_string();
            if have != attempts {
                wrong.push(format!("{have} attempts"));
            }
        }
        for source in line.get("sources").into_iter().flat_map(|all| all.split('|')) {
            let (host, want) = source.split_once(':').unwrap();
            let source = snapshot.source(endpoint(host).addr).ok_or("no such source")?;
            let have = format!("{}:{}", source.in_service, source.out_of_service);
            if have != want {
                wrong.push(format!("{host} has {have}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    }
}

#[test]
fn scenarios_come_to_what_they_say() {
    let mut failures = Vec::new();
    let mut checks = 0;
    for (title, lines) in scenarios() {
        let mut player = Player::default();
        for line in &lines {
            if line.starts_with('=') {
                checks += 1;
                if let Err(wrong) = player.check(line) {
                    failures.push(format!("{title}: wanted `{line}`, got {wrong}"));
                }
            } else {
                player.play(line);
            }
        }
    }
    assert!(failures.is_empty(), "{} of {checks}:\n{}", failures.len(), failures.join("\n"));
    assert!(checks > 50, "only {checks} checks");
}

/// The state of the one DN the lines are about, or of 5002.
fn verdict_of(player: &mut Player) -> Option<(Verdict, Option<u16>)> {
    let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
    let dn = snapshot.find(b"5002")?;
    Some((dn.state().verdict, dn.state().status_code))
}

#[test]
fn no_prefix_of_a_healthy_life_is_out_of_service() {
    let mut failures = Vec::new();
    for (title, lines) in scenarios().iter().filter(|(title, _)| title.ends_with("(healthy)")) {
        let mut player = Player::default();
        for line in lines.iter().filter(|l| !l.starts_with('=')) {
            player.play(line);
            let Some((verdict, code)) = verdict_of(&mut player) else { continue };
            let goes_on = matches!(verdict, Verdict::Challenged | Verdict::Redirected)
                || verdict == Verdict::Rejected && code == Some(423);
            if verdict.state() == State::OutOfService && !goes_on {
                failures.push(format!("{title}: {} {code:?} after `{line}`", verdict.name()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Lives whose cut messages look exactly like those of another life.
const UNDECIDABLE: [&str; 4] = [
    "one branch for all requests (healthy)",
    "two tenants with one user at one registrar",
    "a registrar that echoes the removed Contact without a time",
    "a challenge that was captured behind the credentials for it, which are right",
];

#[test]
fn a_snaplen_never_makes_another_certain_verdict() {
    let mut failures = Vec::new();
    for (title, lines) in scenarios() {
        let uncut = |l: &&String| !l.starts_with('=') && !l.contains("cut=");
        // no snapshot length cuts a log
        let own_cuts =
            lines.iter().any(|l| l.contains("cut=") || l.contains("reg=") || l.contains(" ~ "));
        if own_cuts || UNDECIDABLE.contains(&title.as_str()) {
            continue;
        }
        let mut whole = Player::default();
        let mut seen = Vec::new();
        for line in lines.iter().filter(uncut) {
            whole.play(line);
            seen.extend(verdict_of(&mut whole).map(|(verdict, _)| verdict));
        }
        let Some(truth) = seen.last().copied() else { continue };
        for snaplen in (40..640).step_by(9) {
            let mut player = Player::default();
            for line in lines.iter().filter(uncut) {
                let cut = if line.contains(" ! ") || line.ends_with(" .") { "" } else { " cut=" };
                let keep = if cut.is_empty() { String::new() } else { snaplen.to_string() };
                player.play(&format!("{line}{cut}{keep}"));
            }
            let Some((verdict, _)) = verdict_of(&mut player) else { continue };
            let uncertain = [State::Unknown, truth.state()];
            if verdict != truth && !uncertain.contains(&verdict.state()) {
                failures.push(format!(
                    "{title}: {} at {snaplen}, not {}",
                    verdict.name(),
                    truth.name()
                ));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_message_cut_anywhere_never_makes_a_wrong_verdict() {
    let request = "0 > REGISTER expires=300 nonce=n1";
    for (answer, truth) in [
        ("0.01 < 200 expires=300", Verdict::InService),
        ("0.01 < 404", Verdict::Rejected),
        ("0.01 < 401 nonce=n2", Verdict::Challenged),
        ("0.01 < 302 contact=<sip:192.0.2.115>", Verdict::Redirected),
    ] {
        for (cut_request, cut_answer) in [(true, false), (false, true), (true, true)] {
            for keep in 36..520 {
                let cut = |line: &str, on: bool| {
                    if on { format!("{line} cut={keep}") } else { line.to_owned() }
                };
                let mut player = Player::default();
                player.play(&cut(request, cut_request));
                player.play(&cut(answer, cut_answer));
                player.play("40 .");
                let Some((verdict, _)) = verdict_of(&mut player) else { continue };
                let sure = verdict.state() != State::Unknown;
                assert!(!sure || verdict == truth, "{answer} at {keep}: {}", verdict.name());
            }
        }
    }
}

mod speed {
    //! Big captures of one kind, for the release mode: `cargo test --release -- --ignored speed`.

    use std::time::{Duration, Instant};

    use super::*;
    use crate::net::{FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
    use crate::sip::Message;

    /// The DN, the answer, the Contact header and the server of the n-th exchange.
    type Exchange<'a> = &'a dyn Fn(u32) -> (u32, &'static str, String, u8);

    /// Plays `count` exchanges whose texts and servers follow from their number.
    fn play(count: u32, exchange: Exchange<'_>) -> (Tracker, Duration) {
        let mut tracker = Tracker::new();
        let started = Instant::now();
        for n in 0..count {
            let (dn, code, contacts, server) = exchange(n);
            let mut to = endpoint("r");
            to.port = 5060 + u16::from(server) * 256 + (n % 251) as u16 * u16::from(server > 0);
            let from = endpoint("a");
            let head = format!(
                "Via: SIP/2.0/UDP 192.0.2.97;branch=z9hG4bK-{n}\r\nFrom: <sip:{dn}@example.org>;tag=x\r\n\
                 To: <sip:{dn}@example.org>\r\nCall-ID: call-{n}\r\nCSeq: 1 REGISTER\r\n{contacts}\
                 Expires: 300\r\nContent-Length: 0\r\n\r\n"
            );
            for (answer, text) in [
                (false, format!("REGISTER sip:example.org SIP/2.0\r\n{head}")),
                (true, format!("SIP/2.0 {code} Whatever\r\n{head}")),
            ] {
                let (src, dst) = if answer { (to, from) } else { (from, to) };
                let origin = Origin {
                    time: Timestamp::from_nanos(i64::from(n) * 1_000_000),
                    frame: FrameRef::new(FileId::default(), u64::from(n)),
                    src,
                    dst,
                    transport: Transport::Udp,
                    path: PathInfo { ip_id: n as u16, ..PathInfo::default() },
                };
                tracker.message(&origin, &Message::parse(text.as_bytes(), false).unwrap());
            }
        }
        (tracker, started.elapsed())
    }

    #[test]
    #[ignore = "takes a minute without optimisation"]
    fn twice_the_capture_takes_about_twice_the_time() {
        let own = |n: u32| format!("Contact: <sip:{n}@192.0.2.97:5060>\r\n");
        let cases: [(&str, Exchange<'_>); 6] = [
            ("one DN refused again and again", &|_| (1, "403", own(1), 0)),
            ("one DN renewed again and again", &|_| (1, "200", own(1), 0)),
            ("one DN with another Contact each time", &|n| (1, "200", own(n), 0)),
            ("one DN in and out", &|n| (1, if n % 2 == 0 { "200" } else { "403" }, own(1), 0)),
            ("one DN at many servers", &|n| (1, "404", own(1), (n % 200) as u8 + 1)),
            ("another DN each time", &|n| (n, "200", own(n), 0)),
        ];
        for (case, exchange) in cases {
            let (_, short) = play(100_000, exchange);
            let (tracker, long) = play(1_000_000, exchange);
            let started = Instant::now();
            let snapshot = tracker.finish(&SnapshotOptions::default());
            let finish = started.elapsed();
            println!("{case}: {short:?}, ten times {long:?}, finish {finish:?}");
            assert!(long < short * 20, "{case}: {short:?} and {long:?}");
            assert!(finish < long, "{case}: finish {finish:?}");
            drop(snapshot);
        }
    }
}

mod random {
    //! Any order of any messages: no panic, and the verdicts stay consistent with each other.

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn anything_in_any_order(lines in prop::collection::vec((any_line(), 0..40_000u32), 1..60)) {
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
