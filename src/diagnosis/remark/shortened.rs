//! Less time than asked for.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "shortened",
    severity: Severity::Observation,
    fragment: "granted less than asked",
    meaning: "Less time was granted than was asked for, by the registrar or by a server on the path to it; the device \
            has to follow the time granted.",
    check: "whether the refreshes follow the granted time",
    reference: "RFC 3261 §10.2.4, §10.3 step 7",
};

/// Less time than asked for.
pub(in crate::diagnosis) struct Shortened;

impl DnRule for Shortened {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::Shortened)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::Shortened) && shortened(case).is_some(), || {
            Proof::observation(shortened(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = shortened(case) else { return String::new() };
        let by = if a.spoke == a.entry { String::new() } else { format!(" by {}", a.spoke) };
        format!(
            "{}: asked {} for {} s and was granted {} s{by}",
            case.name(),
            a.entry,
            a.asked.unwrap_or(0),
            a.granted.unwrap_or(0)
        )
    }
}

fn shortened<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .rev()
        .find(|a| a.granted.zip(a.asked).is_some_and(|(got, want)| got.saturating_add(1) < want))
}
