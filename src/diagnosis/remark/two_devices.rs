//! Two devices with one DN.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "two-devices",
    severity: Severity::Observation,
    fragment: "two devices at once",
    meaning: "Bindings from two hosts run at the same time; calls fork to both.",
    check: "whether both devices are meant to have this DN",
    reference: "RFC 3261 §10.3 step 8, §16.6",
};

/// Two devices with one DN.
pub(in crate::diagnosis) struct TwoDevices;

impl DnRule for TwoDevices {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::TwoDevices)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::TwoDevices), || {
            let shown =
                case.view.bindings().map(|(_, b)| Evidence { time: b.renewed, frame: b.frame });
            Proof::observation(shown.collect())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let holders = case.holders_named();
        format!("{}: registered from {holders} at the same time", case.name())
    }
}
