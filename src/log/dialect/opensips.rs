//! `OpenSIPS`, its tracer (to a file, or through syslog) and its registrar.

use super::super::StatementKind as Kind;
use super::super::Sureness::Documented;
use super::{Dialect, NONE, Takes, envelope, says};

pub(super) const DIALECT: Dialect = Dialect {
    name: "opensips",
    envelopes: &[
        envelope(
            " -> ",
            Takes::Received,
            &[
                r"(?:^|INFO:)in (?P<transport>udp|tcp|tls|wss?|sctp) (?:(?P<time>\d{4}-\d\d-\d\d {TOD}) )?(?P<src>{AP}) -> (?P<dst>{AP})\s*$",
            ],
        ),
        envelope(
            " -> ",
            Takes::Sent,
            &[
                r"(?:^|INFO:)out (?P<transport>udp|tcp|tls|wss?|sctp) (?:(?P<time>\d{4}-\d\d-\d\d {TOD}) )?(?P<src>{AP}) -> (?P<dst>{AP})\s*$",
            ],
        ),
    ],
    statements: &[says(
        "too many contacts for AOR <",
        Kind::Limit,
        Documented,
        r"too many contacts for AOR <(?:sips?:)?(?P<dn>[^@>]+)",
    )],
    ..NONE
};
