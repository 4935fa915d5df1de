//! The screen on live traffic: a thread follows it and shows snapshots as they change.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use super::budget::Front;
use super::kept::Shared;
use super::{Following, Needs, Ready, status};
use crate::app::evidence::Evidence;
use crate::app::screen::desk::Clerk;
use crate::app::screen::judging::Judging;
use crate::app::screen::{WAITING, start};
use crate::app::{Failure, Outcome};
use crate::cli::{LiveSettings, TuiSettings};
use crate::tui::{self, Live, News};

/// Between two tellings of the time and of what was lost.
const STATUS: Duration = Duration::from_millis(250);
/// When names that were asked for have come.
const NAMES: Duration = Duration::from_secs(2);

/// Shows what comes until the user quits.
pub(in crate::app) fn run(settings: &TuiSettings, live: &LiveSettings) -> Result<Outcome, Failure> {
    let save = env::current_dir().ok();
    let needs = Needs { front: Front::Screen, save, resolve: settings.resolve, ..Needs::default() };
    let ready = Ready::open(live, &needs)?;
    let kept = Shared::new(ready.budget.kept);
    #[cfg(feature = "hep")]
    let kept = kept.listening_at(ready.opening.address());
    let mut following = ready.begin(live, &needs)?;
    following.engine.keep(kept.clone());
    let (send, news) = bounded(WAITING);
    let zone = &settings.options.zone;
    let desk = &mut Clerk::start(Evidence::Kept(kept), None, zone, send.clone())?;
    let judging = Judging::start(send.clone(), Duration::ZERO)?;
    let stop = Arc::new(AtomicBool::new(false));
    let feed = Feed {
        following,
        expected: settings.expected.clone(),
        resolve: settings.resolve,
        judging,
        news: send,
        stop: Arc::clone(&stop),
    };
    let thread = Builder::new()
        .name("feed".to_owned())
        .spawn(move || feed.run())
        .map_err(|error| Failure::Start("feed", error))?;
    let result = tui::run(start(settings), &news, desk);
    stop.store(true, Ordering::Relaxed);
    // the feed no longer waits for room in it
    drop(news);
    for sentence in thread.join().map_err(|_| Failure::Thread("feed"))? {
        status(zone, &sentence);
    }
    result?;
    Ok(Outcome::Done)
}

/// What is followed, and where its news go.
struct Feed {
    following: Following,
    expected: Vec<String>,
    resolve: bool,
    judging: Judging,
    news: Sender<News>,
    stop: Arc<AtomicBool>,
}

impl Feed {
    /// Follows until it is stopped or the time is over; returns what is reported at the end.
    fn run(mut self) -> Vec<String> {
        let mut status_due = Instant::now();
        let mut seen = None;
        let mut names_due = None;
        while !self.stop.load(Ordering::Relaxed) && !self.following.is_over() {
            if let Err(failure) = self.following.step() {
                drop(self.news.send(News::Failed(failure.to_string())));
                break;
            }
            let now = Instant::now();
            if now >= status_due {
                status_due = now + STATUS;
                self.tell();
            }
            let has_names = names_due.is_some_and(|due| now >= due);
            if self.judging.is_due() && (self.has_changed(&mut seen) || has_names) {
                self.judging.look(|| self.following.snapshot(&self.expected));
                // those that were asked for now are shown then, whatever else happens
                names_due = (self.resolve && !has_names).then(|| now + NAMES);
            }
        }
        self.following.end();
        if !self.stop.load(Ordering::Relaxed) {
            self.tell();
            self.judging.finish(|| self.following.snapshot(&self.expected));
        }
        self.following.take_said()
    }

    /// Whether there is something new to show: messages, or what time alone changed.
    fn has_changed(&mut self, seen: &mut Option<u64>) -> bool {
        let engine = &mut self.following.engine;
        let messages = Some(engine.messages());
        let has_changed = !engine.changes().is_empty() || *seen != messages;
        *seen = messages;
        has_changed
    }

    fn tell(&mut self) {
        let following = &mut self.following;
        let live = Live {
            clock: following.engine.clock(),
            packets: following.engine.packets().read,
            lag: following.lag(),
            lost: following.lost_by_whom(),
            trouble: following.trouble().map(str::to_owned),
            said: following.take_said(),
        };
        // one that finds no room is followed by the next, but what is said is said once
        if let Err(error) = self.news.try_send(News::Live(live))
            && let News::Live(live) = error.into_inner()
        {
            following.say_again(live.said);
        }
    }
}
