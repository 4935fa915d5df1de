//! Findings that are about no DN: the first of a kind at once, more of it in growing intervals.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::alerts::{LONGEST_PAUSE, PAUSE, QUIET, doubled};
use crate::net::Timestamp;

/// How long a kind of finding is remembered.
const REMEMBERED: Duration = Duration::from_secs(6 * 3600);

/// A finding about a source, a registrar or a cluster; all text is safe to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation {
    /// When.
    pub time: Timestamp,
    /// The rule that found it.
    pub rule: &'static str,
    /// What was found, in a sentence.
    pub sentence: String,
    /// What to check next.
    pub check: String,
    /// The address it is about.
    pub source: Option<IpAddr>,
}

/// Findings of one rule.
#[derive(Debug)]
struct Kept {
    /// Those that were not reported: the first, how many, and when the latest came.
    waiting: Option<(Observation, u64, Timestamp)>,
    /// How often some were reported, and when last.
    reported: (u32, Timestamp),
}

/// Findings by their rules, of which there are few.
#[derive(Default, Debug)]
pub(super) struct Findings(BTreeMap<&'static str, Kept>);

impl Findings {
    pub(super) fn note(&mut self, found: Observation) {
        let none = || Kept { waiting: None, reported: (0, Timestamp::NONE) };
        let kept = self.0.entry(found.rule).or_insert_with(none);
        let time = found.time;
        let (_, number, latest) = kept.waiting.get_or_insert((found, 0, time));
        *number += 1;
        *latest = (*latest).max(time);
    }

    /// What is to be reported: the first of some findings of a rule, and how many there are.
    pub(super) fn due(&mut self, now: Timestamp, is_last: bool) -> Vec<(Observation, u64)> {
        let mut due = Vec::new();
        for kept in self.0.values_mut() {
            let (times, last) = &mut kept.reported;
            if now.since(*last) >= REMEMBERED {
                *times = 0;
            }
            let pause = doubled(PAUSE, *times, LONGEST_PAUSE);
            let has_paused = *times == 0 || now.since(*last) >= pause;
            let is_quiet =
                |(_, _, latest): &mut (_, _, Timestamp)| is_last || now.since(*latest) >= QUIET;
            if has_paused && let Some((first, number, _)) = kept.waiting.take_if(is_quiet) {
                kept.reported = (times.saturating_add(1), now);
                due.push((first, number));
            }
        }
        due
    }
}
