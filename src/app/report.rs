//! `regscope report`.

use std::io::Write as _;

use super::interrupt;
use super::pipeline::{Plan, Trace};
use super::rights::{self, Needs};
use super::{Failure, Outcome, secrets};
use crate::capture::Capture;
use crate::cli::{Input, ReportFormat, ReportSettings};
use crate::compare::contrast;
use crate::diagnosis::{Finding, diagnose, rank};
use crate::parallel;
use crate::registration::{Snapshot, SnapshotOptions};
use crate::report::{View, csv, json, markdown, text};
use crate::select::Selection;

/// Reads everything, judges it, and prints the report.
pub(super) fn run(settings: &ReportSettings) -> Result<Outcome, Failure> {
    #[cfg_attr(
        not(any(feature = "live", feature = "hep")),
        expect(clippy::infallible_destructuring_match, reason = "there is one kind of input")
    )]
    let input = match &settings.input {
        Input::Files(files) => files,
        #[cfg(any(feature = "live", feature = "hep"))]
        Input::Live(live) => return super::live::report::run(settings, live),
    };
    rights::begin();
    interrupt::ends_standard_input(input);
    let secrets = secrets::read(settings.secret_file.as_deref())?;
    let plan = Plan::new(input, settings.at.as_ref(), &settings.zone)?;
    let needs = Needs { resolve: settings.resolve, ..Needs::default() };
    rights::give_up(input, plan.inputs(), &needs)?;
    let (trace, of_passwords) = secrets::run(plan, secrets.as_ref())?;
    #[cfg_attr(not(feature = "live"), expect(unused_mut, reason = "nobody is asked for names"))]
    let Trace { tracker, mut capture, at } = trace;
    let options = SnapshotOptions { at, expected: settings.expected.clone() };
    let snapshot = super::shown(tracker.finish(&options));
    #[cfg(feature = "live")]
    if settings.resolve {
        capture.hosts = super::hosts::Lookup::of_names(true)?.look_patiently(&snapshot);
    }
    super::asked::some_match(&snapshot, settings.selection.dns.as_ref())?;
    let selection =
        super::asked::narrowed(&snapshot, &settings.selection, settings.filter.as_ref())?;
    let outcome = print(settings, &snapshot, &capture, &selection, of_passwords)
        .map(|outcome| super::asked::ending(&capture.warnings, outcome));
    // the program ends here: to give back a large model record by record takes time
    std::mem::forget(snapshot);
    outcome
}

/// Judges what was read, and prints the report with `more` findings.
pub(super) fn print(
    settings: &ReportSettings,
    snapshot: &Snapshot,
    capture: &Capture,
    selection: &Selection,
    more: Vec<Finding>,
) -> Result<Outcome, Failure> {
    let (contrast, mut findings) = parallel::both(|| contrast(snapshot), || diagnose(snapshot));
    if !more.is_empty() {
        findings.extend(more);
        rank(&mut findings);
    }
    let view = View {
        snapshot,
        capture,
        findings: &findings,
        contrast: &contrast,
        selection,
        columns: &settings.columns,
        zone: &settings.zone,
        style: settings.style,
    };
    let mut out = super::output();
    match settings.format {
        ReportFormat::Json => json::write(&view, &mut out)?,
        ReportFormat::Markdown => markdown::write(&view, &mut out)?,
        ReportFormat::Csv => csv::write(&view, &mut out)?,
        ReportFormat::Text => text::write(&view, &mut out)?,
    }
    out.flush()?;
    let found = view.dns().any(|dn| {
        let own = (dn.state().verdict, dn.state().state());
        settings.fail_on.iter().any(|fail_on| fail_on.names(own))
    });
    // as in `run`, which ends with this
    std::mem::forget((contrast, findings));
    Ok(if found { Outcome::Found } else { Outcome::Done })
}
