//! A device that registers at a different server from the rest.

use super::super::prelude::*;
use crate::net::Endpoint;
use crate::registration::{AttemptView, State};

static ABOUT: About = About {
    id: "other-registrar",
    severity: Severity::Warning,
    fragment: "registers at a different server from the rest",
    meaning: "The device registers at a server that accepts no DN in this capture, while most DNs are accepted by another \
            one: it may be set to the wrong registrar, or have failed over to one that does not know it.",
    check: "the registrar, outbound proxy, or domain set on this device against that of a device that works, and \
            where DNS leads it (NAPTR, SRV); after a fail-over, why it left the registrar of the others",
    reference: "RFC 3261 §10.2; RFC 3263 §4",
};

/// A device that registers at a different server from the rest.
pub(in crate::diagnosis) struct OtherRegistrar;

impl DnRule for OtherRegistrar {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Failing)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(elsewhere(case).is_some(), || Proof::warning(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((asked, usual, dns)) = elsewhere(case) else { return String::new() };
        let here = |a: &&AttemptView<'_>| a.registrar == usual && a.outcome == Outcome::Accepted;
        let before = case.attempts.iter().rev().find(here).zip(case.decider());
        let before = before.map_or_else(String::new, |(accepted, last)| {
            let ago = span(last.started.nanos_since(decided_at(accepted)));
            format!(", and had accepted this one {ago} before")
        });
        format!(
            "{}: {} registers at {asked}, which accepts no DN in this capture; {usual} accepts {}{before}",
            case.name(),
            case.source_name(),
            count(u64::from(dns), "DN")
        )
    }
}

/// The server it asks, and the one that accepts most DNs, with how many.
fn elsewhere(case: &Case<'_>) -> Option<(Endpoint, Endpoint, u32)> {
    if case.verdict().state() != State::OutOfService {
        return None;
    }
    let asked = case.decider()?.registrar;
    let (usual, dns) = case.scene.usual?;
    let served = case.scene.served(asked);
    // a proxy in front of the registrar is no other registrar
    let is_other = served.accepted == 0 && !served.passes_on && asked.addr != usual.addr;
    is_other.then_some((asked, usual, dns))
}
