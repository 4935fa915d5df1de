//! `regscope watch`: tells every change of a DN's state, and every finding, as it comes.

use std::io::{Write as _, stderr};

use super::signals::Signals;
use super::{Following, Needs, status};
use crate::app::{BufWriter, Failure, Outcome, Stdout};
use crate::cli::WatchSettings;
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::report::{self, View};
use crate::select::Selection;

mod ndjson;
mod output;
mod text;
mod watcher;

use output::Output;
use watcher::Watcher;

/// Opens everything, gives up rights, then watches until it is told to end.
pub(in crate::app) fn run(settings: &WatchSettings) -> Result<Outcome, Failure> {
    let signals = Signals::register()?;
    let mut following = Following::start(&settings.live, &Needs::default(), "watching")?;
    let inputs = following.inputs.clone();
    let zone = settings.zone.clone();
    let output = Output::new(crate::app::output(), settings.format, zone, inputs);
    let watcher = Watcher::new(output, settings.expected.clone(), super::wall_clock());
    tell(settings, &mut following);
    let mut run = Run { settings, following, watcher };
    run.watch(&signals)?;
    run.end()?;
    Ok(Outcome::Done)
}

/// What runs.
struct Run<'s> {
    settings: &'s WatchSettings,
    following: Following,
    watcher: Watcher<BufWriter<Stdout>>,
}

impl Run<'_> {
    fn watch(&mut self, signals: &Signals) -> Result<(), Failure> {
        while !signals.is_end() && !self.following.is_over() {
            self.following.step()?;
            self.watcher.turn(&mut self.following.engine, false)?;
            tell(self.settings, &mut self.following);
            if signals.take_report() {
                self.report()?;
            }
        }
        Ok(())
    }

    /// Takes what is left, tells the last changes and what there was in all.
    fn end(mut self) -> Result<(), Failure> {
        self.following.end();
        self.watcher.turn(&mut self.following.engine, true)?;
        tell(self.settings, &mut self.following);
        let lost = self.following.lost();
        let lost = if lost.is_empty() { "nothing was lost".to_owned() } else { lost };
        let dns = self.with_view(report::headline);
        let totals = self.following.totals();
        status(&self.settings.zone, &format!("{totals}; {dns}; {lost}"));
        Ok(())
    }

    /// The report of the moment, on standard error.
    fn report(&mut self) -> Result<(), Failure> {
        let mut text = Vec::new();
        self.with_view(|view| report::text::write(view, &mut text))?;
        // without standard error there is nobody to tell
        drop(stderr().write_all(&text));
        Ok(())
    }

    fn with_view<T>(&mut self, then: impl FnOnce(&View<'_>) -> T) -> T {
        let (snapshot, capture) = self.following.snapshot(&self.settings.expected);
        let (contrast, findings) = (contrast(&snapshot), diagnose(&snapshot));
        then(&View {
            snapshot: &snapshot,
            capture: &capture,
            findings: &findings,
            contrast: &contrast,
            selection: &Selection::default(),
            zone: &self.settings.zone,
            style: self.settings.style,
        })
    }
}

/// Says what is not about DNs.
fn tell(settings: &WatchSettings, following: &mut Following) {
    for sentence in following.take_said() {
        status(&settings.zone, &sentence);
    }
}
