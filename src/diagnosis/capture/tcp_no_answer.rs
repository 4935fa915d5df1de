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
            findings.push(case.finding(
                &ABOUT,
                format!(
                    "{server} does not answer TCP: {} from {client} never came about; its DNs \
                     cannot register this way",
                    case.count()
                ),
                ABOUT.check,
            ));
        }
    }
}
