//! Tables of events and the notifications they make.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::*;
use crate::net::Timestamp;

/// 2025-11-18 21:06:00 UTC.
const BEGAN: Timestamp = Timestamp::from_parts(1_763_499_960, 0);

fn at(seconds: u32) -> Timestamp {
    BEGAN.plus_secs(seconds)
}

fn trouble(words: &str) -> Trouble {
    let (level, label) = match words {
        "risk" => (Level::AtRisk, "refresh refused"),
        "missing" => (Level::NotSeen, "expected, not seen"),
        "silent" => (Level::OutOfService, "no response"),
        "403" => (Level::OutOfService, "rejected 403 Forbidden"),
        label => (Level::OutOfService, label),
    };
    let (verdict, label) = (words.to_owned(), label.to_owned());
    Trouble { level, verdict, status_code: words.parse().ok(), label }
}

/// The DNs of `5001`, `5001-5300`.
fn dns(words: &str) -> Vec<String> {
    let (first, last) = words.split_once('-').unwrap_or((words, words));
    let range = first.parse::<u32>().unwrap()..=last.parse().unwrap();
    range.map(|dn| dn.to_string()).collect()
}

/// A run of [`Alerts`] by a script: lines of `SECOND DNS STATE [SOURCE]`; a source with `+` differs by DN.
struct Run {
    alerts: Alerts,
    now: u32,
    reported: Vec<(u32, Notification)>,
}

impl Run {
    fn new(limits: AlertLimits) -> Self {
        Self { alerts: Alerts::new(limits), now: 0, reported: Vec::new() }
    }

    fn turn_to(&mut self, second: u32) {
        while self.now < second {
            self.now += 1;
            for reported in self.alerts.turn(at(self.now)) {
                self.reported.push((self.now, reported.in_words(&TimeZone::UTC, "pbx1")));
            }
        }
    }

    fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<_> = line.split(' ').collect();
            let second = words[0].parse().unwrap();
            self.turn_to(second);
            let source = words.get(3).copied().unwrap_or("192.0.2.54");
            for (place, dn) in (0_u8..=255).cycle().zip(dns(words[1])) {
                let own = format!("10.{place}.0.{}", dn.len());
                let source = if source == "+" { own.as_str() } else { source };
                let now = match words[2] {
                    "ok" => Now::Well,
                    "gone" => Now::Gone,
                    "?" => Now::Unknown,
                    "unwanted" => Now::Unwanted,
                    words => Now::Trouble(trouble(words)),
                };
                let registrar = Some("192.0.2.81:5060".to_owned());
                let source = source.parse().ok();
                let cause = Some(Cause {
                    rule: "rejected".to_owned(),
                    sentence: format!("{dn}: the registrar said no"),
                    check: "ask it".to_owned(),
                });
                let time = at(second);
                self.alerts.note(News::Change(Event { time, dn, now, source, registrar, cause }));
            }
        }
    }

    /// What was reported, a line each: the second and the title.
    fn titles(&self) -> String {
        let mut text = String::new();
        for (second, reported) in &self.reported {
            writeln!(text, "{second} {}", reported.title).unwrap();
        }
        text
    }
}

fn reported(limits: &AlertLimits, script: &str, until: u32) -> String {
    let mut run = Run::new(limits.clone());
    run.play(script);
    run.turn_to(until);
    run.titles()
}

fn remind(seconds: u64) -> AlertLimits {
    AlertLimits { remind: Some(Duration::from_secs(seconds)), ..AlertLimits::default() }
}

