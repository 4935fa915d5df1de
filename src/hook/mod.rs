//! Runs a command for each line it is given, in a process of its own and never faster than it should.
//!
//! ```text
//!  Hook ── queue ── thread ── pipe ──▶ runner ──▶ sh -c COMMAND, the line on standard input
//!       ◀── thread ── pipe ── what became of it
//! ```
//!
//! The process that parses packets may not execute programs once its rights are dropped
//! (`privilege`). So the runner is started before, as this very program with another task
//! ([`run`]): it drops rights to the same user, parses nothing, and stays outside the fence, for
//! the command may be anything. All it is ever given is lines. It reads one when it can run one;
//! what cannot wait is dropped here, and counted.

mod runner;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::net::escape_text;

pub use runner::{RunnerLimits, run};

/// Said before anything else, once rights are dropped.
pub const READY: &str = "ready";

/// What a runner reports about a line: one of these words, and what there is to add.
pub mod news {
    /// The command ended with status 0, or the post was delivered.
    pub const OK: &str = "ok";
    /// The command ended with another status.
    pub const STATUS: &str = "status";
    /// The command ended by a signal.
    pub const SIGNAL: &str = "signal";
    /// The command took too long and was ended.
    pub const OVERDUE: &str = "overdue";
    /// The command could not be started.
    pub const NOT_STARTED: &str = "not_started";
    /// An attempt to post begins.
    pub const BEGUN: &str = "begun";
    /// An attempt to post failed, and another one follows.
    pub const AGAIN: &str = "again";
    /// The server refused the post.
    pub const REFUSED: &str = "refused";
}

/// Lines that wait; together with those in the pipe.
const QUEUE: usize = 1000;
/// Bytes of all that wait.
const WAITING: usize = 4 << 20;
/// Bytes of a line: they fit into a pipe that is not read yet.
const LINE: usize = 60 << 10;
/// Bytes of an answer of the runner.
const NEWS: u64 = 4096;

/// What became of lines.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HookCounts {
    /// Commands that ended with status 0.
    pub succeeded: u64,
    /// Commands that ended otherwise, by themselves or by another's signal.
    pub failed: u64,
    /// Commands that took too long and were ended.
    pub overdue: u64,
    /// Commands that could not be started.
    pub not_started: u64,
    /// Lines no command was run for: too many waited, or one was too long.
    pub dropped: u64,
    /// What was wrong with the last one that did not succeed, in words.
    pub last_failure: Option<String>,
    /// Attempts to post that failed, with another one to follow.
    pub again: u64,
    /// Why the latest attempt to post failed, until one succeeds.
    pub trouble: Option<String>,
    /// The runner is gone.
    pub gone: bool,
}

impl HookCounts {
    /// Commands that did not succeed.
    #[must_use]
    pub const fn unsuccessful(&self) -> u64 {
        self.failed + self.overdue + self.not_started
    }

    /// Commands that are over.
    #[must_use]
    pub const fn over(&self) -> u64 {
        self.succeeded + self.unsuccessful()
    }
}

/// What the hook and its threads share.
#[derive(Default, Debug)]
struct Shared {
    counts: Mutex<HookCounts>,
    /// Bytes that wait.
    waiting: AtomicUsize,
    /// Lines that wait, those the thread is about to write included.
    lines: AtomicU64,
    /// What still waits is not to be run.
    discard: AtomicBool,
}

impl Shared {
    fn count(&self, change: impl FnOnce(&mut HookCounts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn counts(&self) -> HookCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A runner that was started; this process has no more threads than before.
#[derive(Debug)]
pub struct Runner {
    child: Child,
    lines: ChildStdin,
    news: BufReader<ChildStdout>,
}

impl Runner {
    /// Starts the runner: `command` has to call [`run`], with its rights dropped.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (lines, news) = (child.stdin.take(), child.stdout.take());
        let (Some(lines), Some(news)) = (lines, news) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Self { child, lines, news: BufReader::new(news) })
    }

    /// Waits until the runner is ready, and starts the threads. An error is the runner's reason.
    pub fn go_on(mut self) -> Result<Hook, String> {
        let said = next_news(&mut self.news).unwrap_or_default();
        if said != READY {
            let unsaid = "the process that is to run them ended".to_owned();
            return Err(if said.is_empty() { unsaid } else { said });
        }
        let shared = Arc::new(Shared::default());
        let (sender, receiver) = bounded(QUEUE);
        let thread = |name: &str| Builder::new().name(name.to_owned());
        let (here, lines) = (Arc::clone(&shared), self.lines);
        thread("hook-lines")
            .spawn(move || pass_on(&receiver, lines, &here))
            .map_err(|error| error.to_string())?;
        let (here, mut news) = (Arc::clone(&shared), self.news);
        thread("hook-news")
            .spawn(move || {
                while let Some(news) = next_news(&mut news) {
                    here.count(|counts| counts.take(&news));
                }
                here.count(|counts| counts.gone = true);
            })
            .map_err(|error| error.to_string())?;
        Ok(Hook { child: self.child, sender: Some(sender), shared })
    }
}

/// Has a command run for each line; never waits.
#[derive(Debug)]
pub struct Hook {
    child: Child,
    sender: Option<Sender<Box<[u8]>>>,
    shared: Arc<Shared>,
}

impl Hook {
    /// A handle to give lines to.
    #[must_use]
    pub fn lines(&self) -> Option<Lines> {
        Some(Lines { sender: self.sender.clone()?, shared: Arc::clone(&self.shared) })
    }

