//! A SIP server's host refuses TCP connections.

use super::Rule;
use super::connection::cases;
use super::finding::{Finding, Severity};
use crate::registration::{ConnectionFault, Snapshot};

/// A SYN answered by a reset: nothing listens on that port, or a filter says so.
pub(super) struct TcpRefused;

impl Rule for TcpRefused {
    fn id(&self) -> &'static str {
        "tcp-refused"
    }

    fn judge(&self, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
        for case in cases(snapshot, ConnectionFault::Refused) {
            let (client, server) = (case.record.client, case.record.server);
            findings.push(case.finding(
                self.id(),
                Severity::Error,
                format!(
                    "{server} refuses TCP: {} from {client} answered with a reset; its DNs cannot \
                     register this way",
                    case.count()
                ),
                "whether the server listens on TCP at that port, and whether the device is meant \
                 to use TCP",
                "RFC 9293 §3.10.7",
            ));
        }
    }
}
