//! TCP connections to a SIP server are never answered.

use super::Rule;
use super::connection::cases;
use super::finding::{Finding, Severity};
use crate::registration::{ConnectionFault, Snapshot};

/// A SYN without any answer: the server is down or unreachable, or a filter drops the packets.
pub(super) struct TcpNoAnswer;

impl Rule for TcpNoAnswer {
    fn id(&self) -> &'static str {
        "tcp-no-answer"
    }

    fn judge(&self, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
        for case in cases(snapshot, ConnectionFault::NoAnswer) {
            let (client, server) = (case.record.client, case.record.server);
            findings.push(case.finding(
                self.id(),
                Severity::Error,
                format!(
                    "{server} does not answer TCP: {} from {client} never came about; its DNs \
                     cannot register this way",
                    case.count()
                ),
                "a firewall between the two, the route back, and whether the capture shows both \
                 directions",
                "RFC 9293 §3.5",
            ));
        }
    }
}
