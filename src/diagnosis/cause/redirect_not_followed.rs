//! A redirect not followed with success.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "redirect-not-followed",
    severity: Severity::Error,
    fragment: "redirected",
    meaning: "The registrar sent the device elsewhere and no registration there was captured.",
    check: "the Contact of the 3xx: whether the device can reach it and is allowed to \
            follow redirects; a capture taken at the registrar does not show what went elsewhere",
    reference: "RFC 3261 §10.2.7, §21.3",
};

/// A redirect not followed with success.
pub(in crate::diagnosis) struct RedirectNotFollowed;

impl DnRule for RedirectNotFollowed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Redirected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Redirected), || Proof::error(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let is_redirect = |code: u16| (300..400).contains(&code);
        let redirects = last.messages().filter(|m| is_redirect(m.code)).count();
        if let Ok(redirects @ 2..) = u32::try_from(redirects) {
            return format!(
                "{}: it was redirected {} in a row, the last time by {} ({}), and no server accepted it: the servers \
                 may redirect to each other",
                case.name(),
                times(redirects),
                last.registrar,
                case.code_of(last)
            );
        }
        format!(
            "{}: {} answered {}, {}, and no REGISTER to another server was captured",
            case.name(),
            last.registrar,
            case.code_of(last),
            case.how_often()
        )
    }
}
