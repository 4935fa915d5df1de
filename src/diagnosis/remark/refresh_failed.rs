//! A refresh that failed while the binding runs.

use super::super::prelude::*;
use crate::registration::{AttemptView, Risk};

/// A client that has not gone on by then, as long as a transaction lasts, has given up (RFC 3261 §17.1.2.2); in
/// nanoseconds.
const GIVEN_UP: i64 = 32_000_000_000;

static ABOUT: About = About {
    id: "refresh-failed",
    severity: Severity::Warning,
    fragment: "refresh failed, the binding still runs",
    meaning: "The latest refresh failed; the DN stays in service until the time granted \
            before runs out.",
    check: "the cause of the failed refresh, before the binding ends",
    reference: "RFC 3261 §10.2.4",
};

/// A refresh that failed while the binding runs.
pub(in crate::diagnosis) struct RefreshFailed;

impl DnRule for RefreshFailed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LatestFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::InService) && failed(case).is_some(), || {
            let shown = failed(case).map(shown_by).unwrap_or_default();
            // a removal that fails leaves the DN where it was
            match failed(case) {
                Some(last) if last.purpose == Purpose::Remove => Proof::observation(shown),
                _ => Proof::warning(Confidence::Certain, shown),
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = failed(case) else { return String::new() };
        let in_a_row = in_a_row(case);
        let asked = match last.purpose {
            Purpose::Remove => "the latest REGISTER, a removal,".to_owned(),
            _ if in_a_row > 1 => format!("the latest of {in_a_row} refreshes that failed in a row"),
            _ => "the latest REGISTER".to_owned(),
        };
        let what = match last.code {
            0 => format!("{} did not answer {asked}", last.registrar),
            _ => format!("{} answered {} to {asked}", last.registrar, case.code_of(last)),
        };
        let holders: Vec<_> = case.view.bindings().map(|(registrar, _)| registrar).collect();
        let left = if holders.contains(&last.registrar) {
            case.view.state().expires_at.map_or_else(String::new, |end| {
                let left = span(end.nanos_since(case.scene.snapshot.at));
                format!("; the binding runs out in {left}")
            })
        } else {
            holders.first().map_or_else(String::new, |other| format!(", while {other} holds it"))
        };
        format!("{}: {what} from {}{left}", case.name(), last.source.addr)
    }
}

/// The latest attempt of a source that holds the DN, if it failed and nothing follows.
fn failed<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let last = case.last_done()?;
    let at_risk = matches!(
        case.view.risk(),
        Some(Risk::RefreshRefused | Risk::RefreshUnanswered | Risk::RefreshGivenUp)
    );
    let fails = match last.outcome {
        Outcome::Failed(Verdict::Challenged | Verdict::Redirected | Verdict::OneWay) => {
            at_risk || case.scene.snapshot.at.nanos_since(last.last) > GIVEN_UP
        }
        Outcome::Failed(verdict) => matches!(
            verdict,
            Verdict::Rejected | Verdict::AuthFailed | Verdict::NoAnswer | Verdict::NotKept
        ),
        _ => false,
    };
    let holds =
        case.view.bindings().any(|(_, b)| b.source.is_some_and(|s| s.addr == last.source.addr));
    (fails && holds).then_some(last)
}

/// How many attempts failed since the DN was accepted last.
fn in_a_row(case: &Case<'_>) -> usize {
    let failed = |a: &&AttemptView<'_>| a.outcome.failure().is_some();
    case.attempts.iter().rev().skip_while(|a| a.outcome == Outcome::Open).take_while(failed).count()
}
