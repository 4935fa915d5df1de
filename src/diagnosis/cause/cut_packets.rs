//! The packets were cut before what decides.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "cut-packets",
    severity: Severity::Warning,
    fragment: "cut before what decides",
    meaning: "The capture kept only the beginning of the packets, or lost IP fragments, so \
            that what decides is missing.",
    check: "capture whole packets (snapshot length 0), and fragments too: \"port 5060\" \
            matches the first fragment only",
    reference: "RFC 3261 §10.3 step 8",
};

/// The packets were cut before what decides.
pub(in crate::diagnosis) struct CutPackets;

impl DnRule for CutPackets {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Truncated)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Truncated), || {
            Proof::warning(Confidence::Certain, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let what = if last.code == 0 {
            "the REGISTER".to_owned()
        } else {
            format!("the {} to it", last.code)
        };
        format!(
            "{}: {what} is truncated before its Contact, so the capture cannot show whether {} holds a \
             binding",
            case.name(),
            last.registrar
        )
    }
}
