//! A refresh after the end.

use super::super::prelude::*;
use super::super::unseen;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "refresh-gap",
    severity: Severity::Warning,
    fragment: "refreshed too late: gaps in service",
    meaning: "A refresh came after the granted time had run out. Unless its CSeq shows that the capture lacks earlier ones, the DN was for that long \
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
        match worst(case) {
            None => Held::No,
            Some((gap, None)) => Held::Yes(Proof::warning(Confidence::Certain, shown_by(gap))),
            Some((gap, Some(_))) => {
                let proof = Proof::observation(shown_by(gap));
                Held::Yes(Proof { confidence: Confidence::Possible, ..proof })
            }
        }
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((gap, unseen)) = worst(case) else { return String::new() };
        if let Some(rise) = unseen {
            return format!(
                "{}: its next REGISTER was captured {} after its time had run out, and its CSeq rose by {rise} \
                 meanwhile: the capture lacks REGISTERs in between, and it may have been registered",
                case.name(),
                span(gap.margin_ms().unwrap_or(0) * 1_000_000)
            );
        }
        format!(
            "{}: refreshed {} after its time had run out; it was not registered meanwhile",
            case.name(),
            span(gap.margin_ms().unwrap_or(0) * 1_000_000)
        )
    }
}

/// Registrars count whole seconds.
const WHOLE_SECOND: i64 = -1000;

/// The refresh that came latest, and by how much the CSeq rose if that shows that others before it were not
/// captured: of those only if there is none without.
fn worst<'c, 'a>(case: &'c Case<'a>) -> Option<(&'c AttemptView<'a>, Option<u32>)> {
    let unseen = unseen::all(&case.attempts);
    let rise = |place: usize| {
        let found = unseen.iter().find(|(at, _)| *at == place);
        found.map(|(_, unseen)| unseen.rise)
    };
    let late = case.attempts.iter().enumerate();
    let late = late.filter(|(_, a)| a.margin_ms().is_some_and(|m| m < WHOLE_SECOND));
    let late = late.map(|(place, a)| (a, rise(place)));
    late.min_by_key(|(a, rise)| (rise.is_some(), a.margin_ms()))
}
