//! Scenarios of the model as data: `scenarios.txt` is played by one loop.
//!
//! `# title` begins a scenario, `= VERDICT [CODE] [+flag …] [-flag …] [attempts=N] [dn=NAME]
//! [at=HOST]` expects; the other lines are those of [`super::testing`].

use super::testing::{Line, Player, any_line, endpoint};
use super::*;

const SCENARIOS: &str = include_str!("scenarios.txt");

impl Player {
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
