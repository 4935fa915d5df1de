//! Rules against scenarios, against the lab's captures, and against their own documentation.

use proptest::prelude::*;

use super::*;
use crate::registration::random::any_line;
use crate::registration::testing::Player;
use crate::registration::{Cohort, SnapshotOptions};

mod catalogue;
mod stories;
mod wording;

const RULES: &str = include_str!("rules.txt");

/// What a line `= +rule[/severity][/dn] -rule …` wants and does not get.
fn check(player: &mut Player, line: &str) -> Vec<String> {
    let snapshot = player.tracker.snapshot(&SnapshotOptions {
        expected: vec!["7777".to_owned()],
        ..SnapshotOptions::default()
    });
    let scene = Scene::new(&snapshot);
    let mut found = diagnose(&snapshot);
    // the ordinary observations of working DNs too
    for view in snapshot.dns() {
        found.extend(diagnose_dn(&scene, view));
    }
    found.retain(|f| f.dn.as_deref() != Some(b"7777") || line.contains("not-seen"));
    let mut wrong = Vec::new();
    for word in line.split_whitespace().skip(1) {
        let (sign, rest) = word.split_at(1);
        let mut parts = rest.split('/');
        let id = parts.next().unwrap();
        let limits: Vec<&str> = parts.collect();
        let fits = |f: &Finding| {
            f.rule == id
                && limits.iter().all(|limit| {
                    f.severity.name() == *limit
                        || *limit == "cause" && f.is_cause
                        || f.dn.as_deref() == Some(limit.as_bytes())
                })
        };
        let holds = found.iter().any(fits);
        match sign {
            "+" if !holds => wrong.push(format!("no {rest}")),
            "-" if holds => wrong.push(format!("has {rest}")),
            "~" => {
                let sentence = rest.replace('_', " ");
                if !found.iter().any(|f| f.sentence.contains(&sentence)) {
                    wrong.push(format!("nothing says `{sentence}`"));
                }
            }
            _ => {}
        }
    }
    if !wrong.is_empty() {
        let said: Vec<_> = found.iter().map(|f| format!("  {}: {}", f.rule, f.sentence)).collect();
        wrong.push(format!("in\n{}", said.join("\n")));
    }
    wrong
}

#[test]
fn rules_hold_where_they_should_and_nowhere_else() {
    let (mut title, mut player, mut failures) = ("", Player::default(), Vec::new());
    for line in RULES.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(next) = line.strip_prefix('#') {
            (title, player) = (next.trim(), Player::default());
        } else if line.starts_with('=') {
            let wrong = check(&mut player, line);
            if !wrong.is_empty() {
                failures.push(format!("{title}: `{line}`: {}", wrong.join(", ")));
            }
        } else {
            player.play(line);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_rule_is_tried_both_ways() {
    let tried = |sign: char| -> Vec<&str> {
        RULES
            .lines()
            .filter(|l| l.starts_with('='))
            .flat_map(str::split_whitespace)
            .filter_map(|word| word.strip_prefix(sign)?.split('/').next())
            .collect()
    };
    let (yes, no) = (tried('+'), tried('-'));
    let missing: Vec<_> = abouts()
        .map(|a| a.id)
        .filter(|id| !yes.contains(id) || !no.contains(id))
        .filter(|id| !id.starts_with("password-") || *id == "password-cracking")
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let known: Vec<_> = abouts().map(|a| a.id).collect();
    let unknown: Vec<_> = yes.iter().chain(&no).filter(|id| !known.contains(id)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// A rule that is not asked for what a DN shows would not have held.
fn assert_nothing_is_missed(name: &str, snapshot: &Snapshot) {
    let scene = Scene::new(snapshot);
    for (place, view) in snapshot.dns().enumerate() {
        let case = Case::new(&scene, view);
        let signs = scene.signs(place);
        assert_eq!(signs, case.signs(), "{name}");
        for rule in cause::CAUSES.iter().chain(remark::REMARKS) {
            let holds = matches!(rule.holds(&case), rule::Held::Yes(_));
            assert!(!holds || signs.meets(rule.needs()), "{name}: {}", rule.about().id);
        }
    }
}

/// A DN that works and has nothing wrong has nothing above an observation, and every other has
/// one cause.
fn assert_honest(name: &str, snapshot: &Snapshot) {
    assert_nothing_is_missed(name, snapshot);
    let findings = diagnose(snapshot);
    for view in snapshot.dns() {
        let own: Vec<_> =
            findings.iter().filter(|f| f.dn.as_deref() == Some(view.name())).collect();
        let dn = String::from_utf8_lossy(view.name());
        let causes = own.iter().filter(|f| f.is_cause).count();
        let in_service = view.state().verdict.state() == State::InService;
        assert_eq!(causes, usize::from(!in_service), "{name}: {dn}: {own:#?}");
        let loud = own.iter().find(|f| f.severity > Severity::Observation);
        if view.cohort() == Cohort::Working
            && let Some(loud) = loud
        {
            assert!(WORKING_BUT.contains(&loud.rule), "{name}: {dn} works, yet {}", loud.sentence);
        }
        assert!(own.iter().all(|f| f.is_cause || f.severity < Severity::Error), "{name}: {dn}");
    }
}

/// Warnings a DN that is in service may have: something does fail, or will.
const WORKING_BUT: [&str; 16] = [
    "keep-alive-missing",
    "registers-too-often",
    "contact-rewritten",
    "answer-names-two-times",
    "sip-alg",
    "answer-not-passed-on",
    "dead-contacts",
    "refreshes-given-up",
    "refresh-failed",
    "refresh-gap",
    "conflict-two-registrars",
    "taken-by-other-source",
    "rejected-from-other-source",
    "no-answer-to-other-source",
    "not-kept-beside-others",
    "removal-ignored",
];

#[test]
fn the_scenarios_of_the_model_are_judged_honestly() {
    const SCENARIOS: &str = include_str!("../../registration/tests/scenarios.txt");
    let (mut title, mut player) = ("", Player::default());
    for line in SCENARIOS.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(next) = line.strip_prefix('#') {
            (title, player) = (next.trim(), Player::default());
        } else if line.starts_with('=') {
            assert_honest(title, &player.tracker.snapshot(&SnapshotOptions::default()));
        } else {
            player.play(line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_traffic_is_judged_and_told(lines in prop::collection::vec((any_line(), 0..40_000u32), 1..60)) {
        let (mut player, mut time) = (Player::default(), 0u64);
        for (line, gap) in lines {
            time += u64::from(gap);
            if line.starts_with('!') && player.last_request.is_none() {
                continue;
            }
            player.play(&format!("{}.{:03} {line}", time / 1000, time % 1000));
        }
        let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
        assert_honest("random", &snapshot);
        for finding in diagnose(&snapshot) {
            prop_assert!(finding.sentence.len() > 10, "{}: {:?}", finding.rule, finding.sentence);
        }
        for view in snapshot.dns() {
            let story = explain::explain(&snapshot, view.name()).unwrap();
            prop_assert!(story.paragraphs.is_sorted_by_key(|event| event.time));
            prop_assert!(!story.verdict.is_empty());
        }
    }
}
