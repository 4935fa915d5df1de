//! A failed refresh, and then the end.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "refresh-failed-then-expired",
    severity: Severity::Warning,
    fragment: "expired after a refresh that failed",
    meaning: "The DN was in service, its refresh failed, and then the time ran out.",
    check: "what changed between the last accepted REGISTER and the first that failed",
    reference: "RFC 3261 §10.2.4",
};

/// A failed refresh, and then the end.
pub(in crate::diagnosis) struct LapsedAfterRefresh;

impl DnRule for LapsedAfterRefresh {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Failing)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is_failing() && pair(case).is_some(), || {
            let shown = pair(case).map(|(accepted, failed)| {
                let mut shown = shown_by(accepted);
                shown.extend(shown_by(failed));
                shown
            });
            Proof::warning(Confidence::Certain, shown.unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((accepted, failed)) = pair(case) else { return String::new() };
        let what = match failed.code {
            0 => "not answered".to_owned(),
            _ => format!("refused with {}", case.code_of(failed)),
        };
        format!(
            "{}: accepted for {} s, the refresh {} later was {what}, and then the time ran out",
            case.name(),
            accepted.granted.unwrap_or(0),
            span(failed.started.nanos_since(decided_at(accepted)))
        )
    }
}

/// The last accepted attempt, and the first failed refresh after it.
fn pair<'c, 'a>(case: &'c Case<'a>) -> Option<(&'c AttemptView<'a>, &'c AttemptView<'a>)> {
    let decider = case.decider()?;
    decider.outcome.failure()?;
    let accepted = case.accepted_before(decider.started)?;
    let end = decided_at(accepted).plus_secs(accepted.granted?);
    let failed = case.attempts.iter().find(|a| {
        a.started > accepted.started
            && a.outcome.failure().is_some()
            && a.source.addr == accepted.source.addr
    })?;
    (failed.started <= end && end <= case.scene.snapshot.at).then_some((accepted, failed))
}
