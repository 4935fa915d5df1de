//! `regscope FILE…` and `regscope tui`: the screen on what is being read.

use std::io::{IsTerminal as _, stdout};

use crossbeam_channel::{Sender, bounded};

use super::evidence::Evidence;
use super::pipeline::Plan;
use super::rights::{self, Needs};
use super::{Failure, Outcome};
use crate::cli::{Input, InputSettings, TuiSettings};
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::net::FrameRef;
use crate::registration::{Snapshot, SnapshotOptions};
use crate::tui::{self, Data, Fetched, LogLine, MessageKey, News, State};

pub(super) mod desk;
pub(super) mod feed;
pub(super) mod judging;

/// News that may wait for the screen.
pub(super) const WAITING: usize = 64;

/// Reads, and shows what is read until the user quits.
pub(super) fn run(settings: &TuiSettings) -> Result<Outcome, Failure> {
    if !stdout().is_terminal() {
        return Err(Failure::Usage(
            "the screen needs a terminal; `regscope report` prints what it would show".to_owned(),
        ));
    }
    #[cfg_attr(
        not(any(feature = "live", feature = "hep")),
        expect(clippy::infallible_destructuring_match, reason = "there is one kind of input")
    )]
    let input = match &settings.input {
        Input::Files(input) => input,
        #[cfg(any(feature = "live", feature = "hep"))]
        Input::Live(live) => return super::live::screen::run(settings, live),
    };
    #[cfg(feature = "live")]
    if let Some(live) = stream(settings) {
        return super::live::screen::run(settings, live);
    }
    rights::begin();
    let plan = Plan::new(input, settings.at.as_ref(), &settings.options.zone)?;
    let needs = Needs { resolve: settings.resolve, saves: true, ..Needs::default() };
    rights::give_up(input, plan.inputs(), &needs)?;
    let (send, news) = bounded(WAITING);
    let evidence = Evidence::Files(input.clone());
    let again = again(settings, input, &send);
    let desk = &mut desk::Clerk::start(evidence, again, &settings.options.zone, send.clone())?;
    feed::start(plan, settings.expected.clone(), settings.resolve, send)?;
    tui::run(start(settings), &news, desk)?;
    Ok(Outcome::Done)
}

/// How everything is read once more; standard input is read once.
fn again(
    settings: &TuiSettings,
    input: &InputSettings,
    news: &Sender<News>,
) -> Option<desk::Again> {
    if input.has_standard_input() {
        return None;
    }
    let (at, zone) = (settings.at.clone(), settings.options.zone.clone());
    let (expected, resolve) = (settings.expected.clone(), settings.resolve);
    let (input, news) = (input.clone(), news.clone());
    Some(Box::new(move |names| {
        let input = InputSettings { extras: names.into(), ..input.clone() };
        let plan = Plan::new(&input, at.as_ref(), &zone)?;
        feed::start(plan, expected.clone(), resolve, news.clone())
    }))
}

/// How standard input is followed, if a program writes a capture into it.
#[cfg(feature = "live")]
fn stream(settings: &TuiSettings) -> Option<&crate::cli::LiveSettings> {
    settings.stream.as_deref().filter(|_| crate::source::live::standard_input_is_fed())
}

/// The screen as it begins; it learns the terminal's size later.
pub(super) fn start(settings: &TuiSettings) -> State {
    State::new(settings.options.clone(), (80, 24))
}

/// What a screen shows of captures, read to their end.
pub fn read(input: &InputSettings) -> Result<Data, Failure> {
    let trace = Plan::new(input, None, &jiff::tz::TimeZone::UTC)?.run(None)?;
    let options = SnapshotOptions { at: trace.at, expected: Vec::new() };
    Ok(judge(super::shown(trace.tracker.finish(&options)), trace.capture))
}

/// Messages of captures, as a screen asks for them.
pub fn fetch(
    input: &InputSettings,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Option<Fetched>)>, Failure> {
    desk::read(&Evidence::Files(input.clone()), keys)
}

/// The lines of a log around one of them, as a screen asks for them.
pub fn lines(input: &InputSettings, place: FrameRef, data: &Data) -> Result<Vec<LogLine>, Failure> {
    Evidence::Files(input.clone()).lines(place, &data.capture)
}

/// Makes of a snapshot what is shown.
fn judge(snapshot: Snapshot, capture: crate::capture::Capture) -> Data {
    let contrast = contrast(&snapshot);
    let findings = diagnose(&snapshot);
    Data::new(snapshot, capture, contrast, findings)
}
