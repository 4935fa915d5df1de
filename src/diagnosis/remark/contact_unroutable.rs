//! A Contact that no other host can reach.

use super::super::baseline::Oddity;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "contact-unroutable",
    severity: Severity::Warning,
    fragment: "Contact cannot be reached from outside",
    meaning: "The Contact names a loopback, unspecified or private address while the request \
            comes from elsewhere. Working fleets have many; it counts only where failing \
            DNs have it and working ones do not.",
    check: "the address the device believes to have, an ALG or a missing NAT traversal; a \
            Contact in .invalid over WebSocket is legitimate",
    reference: "RFC 3261 §8.1.1.8, RFC 5626 §4.1, RFC 7118 §5",
};

/// A Contact that no other host can reach.
pub(in crate::diagnosis) struct ContactUnroutable;

impl DnRule for ContactUnroutable {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::ContactUnroutable)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::ContactUnroutable.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let contact = case.attempts.last().map_or_else(Default::default, |a| case.text(a.contact));
        format!(
            "{}: Contact {contact} cannot be reached from outside its own network; the REGISTER comes from \
             {}{}",
            case.name(),
            case.source_name(),
            Oddity::ContactUnroutable.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