#[test]
fn dns_that_fail_together_are_one_outage_and_one_recovery() {
    let plain = AlertLimits::default();
    for (name, script, until, want) in [
        (
            "a gateway",
            "3 5001-5300 403\n14 5001-5300 ok",
            40,
            "5 300 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:03\n\
             19 300 DNs at 192.0.2.54 back in service after 11 s \
             (rejected 403 Forbidden, 21:06:03 to 21:06:14)\n",
        ),
        (
            "one phone",
            "3 5001 silent 10.0.0.7\n903 5001 ok",
            920,
            "5 DN 5001 at 10.0.0.7: no response since 21:06:03\n\
             908 DN 5001 at 10.0.0.7 back in service after 15 min 0 s \
             (no response, 21:06:03 to 21:21:03)\n",
        ),
        (
            "phones with an address each",
            "3 5001-5300 403 +\n14 5001-5300 ok +",
            40,
            "5 300 DNs on registrar 192.0.2.81:5060: rejected 403 Forbidden since 21:06:03\n\
             19 300 DNs on registrar 192.0.2.81:5060 back in service after 11 s \
             (rejected 403 Forbidden, 21:06:03 to 21:06:14)\n",
        ),
        (
            "two gateways and some phones",
            "3 5001-5100 403 10.0.0.1\n3 6001-6100 403 10.0.0.2\n3 7001-7003 403 +",
            40,
            "5 100 DNs at 10.0.0.1: rejected 403 Forbidden since 21:06:03\n\
             5 100 DNs at 10.0.0.2: rejected 403 Forbidden since 21:06:03\n\
             5 3 DNs on registrar 192.0.2.81:5060: rejected 403 Forbidden since 21:06:03\n",
        ),
        (
            "two causes",
            "3 5001-5100 403\n3 6001-6100 silent",
            40,
            "5 100 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:03\n\
             5 100 DNs at 192.0.2.54: no response since 21:06:03\n",
        ),
        (
            "one after the other, without a pause",
            "1 5001 403\n2 5002 403\n3 5003 403\n4 5004 403\n20 5001-5004 ok",
            60,
            "6 4 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
             25 4 DNs at 192.0.2.54 back in service after 19 s \
             (rejected 403 Forbidden, 21:06:01 to 21:06:20)\n",
        ),
    ] {
        assert_eq!(reported(&plain, script, until), want, "{name}");
    }
}

#[test]
fn what_is_no_outage_is_not_reported() {
    let held = AlertLimits { for_at_least: Duration::from_secs(30), ..AlertLimits::default() };
    for (limits, script) in [
        // back before it could be reported
        (AlertLimits::default(), "3 5001 403\n4 5001 ok"),
        // back within the time of --for-at-least, again and again
        (held.clone(), "3 5001-5300 403\n32 5001-5300 ok\n40 5001 403\n69 5001 ok"),
        // nothing that is wanted
        (AlertLimits::default(), "3 5001 403\n4 5001 unwanted\n90 5001 ok"),
        // nothing that could be judged; and a DN nobody follows any more
        (AlertLimits::default(), "3 5001 ?\n90 5001 ok\n91 5002 403\n92 5002 gone"),
    ] {
        assert_eq!(reported(&limits, script, 300), "", "{script}");
    }
    // what was reported goes on
    let gone_on = "3 5001 403\n60 5001 unwanted\n90 5001 ok";
    assert_eq!(reported(&AlertLimits::default(), gone_on, 300).lines().count(), 2);
    let mut run = Run::new(held);
    run.play("3 5001-5300 403\n32 5001-5300 ok\n40 5001 403\n71 5001 ?");
    run.turn_to(80);
    assert_eq!(run.titles(), "72 DN 5001 at 192.0.2.54: rejected 403 Forbidden since 21:06:40\n");
    assert_eq!(run.alerts.counts().brief, 300);
}

#[test]
fn an_outage_that_grows_or_shrinks_is_reported_again_in_growing_intervals() {
    let grows = "1 5001 403\n10 5002 403\n100 5003-5010 403\n130 5011-5020 403\n400 5001-5019 ok\n500 5020 ok";
    assert_eq!(
        reported(&AlertLimits::default(), grows, 3000),
        "3 DN 5001 at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
         63 Now 2 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01 (1 more)\n\
         183 Now 20 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01 (18 more)\n\
         423 Still DN 5020 at 192.0.2.54: rejected 403 Forbidden since 21:06:01 (19 of 20 are back)\n\
         505 20 DNs at 192.0.2.54 back in service after 8 min 19 s \
         (rejected 403 Forbidden, 21:06:01 to 21:14:20)\n"
    );
    // those that come back one after the other are awaited for a while
    let returns = "1 5001-5300 403\n100 5001-5160 ok\n104 5161-5300 ok";
    assert_eq!(reported(&AlertLimits::default(), returns, 3000).lines().count(), 2);
}

