//! `regscope watch`: reports every change of a DN's state, and every finding, as it happens.

use std::io::{Write as _, stderr};

use super::signals::Signals;
use super::{Following, Needs, status};
use crate::app::{BufWriter, Failure, Outcome, Standard};
use crate::cli::WatchSettings;
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::report::{self, View};
use crate::select::Selection;

#[cfg(feature = "exec")]
mod exec;
#[cfg(feature = "metrics")]
mod metrics;
mod ndjson;
mod output;
mod risks;
mod text;
mod watcher;

use output::Output;
use watcher::Watcher;

/// Opens everything, gives up rights, then watches until a signal or the time ends it.
pub(in crate::app) fn run(settings: &WatchSettings) -> Result<Outcome, Failure> {
    let signals = Signals::register()?;
    // before anything is open that it would inherit, and before programs are out of reach
    #[cfg(feature = "exec")]
    let runner = exec::start(settings)?;
    #[cfg(feature = "metrics")]
    let bound = metrics::open(settings)?;
    let needs = Needs { resolve: settings.resolve, ..Needs::default() };
    let following = Following::start(&settings.live, &needs, "watching")?;
    let zone = settings.zone.clone();
    let output = Output::new(crate::app::output(), settings.format, zone, following.inputs.clone());
    let watcher = Watcher::new(output, settings.expected.clone(), crate::net::Timestamp::now());
    let mut run = Run {
        settings,
        following,
        watcher,
        #[cfg(feature = "exec")]
        exec: None,
        #[cfg(feature = "metrics")]
        metrics: None,
    };
    run.tell();
    #[cfg(feature = "exec")]
    if let Some(runner) = runner {
        run.execute(runner)?;
    }
    #[cfg(feature = "metrics")]
    if let Some(bound) = bound {
        run.show(bound)?;
    }
    run.watch(&signals)?;
    run.end()
}

/// What runs.
struct Run<'s> {
    settings: &'s WatchSettings,
    following: Following,
    watcher: Watcher<BufWriter<Standard>>,
    #[cfg(feature = "exec")]
    exec: Option<exec::Exec>,
    #[cfg(feature = "metrics")]
    metrics: Option<metrics::Metrics>,
}

impl Run<'_> {
    #[cfg(feature = "exec")]
    fn execute(&mut self, runner: crate::hook::Runner) -> Result<(), Failure> {
        let exec = exec::Exec::go_on(runner)?;
        self.watcher.give_lines_to(exec.lines());
        self.exec = Some(exec);
        self.status(
            "for each line the command of --exec is run, as the same user and not fenced off",
        );
        Ok(())
    }

    #[cfg(feature = "metrics")]
    fn show(&mut self, bound: crate::metrics::Bound) -> Result<(), Failure> {
        let per_dn = self.settings.metrics.is_some_and(|metrics| metrics.per_dn);
        let address = bound.address();
        let dns = crate::metrics::DnGauges::new(&self.settings.expected, per_dn);
        self.watcher.count_in(dns, per_dn);
        self.metrics = Some(metrics::Metrics::start(bound)?);
        self.publish();
        self.status(&format!("metrics are at http://{address}/metrics"));
        Ok(())
    }

    fn watch(&mut self, signals: &Signals) -> Result<(), Failure> {
        while !signals.is_end() && !self.following.is_over() {
            self.following.step()?;
            self.turn(false)?;
            if signals.take_report() {
                self.report()?;
            }
        }
        Ok(())
    }

    /// Reports everything that is due, on every output.
    fn turn(&mut self, last: bool) -> Result<(), Failure> {
        self.watcher.note_inputs(&self.following.inputs);
        self.watcher.turn(&mut self.following.engine, last)?;
        self.tell();
        #[cfg(feature = "exec")]
        if let Some(news) = self.exec.as_mut().and_then(exec::Exec::news) {
            self.status(&news);
        }
        #[cfg(feature = "metrics")]
        self.publish();
        Ok(())
    }

    #[cfg(feature = "metrics")]
    fn publish(&mut self) {
        let (Some(metrics), Some(dns)) = (&mut self.metrics, self.watcher.dns()) else { return };
        let (risks, cluster) = (self.watcher.risks(), self.watcher.cluster());
        let failed = metrics.publish(&self.following, dns, |families| {
            risks.add_to(families);
            cluster.add_to(families);
            #[cfg(feature = "exec")]
            if let Some(exec) = &self.exec {
                metrics::of_commands(&exec.counts(), families);
            }
        });
        if let Some(failed) = failed {
            self.status(&failed);
        }
    }

    /// Drains the queue, prints the last changes and the report, then the totals.
    fn end(mut self) -> Result<Outcome, Failure> {
        self.following.end();
        self.turn(true)?;
        #[cfg(feature = "exec")]
        if let Some(exec) = self.exec.take() {
            self.watcher.give_lines_to(None);
            let ran = exec.finish();
            self.status(&ran);
        }
        let lost = self.following.lost();
        let lost = if lost.is_empty() { "nothing was lost".to_owned() } else { lost };
        let fail_on = &self.settings.fail_on;
        let is_named = |view: &View<'_>| {
            view.dns().any(|dn| {
                let own = (dn.state().verdict, dn.state().state());
                fail_on.iter().any(|fail_on| fail_on.names(own))
            })
        };
        let mut text = Vec::new();
        let (dns, found, written) = self.with_view(|view| {
            let written = report::text::write(view, &mut text);
            (report::headline(view), is_named(view), written)
        });
        written?;
        // without standard error there is nothing to do
        drop(stderr().write_all(&text));
        let totals = self.following.totals();
        self.status(&format!("{totals}; {dns}; {lost}"));
        Ok(if found { Outcome::Found } else { Outcome::Done })
    }

    /// Says what is not about DNs.
    fn tell(&mut self) {
        for sentence in self.following.take_said() {
            self.status(&sentence);
        }
    }

    fn status(&self, sentence: &str) {
        status(&self.settings.zone, sentence);
    }

    /// The report of the moment, on standard error.
    fn report(&mut self) -> Result<(), Failure> {
        let mut text = Vec::new();
        self.with_view(|view| report::text::write(view, &mut text))?;
        // without standard error there is nothing to do
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
