//! Registration by a third party.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "third-party-registration",
    severity: Severity::Warning,
    fragment: "registered by another user (From is not To)",
    meaning: "From names another user than To: one user registers another, which the \
            registrar may refuse.",
    check: "whether From is meant to differ, as with some trunks",
    reference: "RFC 3261 §10.2, §10.3 step 4",
};

/// Registration by a third party.
pub(in crate::diagnosis) struct ThirdParty;

impl DnRule for ThirdParty {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::ThirdParty)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::ThirdParty.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (from, to) = case
            .details()
            .map_or_else(Default::default, |d| (case.text(d.from_uri), case.text(d.to_uri)));
        format!(
            "{}: From is {from} and To is {to}{}",
            case.name(),
            Oddity::ThirdParty.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
