//! A digest algorithm that was not offered.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "algorithm-not-offered",
    severity: Severity::Error,
    fragment: "digest algorithm that was not offered",
    meaning: "The credentials use a digest algorithm that is not among those of the challenge.",
    check: "the algorithms the device and the registrar support (MD5, SHA-256)",
    reference: "RFC 8760 §2.4",
};

/// A digest algorithm that was not offered.
pub(in crate::diagnosis) struct AlgorithmNotOffered;

impl DnRule for AlgorithmNotOffered {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::AuthFailed)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::AuthFailed) && used(case).is_some(), || {
            Proof::error(Confidence::Likely, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (used, offered) = used(case).unwrap_or_default();
        format!(
            "{}: credentials use {used}, and {} offers {offered}",
            case.name(),
            case.registrar_name()
        )
    }
}

/// The algorithm used and those offered, if the one is not among the others.
fn used(case: &Case<'_>) -> Option<(String, String)> {
    let (details, answer) = (case.details()?, case.answer()?);
    details.credentials_for_proxy?;
    if !matches!(answer.code, 401 | 407) {
        return None;
    }
    let used = match case.bytes(details.form.auth_algorithm) {
        b"" => &b"MD5"[..],
        named => named,
    };
    let offered = case.bytes(answer.form.challenge_algorithms);
    let is_among = offered.split(|&b| b == b',').any(|o| o.trim_ascii().eq_ignore_ascii_case(used));
    (!offered.is_empty() && !is_among)
        .then(|| (words::text(used).into_owned(), words::text(offered).into_owned()))
}
