//! A translator's mapping that closed because nothing kept it open.

use super::super::odd;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "keep-alive-missing",
    severity: Severity::Warning,
    fragment: "nothing kept the NAT mapping open",
    meaning: "The device is behind address translation and sent nothing for longer than a mapping lives; \
            what the registrar sent there was not answered, and the next REGISTER came from another port: \
            the mapping had closed, and calls did not arrive.",
    check: "keep-alives of the device (CRLF or STUN, every 25 to 30 s) or OPTIONS from the registrar, or a \
            shorter expiry; the UDP timeout of the router",
    reference: "RFC 5626 §3.5, §4.4; RFC 4787 REQ-5",
};

/// A translator's mapping that closed because nothing kept it open.
pub(in crate::diagnosis) struct KeepAliveMissing;

impl DnRule for KeepAliveMissing {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some(lost) = odd::lost_mapping(case) else { return Held::No };
        let (time, frame) = lost.unanswered.first;
        let mut shown = shown_by(lost.over);
        shown.push(Evidence { time, frame });
        shown.extend(shown_by(lost.next).into_iter().next());
        Held::Yes(Proof::warning(Confidence::Likely, shown))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(lost) = odd::lost_mapping(case) else { return String::new() };
        format!(
            "{}: no keep-alive and no REGISTER from {} for {}, then {} got no response to its {} there, and \
             the next REGISTER came from port {}: the NAT mapping had closed",
            case.name(),
            lost.over.source,
            span(lost.quiet),
            lost.unanswered.asker,
            lost.unanswered.method,
            lost.next.source.port
        )
    }
}
