//! A server that stopped to answer an address.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "address-blocked",
    severity: Severity::Error,
    fragment: "the address is no longer answered",
    meaning: "The registrar rejected REGISTERs from this address again and again; since then it answers \
            nothing from there, whichever DN it is for, while it answers others: a ban, most likely.",
    check: "the ban list of the registrar's host (fail2ban, the firewall, pike or an ACL of the \
            registrar) for this address; then the DN that was rejected, or the ban comes back",
    reference: "RFC 3261 §17.1.2.2, §26.1.5",
};

/// A server that stopped to answer an address.
pub(in crate::diagnosis) struct AddressBlocked;

/// So many rejections lead to a ban.
const ENOUGH: u32 = 3;

impl DnRule for AddressBlocked {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NoAnswer)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let blocked = || {
            let last = case.decider()?;
            let sent = case.scene.sent(last.source.addr)?;
            let since = sent.last_answer;
            let others = case.scene.served(last.registrar).answered_since(last.started);
            (sent.rejections >= ENOUGH && last.started > since && others > 0).then_some(())
        };
        Held::when(case.is(Verdict::NoAnswer) && blocked().is_some(), || {
            Proof::error(Confidence::Likely, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let Some(sent) = case.scene.sent(last.source.addr) else { return String::new() };
        let others = case.scene.served(last.registrar).answered_since(last.started);
        let since = case.scene.snapshot.at.nanos_since(sent.last_answer);
        format!(
            "{}: {} rejected REGISTERs from {} {} ({}) and has answered nothing from there for {} since; \
             meanwhile it answers {}",
            case.name(),
            last.registrar,
            last.source.addr,
            times(sent.rejections),
            count(sent.rejected, "DN"),
            span(since),
            count(others, "DN"),
        )
    }
}
