//! A new Call-ID for every try.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "call-id-changes",
    severity: Severity::Warning,
    fragment: "a new Call-ID for every try",
    meaning: "Refreshes should keep their Call-ID; with a new one each time the registrar \
            cannot tell their order.",
    check: "whether the device restarts between its tries",
    reference: "RFC 3261 §10.2.4, §10.3 step 7",
};

/// A new Call-ID for every try.
pub(in crate::diagnosis) struct CallIdChanges;

impl DnRule for CallIdChanges {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::CallIdChanges)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::CallIdChanges.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        format!(
            "{}: {} uses a new Call-ID for every REGISTER{}",
            case.name(),
            case.source_name(),
            Oddity::CallIdChanges.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
