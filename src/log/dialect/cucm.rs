//! Cisco Unified Communications Manager, SDL trace: time of day and the other side's address only.

use super::{Dialect, Envelope, NONE, Takes};

/// The number of the message in the trace.
const NUMBER: Option<&str> = Some(r"^\s*\[\d+,NET\]\s*$");

pub(super) const DIALECT: Dialect = Dialect {
    name: "cucm",
    envelopes: &[
        Envelope {
            key: "Incoming SIP ",
            lines: &[
                r"Incoming SIP (?P<transport>TCP|TLS|UDP) message (?:size (?P<size>\d+) )?from (?P<peer>{A})(?: on port |:\[?)(?P<peer_port>\d+)",
            ],
            between: NUMBER,
            takes: Takes::Received,
        },
        Envelope {
            key: "Outgoing SIP ",
            lines: &[
                r"Outgoing SIP (?P<transport>TCP|TLS|UDP) message (?:size (?P<size>\d+) )?to (?P<peer>{A})(?: on port |:\[?)(?P<peer_port>\d+)",
            ],
            between: NUMBER,
            takes: Takes::Sent,
        },
        // what the normalization scripts make of a message, before and after
        Envelope {
            key: "trace_sip_message",
            lines: &[r"trace_sip_message.*:\s*$"],
            between: Some(r"^\s*\[\d+,\w+\]\s*$"),
            takes: Takes::Copy,
        },
        Envelope {
            key: "SIPNormalization",
            lines: &[r"SIPNormalization.*\b(?i:before|after|pre|post)\b.*:\s*$"],
            between: Some(r"^\s*\[\d+,\w+\]\s*$"),
            takes: Takes::Copy,
        },
    ],
    ..NONE
};
