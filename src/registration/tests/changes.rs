//! The changes that are reported, compared with a snapshot.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::net::Timestamp;

/// What the changes so far report about every DN.
#[derive(Default)]
struct Replay {
    rows: BTreeMap<Vec<u8>, Status>,
    changes: Vec<DnChange>,
}

impl Replay {
    /// Takes in the changes up to a moment.
    fn take(&mut self, tracker: &mut Tracker, now: Timestamp) {
        for change in tracker.changes(now) {
            let before = match change.to {
                Some(to) => self.rows.insert(change.dn.clone(), to),
                None => self.rows.remove(&change.dn),
            };
            assert_eq!(before, change.from, "{change:?}");
            assert_ne!(change.from, change.to, "{change:?}");
            assert!(change.time <= now, "{change:?}");
            self.changes.push(change);
        }
        assert!(tracker.changes(now).is_empty(), "nothing happened in between");
    }
}

/// What a snapshot reports about every DN, now or at another moment.
fn rows(tracker: &mut Tracker, at: Option<Timestamp>) -> BTreeMap<Vec<u8>, Status> {
    let snapshot = tracker.snapshot(&SnapshotOptions { at, ..SnapshotOptions::default() });
    snapshot.dns().map(|dn| (dn.name().to_vec(), Status::of(dn.state()))).collect()
}

fn time_of(line: &str) -> Timestamp {
    seconds(line.split_whitespace().next().unwrap())
}

/// Plays lines and asks for changes as `ask` says: after every line, or in steps of the clock.
fn replay(lines: &[String], each: bool, step: Option<i64>) -> (Replay, Tracker) {
    let (mut player, mut replay) = (Player::default(), Replay::default());
    for line in lines {
        let time = time_of(line);
        if let Some(step) = step {
            let mut now = player.tracker.now;
            while now.nanos() > 0 && time.nanos_since(now) > step {
                now = Timestamp::from_nanos(now.nanos() + step);
                replay.take(&mut player.tracker, now);
            }
        }
        player.play(line);
        if each {
            let now = player.tracker.now;
            replay.take(&mut player.tracker, now);
        }
    }
    let now = player.tracker.now;
    replay.take(&mut player.tracker, now);
    (replay, player.tracker)
}

/// The clock after the last line.
fn player_end(lines: &[String]) -> Timestamp {
    lines.iter().map(|line| time_of(line)).max().unwrap()
}

