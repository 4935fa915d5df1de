//! Held upstream, and lost at the border controller in between.

use super::super::prelude::*;
use crate::registration::{AttemptView, RegistrationState, State};

static ABOUT: About = About {
    id: "lost-at-edge",
    severity: Severity::Warning,
    fragment: "held upstream, lost at the border controller",
    meaning: "A border controller registered the DN onward, and the registrar behind it still holds the DN; the \
            device's own registration at the border controller has ended, so calls end there.",
    check: "the device and its path to the border controller; whether the border controller ends registrations \
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
        Signs::flag(Flag::LostAtEdge).or(Signs::verdict(Verdict::Expired))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        if let Some(upheld) = upheld(case) {
            return Held::Yes(Proof::warning(Confidence::Certain, granted_by(upheld)));
        }
        Held::when(case.has(Flag::LostAtEdge), || {
            let edge = lost(case).map(|reg| reg.registrar);
            let last = case.attempts.iter().rev().find(|a| Some(a.registrar) == edge);
            Proof::warning(Confidence::Certain, last.map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        if let Some(upheld) = upheld(case) {
            return format!(
                "{}: {} granted {} s and still holds it, but {}, where {} registered, granted it less and has \
                 not been refreshed in time: calls end there",
                case.name(),
                upheld.registrar,
                upheld.upstream.unwrap_or_default(),
                upheld.spoke,
                upheld.source.addr
            );
        }
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

/// The latest attempt whose grant the registrar holds to, after the shorter time that a border controller
/// on the path made of it ran out.
fn upheld<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    if !case.is(Verdict::Expired) {
        return None;
    }
    let reached = |a: &&AttemptView<'_>| {
        a.outcome == Outcome::Accepted && (a.upstream.is_some() || a.spoke == a.registrar)
    };
    let last = case.attempts.iter().rev().find(reached)?;
    let until = decided_at(last).plus_secs(last.upstream?);
    (until > case.scene.snapshot.at).then_some(last)
}

/// The 2xx of each server on the path.
fn granted_by(attempt: &AttemptView<'_>) -> Vec<Evidence> {
    let granted =
        attempt.messages().filter(|m| m.cseq == attempt.cseq && (200..300).contains(&m.code));
    granted.map(|m| Evidence { time: m.time, frame: m.frame() }).collect()
}
