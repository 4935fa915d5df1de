//! An IPv6 address that is not written as SIP wants it.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "malformed-address",
    severity: Severity::Warning,
    fragment: "malformed IPv6 address",
    meaning: "A Via or Contact has an IPv6 address without brackets, or with a zone: a server cannot tell \
            the port from the address and may drop the REGISTER without a response.",
    check: "the device's network settings: a global IPv6 address instead of a link-local one, a newer \
            version of its software, or IPv4",
    reference: "RFC 3261 §25.1 (IPv6reference); RFC 6874",
};

/// An IPv6 address that is not written as SIP wants it.
pub(in crate::diagnosis) struct MalformedAddress;

impl DnRule for MalformedAddress {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let malformed = case.details().is_some_and(|details| details.malformed_host);
        let dropped = matches!(case.verdict(), Verdict::NoAnswer | Verdict::Rejected);
        Held::when(malformed, || {
            let shown = case.shown_by_latest();
            if dropped {
                Proof::warning(Confidence::Likely, shown)
            } else {
                Proof::observation(shown)
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let contact = case.attempts.last().map(|a| case.text(a.contact)).unwrap_or_default();
        let via = case.details().map(|d| case.text(d.via_host)).unwrap_or_default();
        format!(
            "{}: its REGISTER has a malformed IPv6 address, without brackets or with a zone (Via {via}, \
             Contact {contact})",
            case.name()
        )
    }
}
