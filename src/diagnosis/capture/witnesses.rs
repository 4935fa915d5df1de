//! Which REGISTERs a log and the captures of the same time both have, and which only one of them has.

use super::super::prelude::*;
use crate::registration::{Coverage, DnView, Snapshot};

/// Places that are shown as evidence.
const SHOWN: usize = 8;
/// DNs that are named.
const NAMED: usize = 4;

/// What a log and the captures have of each other's REGISTERs.
#[derive(Default)]
pub(super) struct Seen {
    /// Those that only the captures have.
    pub captured_only: Missing,
    /// Those that only the log has.
    pub logged_only: Missing,
    /// How many both have.
    pub in_both: usize,
}

/// REGISTERs that one of two inputs lacks.
#[derive(Default)]
pub(super) struct Missing {
    requests: usize,
    /// The first DNs.
    named: Vec<String>,
    dns: usize,
    pub evidence: Vec<Evidence>,
}

/// Compares each log with the captures, if their clocks can be compared.
pub(super) fn compared(snapshot: &Snapshot) -> Vec<Seen> {
    let all = snapshot.coverage();
    let Some(captured) = all.iter().find(|input| !input.is_log) else { return Vec::new() };
    let logs = all.iter().filter(|log| log.is_log && log.clock == captured.clock);
    logs.map(|log| compare(snapshot, captured, log)).collect()
}

fn compare(snapshot: &Snapshot, captured: &Coverage, log: &Coverage) -> Seen {
    let mut seen = Seen::default();
    for dn in snapshot.dns() {
        let (mut captured_only, mut logged_only) = (0, 0);
        for attempt in dn.attempts() {
            let started = attempt.started;
            let to_host = || {
                log.local.iter().any(|local| {
                    local.addr == attempt.registrar.addr && local.port == attempt.registrar.port
                })
            };
            match (attempt.place_in(captured), attempt.place_in(log)) {
                (Some(_), Some(_)) => seen.in_both += 1,
                (Some(frame), None) if log.covers(started) && to_host() => {
                    captured_only += 1;
                    seen.captured_only.show(Evidence { time: started, frame });
                }
                (None, Some(frame)) if captured.covers(started) => {
                    logged_only += 1;
                    seen.logged_only.show(Evidence { time: started, frame });
                }
                _ => {}
            }
        }
        seen.captured_only.add(&dn, captured_only);
        seen.logged_only.add(&dn, logged_only);
    }
    seen
}

impl Missing {
    fn show(&mut self, evidence: Evidence) {
        if self.evidence.len() < SHOWN {
            self.evidence.push(evidence);
        }
    }

    fn add(&mut self, dn: &DnView<'_>, requests: usize) {
        if requests == 0 {
            return;
        }
        self.requests += requests;
        self.dns += 1;
        if self.named.len() < NAMED {
            self.named.push(words::text(dn.name()).into_owned());
        }
    }

    /// The DNs, the first of them by name; none if nothing is missing.
    pub(super) fn dns(&self) -> Option<String> {
        let more = self.dns.checked_sub(self.named.len())?;
        if self.named.is_empty() {
            return None;
        }
        let names = self.named.join(", ");
        Some(if more > 0 {
            format!("{names} and {} more", count(more as u64, "DN"))
        } else {
            names
        })
    }

    /// `is` or `are`.
    pub(super) const fn are(&self) -> &'static str {
        if self.requests == 1 { "is" } else { "are" }
    }

    /// `1 REGISTER`, `3 REGISTERs`.
    pub(super) fn words(&self) -> String {
        count(self.requests as u64, "REGISTER")
    }
}
