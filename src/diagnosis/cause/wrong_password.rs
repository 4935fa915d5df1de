//! Credentials refused.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "wrong-password",
    severity: Severity::Error,
    fragment: "wrong password",
    meaning: "Credentials that answer the registrar's own nonce are challenged again without \
            stale, or refused with 403: the password or the user name is wrong, or the \
            user may not register this DN.",
    check: "the password and the authentication user on both sides; with --secret-file \
            regscope tells whether the digest fits a password; on a Genesys switch \
            authenticate-requests and password of the DN",
    reference: "RFC 3261 §22.1, §10.3 step 3–4; RFC 7616 §3.3",
};

/// Credentials refused.
pub(in crate::diagnosis) struct WrongPassword;

impl DnRule for WrongPassword {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::AuthFailed), || Proof::error(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let (name, user) = (case.name(), case.text(last.username));
        let realm = case.text(if last.realm.is_none() { last.realm_offered } else { last.realm });
        if matches!(last.code, 401 | 407) && !last.nonce_answered() && user.is_empty() {
            return format!(
                "{name}: {} asked for credentials for the realm \"{realm}\" {}: what answered it \
                 was not captured, and was refused",
                last.registrar,
                times(last.challenges())
            );
        }
        if matches!(last.code, 401 | 407) {
            let user = if user.is_empty() { String::new() } else { format!(" of user \"{user}\"") };
            return format!(
                "{name}: {} refused the credentials{user} for the realm \"{realm}\" {}, though they \
                 answer its nonce and it calls none stale: wrong password or user",
                last.registrar,
                times(last.refusals().max(1))
            );
        }
        let before = case.accepted_until().map_or_else(String::new, |before| format!("; {before}"));
        format!(
            "{name}: {} answered {} to credentials of user \"{user}\": wrong password or user, or not \
             allowed{before}",
            last.registrar,
            case.code_of(last)
        )
    }
}
