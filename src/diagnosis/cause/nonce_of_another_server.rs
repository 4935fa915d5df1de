//! Credentials for the nonce of another server.

use super::super::prelude::*;
use crate::registration::{AttemptView, Excuse};

static ABOUT: About = About {
    id: "nonce-of-another-server",
    severity: Severity::Error,
    fragment: "credentials for another server's nonce",
    meaning: "One server issued the nonce and another one was sent the credentials that answer \
            it: the second cannot verify them, so nothing is known of the password.",
    check: "why the device changes servers between the challenge and its response (DNS SRV, a load \
            balancer), and whether the servers share their nonces",
    reference: "RFC 7616 §3.3; RFC 3263 §4.1",
};

/// Credentials for the nonce of another server.
pub(in crate::diagnosis) struct NonceOfAnother;

impl DnRule for NonceOfAnother {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed).or(Signs::verdict(Verdict::Challenged))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = matches!(case.verdict(), Verdict::AuthFailed | Verdict::Challenged);
        Held::when(refused && excused(case).is_some(), || {
            let shown = excused(case).map(shown_by).unwrap_or_default();
            Proof::error(Confidence::Certain, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = excused(case) else { return String::new() };
        let issuer = last.issuer(case.scene.snapshot);
        let issuer =
            issuer.map_or_else(|| "another server".to_owned(), |issuer| issuer.to_string());
        let all = case.attempts.iter().filter(|a| a.excuse() == Some(Excuse::OtherServer)).count();
        format!(
            "{}: {issuer} issued the nonce and {} was sent the credentials that answer it: it \
             answered {}, {}",
            case.name(),
            last.registrar,
            case.code_of(last),
            times(u32::try_from(all).unwrap_or(u32::MAX))
        )
    }
}

/// The attempt that decided, if its credentials answer another server's nonce.
fn excused<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.decider().filter(|a| a.excuse() == Some(Excuse::OtherServer))
}
