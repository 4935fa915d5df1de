//! Refused from another source.

use std::borrow::Cow;

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
            let shown = refused(case).map(shown_by).unwrap_or_default();
            // of two tenants with one number the one that fails does not show in the verdict
            if other_domain(case).is_some() {
                return Proof::warning(Confidence::Certain, shown);
            }
            Proof::observation(shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = refused(case) else { return String::new() };
        let (name, registrar, code) = (case.name(), a.registrar, case.code_of(a));
        let source = a.source.addr;
        other_domain(case).map_or_else(
            || format!("{name}: {registrar} answered {code} to {source}, while another source has it registered"),
            |(refused, held)| {
                format!(
                    "{name}: {registrar} answered {code} to {source} for {refused}, while another source \
                     has {held} registered"
                )
            },
        )
    }
}

/// The address-of-record that is refused and the one that is held, if they are not one.
fn other_domain<'a>(case: &Case<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let refused = refused(case)?;
    let mut accepted = case.attempts.iter().rev().filter(|a| a.outcome == Outcome::Accepted);
    let held = accepted.find(|a| a.registrar == refused.registrar && a.source != refused.source)?;
    (held.aor != refused.aor && !held.aor.is_none() && !refused.aor.is_none())
        .then(|| (case.text(refused.aor), case.text(held.aor)))
}

fn refused<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts
        .iter()
        .rev()
        .find(|a| matches!(a.outcome, Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed)))
}
