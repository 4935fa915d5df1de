//! A user in the Request-URI.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "request-uri-user",
    severity: Severity::Warning,
    fragment: "user part in the Request-URI",
    meaning: "The Request-URI of a REGISTER names a domain; a user part must not be there.",
    check: "the registrar address configured in the device",
    reference: "RFC 3261 §10.2",
};

/// A user in the Request-URI.
pub(in crate::diagnosis) struct RequestUriUser;

impl DnRule for RequestUriUser {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::RequestUriUser)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::RequestUriUser.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let uri = case.details().map_or_else(Default::default, |d| case.text(d.form.request_uri));
        format!(
            "{}: the Request-URI {uri} has a user part{}",
            case.name(),
            Oddity::RequestUriUser.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
