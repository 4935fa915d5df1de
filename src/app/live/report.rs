//! `regscope report` on live traffic: follows it for a time, then reports as on a capture.

use super::signals::Signals;
use super::{Following, Needs, status};
use crate::app::asked::narrowed;
use crate::app::{Failure, Outcome, report};
use crate::cli::{LiveSettings, ReportSettings};

/// Follows until the time is over or a signal comes, and prints the report.
pub(in crate::app) fn run(
    settings: &ReportSettings,
    live: &LiveSettings,
) -> Result<Outcome, Failure> {
    if settings.secret_file.is_some() {
        return Err(Failure::Usage(
            "--secret-file is for captures: record with -w and report on that".to_owned(),
        ));
    }
    let needs = Needs { resolve: settings.resolve, ..Needs::default() };
    let signals = Signals::register()?;
    let mut following = Following::start(live, &needs, "watching")?;
    tell(settings, &mut following);
    while !signals.is_end() && !following.is_over() {
        following.step()?;
        tell(settings, &mut following);
    }
    following.end();
    tell(settings, &mut following);
    #[cfg_attr(not(feature = "live"), expect(unused_mut, reason = "nobody is asked for names"))]
    let (snapshot, mut capture) = following.snapshot(&settings.expected);
    #[cfg(feature = "live")]
    if settings.resolve
        && let Some(lookup) = &mut following.engine.lookup
    {
        capture.hosts = lookup.look_patiently(&snapshot);
    }
    let selection = narrowed(&snapshot, &settings.selection, settings.filter.as_ref())?;
    report::print(settings, &snapshot, &capture, &selection, Vec::new())
}

fn tell(settings: &ReportSettings, following: &mut Following) {
    for sentence in following.take_said() {
        status(&settings.zone, &sentence);
    }
}
