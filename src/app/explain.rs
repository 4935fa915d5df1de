//! `regscope explain`.

use std::io::Write as _;

use super::asked::{THIS_CAPTURE, ending, ending_with_all, no_such_dn};
use super::interrupt;
use super::pipeline::{Plan, Trace};
use super::rights::{self, Needs};
use super::{Failure, Outcome, secrets};
use crate::cli::{ExplainFormat, ExplainSettings};
use crate::diagnosis::explain::explain;
use crate::net::escape_lossy;
use crate::registration::{Snapshot, SnapshotOptions, State};
use crate::report::explain::{StoryView, json};
use crate::report::text;

/// DNs out of service that are named when none is asked for.
const NAMED: usize = 20;

/// Reads everything and prints the story of one DN.
pub(super) fn run(settings: &ExplainSettings) -> Result<Outcome, Failure> {
    rights::begin();
    interrupt::ends_standard_input(&settings.input);
    let secrets = secrets::read(settings.secret_file.as_deref())?;
    let plan = Plan::new(&settings.input, settings.at.as_ref(), &settings.zone)?;
    rights::give_up(&settings.input, plan.inputs(), &Needs::default())?;
    let (Trace { tracker, capture, at }, of_passwords) = secrets::run(plan, secrets.as_ref())?;
    let snapshot = super::shown(tracker.finish(&SnapshotOptions { at, expected: Vec::new() }));
    let Some(dn) = &settings.dn else { return Err(which(&snapshot)) };
    let Some(mut story) = explain(&snapshot, dn.as_bytes()) else {
        return Err(no_such_dn(&snapshot, dn.as_bytes(), THIS_CAPTURE));
    };
    let own = of_passwords.into_iter();
    for finding in own.filter(|f| f.dn.as_deref() == Some(dn.as_bytes())) {
        story.add(finding);
    }
    let view = StoryView {
        story: &story,
        snapshot: &snapshot,
        capture: &capture,
        zone: &settings.zone,
        style: settings.style,
    };
    let mut out = super::output();
    match settings.format {
        ExplainFormat::Text => text::write_story(&view, &mut out)?,
        ExplainFormat::Json => json(&view, &mut out)?,
    }
    out.flush()?;
    Ok(match settings.format {
        ExplainFormat::Text => ending_with_all(&capture.warnings, Outcome::Done),
        ExplainFormat::Json => ending(&capture.warnings, Outcome::Done),
    })
}

/// Asks which DN, naming those that are out of service.
fn which(snapshot: &Snapshot) -> Failure {
    let out = snapshot.dns().filter(|dn| dn.state().state() == State::OutOfService);
    let mut names: Vec<_> = out.map(|dn| escape_lossy(dn.name()).into_owned()).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Failure::Usage(if names.is_empty() {
        "which DN? None is out of service: regscope explain DN FILE".to_owned()
    } else {
        format!("which DN? Out of service: {}{rest}", names.join(", "))
    })
}
