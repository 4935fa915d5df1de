//! `regscope explain`.

use std::io::Write as _;

use super::pipeline::{Plan, Trace};
use super::{Failure, Outcome, secrets};
use crate::cli::{ExplainFormat, ExplainSettings};
use crate::diagnosis::explain::explain;
use crate::net::escape_text;
use crate::registration::SnapshotOptions;
use crate::report::explain::{StoryView, json};
use crate::report::text;

/// Reads everything and tells the story of one DN.
pub(super) fn run(settings: &ExplainSettings) -> Result<Outcome, Failure> {
    let secrets = secrets::read(settings.secret_file.as_deref())?;
    let plan = Plan::new(&settings.input, None, &settings.zone)?;
    let (Trace { tracker, capture, .. }, of_passwords) = secrets::run(plan, secrets.as_ref())?;
    let snapshot = tracker.finish(&SnapshotOptions::default());
    let Some(mut story) = explain(&snapshot, settings.dn.as_bytes()) else {
        let dn = escape_text(&settings.dn);
        return Err(Failure::Usage(format!("{dn}: not a DN of this capture")));
    };
    let own = of_passwords.into_iter();
    for finding in own.filter(|f| f.dn.as_deref() == Some(settings.dn.as_bytes())) {
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
    if settings.format == ExplainFormat::Text {
        super::warn_of_inputs(&capture.warnings);
    }
    Ok(Outcome::Done)
}
