//! A device whose Contact was not kept while others hold the DN.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "not-kept-beside-others",
    severity: Severity::Warning,
    fragment: "accepted, but only others are kept",
    meaning: "The DN is in service from other addresses; of a device whose REGISTER was answered \
            2xx the registrar keeps no Contact, so calls do not reach it.",
    check: "how many Contacts the registrar allows for the DN, and which device is meant to have it",
    reference: "RFC 3261 §10.2.4, §10.3 step 8",
};

/// A device whose Contact was not kept while others hold the DN.
pub(in crate::diagnosis) struct NotKeptBesideOthers;

impl DnRule for NotKeptBesideOthers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LatestFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(left_out(case).is_some(), || {
            Proof::warning(Confidence::Likely, left_out(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(a) = left_out(case) else { return String::new() };
        format!(
            "{}: {} answered {} to {} and does not list its Contact: only {} has it registered",
            case.name(),
            a.registrar,
            case.code_of(a),
            a.source.addr,
            case.holders_named()
        )
    }
}

/// The latest attempt, if it was accepted and not kept while others are known to hold the DN.
fn left_out<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    if !case.is(Verdict::InService) {
        return None;
    }
    let last = case.last_done()?;
    // a Contact that no captured request asked for may be its own, rewritten
    let others = case
        .view
        .bindings()
        .all(|(_, b)| b.source.is_some_and(|source| source.addr != last.source.addr));
    (last.outcome == Outcome::Failed(Verdict::NotKept) && others).then_some(last)
}
