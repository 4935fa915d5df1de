//! Credentials for another realm.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "wrong-realm",
    severity: Severity::Error,
    fragment: "credentials for another realm",
    meaning: "The device answers a challenge with credentials for a realm that did not ask.",
    check: "the realm, or the authentication domain, configured in the device",
    reference: "RFC 3261 §22.1, §22.3",
};

/// Credentials for another realm.
pub(in crate::diagnosis) struct WrongRealm;

impl DnRule for WrongRealm {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(
            case.is(Verdict::AuthFailed)
                && case.decider().is_some_and(|a| a.flags.contains(Flag::WrongRealm)),
            || Proof::error(Confidence::Certain, case.shown()),
        )
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        format!(
            "{}: {} asks for credentials for the realm \"{}\" and receives credentials for \"{}\", {}",
            case.name(),
            last.registrar,
            case.text(last.realm_offered),
            case.text(last.realm),
            times(last.refusals())
        )
    }
}
