//! TCP connections to a SIP server are never answered.

use super::super::prelude::*;
use super::connection::cases;
use crate::registration::ConnectionFault;

static ABOUT: About = About {
    id: "tcp-no-answer",
    severity: Severity::Error,
    fragment: "TCP connection not answered",
    meaning: "A SYN was never answered: the server is down or unreachable, or a filter drops the packets.",
    check: "a firewall between the two, the route back, and whether the capture shows both \
                 directions",
    reference: "RFC 9293 §3.5",
};

/// A SYN without any answer: the server is down or unreachable, or a filter drops the packets.
pub(in crate::diagnosis) struct TcpNoAnswer;

impl Rule for TcpNoAnswer {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for case in cases(scene.snapshot, ConnectionFault::NoAnswer) {
            let (client, server) = (case.record.client, case.record.server);
            let count = case.count();
            let sentence = if case.passed {
                format!(
                    "{server} did not answer TCP for a while: {count} from {client} got no response, before \
                     another was set up"
                )
            } else {
                format!(
                    "{server} does not answer TCP: {count} from {client} got no response; its DNs \
                     cannot register over TCP"
                )
            };
            findings.push(case.finding(&ABOUT, sentence, ABOUT.check));
        }
    }
}
