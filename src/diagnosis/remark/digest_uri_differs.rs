//! A digest for another URI.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "digest-uri-differs",
    severity: Severity::Warning,
    fragment: "digest URI is not the Request-URI",
    meaning: "The digest was made for another URI than the Request-URI; most registrars do \
            not mind.",
    check: "whether something on the way rewrites the Request-URI",
    reference: "RFC 3261 §22.4 item 6",
};

/// A digest for another URI.
pub(in crate::diagnosis) struct DigestUriDiffers;

impl DnRule for DigestUriDiffers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::DigestUri)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::DigestUri.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (digest, request) = case.details().map_or_else(Default::default, |d| {
            (case.text(d.form.auth_uri), case.text(d.form.request_uri))
        });
        format!(
            "{}: its digest is for {digest}, its Request-URI is {request}{}",
            case.name(),
            Oddity::DigestUri.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
