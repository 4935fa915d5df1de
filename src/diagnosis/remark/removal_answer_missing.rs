//! A removal whose answer was not captured, while the binding's time still runs.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "removal-answer-missing",
    severity: Severity::Warning,
    fragment: "removed itself, answer not captured",
    meaning: "The device removed its registration and the capture lacks the response, though the device \
            acts as if it had one: most likely the DN is out of service, and nothing captured says so.",
    check: "whether a call reaches the DN, and the registrar's own list; capture both directions",
    reference: "RFC 3261 §10.2.2",
};

/// A removal whose answer was not captured.
pub(in crate::diagnosis) struct RemovalAnswerMissing;

impl DnRule for RemovalAnswerMissing {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LatestFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::InService) && removal(case).is_some(), || {
            Proof::warning(Confidence::Likely, removal(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = removal(case) else { return String::new() };
        format!(
            "{}: {} removed it at {}, and no response to that was captured: most likely it is no longer in \
             service",
            case.name(),
            last.source.addr,
            last.registrar
        )
    }
}

/// The latest attempt, if it is a removal by a source that holds the DN at that registrar and went on
/// as if it were answered.
fn removal<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let last = case.last_done()?;
    let unseen = matches!(last.outcome, Outcome::Failed(Verdict::OneWay | Verdict::Truncated));
    let holds = case.view.bindings().any(|(registrar, b)| {
        registrar == last.registrar && b.source.is_some_and(|s| s.addr == last.source.addr)
    });
    (last.purpose == Purpose::Remove && unseen && holds).then_some(last)
}
