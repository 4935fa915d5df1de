//! A 200 that lists another Contact than the one asked for.

use super::super::prelude::*;
use super::super::{habit, odd};

static ABOUT: About = About {
    id: "contact-rewritten",
    severity: Severity::Warning,
    fragment: "the 200 lists another Contact",
    meaning: "The 200 lists the device under another address than it asked for: the registrar or a proxy \
            put the source of the REGISTER in its place. Many devices take that; one that looks for its \
            own Contact finds none and registers again.",
    check: "whether the device accepts a Contact that is not its own (RFC 5626 and rport make the \
            rewriting needless), and what rewrites it",
    reference: "RFC 3261 §10.2.4, §10.3 step 8; RFC 3581 §4",
};

/// A 200 that lists another Contact than the one asked for.
pub(in crate::diagnosis) struct ContactRewritten;

impl DnRule for ContactRewritten {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        // the usual help against address translation, until the device shows that it does not take it
        let hurts = || habit::too_often(&case.attempts).is_some();
        Held::when(odd::listed_instead(case).is_some() && hurts(), || {
            Proof::warning(Confidence::Possible, case.shown_by_latest())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((listed, last)) = odd::listed_instead(case).zip(case.attempts.last()) else {
            return String::new();
        };
        format!(
            "{}: the 200 of {} lists {} instead of the Contact that was asked for, {}, and the device \
             registers again and again",
            case.name(),
            last.registrar,
            words::text(listed),
            case.text(last.contact)
        )
    }
}
