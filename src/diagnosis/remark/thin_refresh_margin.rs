//! Refreshes just before the end.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "thin-refresh-margin",
    severity: Severity::Warning,
    fragment: "refreshed just before the time runs out",
    meaning: "Refreshes come so late that one that goes unanswered cannot be repeated before \
            the binding ends.",
    check: "the refresh interval of the device: half of the granted time is usual",
    reference: "RFC 3261 §10.2.4, §17.1.2.2",
};

/// Refreshes just before the end.
pub(in crate::diagnosis) struct ThinMargin;

impl DnRule for ThinMargin {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LateRefresh)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let mut known =
            case.attempts.iter().filter_map(|a| a.margin_ms().zip(a.granted)).peekable();
        if known.peek().is_none() {
            return Held::NotEnough;
        }
        let Some(thin) = thinnest(case) else { return Held::No };
        let lapsed = case.change_to(Verdict::Expired).is_some();
        Held::Yes(if lapsed || case.is_failing() {
            Proof::warning(Confidence::Possible, shown_by(thin))
        } else {
            Proof::observation(shown_by(thin))
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(thin) = thinnest(case) else { return String::new() };
        format!(
            "{}: refreshed {} before the end of {} s: a single lost response would drop the registration",
            case.name(),
            span(thin.margin_ms().unwrap_or(0) * 1_000_000),
            thin.granted.unwrap_or(0)
        )
    }
}

/// Timer F: how long a request may take.
const TIMER_F: i64 = 32_000;

/// The refresh with the smallest margin, if it is thin: less than Timer F, and less than a tenth of
/// what was granted.
fn thinnest<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .filter(|a| {
            a.margin_ms().zip(a.granted).is_some_and(|(margin, granted)| {
                (0..TIMER_F).contains(&margin)
                    && margin * 10 < i64::from(granted) * 1000
                    && granted >= 60
            })
        })
        .min_by_key(|a| a.margin_ms())
}
