//! Cisco IOS and IOS XE, `debug ccsip messages`. The time is in the line before; IOS names no address.

use super::{Dialect, NONE, Takes, envelope};

pub(super) const DIALECT: Dialect = Dialect {
    name: "ios",
    envelopes: &[
        envelope(
            "Received:",
            Takes::Received,
            &[
                r"(?:^\s*|ccsipDisplayMsg:\s*)Received:\s*(?:SIP (?P<transport>\w+) message from (?P<src>{AP}) to (?P<dst>{AP}))?\s*$",
            ],
        ),
        envelope(
            "Sent:",
            Takes::Sent,
            &[
                r"(?:^\s*|ccsipDisplayMsg:\s*)Sent:\s*(?:SIP (?P<transport>\w+) message from (?P<src>{AP}) to (?P<dst>{AP}))?\s*$",
            ],
        ),
    ],
    ..NONE
};
