//! In service, and the device does not answer what its registrar sends it.

use super::super::prelude::*;
use super::super::words;
use crate::registration::Unanswered;

static ABOUT: About = About {
    id: "registered-but-silent",
    severity: Severity::Warning,
    fragment: "registered, and does not answer its registrar",
    meaning: "The binding runs, yet requests that the registrar or the proxy sent to it since it was \
            registered last were not answered: calls to the DN probably end there.",
    check: "whether the device still runs, and whether packets reach it there: a binding of address \
            translation that was closed, a firewall, a Contact with a private address that the \
            registrar does not replace by the source of the REGISTER",
    reference: "RFC 3261 §8.2, §11.2, §17.1; RFC 5626 §1",
};

/// In service, and the device does not answer what its registrar sends it.
pub(in crate::diagnosis) struct RegisteredButSilent;

impl DnRule for RegisteredButSilent {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Silent)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some(open) = unanswered(case) else { return Held::No };
        let confidence = match open.icmp {
            Some(_) => Confidence::Certain,
            None if open.heard => Confidence::Likely,
            None => Confidence::Possible,
        };
        Held::Yes(Proof::warning(confidence, shown(open)))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(open) = unanswered(case) else { return String::new() };
        let Unanswered { asker, place, method, requests, sent, .. } = *open;
        let within = words::span(open.last.0.nanos_since(open.first.0));
        let what = match (open.icmp, requests, sent) {
            (Some((kind, code)), ..) => {
                let why = words::icmp(kind, code);
                format!("the {method} from {asker} to {place} came back as ICMP {why}")
            }
            (None, 1, 1) => format!("{place} did not answer the {method} from {asker}"),
            (None, 1, n) => format!(
                "{place} did not answer the {method} from {asker}, sent {} within {within}",
                words::times(n)
            ),
            (None, n, _) => format!(
                "{place} answered none of {n} requests from {asker} within {within} (the latest: {method})"
            ),
        };
        let holders = case.holders();
        let registers = holders.is_empty() || holders.contains(&place.addr);
        let elsewhere = if registers {
            String::new()
        } else {
            format!("; that address is in its Contact, it registers from {}", case.holders_named())
        };
        let nobody = if open.heard || open.icmp.is_some() {
            ""
        } else {
            "; nobody answers that one in this capture"
        };
        let lapsed = if case.is(Verdict::Expired) {
            "; its binding still ran when that began, and has lapsed since"
        } else {
            ""
        };
        format!("{}: {what}{elsewhere}{nobody}{lapsed}", case.name())
    }
}

/// What was sent to it without an answer while it was registered.
fn unanswered<'a>(case: &Case<'a>) -> Option<&'a Unanswered> {
    match case.verdict() {
        Verdict::InService => case.view.unanswered(),
        _ => case.view.unanswered_before_lapse(),
    }
}

/// The first request without an answer, and the latest.
fn shown(open: &Unanswered) -> Vec<Evidence> {
    let one = |(time, frame)| Evidence { time, frame };
    let latest = (open.last.1 != open.first.1).then(|| one(open.last));
    std::iter::once(one(open.first)).chain(latest).collect()
}