#[test]
fn an_outage_that_goes_on_is_reported_again_if_that_is_wanted() {
    let script = "1 5001-5300 403\n9000 5001-5300 ok";
    assert_eq!(
        reported(&remind(3600), script, 10_000),
        "3 300 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
         3603 Still 300 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
         7203 Still 300 DNs at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
         9005 300 DNs at 192.0.2.54 back in service after 2 h 29 min \
         (rejected 403 Forbidden, 21:06:01 to 23:36:00)\n"
    );
    assert_eq!(reported(&AlertLimits::default(), script, 10_000).lines().count(), 2);
    // not while the last DNs are coming back
    let returns = "1 5001-5300 403\n60 5001-5250 ok\n122 5251-5300 ok";
    let reported = reported(&remind(60), returns, 1000);
    assert_eq!(reported.lines().count(), 3, "{reported}");
}

#[test]
fn a_dn_that_flaps_is_reported_ever_more_rarely() {
    let mut script = String::new();
    for round in 0..120 {
        writeln!(script, "{} 5001 403\n{} 5001 ok", round * 60 + 1, round * 60 + 31).unwrap();
    }
    let mut run = Run::new(AlertLimits::default());
    run.play(&script);
    run.turn_to(9000);
    // two hours of an outage a minute: the first two, and once it stays
    let titles = run.titles();
    assert_eq!(titles.lines().count(), 4, "{titles}");
    let (_, last) = run.reported.last().unwrap();
    assert!(last.text.contains("went out again 118 times"), "{}", last.text);
    // after a restart an expected DN may not have come yet
    let mut run = Run::new(AlertLimits::default());
    let state = run.alerts.save(at(0));
    run.alerts.restore(&state, at(0)).unwrap();
    run.play("35 5001-5002 missing\n2000 5001 ok\n");
    run.turn_to(4000);
    assert_eq!(run.titles(), "3602 DN 5002 at 192.0.2.54: expected, not seen since 21:06:35\n");
    // the second outage of a DN whose first was long ago is reported like the first
    let twice = "1 5001 403\n100 5001 ok\n4000 5001 403\n4100 5001 ok";
    assert_eq!(reported(&AlertLimits::default(), twice, 5000).lines().count(), 4);
}

#[test]
fn another_cause_is_no_news_and_what_is_worse_is() {
    let plain = AlertLimits::default();
    let changes = "1 5001-5300 403\n100 5001-5300 silent\n200 5001-5300 403\n300 5001-5300 ok";
    assert_eq!(reported(&plain, changes, 3000).lines().count(), 2);
    let worse = "1 5001-5300 risk\n300 5001-5299 403\n310 5300 ok\n600 5001-5299 ok";
    assert_eq!(
        reported(&plain, worse, 3000),
        "3 300 DNs at 192.0.2.54: in service, at risk: refresh refused since 21:06:01\n\
         302 299 DNs at 192.0.2.54: rejected 403 Forbidden since 21:11:00\n\
         315 1 DN at 192.0.2.54 no longer at risk after 5 min 9 s \
         (refresh refused, 21:06:01 to 21:11:10); 299 went out of service\n\
         605 299 DNs at 192.0.2.54 back in service after 5 min 0 s \
         (rejected 403 Forbidden, 21:11:00 to 21:16:00)\n"
    );
    // back in service, and Still at risk
    let risky = "1 5001 403\n100 5001 risk\n400 5001 ok";
    assert_eq!(
        reported(&plain, risky, 3000),
        "3 DN 5001 at 192.0.2.54: rejected 403 Forbidden since 21:06:01\n\
         105 DN 5001 at 192.0.2.54 back in service after 1 min 39 s \
         (rejected 403 Forbidden, 21:06:01 to 21:07:40)\n\
         105 DN 5001 at 192.0.2.54: in service, at risk: refresh refused since 21:07:40\n\
         460 DN 5001 at 192.0.2.54 no longer at risk after 5 min 0 s \
         (refresh refused, 21:07:40 to 21:12:40)\n"
    );
}

