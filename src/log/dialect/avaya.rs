//! Avaya IP Office and Session Manager.

use super::{Dialect, Envelope, NONE, Takes, envelope};

/// IP Office, its System Monitor: messages are indented.
pub(super) const IP_OFFICE: Dialect = Dialect {
    name: "ip-office",
    envelopes: &[
        envelope(
            "mS SIP Rx: ",
            Takes::Received,
            &[
                r"(?:(?P<time>{TOD}) +)?\d+mS SIP Rx: (?P<transport>\w+) (?P<src>{AP}) -> (?P<dst>{AP})",
            ],
        ),
        envelope(
            "mS SIP Tx: ",
            Takes::Sent,
            &[
                r"(?:(?P<time>{TOD}) +)?\d+mS SIP Tx: (?P<transport>\w+) (?P<src>{AP}) -> (?P<dst>{AP})",
            ],
        ),
    ],
    ..NONE
};

/// Session Manager, the SIPMSGT records that traceSM reads; the time is in the line before.
pub(super) const SESSION_MANAGER: Dialect = Dialect {
    name: "session-manager",
    envelopes: &[
        Envelope {
            key: "ingress: {",
            lines: &[r"ingress: \{ L(?P<local>{AP})/R(?P<peer>{AP})/(?P<transport>\w+)/"],
            between: Some(r"^-{5,}\s*$"),
            takes: Takes::Received,
        },
        Envelope {
            key: "egress: {",
            lines: &[r"egress: \{ L(?P<local>{AP})/R(?P<peer>{AP})/(?P<transport>\w+)/"],
            between: Some(r"^-{5,}\s*$"),
            takes: Takes::Sent,
        },
    ],
    end: Some(r"^-{10,}\s*$"),
    ..NONE
};
