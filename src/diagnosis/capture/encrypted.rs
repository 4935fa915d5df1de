//! SIP over TLS, which the capture cannot show.

use super::super::prelude::*;
use super::connection::cases;
use crate::registration::ConnectionFault;

static ABOUT: About = About {
    id: "encrypted",
    severity: Severity::Warning,
    fragment: "encrypted with TLS",
    meaning: "Connections carry TLS data: DNs inside them are not in the report.",
    check: "the registrar's own log or table for the DNs of this source",
    reference: "RFC 8446 §5.2",
};

/// Connections that carry TLS application data: DNs inside them are not in the report.
pub(in crate::diagnosis) struct Encrypted;

impl Rule for Encrypted {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for case in cases(scene.snapshot, ConnectionFault::Encrypted) {
            let (client, server) = (case.record.client, case.record.server);
            findings.push(case.finding(
                &ABOUT,
                format!(
                    "{client} speaks TLS with {server} ({}): what is registered inside cannot be \
                     read here",
                    case.count()
                ),
                ABOUT.check,
            ));
        }
    }
}
