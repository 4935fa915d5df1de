//! Only asked for the bindings.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "only-asked",
    severity: Severity::Error,
    fragment: "only asked, never registered",
    meaning: "The REGISTER has no Contact: it asks for the bindings, and there are none.",
    check: "whether the device is meant to register: a monitor often only asks",
    reference: "RFC 3261 §10.2.3",
};

/// Only asked for the bindings.
pub(in crate::diagnosis) struct OnlyAsked;

impl DnRule for OnlyAsked {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NotRegistered)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::NotRegistered), || {
            let asked = case.decider().is_some_and(|last| last.purpose == Purpose::Query);
            let sure = if asked { Confidence::Certain } else { Confidence::Likely };
            Proof::error(sure, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        if last.purpose != Purpose::Query {
            return format!(
                "{}: the response of {} to {} lists no binding, and what was asked is not in the capture: the \
                 list, a removal, or a registration that was not kept",
                case.name(),
                last.registrar,
                last.source.addr
            );
        }
        format!(
            "{}: {} only asks {} for the bindings (no Contact), and the response lists none",
            case.name(),
            last.source.addr,
            last.registrar
        )
    }
}
