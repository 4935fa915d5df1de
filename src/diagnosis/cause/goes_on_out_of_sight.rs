//! The registration goes on where the capture cannot read.

use super::super::prelude::*;
use crate::registration::Seal;

static ABOUT: About = About {
    id: "goes-on-out-of-sight",
    severity: Severity::Warning,
    fragment: "goes on encrypted or compressed",
    meaning: "After the challenge the device goes on in packets that cannot be read: encrypted by \
            IPsec (ESP), as the Security-Server header says, compressed (SigComp), or in a TLS connection \
            that it opens to its server at once.",
    check: "the registrar itself, or a capture behind it; for TLS, a key log (--keylog); for ESP, whether null \
            encryption can be used for a test",
    reference: "RFC 3329 §2; RFC 3320, RFC 5049; RFC 3261 §26.3.1",
};

/// The registration goes on where the capture cannot read.
pub(in crate::diagnosis) struct OutOfSight;

impl DnRule for OutOfSight {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::OneWay)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let sealed = case.decider().is_some_and(|a| a.sealed().is_some());
        Held::when(case.is(Verdict::OneWay) && sealed, || {
            // that the TLS connection carries this DN is an inference
            let in_tls = case.decider().is_some_and(|a| a.sealed() == Some(Seal::Tls));
            let confidence = if in_tls { Confidence::Likely } else { Confidence::Certain };
            let mut shown = case.shown();
            let unreadable = case.change_to(Verdict::OneWay);
            shown.extend(unreadable.map(|c| Evidence { time: c.time, frame: c.frame }));
            Proof::warning(confidence, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let how = match last.sealed() {
            Some(Seal::SigComp) => "compressed messages (SigComp)",
            Some(Seal::Tls) => "a TLS connection",
            _ => "encrypted packets (IPsec ESP)",
        };
        format!(
            "{}: {} challenged it ({}) and it goes on in {how}: this capture cannot tell how it ends",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}