#[test]
fn a_restart_neither_forgets_an_outage_nor_tells_it_twice() {
    let mut run = Run::new(AlertLimits::default());
    run.play("3 5001-5300 403\n10 6001 silent");
    run.turn_to(20);
    assert_eq!(run.reported.len(), 2);
    let state = run.alerts.save(at(20));
    let mut run = Run::new(AlertLimits::default());
    run.now = 30;
    run.alerts.restore(&state, at(30)).unwrap();
    // nothing is known, and nothing is reported
    run.turn_to(100);
    assert_eq!(run.titles(), "");
    // Still out; one is back, and others are when they are seen
    run.play("101 5001-5300 403\n200 6001 ok\n300 5001-5300 ok");
    run.turn_to(400);
    assert_eq!(
        run.titles(),
        "205 DN 6001 at 192.0.2.54 back in service after at most 3 min 10 s \
         (no response, 21:06:10 to 21:09:20)\n\
         305 300 DNs at 192.0.2.54 back in service after 4 min 57 s \
         (rejected 403 Forbidden, 21:06:03 to 21:11:00)\n"
    );
    let text = &run.reported[0].1.text;
    assert!(text.contains("regscope was not watching from 21:06:20 to 21:06:30"), "{text}");
    assert_eq!(run.alerts.open(), (0, 0));
}

#[test]
fn a_dn_that_came_back_before_a_restart_is_reported_after_it() {
    let mut run = Run::new(AlertLimits::default());
    run.play("3 5001-5002 403\n20 5001-5002 ok\n21 5002 403");
    run.turn_to(22);
    let state = run.alerts.save(at(22));
    let mut run = Run::new(AlertLimits::default());
    run.now = 30;
    run.alerts.restore(&state, at(30)).unwrap();
    run.play("40 5002 ok");
    run.turn_to(100);
    assert_eq!(
        run.titles(),
        "45 2 DNs at 192.0.2.54 back in service after at most 37 s \
         (rejected 403 Forbidden, 21:06:03 to 21:06:40)\n"
    );
    // one that did come back, and a state of an earlier version that does not say so
    let mut run = Run::new(AlertLimits::default());
    run.play("3 5001 403\n20 5001 ok");
    run.turn_to(22);
    let state = run.alerts.save(at(22));
    let reported = |state: &str| {
        let mut run = Run::new(AlertLimits::default());
        run.now = 30;
        run.alerts.restore(state, at(30)).unwrap();
        run.turn_to(100);
        run.titles()
    };
    assert_eq!(
        reported(&state),
        "31 DN 5001 at 192.0.2.54 back in service after 17 s \
         (rejected 403 Forbidden, 21:06:03 to 21:06:20)\n"
    );
    assert_eq!(reported(&state.replace(",\"well\":1763499980000000000", "")), "");
}

#[test]
fn a_state_that_is_torn_foreign_or_hostile_harms_nothing() {
    let mut run = Run::new(AlertLimits::default());
    run.play("3 5001-5003 403");
    run.turn_to(20);
    let state = run.alerts.save(at(20));
    let fresh = || Alerts::new(AlertLimits::default());
    for torn in [0, 1, 10, state.len() / 2, state.len() - 1] {
        let error = fresh().restore(&state[..torn], at(30)).unwrap_err();
        assert!(matches!(error, StateError::Damaged), "{torn}");
    }
    for other in ["null", "[]", "{\"schema\":1}", "{\"schema\":-1}"] {
        assert!(matches!(fresh().restore(other, at(30)), Err(StateError::Damaged)), "{other}");
    }
    let newer = state.replacen("\"schema\":1", "\"schema\":9", 1);
    assert!(matches!(fresh().restore(&newer, at(30)), Err(StateError::Version(9))));
    // times from the future, text that drives terminals, DNs of no outage, numbers without bounds
    let hostile = state
        .replace("1763499963", "9163499963")
        .replace("rejected 403 Forbidden", "\\u001b[2Jred\\u202e")
        .replace("\"back\":0", "\"back\":18446744073709551615")
        .replace("\"relapses\":0", "\"relapses\":18446744073709551615");
    let mut run = Run::new(remind(60));
    run.now = 30;
    run.alerts.restore(&hostile, at(30)).unwrap();
    run.play("31 5001-5003 403\n40 5001 ok\n41 5001 403\n200 5001-5003 ok");
    run.turn_to(400);
    assert!(run.reported.iter().all(|(_, n)| !n.title.contains(['\u{1b}', '\u{202e}'])));
    assert!(run.titles().contains("\\u{1b}[2Jred"), "{}", run.titles());
}

