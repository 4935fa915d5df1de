//! `AudioCodes` SBCs and gateways: one line of syslog a message, long ones in parts (a carrier puts them together).

use super::{Dialect, Envelope, NONE, Takes};

const DASHES: Option<&str> = Some(r"^[\s-]*$");

pub(super) const DIALECT: Dialect = Dialect {
    name: "audiocodes",
    envelopes: &[
        Envelope {
            key: "Incoming SIP Message ",
            lines: &[
                r"Incoming SIP Message from (?P<peer>{AP}) to SIPInterface #\d+(?: \([^)]*\))?(?:\s+(?P<transport>UDP|TCP|TLS|SCTP|WSS?)\b)?.*?----\s*(?P<sip>\S.*)?$",
            ],
            between: DASHES,
            takes: Takes::Received,
        },
        Envelope {
            key: "Outgoing SIP Message ",
            lines: &[
                r"Outgoing SIP Message to (?P<peer>{AP}) from SIPInterface #\d+(?: \([^)]*\))?(?:\s+(?P<transport>UDP|TCP|TLS|SCTP|WSS?)\b)?.*?----\s*(?P<sip>\S.*)?$",
            ],
            between: DASHES,
            takes: Takes::Sent,
        },
    ],
    ..NONE
};