    /// What became of lines so far.
    #[must_use]
    pub fn counts(&self) -> HookCounts {
        self.shared.counts()
    }

    /// Lets what waits be run for at most `patience`, then drops it; all [`Lines`] must be gone. A
    /// runner that still runs something then ends by itself.
    pub fn finish(mut self, patience: Duration) -> HookCounts {
        self.sender = None;
        let until = Instant::now() + patience;
        while Instant::now() < until && !self.counts().gone {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.shared.discard.store(true, Ordering::Release);
        let mut counts = self.counts();
        counts.dropped += self.shared.lines.load(Ordering::Acquire);
        if counts.gone {
            // it closed its pipe: it ends now, and whether it could say how does not matter
            self.child.wait().map(drop).unwrap_or_default();
        }
        counts
    }
}

/// Takes lines for a [`Hook`].
#[derive(Clone, Debug)]
pub struct Lines {
    sender: Sender<Box<[u8]>>,
    shared: Arc<Shared>,
}

impl Lines {
    /// Has a command run for a line, which ends with its line feed; or drops and counts it.
    pub fn give(&self, line: &[u8]) {
        let drop = || self.shared.count(|counts| counts.dropped += 1);
        let waiting = self.shared.waiting.fetch_add(line.len(), Ordering::AcqRel);
        if line.len() > LINE || waiting + line.len() > WAITING {
            self.shared.waiting.fetch_sub(line.len(), Ordering::AcqRel);
            return drop();
        }
        self.shared.lines.fetch_add(1, Ordering::AcqRel);
        match self.sender.try_send(line.into()) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.waiting.fetch_sub(line.len(), Ordering::AcqRel);
                self.shared.lines.fetch_sub(1, Ordering::AcqRel);
                drop();
            }
        }
    }
}

/// Writes lines to the runner, which takes them when it can; it ends with the queue or the runner.
fn pass_on(lines: &Receiver<Box<[u8]>>, mut to: ChildStdin, shared: &Shared) {
    for line in lines {
        let unwanted = shared.discard.load(Ordering::Acquire);
        if unwanted || to.write_all(&line).is_err() {
            shared.count(|counts| counts.dropped += 1);
        }
        shared.waiting.fetch_sub(line.len(), Ordering::AcqRel);
        shared.lines.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The next line the runner says; none when it is gone.
fn next_news(news: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = Vec::new();
    let number = news.by_ref().take(NEWS).read_until(b'\n', &mut line).ok()?;
    let text = String::from_utf8_lossy(&line);
    (number > 0).then(|| text.trim_end().to_owned())
}

impl HookCounts {
    /// Counts the outcome of a command as the runner reports it.
    fn take(&mut self, said: &str) {
        let (what, detail) = said.split_once(' ').unwrap_or((said, ""));
        let number = match what {
            news::BEGUN => return,
            news::AGAIN => {
                self.again += 1;
                self.trouble = Some(escape_text(detail).into_owned());
                return;
            }
            news::OK => {
                self.trouble = None;
                return self.succeeded += 1;
            }
            news::OVERDUE => &mut self.overdue,
            news::NOT_STARTED => &mut self.not_started,
            _ => &mut self.failed,
        };
        *number += 1;
        self.last_failure = Some(match what {
            news::REFUSED => {
                self.trouble = None;
                escape_text(detail).into_owned()
            }
            news::OVERDUE => "it took too long and was ended".to_owned(),
            news::NOT_STARTED => format!("it cannot be started: {}", escape_text(detail)),
            news::SIGNAL => format!("it ended by signal {}", escape_text(detail)),
            _ => format!("it ended with status {}", escape_text(detail)),
        });
    }
}
