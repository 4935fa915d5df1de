//! Reads while the screen is shown, and lets it see now and then how far it is.
//!
//! ```text
//!  feed ── snapshot ──▶ judge ── Data ──▶ screen
//!    └──────────── progress ──────────────▶
//! ```

use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::Sender;

use super::judging::Judging;
use crate::app::pipeline::Plan;
use crate::app::{Failure, shown};
use crate::capture::Capture;
use crate::registration::{SnapshotOptions, Tracker};
use crate::tui::News;

/// When the first snapshot is taken: soon.
const FIRST: Duration = Duration::from_millis(60);

/// Begins to read; the results go to `news`.
pub(super) fn start(
    plan: Plan,
    expected: Vec<String>,
    resolve: bool,
    news: Sender<News>,
) -> Result<(), Failure> {
    let judging = Judging::start(news.clone(), FIRST)?;
    Builder::new()
        .name("feed".to_owned())
        .spawn(move || feed(plan, expected, resolve, judging, &news))
        .map_err(|error| Failure::Start("feed", error))?;
    Ok(())
}

#[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "nobody is asked for names"))]
fn feed(
    plan: Plan,
    expected: Vec<String>,
    resolve: bool,
    mut judging: Judging,
    news: &Sender<News>,
) {
    let files = plan.inputs().to_vec();
    let progress = news.clone();
    let plan = plan.telling(Box::new(move |at| {
        // the next one will do as well
        drop(progress.try_send(News::Progress(at.bytes_read, at.total_bytes)));
    }));
    let options = SnapshotOptions { at: None, expected };
    let mut look = |tracker: &mut Tracker| {
        if judging.is_due() {
            let capture = Capture { files: files.clone(), ..Capture::default() };
            judging.look(|| (shown(tracker.snapshot(&options)), capture));
        }
    };
    match plan.run_watched(None, Some(&mut look)) {
        #[cfg_attr(not(feature = "live"), expect(unused_mut, reason = "nobody is asked for names"))]
        Ok(mut trace) => {
            let options = SnapshotOptions { at: trace.at, ..options };
            #[cfg(feature = "live")]
            if resolve && let Ok(mut lookup) = crate::app::hosts::Lookup::of_names(true) {
                // the DNs are shown before their names are known
                let capture = trace.capture.clone();
                judging.look(|| (shown(trace.tracker.snapshot(&options)), capture));
                let snapshot = trace.tracker.snapshot(&options);
                trace.capture.hosts = lookup.look_patiently(&snapshot);
            }
            judging.finish(|| (shown(trace.tracker.finish(&options)), trace.capture));
        }
        Err(failure) => drop(news.send(News::Failed(failure.to_string()))),
    }
}
