//! Credentials of another name than the DN.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "username-not-dn",
    severity: Severity::Warning,
    fragment: "authentication user is not the DN",
    meaning: "The credentials name another user than the DN, which is right only if the \
            registrar is configured so.",
    check: "the authentication user on both sides",
    reference: "RFC 3261 §10.3 step 4, §22",
};

/// Credentials of another name than the DN.
pub(in crate::diagnosis) struct UsernameNotDn;

impl DnRule for UsernameNotDn {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::UsernameNotDn)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::UsernameNotDn.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let user = case.details().map_or_else(Default::default, |d| case.text(d.auth_username));
        format!(
            "{}: its credentials name the user \"{user}\"{}",
            case.name(),
            Oddity::UsernameNotDn.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
