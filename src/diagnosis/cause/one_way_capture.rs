//! Only one direction was captured.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "one-way-capture",
    severity: Severity::Warning,
    fragment: "only one direction captured",
    meaning: "No final response was captured, yet the device acts as if it had one, or the REGISTER itself was not \
            captured: the capture shows one direction only.",
    check: "capture on the SIP host itself, or on both directions of the mirrored port",
    reference: "RFC 3261 §17.1.2.2",
};

/// Only one direction was captured.
pub(in crate::diagnosis) struct OneWayCapture;

impl DnRule for OneWayCapture {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::OneWay)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::OneWay), || Proof::warning(Confidence::Likely, case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        // a capture that has them for others may lack them for this one, or there were none
        let others = match case.scene.served(last.registrar).answered {
            0 => String::new(),
            n => format!(", though it has answers to {}", count(n, "other DN")),
        };
        if last.messages().all(|message| message.code != 0) {
            return format!(
                "{}: {} answered a REGISTER from {} that was not captured, and no final response was: this \
                 capture cannot tell{others}",
                case.name(),
                last.registrar,
                last.source.addr
            );
        }
        // over TCP nothing is repeated
        let shows = if last.transport.is_reliable() {
            "may have got one"
        } else {
            "does not repeat its REGISTER as it would without one"
        };
        format!(
            "{}: no response from {} was captured and {} {shows}: this capture cannot tell{others}",
            case.name(),
            last.registrar,
            last.source.addr
        )
    }
}
