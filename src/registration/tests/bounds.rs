//! What is forgotten, in which order, and that the rest stays what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::net::{FrameRef, Origin, PathInfo, Timestamp, Transport};
use crate::packet::{ConnectionEvent, ConnectionKind};

/// Everything allowed: shrinking drops only what nothing refers to.
const ALL: Limits = Limits::NONE;
/// As little as there can be of each DN.
const LITTLE: Limits = Limits { attempts_per_dn: 4, messages_per_attempt: 2, ..Limits::NONE };

#[test]
fn shrinking_changes_no_verdict() {
    let mut failures = Vec::new();
    for (title, lines) in scenarios() {
        for limits in [ALL, LITTLE] {
            let mut player = Player::default();
            for line in &lines {
                if line.starts_with('=') {
                    // how many attempts there are is what changes
                    let words = line.split_whitespace();
                    let kept = words.filter(|w| limits == ALL || !w.starts_with("attempts="));
                    let line = kept.collect::<Vec<_>>().join(" ");
                    if let Err(wrong) = player.check(&line) {
                        failures.push(format!("{title}: wanted `{line}`, got {wrong}"));
                    }
                } else {
                    player.play(line);
                    player.tracker.changes(player.tracker.now);
                    player.tracker.shrink(&limits);
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
}

/// All that a snapshot says, its texts in words.
fn told(player: &mut Player) -> String {
    let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
    let text = |sym: Sym| String::from_utf8_lossy(snapshot.texts().get(sym)).into_owned();
    let mut told = String::new();
    for dn in snapshot.dns() {
        let record = dn.record().unwrap();
        told += &text(record.user);
        let _ = writeln!(told, "{:?}{:?}", dn.state().verdict, dn.history());
        let lists = [&record.aors, &record.contacts, &record.vias, &record.user_agents];
        for sym in lists.into_iter().flatten() {
            told += &text(*sym);
        }
        for (registrar, b) in dn.bindings() {
            let _ =
                write!(told, "{registrar} {} {} {}", text(b.contact), text(b.device), text(b.aor));
        }
        if let Some(details) = &record.details {
            told += &text(details.form.request_uri);
            told += &text(details.form.header_order);
            told +=
                &details.answer.as_ref().map_or(String::new(), |a| text(a.form.challenge_realm));
        }
        for a in dn.attempts() {
            let syms = [a.call_id, a.contact, a.aor, a.realm, a.username, a.reason];
            told += &syms.map(text).join(" ");
            let frames: Vec<_> = a.messages().map(|m| (m.frame().number(), m.code)).collect();
            let _ = writeln!(told, "{:?} {} {:?} {frames:?}", a.outcome, a.code, a.started);
        }
    }
    told
}

#[test]
fn what_is_kept_stays_what_it_was() {
    for (title, lines) in scenarios() {
        let (mut whole, mut shrunk) = (Player::default(), Player::default());
        for line in lines.iter().filter(|l| !l.starts_with('=')) {
            whole.play(line);
            shrunk.play(line);
            shrunk.tracker.shrink(&ALL);
        }
        assert_eq!(told(&mut whole), told(&mut shrunk), "{title}");
    }
}

/// DNs of every kind, named by what they are, the least interesting first; it is a day later.
const KINDS: &[(&str, &str)] = &[
    ("gone", "10 > REGISTER dn=gone expires=60\n10.1 < 200 dn=gone expires=60"),
    (
        "gave-up",
        "80000 > REGISTER dn=gave-up\n80000.1 < 403 dn=gave-up\n80001 > REGISTER dn=gave-up call=2\n80001.1 < 403 dn=gave-up call=2\n80002 > REGISTER dn=gave-up call=3\n80002.1 < 403 dn=gave-up call=3",
    ),
    ("silent", "82000 > REGISTER dn=silent expires=60\n82000.1 < 200 dn=silent expires=60"),
    ("held", "82500 > REGISTER dn=held expires=9000\n82500.1 < 200 dn=held expires=9000"),
    ("stranger", "86000 > REGISTER dn=stranger\n86000.1 < 404 dn=stranger"),
    (
        "failing",
        "86300 > REGISTER dn=failing\n86300.1 < 403 dn=failing\n86301 > REGISTER dn=failing call=2\n86301.1 < 403 dn=failing call=2\n86302 > REGISTER dn=failing call=3\n86302.1 < 403 dn=failing call=3",
    ),
    ("lost", "86310 > REGISTER dn=lost expires=60\n86310.1 < 200 dn=lost expires=60"),
    ("recent-stranger", "86490 > REGISTER dn=recent-stranger\n86490.1 < 404 dn=recent-stranger"),
    ("latest", "86500 > REGISTER dn=latest expires=60\n86500.1 < 200 dn=latest expires=60"),
];

#[test]
fn the_least_interesting_goes_first() {
    const ORDER: [&str; 9] = [
        "stranger",
        "recent-stranger",
        "gone",
        "gave-up",
        "silent",
        "failing",
        "lost",
        "held",
        "latest",
    ];
    let mut player = Player::default();
    for line in KINDS.iter().flat_map(|(_, lines)| lines.lines()) {
        player.play(line);
    }
    player.tracker.changes(player.tracker.now);
    let mut forgotten = Vec::new();
    while let before @ 2.. = player.tracker.store.dns.len() {
        // of a table that is too long a quarter goes
        // of a table that is too long a quarter goes
        player.tracker.shrink(&Limits { dns: before - 1, ..ALL });
        let changes = player.tracker.changes(player.tracker.now);
        assert!(!changes.is_empty() && changes.iter().all(|c| c.to.is_none()), "{changes:?}");
        forgotten.extend(changes.into_iter().map(|c| String::from_utf8(c.dn).unwrap()));
        let (have, want): (BTreeSet<_>, BTreeSet<_>) = (
            forgotten.iter().map(String::as_str).collect(),
            ORDER.into_iter().take(forgotten.len()).collect(),
        );
        assert_eq!(have, want);
    }
    let counts = player.tracker.counts().forgotten;
    assert_eq!((counts.dns, counts.dns_in_service, counts.dns_of_scanners), (8, 1, 0));
}

#[test]
fn first_telling_and_latest_attempts_stay() {
    let mut player = Player::default();
    for n in 0..200 {
        // in service at first, refused from the 50th on, in service again from the 120th
        let code = if (50..120).contains(&n) { 403 } else { 200 };
        let time = 1000 * n;
        player.play(&format!("{time} > REGISTER call={n} expires=2500"));
        player.play(&format!("{time}.1 < {code} call={n} expires=2500"));
    }
    player.tracker.shrink(&Limits { attempts_per_dn: 20, ..ALL });
    let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
    let dn = snapshot.find(b"5002").unwrap();
    let calls: Vec<_> = dn
        .attempts()
        .map(|a| String::from_utf8_lossy(snapshot.texts().get(a.call_id)).into_owned())
        .collect();
    assert_eq!(calls.first().unwrap(), "call-0");
    assert!(calls.ends_with(&["call-197", "call-198", "call-199"].map(str::to_owned)));
    assert!(calls.len() <= 20, "{calls:?}");
    // the last that was granted before the outage, and the first after it
    for telling in ["call-49", "call-120"] {
        assert!(calls.iter().any(|call| call == telling), "{telling} of {calls:?}");
    }
    assert_eq!(dn.record().unwrap().attempts, 200, "counted all the same");
    assert_eq!(snapshot.counts.forgotten.attempts, 200 - calls.len() as u64);
    assert_eq!(snapshot.counts.forgotten.messages, 400 - 2 * calls.len() as u64);
}

#[test]
fn a_forgotten_dn_that_comes_back_is_new() {
    let mut player = Player::default();
    player.play("1 > REGISTER dn=5003 expires=60");
    player.play("1.1 < 200 dn=5003 expires=60");
    player.play("2 > REGISTER");
    player.play("2.1 < 404");
    player.tracker.changes(player.tracker.now);
    player.tracker.shrink(&Limits { dns: 1, ..ALL });
    player.play("3 > REGISTER call=2");
    let changes = player.tracker.changes(player.tracker.now);
    let told: Vec<_> = changes.iter().map(|c| (c.from.is_some(), c.to.is_some())).collect();
    assert_eq!(told, [(true, false), (false, true)]);
    player.play("3.1 < 200 call=2 expires=60");
    assert_eq!(player.check("= in_service attempts=1"), Ok(()));
    assert_eq!(player.check("= in_service attempts=1 dn=5003"), Ok(()));
}

#[test]
fn what_is_known_of_a_server_lasts_while_an_answer_is_due() {
    let mut player = Player::default();
    for (dn, server) in [(5000, "s"), (5001, "r")] {
        player.play(&format!("1 > REGISTER dn={dn} to={server} call={dn} cseq=1"));
        player.play(&format!("20 > REGISTER dn={dn} to={server} call={dn} cseq=2"));
    }
    player.play("21 > REGISTER dn=5002 to=s call=3 tcp");
    let verdict = |player: &mut Player| {
        let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
        snapshot.find(b"5002").map(|dn| dn.state().verdict)
    };
    let before = verdict(&mut player);
    player.tracker.shrink(&Limits { servers: 1, ..ALL });
    assert_eq!(verdict(&mut player), before);
    assert_eq!(before, Some(Verdict::OneWay));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_traffic_within_tight_limits_is_told_rightly(
        lines in prop::collection::vec((any_line(), 0..40_000u32), 1..60),
        dns in 1..3usize,
    ) {
        let limits = Limits {
            dns,
            transactions: 3,
            sources: 1,
            servers: 1,
            attempts_per_dn: 4,
            messages_per_attempt: 2,
            ..Limits::NONE
        };
        let mut player = Player::default();
        player.tracker = Tracker::with_limits(limits);
        let mut rows = BTreeMap::new();
        let mut time = 0u64;
        for (place, (line, gap)) in lines.iter().enumerate() {
            time += u64::from(*gap);
            if line.starts_with('!') && player.last_request.is_none() {
                continue;
            }
            player.play(&format!("{}.{:03} {line}", time / 1000, time % 1000));
            if place % 5 == 4 {
                player.tracker.shrink(&limits);
            }
            if place % 3 == 0 {
                replay(&mut player, &mut rows);
            }
            prop_assert!(player.tracker.store.dns.len() <= dns + 1);
            prop_assert!(player.tracker.transactions.len() <= 4);
        }
        replay(&mut player, &mut rows);
        let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
        let said = snapshot.dns().map(|dn| (dn.name().to_vec(), dn.state().verdict));
        prop_assert_eq!(rows, said.collect::<BTreeMap<_, _>>());
        for dn in snapshot.dns() {
            for a in dn.attempts() {
                prop_assert!(a.messages().count() > 0);
                prop_assert!(a.aor.is_none() || !snapshot.texts().get(a.aor).is_empty());
            }
        }
    }
}

/// Takes in what changed.
fn replay(player: &mut Player, rows: &mut BTreeMap<Vec<u8>, Verdict>) {
    for change in player.tracker.changes(player.tracker.now) {
        let before = match change.to {
            Some(to) => rows.insert(change.dn, to.verdict),
            None => rows.remove(&change.dn),
        };
        assert_eq!(before, change.from.map(|from| from.verdict));
    }
}

#[test]
fn old_failures_of_connections_make_room_for_new_ones() {
    let mut tracker = Tracker::with_limits(Limits { dns: 1000, ..Limits::NONE });
    let event = |n: u16| {
        let mut dst = endpoint("r");
        dst.port = n;
        let origin = Origin {
            time: Timestamp::from_parts(i64::from(n), 0),
            frame: FrameRef::default(),
            src: endpoint("a"),
            dst,
            transport: Transport::Tcp,
            path: PathInfo::default(),
        };
        ConnectionEvent { origin, since: origin.time, kind: ConnectionKind::Refused, tls: None }
    };
    for n in 1..=10_000 {
        tracker.connection(&event(n));
    }
    let snapshot = tracker.snapshot(&SnapshotOptions::default());
    let ports = snapshot.connections().iter().map(|c| c.server.port);
    assert!(ports.eq(10_001 - snapshot.connections().len() as u16..=10_000));
    assert_eq!(snapshot.counts.connections_dropped + snapshot.connections().len() as u64, 10_000);
}

#[test]
fn a_request_whose_transaction_is_gone_says_nothing_of_the_one_in_its_place() {
    let mut player = Player::default();
    player.tracker = Tracker::with_limits(Limits { transactions: 3, ..ALL });
    player.play("0 > REGISTER from=a to=r call=1 dn=5000");
    player.play("0 > REGISTER from=a to=r call=2 dn=5000");
    player.play("0 > REGISTER from=a to=r call=1 dn=5001");
    player.play("0 > REGISTER from=b to=s call=3 dn=5001 tcp");
    // its transaction takes the place of one that was shed
    player.play("0 > REGISTER from=a to=r call=1 dn=5000 tcp");
    // a device goes on: its own first request had a response, nobody else's
    player.play("1.001 > REGISTER nonce=n1 from=b to=s call=3 cseq=2 dn=5001");
    let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
    let verdict = |dn| snapshot.find(dn).map(|dn| dn.state().verdict);
    assert_eq!(verdict(b"5000"), Some(Verdict::Pending));
    assert_eq!(verdict(b"5001"), Some(Verdict::Pending));
}