/// Plays lines with questions of every rhythm; what differs between them, or from a snapshot.
fn check(lines: &[String]) -> Result<(), String> {
    const HOUR: i64 = 3_600_000_000_000;
    let mut silent = Player::default();
    for line in lines {
        silent.play(line);
    }
    for later in [0, 700_000_000, 40_000_000_000, 100 * HOUR] {
        let now = Timestamp::from_nanos(silent.tracker.now.nanos() + later);
        silent.tracker.tick(now);
        let want = rows(&mut silent.tracker, None);
        for (each, step) in [
            (true, None),
            (false, None),
            (false, Some(1_000_000_000)),
            (true, Some(60_000_000_000)),
        ] {
            let (mut replay, mut tracker) = replay(lines, each, step.filter(|_| later == 0));
            replay.take(&mut tracker, now);
            if replay.rows != want {
                return Err(format!(
                    "each {each}, step {step:?}, {later} ns later:\n{:#?}\nnot\n{want:#?}",
                    replay.rows
                ));
            }
            if rows(&mut tracker, None) != want {
                return Err("questions changed the model".to_owned());
            }
            let played = player_end(lines);
            for change in replay.changes.iter().filter(|c| c.time > played) {
                let just_before = Timestamp::from_nanos(change.time.nanos() - 1);
                let then = rows(&mut tracker, Some(change.time)).get(&change.dn).copied();
                let before = rows(&mut tracker, Some(just_before)).get(&change.dn).copied();
                if (before, then) != (change.from, change.to) {
                    return Err(format!("not then: {change:?}, but {before:?} and {then:?}"));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn changes_come_to_what_a_snapshot_says() {
    let mut failures = Vec::new();
    for (title, lines) in scenarios() {
        let lines: Vec<_> = lines.into_iter().filter(|l| !l.starts_with('=')).collect();
        if let Err(wrong) = check(&lines) {
            failures.push(format!("{title}: {wrong}"));
        }
    }
    assert!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
}

/// A case, its lines, and the verdicts that time alone brings about afterwards, with their moments.
type Clock = (&'static str, &'static str, &'static [(&'static str, Verdict)]);

const CLOCKS: &[Clock] = &[
    (
        "a binding runs out on the second",
        "5 > REGISTER expires=300\n5.25 < 200 expires=300",
        &[("305.25", Verdict::Expired)],
    ),
    (
        "a shorter one first",
        "5 > REGISTER expires=300\n5.25 < 200 expires=300\n6 > REGISTER dn=5003 call=2 expires=60\n6.5 < 200 dn=5003 call=2 expires=60",
        &[("66.5", Verdict::Expired), ("305.25", Verdict::Expired)],
    ),
    (
        "no answer over TCP after Timer F",
        "5 > REGISTER tcp expires=300",
        &[("37", Verdict::NoAnswer)],
    ),
    ("one request over UDP, and no more", "5 > REGISTER expires=300", &[("6", Verdict::OneWay)]),
    (
        "100 came, and nothing since",
        "5 > REGISTER expires=300\n5.1 < 100",
        &[("37", Verdict::NoAnswer)],
    ),
    (
        "a refresh lost: the binding's end tells",
        "5 > REGISTER expires=60\n5.1 < 200 expires=60\n50 > REGISTER cseq=2 expires=60\n50.5 > REGISTER cseq=2 expires=60",
        &[("65.1", Verdict::NoAnswer)],
    ),
    (
        "a refresh whose 2xx was cut: nobody knows until its time is over",
        "5 > REGISTER expires=60\n5.1 < 200 expires=60\n50 > REGISTER cseq=2 expires=60\n50.1 < 200 cseq=2 expires=60 cut=200",
        &[("65.1", Verdict::Truncated), ("110.1", Verdict::Truncated)],
    ),
];

#[test]
fn time_alone_changes_a_state_at_the_right_moment() {
    const MS: i64 = 1_000_000;
    for (case, lines, wants) in CLOCKS {
        // in one step and in many
        for step in [100 * MS, 1000 * MS, 60_000 * MS, 7_200_000 * MS] {
            let mut player = Player::default();
            for line in lines.lines() {
                player.play(line);
            }
            let mut replay = Replay::default();
            let from = player.tracker.now;
            replay.take(&mut player.tracker, from);
            let before = replay.changes.len();
            let mut now = from;
            while now.nanos_since(from) < 7_200_000 * MS {
                now = Timestamp::from_nanos(now.nanos() + step);
                replay.take(&mut player.tracker, now);
            }
            let turn = |c: &DnChange| (c.time, c.to.unwrap().verdict, c.frame);
            let turns: Vec<_> = replay.changes[before..].iter().map(turn).collect();
            let want = |(time, verdict): &(&str, Verdict)| (seconds(time), *verdict, None);
            assert_eq!(turns, wants.iter().map(want).collect::<Vec<_>>(), "{case}, step {step}");
        }
    }
}

#[test]
fn a_change_names_the_frame_that_shows_it() {
    let (mut player, mut replay) = (Player::default(), Replay::default());
    replay.take(&mut player.tracker, Timestamp::default());
    for line in ["5 > REGISTER expires=300", "5.2 < 200 expires=300", "9 < 403 cseq=2 call=2"] {
        player.play(line);
        let now = player.tracker.now;
        replay.take(&mut player.tracker, now);
    }
    let told: Vec<_> =
        replay.changes.iter().map(|c| (c.to.unwrap().verdict, c.frame.unwrap().number())).collect();
    assert_eq!(told, [(Verdict::Pending, 1), (Verdict::InService, 2), (Verdict::InService, 3)]);
    assert_eq!(replay.changes[1].expires_at, Some(seconds("305.2")));
    assert_eq!(replay.changes[1].time, seconds("5.2"));
}

#[test]
fn a_scanner_becomes_one_row() {
    let mut player = Player::default();
    let mut replay = Replay::default();
    for n in 0..150 {
        player.play(&format!("{n} > REGISTER dn={n} call={n} contact=<sip:x@192.0.2.97>"));
        player.play(&format!("{n}.1 < 404 dn={n} call={n}"));
        let now = player.tracker.now;
        replay.take(&mut player.tracker, now);
        let shown = if n < 99 { n + 1 } else { 0 };
        assert_eq!(replay.rows.len(), shown, "after {n}");
    }
}

/// What one DN shows of its server, its path or its source concerns others, whom no message touches.
#[test]
fn what_concerns_several_dns_is_told_of_all() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let server =
        "0 > REGISTER dn=5003 call=9 tcp from=b\n2 > REGISTER\n2.2 > REGISTER cseq=2 nonce=n1";
    let path = "0 > REGISTER dn=5003 call=9\n0.1 > REGISTER dn=5004 call=8\n0.3 ! icmp cut=20";
    let agent = "0 .\n1 > REGISTER dn=5003 agent=friendly-scanner";
    // a source that comes back to each name, answered or not, is no scanner
    let mut source = Vec::new();
    for n in 0..160 {
        let (time, dn) = (n * 2, n % 100);
        source.push(format!("{time} > REGISTER dn={dn} call={n} contact=<sip:x@192.0.2.97>"));
        if n < 100 {
            source.push(format!("{time}.1 < 404 dn={dn} call={n}"));
        }
    }
    for (case, lines, others) in [
        ("a server", lines(server), vec![("5003", Verdict::OneWay)]),
        (
            "a path",
            lines(path),
            vec![("5003", Verdict::Unreachable), ("5004", Verdict::Unreachable)],
        ),
        ("a User-Agent", lines(agent), vec![("5003", Verdict::Pending)]),
        ("a source", source, vec![("70", Verdict::Rejected)]),
    ] {
        check(&lines).unwrap_or_else(|wrong| panic!("{case}: {wrong}"));
        let (replay, _) = replay(&lines, true, None);
        for (dn, verdict) in others {
            let said = replay.rows.get(dn.as_bytes()).map(|status| status.verdict);
            assert_eq!(said, Some(verdict), "{case}: {dn}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn changes_of_any_traffic_come_to_what_a_snapshot_says(
        lines in prop::collection::vec((any_line(), 0..40_000u32), 1..40)
    ) {
        let (mut time, mut asked, mut all) = (0u64, false, Vec::new());
        for (line, gap) in lines {
            time += u64::from(gap);
            asked |= line.starts_with('>');
            if asked || !line.starts_with('!') {
                all.push(format!("{}.{:03} {line}", time / 1000, time % 1000));
            }
        }
        prop_assume!(!all.is_empty());
        check(&all).map_err(TestCaseError::fail)?;
    }
}
