//! Credentials refused.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "wrong-password",
    severity: Severity::Error,
    fragment: "authentication failed",
    meaning: "Credentials that answer the registrar's own nonce are challenged again without \
            stale, or refused with 403: a wrong password or user name, a user or source that it \
            does not accept, or, with 403, a DN that may not register; the wire cannot tell these \
            apart.",
    check: "the registrar's log, which tells these apart; the password and the authentication user on \
            both sides (with --secret-file regscope says whether the digest fits a password); whether \
            the user exists, whether the source is allowed (ACL), and after 403 whether the AOR exists \
            and its limit of Contacts leaves room (max_contacts on Asterisk); on a Genesys switch \
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
                 answer its nonce and it calls none stale: a wrong password, or a user or source that \
                 it does not accept{}",
                last.registrar,
                times(last.refusals().max(1)),
                without_qop(case)
            );
        }
        let before = case.accepted_until().map_or_else(String::new, |before| format!("; {before}"));
        format!(
            "{name}: {} answered {} to credentials of user \"{user}\": a wrong password or user, or a DN \
             that is not allowed to register{before}",
            last.registrar,
            case.code_of(last)
        )
    }
}

/// That the credentials leave out the qop that the challenge offers, if they do (RFC 7616 §3.4).
fn without_qop(case: &Case<'_>) -> String {
    let offered = case.answer().map_or(&b""[..], |answer| case.bytes(answer.form.challenge_qop));
    let left_out =
        case.details().is_some_and(|d| !d.form.auth_realm.is_none() && d.form.auth_qop.is_none());
    if offered.is_empty() || !left_out {
        return String::new();
    }
    format!("; they have no qop, though the challenge offers \"{}\"", words::text(offered))
}
