//! SIP over TLS, which the capture cannot show.

use super::Rule;
use super::connection::cases;
use super::finding::{Finding, Severity};
use crate::registration::{ConnectionFault, Snapshot};

/// Connections that carry TLS application data: DNs inside them are not in the report.
pub(super) struct Encrypted;

impl Rule for Encrypted {
    fn id(&self) -> &'static str {
        "encrypted"
    }

    fn judge(&self, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
        for case in cases(snapshot, ConnectionFault::Encrypted) {
            let (client, server) = (case.record.client, case.record.server);
            findings.push(case.finding(
                self.id(),
                Severity::Warning,
                format!(
                    "{client} speaks TLS with {server} ({}): what is registered inside cannot be \
                     read here",
                    case.count()
                ),
                "the registrar's own log or table for the DNs of this source",
                "RFC 8446 §5.2",
            ));
        }
    }
}
