//! The capture ends too early.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "still-pending",
    severity: Severity::Observation,
    fragment: "response pending at end of capture",
    meaning: "The capture ends before a response could be due.",
    check: "a longer capture",
    reference: "RFC 3261 §17.1.2.2",
};

/// The capture ends too early.
pub(in crate::diagnosis) struct StillPending;

impl DnRule for StillPending {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Pending)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Pending), || Proof::observation(case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        format!("{}: the capture ends before {} had to answer", case.name(), case.registrar_name())
    }
}
