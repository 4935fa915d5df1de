//! Credentials that were accepted before.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "refused-after-accepted",
    severity: Severity::Error,
    fragment: "credentials refused that were accepted before",
    meaning: "The registrar accepted credentials of this user before and refuses them now: \
            something changed at the registrar, or the password in between.",
    check: "what changed at that moment: the password or the DN at the registrar, its user database \
            or a server behind it, a limit of Contacts, a source that is blocked",
    reference: "RFC 3261 §10.3 step 3–4, §22.1",
};

/// Credentials that were accepted before.
pub(in crate::diagnosis) struct RefusedAfterAccepted;

impl DnRule for RefusedAfterAccepted {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::AuthFailed) && accepted(case).is_some(), || {
            let mut shown = accepted(case).map(|(last, _)| shown_by(last)).unwrap_or_default();
            shown.extend(case.shown());
            Proof::error(Confidence::Likely, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((refused, (last, count))) = case.decider().zip(accepted(case)) else {
            return String::new();
        };
        let before = span(refused.last.nanos_since(decided_at(last)));
        let all = match case.scene.served(refused.registrar).turned_away() {
            Some(dns) => {
                format!("; it has accepted nobody since and refused {dns} DNs that it had accepted")
            }
            None => String::new(),
        };
        format!(
            "{}: {} answered {} to credentials of user \"{}\" that it had accepted {count} before, the \
             last time {before} earlier{all}",
            case.name(),
            refused.registrar,
            case.code_of(refused),
            case.text(refused.username)
        )
    }
}

/// The latest attempt before with credentials of the same user that the registrar accepted, and how
/// often it did.
fn accepted<'c, 'a>(
    case: &'c Case<'a>,
) -> Option<(&'c AttemptView<'a>, std::borrow::Cow<'static, str>)> {
    let refused = case.decider()?;
    let mut before = case.attempts.iter().rev().filter(|a| {
        a.outcome == Outcome::Accepted
            && a.credentials()
            && a.started < refused.started
            && a.registrar == refused.registrar
            && a.username == refused.username
    });
    let last = before.next()?;
    let count = before.count() + 1;
    Some((last, times(u32::try_from(count).unwrap_or(u32::MAX))))
}
