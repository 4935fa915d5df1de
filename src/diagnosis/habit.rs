//! Measures how often a device registers, compared with the time it was granted.

use crate::net::Timestamp;
use crate::registration::{AttemptView, Outcome, Purpose, Verdict};

/// A device that registers at ten times its pace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Habit {
    /// Places of the first and the last attempt of it.
    pub first: usize,
    pub last: usize,
    /// REGISTERs of it, those that answer a challenge left out.
    pub times: u32,
    /// From the first to the last, and how far they are apart on the average; in nanoseconds.
    pub within: i64,
    pub every: i64,
    /// The granted time, or the one asked for if that is less; in seconds.
    pub granted: u32,
}

/// This many in a row are a habit.
const IN_A_ROW: u32 = 5;
/// A device that refreshes with so much of its time left does not follow it.
const TIMES_AS_LONG: i64 = 10;
/// Closer than this a device swaps its Contact, or sends on several paths; in nanoseconds.
const AT_ONCE: i64 = 100_000_000;

/// What runs at one moment of the walk.
#[derive(Clone, Copy)]
struct Run {
    habit: Habit,
    started: Timestamp,
    latest: Timestamp,
}

/// The longest such habit in the attempts of a DN, which are in order of time.
pub(super) fn too_often(attempts: &[AttemptView<'_>]) -> Option<Habit> {
    if attempts.len() < 2 {
        return None;
    }
    let mut best: Option<Habit> = None;
    for (place, first) in attempts.iter().enumerate().take(MOST_PLACES) {
        // each device once, at its first attempt
        let is_its = |a: &AttemptView<'_>| {
            a.source.addr == first.source.addr && a.registrar == first.registrar
        };
        if attempts.iter().take(place).any(is_its) {
            continue;
        }
        let own = attempts.iter().enumerate().skip(place).filter(|(_, a)| is_its(a));
        for habit in habits(own) {
            if best.is_none_or(|best| habit.times > best.times) {
                best = Some(habit);
            }
        }
    }
    best.filter(|best| best.times >= IN_A_ROW)
}

/// Devices whose first attempt comes later are not examined: some DNs have thousands.
const MOST_PLACES: usize = 64;

/// The habits of one device.
fn habits<'h, 'a: 'h>(
    attempts: impl Iterator<Item = (usize, &'h AttemptView<'a>)>,
) -> impl Iterator<Item = Habit> {
    let mut granted: Option<u32> = None;
    let mut run: Option<Run> = None;
    attempts.filter_map(move |(place, a)| {
        let tries = matches!(
            a.outcome,
            Outcome::Accepted
                | Outcome::Open
                | Outcome::Failed(Verdict::Challenged | Verdict::NotKept)
        );
        if a.purpose != Purpose::Register || !tries {
            (run, granted) = (None, granted.filter(|_| a.purpose == Purpose::Register));
            return None;
        }
        let limit = granted.map(|g| a.asked.map_or(g, |asked| asked.min(g)));
        let close = |since: Timestamp| {
            let gap = a.started.nanos_since(since);
            let long = limit.map_or(0, |limit| i64::from(limit) * 1_000_000_000);
            gap >= AT_ONCE && gap.saturating_mul(TIMES_AS_LONG) <= long
        };
        // a loop within one attempt: challenged again and again, without credentials
        let inside = if a.credentials() { 0 } else { a.requests().saturating_sub(1) };
        let fresh = Run {
            habit: Habit { first: place, last: place, times: 1, within: 0, every: 0, granted: 0 },
            started: a.started,
            latest: a.started,
        };
        let mut next = match run {
            Some(run) if close(run.latest) => run,
            _ => fresh,
        };
        if next.habit.first != place {
            next.habit.times += 1;
        }
        next.habit.times += inside;
        next.latest = if inside > 0 { a.last } else { a.started };
        next.habit.last = place;
        next.habit.granted = limit.unwrap_or(0);
        next.habit.within = next.latest.nanos_since(next.started);
        next.habit.every = next.habit.within / i64::from(next.habit.times.max(2) - 1);
        if a.outcome == Outcome::Accepted {
            granted = a.granted.or(granted);
        }
        // granted to a Contact that the device does not know as its own
        if a.outcome == Outcome::Failed(Verdict::NotKept) {
            granted = granted.or(a.asked);
        }
        run = Some(next);
        Some(next.habit).filter(|habit| habit.granted > 0)
    })
}
