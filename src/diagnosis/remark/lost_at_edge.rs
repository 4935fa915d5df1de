//! Held upstream, and lost at the border controller in between.

use super::super::prelude::*;
use crate::registration::{RegistrationState, State};

static ABOUT: About = About {
    id: "lost-at-edge",
    severity: Severity::Warning,
    fragment: "held upstream, lost at the border controller",
    meaning: "A border controller registered the DN onward, and that registration runs; the \
            device's own at the border controller has ended, so calls end there.",
    check: "the device and its way to the border controller; whether that ends registrations \
            upstream when a device is gone",
    reference: "RFC 3261 §10.2.4, RFC 7092 §3.2.2",
};

/// Held upstream, and lost at the border controller in between.
pub(in crate::diagnosis) struct LostAtEdge;

impl DnRule for LostAtEdge {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::LostAtEdge)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::LostAtEdge), || {
            let edge = lost(case).map(|reg| reg.registrar);
            let last = case.attempts.iter().rev().find(|a| Some(a.registrar) == edge);
            Proof::warning(Confidence::Certain, last.map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((edge, held)) = lost(case).zip(case.registrar()) else { return String::new() };
        let last = case.attempts.iter().rev().find(|a| a.registrar == edge.registrar);
        format!(
            "{}: {held} holds it for {}, where {} {}: calls end there",
            case.name(),
            edge.registrar,
            last.map_or_else(|| "the device".to_owned(), |a| a.source.addr.to_string()),
            match edge.verdict {
                Verdict::Expired => "let its own registration run out",
                Verdict::Deregistered => "removed its own registration",
                _ => "lost its own registration",
            }
        )
    }
}

/// The border controller that lost it, of several the one with the latest news.
fn lost<'c>(case: &'c Case<'_>) -> Option<&'c RegistrationState> {
    let holders = case.holders();
    case.view.state().registrations.iter().find(|reg| {
        reg.verdict.state() == State::OutOfService && holders.contains(&reg.registrar.addr)
    })
}
