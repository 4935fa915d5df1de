//! Gone at the registrar though its time still ran.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "gone-at-registrar",
    severity: Severity::Error,
    fragment: "gone at the registrar",
    meaning: "The registrar shows that it no longer holds the binding though its time still \
            ran: a query lists nothing, or a reg NOTIFY says terminated; likely if a request for \
            the DN is answered 480 or 410, or 404 where such requests were delivered before.",
    check: "the registrar's own log at that moment: an administrator, a restart, an \
            out-of-service check, or a split between the nodes of a cluster; on a Genesys switch \
            oos-check and oos-force of the DN",
    reference: "RFC 3261 §10.2.3, §16.5; RFC 3680 §5",
};

/// Gone at the registrar though its time still ran.
pub(in crate::diagnosis) struct GoneAtRegistrar;

impl DnRule for GoneAtRegistrar {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Terminated)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Terminated), || {
            let mut shown = case
                .attempts
                .iter()
                .rev()
                .find(|a| a.outcome == Outcome::Accepted)
                .map(shown_by)
                .unwrap_or_default();
            // a 404 means something only where calls had been delivered before
            let called =
                case.view.called().filter(|_| case.view.doubt().is_some_and(|d| d.code == 404));
            shown.extend(called.map(|called| Evidence { time: called.time, frame: called.frame }));
            let change = case.change_to(Verdict::Terminated);
            shown.extend(change.map(|c| Evidence { time: c.time, frame: c.frame }));
            let doubtful = case.view.doubt().is_some();
            let sure = if doubtful { Confidence::Likely } else { Confidence::Certain };
            Proof::error(sure, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let name = case.name();
        let registrar = case.registrar_name();
        let Some(change) = case.change_to(Verdict::Terminated) else {
            return format!("{name}: {registrar} no longer holds the binding");
        };
        let before = case.accepted_before(change.time).map(|a| {
            let after = span(change.time.nanos_since(decided_at(a)));
            let granted = a.granted.map_or_else(String::new, |s| format!(" for {s} s"));
            format!("accepted{granted} and {after} later ")
        });
        let before = before.unwrap_or_default();
        if let Some(doubt) = case.view.doubt() {
            return format!(
                "{name}: {before}{registrar} answered {} to a request for it without a removal in this \
                 capture: the binding is gone, or the DN is set to do-not-disturb",
                doubt.code
            );
        }
        format!("{name}: {before}no longer known to {registrar}, without a removal in this capture")
    }
}
