//! Calls that still arrive at a Contact that is no longer registered.

use super::super::prelude::*;
use crate::registration::Called;

static ABOUT: About = About {
    id: "still-called",
    severity: Severity::Warning,
    fragment: "out of service, and its registrar still calls it",
    meaning: "The registrar acknowledged the removal of the DN, or the time that it granted ran out, and it still sends \
            calls to the device: it did not remove the Contact, or reaches the device without a registration.",
    check: "the registrar's own list of Contacts, a Contact that is set there by hand, and whether calls may go to a \
            device that has logged out; whether the capture lacks a later REGISTER",
    reference: "RFC 3261 §10.2.2, §10.3 step 7",
};

/// The registrar's clock may differ, and a call under way then was on its way before.
const LATER: i64 = 5_000_000_000;

/// Calls that still arrive at a Contact that is no longer registered.
pub(in crate::diagnosis) struct StillCalled;

impl DnRule for StillCalled {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Deregistered).or(Signs::verdict(Verdict::Expired))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some((called, ended)) = called_after(case) else { return Held::No };
        // one that asks whether a device is there asks those that have left, too
        let sure =
            if called.method == "OPTIONS" { Confidence::Possible } else { Confidence::Likely };
        let ended = Evidence { time: ended.time, frame: ended.frame };
        let called = Evidence { time: called.time, frame: called.frame };
        Held::Yes(Proof::warning(sure, vec![ended, called]))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((called, ended)) = called_after(case) else { return String::new() };
        let what = if case.is(Verdict::Expired) {
            "the time it had been granted ran out"
        } else {
            "it was removed"
        };
        let article = if called.method.starts_with(['I', 'O']) { "an" } else { "a" };
        format!(
            "{}: {} after {what}, {} still sent {article} {} to the device: it holds the Contact, or reaches the \
             device without one",
            case.name(),
            span(called.time.nanos_since(ended.time)),
            called.by,
            called.method
        )
    }
}

/// A request that the registrar sent to the device after the registration had ended, and that end.
fn called_after(case: &Case<'_>) -> Option<(Called, crate::registration::Change)> {
    if !matches!(case.verdict(), Verdict::Deregistered | Verdict::Expired) {
        return None;
    }
    let called = case.view.called()?;
    let ended = case.change_to(case.verdict())?;
    let by_registrar = case.registrar().is_some_and(|registrar| registrar.addr == called.by);
    (by_registrar && called.time.nanos_since(ended.time) > LATER).then_some((called, ended))
}
