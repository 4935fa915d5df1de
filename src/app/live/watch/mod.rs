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
#[cfg(any(feature = "exec", feature = "webhook"))]
mod notify;
mod output;
#[cfg(feature = "webhook")]
mod post;
mod risks;
#[cfg(any(feature = "exec", feature = "webhook"))]
mod state;
mod text;
mod watcher;

use output::Output;
use watcher::Watcher;

/// Opens everything, gives up rights, then watches until a signal or the time ends it.
pub(in crate::app) fn run(settings: &WatchSettings) -> Result<Outcome, Failure> {
    let signals = Signals::register()?;
    // before anything is open that it would inherit, and before programs are out of reach
    #[cfg(any(feature = "exec", feature = "webhook"))]
    let prepared = notify::prepare(settings)?;
    #[cfg(feature = "metrics")]
    let bound = metrics::open(settings)?;
    #[cfg(any(feature = "exec", feature = "webhook"))]
    let state = settings.notify.state.clone();
    #[cfg(not(any(feature = "exec", feature = "webhook")))]
    let state = None;
    let needs = Needs { resolve: settings.resolve, state, ..Needs::default() };
    let following = Following::start(&settings.live, &needs, "watching")?;
    let zone = settings.zone.clone();
    let output = Output::new(crate::app::output(), settings.format, zone, following.inputs.clone());
    let watcher = Watcher::new(output, settings.expected.clone(), crate::net::Timestamp::now());
    let mut run = Run {
        settings,
        following,
        watcher,
        #[cfg(any(feature = "exec", feature = "webhook"))]
        notifier: None,
        #[cfg(feature = "metrics")]
        metrics: None,
    };
    run.tell();
    #[cfg(any(feature = "exec", feature = "webhook"))]
    if let Some(prepared) = prepared {
        run.notify(prepared)?;
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
    #[cfg(any(feature = "exec", feature = "webhook"))]
    notifier: Option<notify::Notifier>,
    #[cfg(feature = "metrics")]
    metrics: Option<metrics::Metrics>,
}

impl Run<'_> {
    #[cfg(any(feature = "exec", feature = "webhook"))]
    fn notify(&mut self, prepared: notify::Prepared) -> Result<(), Failure> {
        let mut said = Vec::new();
        let begun = notify::Notifier::begin(prepared, self.settings, &mut said);
        self.say(&said);
        self.notifier = Some(begun?);
        self.watcher.output().keep_news(self.settings.notify.on.clone());
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
        #[cfg(any(feature = "exec", feature = "webhook"))]
        if let Some(notifier) = &mut self.notifier {
            let news = self.watcher.output().take_news();
            let mut said = Vec::new();
            notifier.turn(news, self.following.engine.clock(), &mut said);
            self.say(&said);
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
            #[cfg(any(feature = "exec", feature = "webhook"))]
            if let Some(notifier) = &self.notifier {
                notifier.add_to(families);
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
        #[cfg(any(feature = "exec", feature = "webhook"))]
        if let Some(notifier) = self.notifier.take() {
            let news = self.watcher.output().take_news();
            let said = notifier.finish(news, self.following.engine.clock());
            self.say(&said);
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

    #[cfg(any(feature = "exec", feature = "webhook"))]
    fn say(&self, sentences: &[String]) {
        for sentence in sentences {
            self.status(sentence);
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
            columns: &[],
            zone: &self.settings.zone,
            style: self.settings.style,
        })
    }
}
