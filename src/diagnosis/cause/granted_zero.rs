//! A registration granted for 0 seconds.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "granted-zero",
    severity: Severity::Error,
    fragment: "granted for 0 s",
    meaning: "The registrar answered 2xx and granted 0 seconds: the binding ends at once.",
    check: "the lowest and highest expiry the registrar allows, and what the device asks for",
    reference: "RFC 3261 §10.2.4, §10.3 step 8",
};

/// A registration granted for 0 seconds.
pub(in crate::diagnosis) struct GrantedZero;

impl DnRule for GrantedZero {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NotKept)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            case.is(Verdict::NotKept) && case.decider().is_some_and(|a| a.granted == Some(0)),
            || Proof::error(Confidence::Certain, case.shown()),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let asked = last.asked.map_or_else(String::new, |s| format!(" for {s} s"));
        format!(
            "{}: asked {}{asked}; the response {} lists its Contact with expires 0",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}
