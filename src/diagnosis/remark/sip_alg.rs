//! A router between device and registrar that rewrites SIP.

use super::super::odd;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "sip-alg",
    severity: Severity::Warning,
    fragment: "rewritten on the way (SIP ALG)",
    meaning: "The REGISTER does not arrive as it was sent, or has the marks of that: a router with a SIP \
            ALG puts its own address into some of the headers. What it leaves out leads responses and \
            calls to a port where nothing listens.",
    check: "switch off SIP ALG (SIP helper, SIP inspection) in the router or firewall in front of the \
            device; TLS or another port than 5060 keeps it away",
    reference: "RFC 3261 §18.2.2; RFC 3581; RFC 6314 §3",
};

/// A router between device and registrar that rewrites SIP.
pub(in crate::diagnosis) struct SipAlg;

impl DnRule for SipAlg {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        if let Some(attempt) = odd::rewritten(case) {
            return Held::Yes(Proof::warning(Confidence::Certain, shown_by(attempt)));
        }
        Held::when(odd::half_rewritten(case).is_some(), || {
            let shown = case.shown_by_latest();
            if case.is_failing() || case.view.unanswered().is_some() {
                Proof::warning(Confidence::Likely, shown)
            } else {
                Proof::observation(shown)
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let name = case.name();
        if let Some((attempt, there)) = odd::rewritten(case).and_then(|a| Some((a, a.rewritten()?)))
        {
            let (contact, source) = (case.text(there.contact), attempt.source);
            let via = if there.via.is_none() {
                String::new()
            } else {
                format!(" and the Via {}", case.text(there.via))
            };
            return format!(
                "{name}: its REGISTER is rewritten between {source} and {}: beyond the router it has the \
                 Contact {contact}{via}, where the device had written {}",
                attempt.registrar,
                case.text(attempt.contact)
            );
        }
        let Some((contact, via, source)) = odd::half_rewritten(case) else { return String::new() };
        format!(
            "{name}: its REGISTER looks rewritten on its way (SIP ALG): the Via has {via}, the Contact the \
             router's {contact}, and it comes from {source}"
        )
    }
}
