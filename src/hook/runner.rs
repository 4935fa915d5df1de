//! The runner's side: takes a line, runs the command, reports how it ended.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, BufRead, Read as _, Write, stderr};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::READY;
use super::news::{NOT_STARTED, OK, OVERDUE, SIGNAL, STATUS};

/// Between two checks whether a command is over, at most.
const LOOK: Duration = Duration::from_millis(20);
/// What a line may have: more than it is ever given.
const LINE: u64 = 1 << 20;

/// How fast and how long commands run.
#[derive(Clone, Debug)]
pub struct RunnerLimits {
    /// Commands at a time.
    pub at_once: usize,
    /// Commands started in a second.
    pub per_second: usize,
    /// How long one may run.
    pub longest: Duration,
    /// How long after SIGTERM it gets SIGKILL.
    pub grace: Duration,
}

impl Default for RunnerLimits {
    fn default() -> Self {
        Self {
            at_once: 4,
            per_second: 10,
            longest: Duration::from_secs(30),
            grace: Duration::from_secs(2),
        }
    }
}

/// Where lines come from, and when the latest commands were started.
struct Desk<R> {
    lines: R,
    starts: VecDeque<Instant>,
}

/// Runs `sh -c COMMAND` for each line of `lines`, up to their end; says in `news` what became of it.
pub fn run(
    command: &OsStr,
    limits: &RunnerLimits,
    lines: impl BufRead + Send,
    news: impl Write + Send,
) -> io::Result<()> {
    let desk = Mutex::new(Desk { lines, starts: VecDeque::new() });
    let news = Mutex::new(news);
    say(&news, READY)?;
    // not locked while the command runs
    let next = || desk.lock().unwrap_or_else(PoisonError::into_inner).next(limits);
    let serve = || {
        while let Some(line) = next() {
            // if the watching process is gone, the lines that were given are still run
            say(&news, &run_one(command, limits, line)).unwrap_or_default();
        }
    };
    scope(|scope| {
        for _ in 0..limits.at_once.max(1) {
            Builder::new().name("runner".to_owned()).spawn_scoped(scope, serve)?;
        }
        Ok(())
    })
}

fn say(news: &Mutex<impl Write>, words: &str) -> io::Result<()> {
    let mut news = news.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(news, "{words}").and_then(|()| news.flush())
}

impl<R: BufRead> Desk<R> {
    /// The next line, as soon as a command may be started for it; none at the end.
    fn next(&mut self, limits: &RunnerLimits) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let number = self.lines.by_ref().take(LINE).read_until(b'\n', &mut line).ok()?;
        if number == 0 {
            return None;
        }
        if self.starts.len() >= limits.per_second.max(1)
            && let Some(first) = self.starts.pop_front()
        {
            sleep(Duration::from_secs(1).saturating_sub(first.elapsed()));
        }
        self.starts.push_back(Instant::now());
        Some(line)
    }
}

/// Runs the command for a line; what became of it, in a line.
fn run_one(command: &OsStr, limits: &RunnerLimits, line: Vec<u8>) -> String {
    let mut shell = Command::new("/bin/sh");
    // a group of its own: a key that ends the program does not end it, and it is ended as a whole
    shell.arg("-c").arg(command).process_group(0);
    // standard output is the program's own
    let child = shell.stdin(Stdio::piped()).stdout(stderr()).spawn();
    let ended = child.and_then(|mut child| {
        if let Some(mut stdin) = child.stdin.take() {
            let write = move || {
                // a command need not read what it is given
                stdin.write_all(&line).unwrap_or_default();
            };
            Builder::new().name("line".to_owned()).spawn(write)?;
        }
        wait(&mut child, limits)
    });
    match ended {
        Ok((_, true)) => OVERDUE.to_owned(),
        Ok((status, false)) => told(status),
        Err(error) => format!("{NOT_STARTED} {error}"),
    }
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => OK.to_owned(),
        (Some(code), _) => format!("{STATUS} {code}"),
        (None, signal) => format!("{SIGNAL} {}", signal.unwrap_or_default()),
    }
}

/// Waits until a command is over, and ends it when it takes too long; whether it did.
fn wait(child: &mut Child, limits: &RunnerLimits) -> io::Result<(ExitStatus, bool)> {
    let began = Instant::now();
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    let end = |signal: Signal| {
        if let Ok(group) = group {
            // it may be over by now
            killpg(group, signal).unwrap_or_default();
        }
    };
    let mut pause = Duration::from_millis(1);
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, asked));
        }
        let ran = began.elapsed();
        if ran >= limits.longest + limits.grace {
            end(Signal::SIGKILL);
            return Ok((child.wait()?, true));
        }
        if ran >= limits.longest && !asked {
            asked = true;
            end(Signal::SIGTERM);
        }
        sleep(pause);
        pause = LOOK.min(pause * 2);
    }
}
