//! A refresh after the end.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "refresh-gap",
    severity: Severity::Warning,
    fragment: "refreshed too late: gaps in service",
    meaning: "A refresh came after the granted time had run out: for that long the DN was \
            not registered.",
    check: "whether the device follows the time it was granted rather than the time it \
            asked for",
    reference: "RFC 3261 §10.2.4",
};

/// A refresh after the end.
pub(in crate::diagnosis) struct RefreshGap;

impl DnRule for RefreshGap {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LateRefresh)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        worst(case)
            .map_or(Held::No, |gap| Held::Yes(Proof::warning(Confidence::Certain, shown_by(gap))))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(gap) = worst(case) else { return String::new() };
        format!(
            "{}: refreshed {} after its time had run out; it was not registered meanwhile",
            case.name(),
            span(gap.margin_ms().unwrap_or(0) * 1_000_000)
        )
    }
}

/// Registrars count whole seconds.
const WHOLE_SECOND: i64 = -1000;

fn worst<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let late = case.attempts.iter().filter(|a| a.margin_ms().is_some_and(|m| m < WHOLE_SECOND));
    late.min_by_key(|a| a.margin_ms())
}
