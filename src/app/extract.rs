//! `regscope extract`.

use std::io::Write as _;

use super::evidence::Evidence;
use super::export::{self, Export, export};
use super::interrupt;
use super::pipeline::Plan;
use super::rights::{self, Needs};
use super::{Failure, Outcome};
use crate::cli::{ExtractFormat, ExtractSettings};
use crate::compare::{Contrast, contrast};
use crate::diagnosis::diagnose;
use crate::registration::SnapshotOptions;
use crate::report::{Style, View};

/// Reads everything, and saves what is known of the selected DNs.
pub(super) fn run(settings: &ExtractSettings) -> Result<Outcome, Failure> {
    let ExtractSettings { input, format, selection, filter, output, force, mode, zone } = settings;
    let wanted = Export { format: *format, path: output.clone(), force: *force, mode: *mode };
    export::refuse(&wanted, Some(input), &[])?;
    rights::begin();
    interrupt::ends_standard_input(input);
    let plan = Plan::new(input, None, zone)?;
    let needs = Needs { output: Some(output.clone()), ..Needs::default() };
    rights::give_up(input, plan.inputs(), &needs)?;
    let trace = plan.run(None)?;
    let snapshot = &super::shown(trace.tracker.finish(&SnapshotOptions::default()));
    super::asked::some_match(snapshot, selection.dns.as_ref())?;
    let selection = &*super::asked::narrowed(snapshot, selection, filter.as_ref())?;
    let (contrast, findings) = match format {
        ExtractFormat::Pcapng => (Contrast::default(), Vec::new()),
        _ => (contrast(snapshot), diagnose(snapshot)),
    };
    let (capture, findings, style) = (&trace.capture, &*findings, Style::default());
    let contrast = &contrast;
    let view = View { snapshot, capture, findings, contrast, selection, columns: &[], zone, style };
    let summary = export(&wanted, &view, &Evidence::Files(input.clone()))?;
    let mut out = super::output();
    for sentence in summary.sentences() {
        writeln!(out, "{sentence}")?;
    }
    out.flush()?;
    Ok(super::asked::ending_with_all(&capture.warnings, Outcome::Done))
}
