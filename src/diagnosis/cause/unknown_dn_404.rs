//! The registrar does not know the DN.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "unknown-dn-404",
    severity: Severity::Error,
    fragment: "unknown to the registrar (404)",
    meaning: "The registrar has no such DN in this domain, or it is disabled there.",
    check: "the user part of the To URI and the domain of the Request-URI, and check the DN's \
            configuration on the switch: whether it exists under this number and is \
            enabled",
    reference: "RFC 3261 §10.3 step 5, §21.4.5",
};

/// The registrar does not know the DN.
pub(in crate::diagnosis) struct UnknownDn;

impl DnRule for UnknownDn {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Rejected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Rejected) && case.view.state().status_code == Some(404), || {
            Proof::error(Confidence::Certain, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let server = last.answered_by.unwrap_or(last.registrar);
        if let Some(before) = case.accepted_until() {
            return format!(
                "{}: {server} answers {} for {}, {}, though {before}: the DN was removed or disabled in \
                 between",
                case.name(),
                case.code_of(last),
                case.text(last.aor),
                case.how_often()
            );
        }
        let own = u32::from(case.attempts.iter().any(|a| a.outcome == Outcome::Accepted));
        let accepted = case.scene.served(last.registrar).accepted.saturating_sub(own);
        let others = match accepted {
            0 => String::new(),
            n => format!("; it accepts {} in this capture", count(n, "other DN")),
        };
        format!(
            "{}: {} does not know {}: {}, {}{others}",
            case.name(),
            server,
            case.text(last.aor),
            case.code_of(last),
            case.how_often()
        )
    }
}
