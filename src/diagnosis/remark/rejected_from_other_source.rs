//! Refused from another source.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "rejected-from-other-source",
    severity: Severity::Observation,
    fragment: "refused from another source",
    meaning: "The DN is in service from one address while the registrar refuses it from \
            another.",
    check: "which device at the other address uses this DN",
    reference: "RFC 3261 §10.3 step 4",
};

/// Refused from another source.
pub(in crate::diagnosis) struct RejectedElsewhere;

impl DnRule for RejectedElsewhere {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::RejectedFromOtherSource)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::RejectedFromOtherSource) && refused(case).is_some(), || {
            Proof::observation(refused(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = refused(case) else { return String::new() };
        format!(
            "{}: {} answered {} to {}, while another source has it registered",
            case.name(),
            a.registrar,
            case.code_of(a),
            a.source.addr
        )
    }
}

fn refused<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .rev()
        .find(|a| matches!(a.outcome, Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed)))
}