#[test]
fn what_is_reported_and_held_is_bounded() {
    // causes without end: 20 outages, then one for all others
    let mut script = String::new();
    for cause in 0..200 {
        writeln!(script, "1 {} cause{cause} +", 5000 + cause).unwrap();
    }
    let mut run = Run::new(AlertLimits { dns: 250, ..AlertLimits::default() });
    run.play(&script);
    run.turn_to(20);
    assert_eq!(run.reported.len(), 21, "{}", run.titles());
    assert!(run.titles().contains("180 DNs: several causes since 21:06:01"), "{}", run.titles());
    run.play("30 7001-7100 403");
    run.turn_to(40);
    assert_eq!((run.alerts.counts().not_held, run.alerts.dns.len()), (50, 250));
    // sources without end, one after the other: five, then the registrar's
    let mut run = Run::new(AlertLimits::default());
    for source in 0..50_u32 {
        let second = source * 100 + 1;
        run.play(&format!("{second} {} 403 10.9.0.{source}", 5000 + source));
    }
    let outages = run.reported.iter().filter(|(_, n)| n.event == Kind::Outage).count();
    assert_eq!(outages, 6, "{}", run.titles());
    assert!(run.reported.len() < 20, "{}", run.titles());
    assert!(run.reported.iter().all(|(_, reported)| reported.dns.len() <= 20));
}

#[test]
fn findings_of_a_kind_are_reported_together_and_ever_more_rarely() {
    let mut run = Run::new(AlertLimits::default());
    for second in 1..1000 {
        run.turn_to(second);
        let source = Some(IpAddr::from([10, 0, 0, u8::try_from(second % 250).unwrap()]));
        if second < 4 || second % 100 == 0 {
            run.alerts.note(News::Found(Observation {
                time: at(second),
                rule: "cluster-split",
                sentence: format!("dc1 and dc2 lost each other, {second}"),
                check: "the link".to_owned(),
                source,
            }));
        }
    }
    run.turn_to(1200);
    assert_eq!(
        run.titles(),
        "5 dc1 and dc2 lost each other, 1 (and 2 more like this)\n\
         102 dc1 and dc2 lost each other, 100\n\
         222 dc1 and dc2 lost each other, 200\n\
         462 dc1 and dc2 lost each other, 300 (and 1 more like this)\n\
         942 dc1 and dc2 lost each other, 500 (and 4 more like this)\n"
    );
    let object = serde_json::to_value(&run.reported[0].1).unwrap();
    assert_eq!((&object["event"], &object["state"]), (&"finding".into(), &serde_json::Value::Null));
    assert_eq!(run.reported[0].1.text, "Check: the link\nSeen by regscope on pbx1; times in UTC.");
}

#[test]
fn a_notification_is_an_object_with_all_that_is_known() {
    let mut run = Run::new(AlertLimits::default());
    run.play("3 5001-5030 403\n60 5001-5030 ok");
    run.turn_to(100);
    let objects: Vec<_> =
        run.reported.iter().map(|(_, n)| serde_json::to_value(n).unwrap()).collect();
    let [outage, recovery] = objects.as_slice() else { panic!("{objects:?}") };
    for (key, want) in [
        ("schema", serde_json::json!(1)),
        ("type", "notification".into()),
        ("event", "outage".into()),
        ("id", "1763499963-1-1".into()),
        ("outage", "1763499963-1".into()),
        ("since", "2025-11-18T21:06:03Z".into()),
        ("until", serde_json::Value::Null),
        ("state", "out_of_service".into()),
        ("status_code", 403.into()),
        ("source", "192.0.2.54".into()),
        ("registrar", "192.0.2.81:5060".into()),
        ("dns_total", 30.into()),
        ("dns_out", 30.into()),
    ] {
        assert_eq!(outage[key], want, "{key}");
    }
    assert_eq!(
        run.reported[0].1.text,
        "DNs: 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010 and 20 more\n\
         Registrar: 192.0.2.81:5060\n\
         For example, 5001: the registrar said no\n\
         Check: ask it\n\
         Seen by regscope on pbx1; times in UTC."
    );
    assert_eq!(recovery["outage"], outage["outage"]);
    assert_eq!(recovery["id"], "1763499963-1-2");
    assert_eq!(
        (&recovery["until"], &recovery["duration_seconds"]),
        (&"2025-11-18T21:07:00Z".into(), &57.into())
    );
}
