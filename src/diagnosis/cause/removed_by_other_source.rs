//! Removed by another source.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "removed-by-other-source",
    severity: Severity::Error,
    fragment: "removed by another source",
    meaning: "A REGISTER with Expires 0 from another address than the one that had \
            registered the DN removed it.",
    check: "which device or script at the other address uses this DN; some \
            registrars drop all bindings when one of them is removed",
    reference: "RFC 3261 §10.2.2",
};

/// Removed by another source.
pub(in crate::diagnosis) struct RemovedByOther;

impl DnRule for RemovedByOther {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Terminated)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Terminated) && pair(case).is_some(), || {
            let shown = pair(case).map(|(granted, removal)| {
                let mut shown = shown_by(granted);
                shown.extend(shown_by(removal));
                shown
            });
            Proof::error(Confidence::Certain, shown.unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((granted, removal)) = pair(case) else { return String::new() };
        let later = decided_at(removal).nanos_since(decided_at(granted));
        let seconds = granted.granted.map_or_else(String::new, |s| format!(" for {s} s"));
        format!(
            "{}: registered from {}{seconds} and removed {} later by {} from another source, {}",
            case.name(),
            granted.source.addr,
            span(later),
            case.removed_with(),
            removal.source.addr
        )
    }
}

/// What had registered the DN, and what removed it from elsewhere.
fn pair<'c>(case: &'c Case<'_>) -> Option<(&'c AttemptView<'c>, &'c AttemptView<'c>)> {
    let removal = case.removal()?;
    let granted = case.accepted_before(removal.started)?;
    if granted.source.addr != removal.source.addr {
        return Some((granted, removal));
    }
    // a source that removed its own binding may have removed another's with it
    let change = case.change_to(Verdict::Terminated)?;
    let mut others = case.attempts.iter().rev().filter(|a| {
        a.outcome == Outcome::Accepted
            && a.registrar == removal.registrar
            && a.started < removal.started
            && a.source.addr != removal.source.addr
    });
    others.next().filter(|_| decided_at(removal) == change.time).map(|other| (other, removal))
}
