//! Oracle (Acme Packet) SBC, `sipmsg.log`. No year, no transport; `[slot:vlan]` is no address.

use super::{Dialect, Fact, NONE, Takes, envelope, fact};

pub(super) const DIALECT: Dialect = Dialect {
    name: "oracle",
    envelopes: &[
        envelope(
            " received from ",
            Takes::Received,
            &[
                r"(?P<time>[A-Z][a-z]{2} +\d{1,2} {TOD}) On (?:\[\d+:\d+\])?(?P<local>{AP}) received from (?:\[\d+:\d+\])?(?P<peer>{AP})\s*$",
            ],
        ),
        envelope(
            " sent to ",
            Takes::Sent,
            &[
                r"(?P<time>[A-Z][a-z]{2} +\d{1,2} {TOD}) On (?:\[\d+:\d+\])?(?P<local>{AP}) sent to (?:\[\d+:\d+\])?(?P<peer>{AP})\s*$",
            ],
        ),
    ],
    end: Some(r"^-{30,}\s*$"),
    facts: &[fact(
        " OPENED",
        Fact::Local,
        r"(?P<transport>UDP|TCP|TLS)\[\d+:\d+\](?P<local>{AP}) OPENED",
    )],
    ..NONE
};
