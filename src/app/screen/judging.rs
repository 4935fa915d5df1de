//! The thread that makes what is shown out of snapshots, and how often it gets one.

use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::judge;
use crate::app::Failure;
use crate::capture::Capture;
use crate::registration::Snapshot;
use crate::tui::News;

/// Between two snapshots, at least.
const BETWEEN: Duration = Duration::from_millis(300);
/// Between two snapshots, so many times what the last one took to take and to judge.
const TIMES: u32 = 4;

/// Judges snapshots on a thread of its own and passes on the news.
pub(in crate::app) struct Judging {
    /// `None` once everything is read.
    snapshots: Sender<Option<(Snapshot, Capture)>>,
    judged: Receiver<Duration>,
    /// The last snapshot: when it was there, and how long it took to take it.
    last: Option<(Instant, Duration)>,
    /// When another one may be taken; not before the last is judged.
    due: Option<Instant>,
}

impl Judging {
    /// Starts the thread; the first snapshot is due after `first`.
    pub(in crate::app) fn start(news: Sender<News>, first: Duration) -> Result<Self, Failure> {
        let (snapshots, seen) = bounded(1);
        let (done, judged) = bounded(1);
        Builder::new()
            .name("judge".to_owned())
            .spawn(move || run(&seen, &done, &news))
            .map_err(|error| Failure::Start("judge", error))?;
        Ok(Self { snapshots, judged, last: None, due: Some(Instant::now() + first) })
    }

    /// Whether it is time for another snapshot.
    pub(in crate::app) fn is_due(&mut self) -> bool {
        if let Some((end, taking)) = self.last
            && let Ok(judging) = self.judged.try_recv()
        {
            self.due = Some(end + BETWEEN.max((taking + judging) * TIMES));
        }
        self.due.is_some_and(|due| Instant::now() >= due)
    }

    /// Hands over the snapshot that `take` takes.
    pub(in crate::app) fn look(&mut self, take: impl FnOnce() -> (Snapshot, Capture)) {
        let begin = Instant::now();
        let seen = take();
        self.last = Some((Instant::now(), begin.elapsed()));
        self.due = None;
        // a thread that is gone has no screen
        let _ = self.snapshots.send(Some(seen));
    }

    /// Hands over the last snapshot, behind which there is nothing.
    pub(in crate::app) fn finish(&mut self, take: impl FnOnce() -> (Snapshot, Capture)) {
        self.look(take);
        let _ = self.snapshots.send(None);
    }
}

/// Judges what was seen until there is no more, and says then that all is read.
fn run(seen: &Receiver<Option<(Snapshot, Capture)>>, done: &Sender<Duration>, news: &Sender<News>) {
    for one in seen {
        let begin = Instant::now();
        let result = match one {
            Some((snapshot, capture)) => News::Data(Arc::new(judge(snapshot, capture))),
            None => News::Finished,
        };
        // one that nobody waits for is of no use
        let _ = done.try_send(begin.elapsed());
        // a screen that is gone needs no news
        if news.send(result).is_err() {
            return;
        }
    }
}
