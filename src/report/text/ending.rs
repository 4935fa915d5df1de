//! The sentence that a DN which fails now was in service before.

use crate::registration::{DnView, Verdict};

use super::when::Clock;
use crate::wording::glyphs::Frames;

/// `Before that it was in service from … to …`; `None` if the cause says so, or if it was not.
pub(super) fn of(dn: DnView<'_>, clock: &Clock, frames: Frames<'_>) -> Option<String> {
    let registration = dn.state().registrations.first()?;
    let registrar = registration.registrar;
    if matches!(
        registration.verdict,
        Verdict::Deregistered
            | Verdict::Terminated
            | Verdict::Expired
            | Verdict::InService
            | Verdict::Pending
    ) {
        return None;
    }
    let history = dn.history();
    let mut own = history.iter().filter(|(at, _)| *at == registrar).map(|(_, change)| change);
    let mut until = own.next_back()?;
    let was = own.rev().find(|change| {
        let in_service = change.verdict == Verdict::InService;
        if !in_service {
            until = change;
        }
        in_service
    })?;
    Some(format!(
        "Before that it was in service from {} ({}) to {}.",
        clock.precise(was.time),
        frames.name(was.frame),
        clock.precise(until.time)
    ))
}
