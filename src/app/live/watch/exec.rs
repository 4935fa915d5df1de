//! Runs a command for every notification, and reports how that goes.

use std::time::{Duration, Instant};

use super::notify;
use crate::alert::Notification;
use crate::app::Failure;
use crate::cli::{HookSettings, WatchSettings};
use crate::hook::{Hook, HookCounts, Lines, Runner};
use crate::net::count;
use crate::wording::append;

/// Between two sentences about commands that fail.
const BETWEEN: Duration = Duration::from_secs(60);
/// How long commands may take that are still to run in the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the process that runs the command, while this one may still start any.
pub(super) fn start(settings: &WatchSettings) -> Result<Option<Runner>, Failure> {
    let Some(command) = &settings.notify.exec else { return Ok(None) };
    let args = HookSettings { user: notify::user(settings), command: command.clone() }.to_args();
    let started = notify::start(args, &[]);
    started.map(Some).map_err(|error| Failure::Commands(error.to_string()))
}

/// The command, and what was reported about it.
pub(super) struct Exec {
    hook: Hook,
    lines: Option<Lines>,
    told: HookCounts,
    due: Instant,
}

impl Exec {
    /// Waits for the runner, and starts the threads.
    pub(super) fn go_on(runner: Runner, said: &mut Vec<String>) -> Result<Self, Failure> {
        let hook = runner.go_on().map_err(Failure::Commands)?;
        said.push(
            "for each notification the command of --exec is run, as the same user and not fenced off"
                .to_owned(),
        );
        let lines = hook.lines();
        Ok(Self { hook, lines, told: HookCounts::default(), due: Instant::now() })
    }

    /// Has the command run for a notification.
    pub(super) fn give(&self, notification: &Notification) {
        if let (Some(lines), Ok(mut line)) = (&self.lines, serde_json::to_vec(notification)) {
            line.push(b'\n');
            lines.give(&line);
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn counts(&self) -> HookCounts {
        self.hook.counts()
    }

    /// A sentence about failures, the first time at once and then once a minute.
    pub(super) fn news(&mut self) -> Option<String> {
        if Instant::now() < self.due {
            return None;
        }
        let now = self.hook.counts();
        let said = since(&now, &self.told)?;
        self.due = Instant::now() + BETWEEN;
        self.told = now;
        Some(said)
    }

    /// Lets what waits be run for a while; says what there was in all.
    pub(super) fn finish(mut self) -> String {
        self.lines = None;
        let counts = self.hook.finish(PATIENCE);
        let ran = count(counts.over(), "command");
        let mut said = format!("ran {ran}, {} without success", counts.unsuccessful());
        if counts.dropped > 0 {
            append!(said, "; {} given to none", count(counts.dropped, "notification"));
        }
        if !counts.gone {
            said += "; some may still run";
        }
        said
    }
}

/// What went wrong since `before`; none if nothing did.
fn since(now: &HookCounts, before: &HookCounts) -> Option<String> {
    let mut said = Vec::new();
    let failed = now.unsuccessful() - before.unsuccessful();
    if failed > 0 {
        let last = now.last_failure.as_deref().unwrap_or_default();
        let times =
            if failed == 1 { String::new() } else { format!(" {failed} times, the last time") };
        said.push(format!("the command of --exec failed{times}: {last}"));
    }
    let dropped = now.dropped - before.dropped;
    if dropped > 0 {
        let lines = count(dropped, "notification");
        said.push(format!("{lines} given to no command: too many waited, or they were too long"));
    }
    if now.gone && !before.gone {
        said.push("the process that runs commands ended: none is run any more".to_owned());
    }
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_said_and_what_went_well_is_not() {
        let counts = |succeeded, failed, overdue, dropped| HookCounts {
            succeeded,
            failed,
            overdue,
            dropped,
            last_failure: (failed + overdue > 0).then(|| "it ended with status 3".to_owned()),
            ..HookCounts::default()
        };
        let none = HookCounts::default();
        assert_eq!(since(&counts(9, 0, 0, 0), &none), None);
        let said = since(&counts(9, 1, 0, 0), &none).unwrap();
        assert_eq!(said, "the command of --exec failed: it ended with status 3");
        let said = since(&counts(9, 3, 2, 7), &counts(2, 1, 0, 4)).unwrap();
        assert_eq!(
            said,
            "the command of --exec failed 4 times, the last time: it ended with status 3; \
             3 notifications given to no command: too many waited, or they were too long"
        );
    }
}
