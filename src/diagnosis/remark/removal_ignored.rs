//! A removal that the registrar acknowledges but does not carry out.

use super::super::prelude::*;
use crate::registration::{AttemptView, BindingView};

static ABOUT: About = About {
    id: "removal-ignored",
    severity: Severity::Warning,
    fragment: "removed itself, and the registrar still lists it",
    meaning: "The device removed its registration, the registrar answered 2xx, and that response still lists the \
            Contact with time left: the registrar keeps it, and calls still go to it.",
    check: "the registrar's own list of Contacts; FreeSWITCH answers 200 to Contact * and removes nothing: there a \
            device has to remove its own Contact",
    reference: "RFC 3261 §10.2.2, §10.3 step 6",
};

/// A removal that the registrar acknowledges but does not carry out.
pub(in crate::diagnosis) struct RemovalIgnored;

impl DnRule for RemovalIgnored {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::LatestRemoved)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::InService) && ignored(case).is_some(), || {
            let shown = ignored(case).map(|(removal, _)| shown_by(removal));
            Proof::warning(Confidence::Certain, shown.unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((removal, kept)) = ignored(case) else { return String::new() };
        format!(
            "{}: {} removed its registration, {} responded {} and still lists {}: calls still go to it",
            case.name(),
            removal.source.addr,
            removal.registrar,
            case.code_of(removal),
            case.text(kept.contact)
        )
    }
}

/// The latest attempt, if it is a removal, and a binding of its side that the 2xx to it lists.
fn ignored<'c, 'a>(case: &'c Case<'a>) -> Option<(&'c AttemptView<'a>, BindingView<'a>)> {
    let last = case.last_done()?;
    if last.outcome != Outcome::Removed || last.purpose != Purpose::Remove {
        return None;
    }
    let at = decided_at(last);
    let everything = last.contact.is_none();
    let mut kept = case.view.bindings().filter(|(registrar, b)| {
        let own = b.source.is_none_or(|source| source.addr == last.source.addr);
        *registrar == last.registrar
            && b.renewed == at
            && (b.contact == last.contact || everything && own)
    });
    kept.next().map(|(_, binding)| (last, binding))
}
