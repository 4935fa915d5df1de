//! A SIP server's host refuses TCP connections.

use super::super::prelude::*;
use super::connection::cases;
use crate::registration::ConnectionFault;

static ABOUT: About = About {
    id: "tcp-refused",
    severity: Severity::Error,
    fragment: "TCP connection refused",
    meaning: "A SYN was answered by a reset: nothing listens on that port, or a filter says so.",
    check: "whether the server listens on TCP at that port, and whether the device is meant \
                 to use TCP",
    reference: "RFC 9293 §3.10.7",
};

/// A SYN answered by a reset: nothing listens on that port, or a filter says so.
pub(in crate::diagnosis) struct TcpRefused;

impl Rule for TcpRefused {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for case in cases(scene.snapshot, ConnectionFault::Refused) {
            let (client, server) = (case.record.client, case.record.server);
            let count = case.count();
            let sentence = if case.registers_otherwise {
                format!(
                    "{server} refuses TCP: {count} from {client} answered with a reset, which registers \
                     over UDP and tried TCP for another request"
                )
            } else if case.passed {
                format!(
                    "{server} refused TCP for a while: {count} from {client} answered with a reset, before \
                     another was set up"
                )
            } else {
                format!(
                    "{server} refuses TCP: {count} from {client} answered with a reset; its DNs cannot \
                     register over TCP"
                )
            };
            findings.push(case.finding(&ABOUT, sentence, ABOUT.check));
        }
    }
}
