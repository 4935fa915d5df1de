//! No answer to a REGISTER.

use super::super::prelude::*;
use crate::net::Transport;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "no-answer",
    severity: Severity::Error,
    fragment: "no response",
    meaning: "The REGISTER was repeated or its time ran out, and nothing came back.",
    check: "the network path to and from the registrar: address, port and transport, a firewall, \
            and whether the registrar logs the REGISTER; a Genesys SIP Server drops a \
            de-registration of an unknown DN silently",
    reference: "RFC 3261 §17.1.2.2",
};

/// No answer to a REGISTER.
pub(in crate::diagnosis) struct NoAnswer;

impl DnRule for NoAnswer {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NoAnswer)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::NoAnswer), || {
            let mut shown = case.shown();
            let closed = case.decider().and_then(|last| last.closed());
            shown.extend(closed.map(|(time, frame)| Evidence { time, frame }));
            Proof::error(Confidence::Certain, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let sending = match words::sendings(last) {
            (0 | 1, _) => format!("sent once over {}, not answered in time", last.transport),
            (n, within) => format!("sent {} within {}", times(n), span(within)),
        };
        // seen: a registrar that drops the removal of a DN it does not know
        let removal = match last.purpose {
            Purpose::Remove => " (it asks for a removal, Expires 0)",
            _ => "",
        };
        if last.messages().any(|m| (100..200).contains(&m.code)) {
            return format!(
                "{}: {} answered the REGISTER from {}{removal} with 100 and nothing after that: most likely it \
                 is waiting for a server behind it",
                case.name(),
                last.registrar,
                last.source
            );
        }
        let closed = last.closed().map_or_else(String::new, |(time, _)| {
            format!(", and closed the connection {} after it", span(time.nanos_since(last.started)))
        });
        format!(
            "{}: {} did not answer the REGISTER from {}{removal}, {sending}{closed}; {}",
            case.name(),
            last.registrar,
            last.source,
            others(case, last)
        )
    }
}

/// Whether the server answers others, and when it did.
fn others(case: &Case<'_>, last: &AttemptView<'_>) -> String {
    let served = case.scene.served(last.registrar);
    let answered =
        |a: &&AttemptView<'_>| a.registrar == last.registrar && (a.code != 0 || a.challenges() > 0);
    let own = case.attempts.iter().filter(answered).map(decided_at).max();
    let meanwhile = served.answered_since(last.started);
    let others = meanwhile.saturating_sub(u32::from(own.is_some_and(|own| own >= last.started)));
    match (others, served.answered.saturating_sub(u32::from(own.is_some())), own) {
        (0, 0, None)
            if last.registrar.port == Transport::Tls.default_port()
                && !matches!(last.transport, Transport::Tls | Transport::Wss) =>
        {
            "it answers nobody in this capture, and 5061 is the port of SIP over TLS".to_owned()
        }
        (0, 0, None) => "it answers nobody in this capture".to_owned(),
        (0, 0, Some(_)) => "it had answered this DN before".to_owned(),
        (0, n, _) => {
            let ago = served.last_answer().map(|answer| last.started.nanos_since(answer));
            let ago = span(ago.unwrap_or_default());
            format!("its last response came {ago} before; it had answered {}", count(n, "other DN"))
        }
        (n, ..) => format!("meanwhile it answers others ({})", count(n, "DN")),
    }
}
