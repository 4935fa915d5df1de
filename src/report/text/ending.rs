//! How a registration that the capture shows came to its end.

use crate::net::{Endpoint, FrameRef, Timestamp};
use crate::registration::{AttemptView, DnView, Outcome, Verdict};

use super::page::Frames;
use super::when::Clock;

/// The sentence, and what in it is the same for DNs that fare alike.
pub(super) struct Ending {
    pub sentence: String,
    pub kind: &'static str,
}

/// What the attempts at one registrar show of the last registration.
struct Shown<'a> {
    granted: Option<AttemptView<'a>>,
    removed: Option<AttemptView<'a>>,
}

/// How the DN's registration ended; `None` if the capture shows none that did.
pub(super) fn of(dn: DnView<'_>, clock: &Clock, frames: Frames) -> Option<Ending> {
    let registration = dn.state().registrations.first()?;
    let registrar = registration.registrar;
    let shown = Shown::of(dn, registrar);
    match registration.verdict {
        Verdict::Deregistered | Verdict::Terminated => {
            let gone = registration.since;
            shown.removal(clock, frames).or_else(|| shown.gone(dn, registrar, gone, clock, frames))
        }
        Verdict::Expired => shown.expiry(dn, registrar, clock, frames),
        Verdict::InService | Verdict::Pending => None,
        _ => before(dn, registrar, clock, frames),
    }
}

impl<'a> Shown<'a> {
    fn of(dn: DnView<'a>, registrar: Endpoint) -> Self {
        let mut shown = Shown { granted: None, removed: None };
        for attempt in dn.attempts().filter(|a| a.registrar == registrar) {
            match attempt.outcome {
                Outcome::Accepted => shown = Shown { granted: Some(attempt), removed: None },
                Outcome::Removed => shown.removed = Some(attempt),
                _ => {}
            }
        }
        shown
    }

    /// `registered 22:02:11 for 3600 s (#412), removed by Expires 0 at 22:02:14 (#430) …`.
    fn removal(&self, clock: &Clock, frames: Frames) -> Option<Ending> {
        let removed = self.removed?;
        let at = clock.precise(removed.last);
        let frame = last_frame(&removed, frames);
        let Some(granted) = self.granted else {
            let source = removed.source.addr;
            let sentence = format!(
                "Removed by Expires 0 at {at}{frame} from {source}; the registration itself is \
                 not in this capture."
            );
            return Some(Ending { sentence, kind: "removed, registered unseen" });
        };
        let same_source = granted.source.addr == removed.source.addr;
        let same_call = granted.call_id == removed.call_id;
        let source = if same_source {
            "the same source".to_owned()
        } else {
            format!("another source, {},", removed.source.addr)
        };
        let call = if same_call { "the same Call-ID" } else { "another Call-ID" };
        let registered = grant(&granted, clock, frames);
        let sentence = format!(
            "{registered}, removed by Expires 0 at {at}{frame} from {source} under {call}."
        );
        let kind = match (same_source, same_call) {
            (true, true) => "removed by itself, same call",
            (true, false) => "removed by itself, another call",
            (false, _) => "removed by another source",
        };
        Some(Ending { sentence, kind })
    }

    /// The registrar shows it gone without any removal in the capture.
    fn gone(
        &self,
        dn: DnView<'_>,
        registrar: Endpoint,
        since: Option<Timestamp>,
        clock: &Clock,
        frames: Frames,
    ) -> Option<Ending> {
        let since = since?;
        let frame = change_frame(dn, registrar, |verdict| verdict == Verdict::Terminated)
            .map_or_else(String::new, |frame| format!(" ({})", frames.name(frame)));
        let at = clock.precise(since);
        let registered = match &self.granted {
            Some(granted) => grant(granted, clock, frames) + "; the",
            None => "The".to_owned(),
        };
        let sentence = format!(
            "{registered} registrar shows it gone at {at}{frame}, and no REGISTER in this capture \
             removed it."
        );
        Some(Ending { sentence, kind: "gone" })
    }

    fn expiry(
        &self,
        dn: DnView<'_>,
        registrar: Endpoint,
        clock: &Clock,
        frames: Frames,
    ) -> Option<Ending> {
        let granted = self.granted?;
        let ended = dn
            .history()
            .into_iter()
            .rev()
            .find(|(at, c)| *at == registrar && c.verdict == Verdict::Expired)
            .map(|(_, c)| format!(" ran out at {}", clock.precise(c.time)))?;
        let registered = grant(&granted, clock, frames);
        let sentence = format!("{registered}; that{ended}, and no refresh was tried.");
        Some(Ending { sentence, kind: "ran out" })
    }
}

/// `Registered 22:02:11 for 3600 s (#412)`.
fn grant(granted: &AttemptView<'_>, clock: &Clock, frames: Frames) -> String {
    let seconds = granted.granted.map_or_else(String::new, |s| format!(" for {s} s"));
    let at = clock.precise(granted.last);
    format!("Registered {at}{seconds}{}", last_frame(granted, frames))
}

/// What is failing now was in service before.
fn before(dn: DnView<'_>, registrar: Endpoint, clock: &Clock, frames: Frames) -> Option<Ending> {
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
    let sentence = format!(
        "Before that it was in service from {} ({}) to {}.",
        clock.precise(was.time),
        frames.name(was.frame),
        clock.precise(until.time)
    );
    Some(Ending { sentence, kind: "was in service" })
}

fn change_frame(
    dn: DnView<'_>,
    registrar: Endpoint,
    is: impl Fn(Verdict) -> bool,
) -> Option<FrameRef> {
    let history = dn.history();
    let found = history.iter().rev().find(|(at, c)| *at == registrar && is(c.verdict));
    found.map(|(_, change)| change.frame)
}

fn last_frame(attempt: &AttemptView<'_>, frames: Frames) -> String {
    let last = attempt.messages().last();
    last.map_or_else(String::new, |message| format!(" ({})", frames.name(message.frame())))
}
