//! Expected and not seen.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "not-seen",
    severity: Severity::Warning,
    fragment: "not in the capture",
    meaning: "The DN was expected and no REGISTER of it is in the capture.",
    check: "whether the device runs and where it registers, whether the capture sees that \
            way, and whether it refreshes within the time captured",
    reference: "RFC 3261 §10.2",
};

/// Expected and not seen.
pub(in crate::diagnosis) struct NotSeen;

impl DnRule for NotSeen {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NotSeen)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::NotSeen), || Proof::warning(Confidence::Certain, Vec::new()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let snapshot = case.scene.snapshot;
        let length =
            snapshot.first.zip(snapshot.last).map_or(0, |(first, last)| last.nanos_since(first));
        format!("{}: no REGISTER in {} of capture", case.name(), span(length))
    }
}
