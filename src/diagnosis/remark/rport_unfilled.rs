//! rport asked and not filled.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "rport-unfilled",
    severity: Severity::Warning,
    fragment: "rport requested and not returned",
    meaning: "The Via asks for the source port and the response does not fill it in: behind a \
            NAT the response may go to the wrong port.",
    check: "whether the registrar supports rport",
    reference: "RFC 3581 §4",
};

/// rport asked and not filled.
pub(in crate::diagnosis) struct RportUnfilled;

impl DnRule for RportUnfilled {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::RportUnfilled)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::RportUnfilled.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        format!(
            "{}: the Via asks for rport and the response of {} leaves it empty{}",
            case.name(),
            case.registrar_name(),
            Oddity::RportUnfilled.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
