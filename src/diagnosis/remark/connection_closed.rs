//! Connection of the binding ended.

use super::super::prelude::*;
use crate::registration::Risk;

static ABOUT: About = About {
    id: "connection-closed",
    severity: Severity::Warning,
    fragment: "connection of the binding ended",
    meaning: "The connection over which the DN registered has ended while its binding runs, and nothing else \
            reaches its Contact: it cannot be called until it registers again.",
    check: "why the connection ended (the device, a proxy or firewall that drops idle connections, keep-alives) \
            and whether the device registers again at once; some registrars (Asterisk) drop the Contact \
            with its connection",
    reference: "RFC 5626 §5.3, RFC 7118 §5",
};

/// Connection of the binding ended.
pub(in crate::diagnosis) struct ConnectionClosed;

impl DnRule for ConnectionClosed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Flow)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.view.risk() == Some(Risk::ConnectionClosed), || {
            let dead = case.view.dead_flows();
            let shown = dead.iter().flat_map(|dead| {
                let granted = Evidence { time: dead.binding.renewed, frame: dead.binding.frame };
                [granted, Evidence { time: dead.end.time, frame: dead.end.frame }]
            });
            Proof::warning(Confidence::Certain, shown.take(8).collect())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let dead = case.view.dead_flows();
        let Some(last) = dead.iter().max_by_key(|dead| dead.end.time) else { return String::new() };
        let how = if last.end.reset { "reset" } else { "closed" };
        format!(
            "{}: the connection from {} to {} that registered it was {how} {} after its last 200 and it has \
             not registered again for {}: nothing else reaches Contact {}",
            case.name(),
            last.client,
            last.server,
            span(last.end.time.nanos_since(last.binding.renewed)),
            span(case.scene.snapshot.at.nanos_since(last.end.time)),
            case.text(last.binding.contact)
        )
    }
}
