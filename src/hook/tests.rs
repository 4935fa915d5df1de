//! The runner with real commands.

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, Instant};

use super::*;

/// What is reported of commands for some lines, and how long they took.
fn run_all(command: &str, limits: &RunnerLimits, lines: &str) -> (Vec<String>, Duration) {
    let began = Instant::now();
    let mut news = Vec::new();
    run(OsStr::new(command), limits, lines.as_bytes(), &mut news).unwrap();
    let said = String::from_utf8(news).unwrap();
    let mut said: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(said.remove(0), READY);
    said.sort_unstable();
    (said, began.elapsed())
}

#[test]
fn each_line_is_given_to_a_command_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let lines = "{\"a\":\"$(touch x); `id` '\\\"\"}\n{\"b\":2}\n";
    let command = format!("umask 077; f=$(mktemp {at}/XXXXXX); cat > $f");
    let (said, _) = run_all(&command, &RunnerLimits::default(), lines);
    assert_eq!(said, ["ok", "ok"]);
    let files = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut texts: Vec<_> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts.concat(), lines);
}

#[test]
fn what_goes_wrong_is_told_and_counted() {
    let command = "read line; case $line in 1) exit 3;; 2) kill -9 $$;; 3) exit 0;; esac";
    let (said, _) = run_all(command, &RunnerLimits::default(), "1\n2\n3\n");
    assert_eq!(said, ["ok", "signal 9", "status 3"]);
    let mut counts = HookCounts::default();
    for news in &said {
        counts.take(news);
    }
    assert_eq!((counts.succeeded, counts.failed, counts.over()), (1, 2, 3));
    assert_eq!(counts.last_failure.as_deref(), Some("it ended with status 3"));
}

#[test]
fn a_command_that_hangs_is_ended_with_all_it_started() {
    let limits = RunnerLimits {
        longest: Duration::from_millis(200),
        grace: Duration::from_millis(200),
        ..RunnerLimits::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("late");
    // the first ends when it is asked to; the second does not listen, and neither does what it started
    let late = format!("trap '' TERM; (sleep 1; touch {}) & wait; sleep 60", file.display());
    let command = format!("read line; case $line in 1) sleep 60;; 2) {late};; esac");
    let (said, took) = run_all(&command, &limits, "1\n2\n");
    assert_eq!(said, ["overdue", "overdue"]);
    assert!((400..1000).contains(&took.as_millis()), "{took:?}");
    std::thread::sleep(Duration::from_millis(1100).saturating_sub(took));
    assert!(!file.exists());
}

#[test]
fn no_more_are_started_in_a_second_nor_run_at_once_than_allowed() {
    let limits = RunnerLimits { per_second: 5, at_once: 2, ..RunnerLimits::default() };
    let (said, took) = run_all("exit 0", &limits, &"x\n".repeat(11));
    assert_eq!(said.len(), 11);
    assert!((2000..3000).contains(&took.as_millis()), "{took:?}");
    let limits = RunnerLimits { per_second: 100, at_once: 2, ..RunnerLimits::default() };
    let (_, took) = run_all("sleep 0.2", &limits, &"x\n".repeat(6));
    assert!((600..1100).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn what_cannot_wait_is_dropped_and_giving_never_blocks() {
    // a runner that takes nothing
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo ready; exec sleep 60"]);
    let hook = Runner::start(&mut command).unwrap().go_on().unwrap();
    let lines = hook.lines().unwrap();
    lines.give(&vec![b'x'; LINE + 1]);
    assert_eq!(hook.counts().dropped, 1);
    let began = Instant::now();
    // half a MiB is in the pipe and the queue, the rest is not
    for _ in 0..QUEUE + 1000 {
        lines.give(&[b'y'; 512]);
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let dropped = hook.counts().dropped;
    assert!((700..=1 + 1000).contains(&dropped), "{dropped}");
    // and so are bytes that are too many
    (0..QUEUE).for_each(|_| lines.give(&vec![b'y'; LINE]));
    assert!(hook.shared.waiting.load(Ordering::Acquire) <= WAITING);
    drop(lines);
    let pid = hook.child.id();
    let counts = hook.finish(Duration::from_millis(50));
    assert!(!counts.gone);
    // all but what the pipe took: a hundred and some lines
    let given = 1 + QUEUE as u64 + 1000 + QUEUE as u64;
    assert!((given - 130..given).contains(&counts.dropped), "{} of {given}", counts.dropped);
    let pid = nix::unistd::Pid::from_raw(pid.try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn a_runner_that_is_not_ready_says_why() {
    let go_on = |script: &str| {
        let mut command = Command::new("/bin/sh");
        Runner::start(command.args(["-c", script])).unwrap().go_on().unwrap_err()
    };
    assert_eq!(go_on("echo there is no such user"), "there is no such user");
    assert_eq!(go_on("exit 1"), "the process that is to run them ended");
}
