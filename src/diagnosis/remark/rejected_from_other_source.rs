//! Refused from another source.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "rejected-from-other-source",
    severity: Severity::Warning,
    fragment: "refused from another source",
    meaning: "The DN is in service from one address while the registrar refuses it from \
            another.",
    check: "which device at the other address uses this DN, and whether the registrar has room for a \
            second Contact (max_contacts on Asterisk)",
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
            let shown = refused(case).map(shown_by).unwrap_or_default();
            // the one that is refused does not show in the verdict
            if refused(case).is_some_and(|a| is_still_refused(case, a)) {
                return Proof::warning(Confidence::Certain, shown);
            }
            Proof::observation(shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = refused(case) else { return String::new() };
        let (name, registrar, code) = (case.name(), a.registrar, case.code_of(a));
        let source = a.source.addr;
        format!(
            "{name}: {registrar} answered {code} to {source}, while another source has it registered"
        )
    }
}

/// Whether the source of a refused attempt was not accepted since.
fn is_still_refused(case: &Case<'_>, refused: &AttemptView<'_>) -> bool {
    !case.attempts.iter().any(|a| {
        a.outcome == Outcome::Accepted
            && a.source.addr == refused.source.addr
            && a.started >= refused.started
    })
}

fn refused<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .rev()
        .find(|a| matches!(a.outcome, Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed)))
}
