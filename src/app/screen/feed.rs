//! Reads while the screen is shown, and lets it see now and then how far it is.
//!
//! ```text
//!  feed ── snapshot ──▶ judge ── Data ──▶ screen
//!    └──────────── progress ──────────────▶
//! ```

use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::judge;
use crate::app::pipeline::Plan;
use crate::app::{Failure, shown};
use crate::capture::Capture;
use crate::registration::{Snapshot, SnapshotOptions, Tracker};
use crate::tui::News;

/// When the first snapshot is taken: soon.
const FIRST: Duration = Duration::from_millis(60);
/// Between two looks, at least.
const BETWEEN: Duration = Duration::from_millis(300);
/// Looking takes at most this part of the time.
const SHARE: u32 = 8;

/// A snapshot to be judged; `None` once everything is read.
pub(in crate::app) type Seen = Option<(Snapshot, Capture)>;

/// Begins to read; the results go to `news`.
pub(super) fn start(
    plan: Plan,
    expected: Vec<String>,
    resolve: bool,
    news: Sender<News>,
) -> Result<(), Failure> {
    let to_judge = judge_on_a_thread(news.clone())?;
    Builder::new()
        .name("feed".to_owned())
        .spawn(move || feed(plan, expected, resolve, &to_judge, &news))
        .map_err(|error| Failure::Start("feed", error))?;
    Ok(())
}

/// Starts the thread that makes of snapshots what is shown.
pub(in crate::app) fn judge_on_a_thread(news: Sender<News>) -> Result<Sender<Seen>, Failure> {
    let (to_judge, seen) = bounded(1);
    Builder::new()
        .name("judge".to_owned())
        .spawn(move || judged(&seen, &news))
        .map_err(|error| Failure::Start("judge", error))?;
    Ok(to_judge)
}

/// Judges what was seen until there is no more, and says then that all is read.
fn judged(seen: &Receiver<Seen>, news: &Sender<News>) {
    for one in seen {
        let told = match one {
            Some((snapshot, capture)) => News::Data(Arc::new(judge(snapshot, capture))),
            None => News::Finished,
        };
        // a screen that is gone needs no news
        if news.send(told).is_err() {
            return;
        }
    }
}

#[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "nobody is asked for names"))]
fn feed(
    plan: Plan,
    expected: Vec<String>,
    resolve: bool,
    to_judge: &Sender<Seen>,
    news: &Sender<News>,
) {
    let files = plan.inputs().to_vec();
    let progress = news.clone();
    let plan = plan.telling(Box::new(move |at| {
        // the next one will do as well
        drop(progress.try_send(News::Progress(at.bytes_read, at.total_bytes)));
    }));
    let options = SnapshotOptions { at: None, expected };
    let (mut due, mut looked) = (Instant::now() + FIRST, 0);
    let mut look = |tracker: &mut Tracker| {
        let now = Instant::now();
        if now < due || to_judge.is_full() {
            return;
        }
        let capture = Capture { files: files.clone(), ..Capture::default() };
        drop(to_judge.try_send(Some((shown(tracker.snapshot(&options)), capture))));
        looked += 1;
        due = Instant::now() + BETWEEN.max(now.elapsed() * SHARE);
    };
    match plan.run_watched(None, Some(&mut look)) {
        #[cfg_attr(not(feature = "live"), expect(unused_mut, reason = "nobody is asked for names"))]
        Ok(mut trace) => {
            let options = SnapshotOptions { at: trace.at, ..options };
            #[cfg(feature = "live")]
            if resolve && let Ok(mut lookup) = crate::app::hosts::Lookup::of_names(true) {
                // the DNs are shown before their names are known
                let snapshot = shown(trace.tracker.snapshot(&options));
                drop(to_judge.send(Some((snapshot, trace.capture.clone()))));
                let snapshot = trace.tracker.snapshot(&options);
                trace.capture.hosts = lookup.look_patiently(&snapshot);
            }
            let snapshot = shown(trace.tracker.finish(&options));
            drop(to_judge.send(Some((snapshot, trace.capture))));
            drop(to_judge.send(None));
        }
        Err(failure) => drop(news.send(News::Failed(failure.to_string()))),
    }
}
