//! `regscope FILE…` and `regscope tui`: the screen on what is being read.

use std::io::{IsTerminal as _, stdout};

use crossbeam_channel::bounded;

use super::pipeline::Plan;
use super::{Failure, Outcome};
use crate::cli::{InputSettings, TuiSettings};
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::registration::{Snapshot, SnapshotOptions};
use crate::tui::{self, Data, Fetched, MessageKey, State};

mod desk;
mod feed;

/// News that may wait for the screen.
const WAITING: usize = 64;

/// Reads, and shows what is read until the user quits.
pub(super) fn run(settings: &TuiSettings) -> Result<Outcome, Failure> {
    if !stdout().is_terminal() {
        return Err(Failure::Usage(
            "the screen needs a terminal; `regscope report` prints what it would show".to_owned(),
        ));
    }
    let plan = Plan::new(&settings.input, settings.at.as_ref(), &settings.options.zone)?;
    let (send, news) = bounded(WAITING);
    let desk = &mut desk::Files::start(&settings.input, &settings.options.zone, send.clone())?;
    feed::start(plan, settings.expected.clone(), send)?;
    let state = State::new(settings.options.clone(), (80, 24));
    tui::run(state, &news, desk)?;
    Ok(Outcome::Done)
}

/// What a screen shows of captures, read to their end.
pub fn read(input: &InputSettings) -> Result<Data, Failure> {
    let trace = Plan::new(input, None, &jiff::tz::TimeZone::UTC)?.run(None)?;
    let snapshot = trace.tracker.finish(&SnapshotOptions { at: trace.at, expected: Vec::new() });
    Ok(judge(snapshot, trace.capture))
}

/// Messages of captures, as a screen asks for them.
pub fn fetch(
    input: &InputSettings,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Option<Fetched>)>, Failure> {
    desk::read(input, keys)
}

/// Makes of a snapshot what is shown.
fn judge(snapshot: Snapshot, capture: crate::capture::Capture) -> Data {
    let contrast = contrast(&snapshot);
    let findings = diagnose(&snapshot);
    Data::new(snapshot, capture, contrast, findings)
}
