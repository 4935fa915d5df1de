//! `regscope record`: writes live traffic into files that rotate, and follows it to report what is in them.

use super::signals::Signals;
use super::{Following, Needs, status};
use crate::app::{Failure, Outcome};
use crate::cli::RecordingSettings;

/// Records until a signal or the time ends it.
pub(in crate::app) fn run(settings: &RecordingSettings) -> Result<Outcome, Failure> {
    let signals = Signals::register()?;
    let mut following = Following::start(&settings.live, &Needs::default(), "recording")?;
    let tell = |following: &mut Following| {
        for sentence in following.take_said() {
            status(&settings.zone, &sentence);
        }
    };
    tell(&mut following);
    while !signals.is_end() && !following.is_over() {
        following.step()?;
        tell(&mut following);
        if signals.take_report() {
            status(&settings.zone, &following.totals());
        }
    }
    following.end();
    tell(&mut following);
    let lost = following.lost();
    let lost = if lost.is_empty() { "nothing was lost".to_owned() } else { lost };
    status(&settings.zone, &format!("{}; {lost}", following.totals()));
    Ok(Outcome::Done)
}
