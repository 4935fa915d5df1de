//! PJSIP clients: pjsua, and the phones built on it.

use super::super::StatementKind as Kind;
use super::super::Sureness::Documented;
use super::{Dialect, NONE, Takes, envelope, says};

pub(super) const DIALECT: Dialect = Dialect {
    name: "pjsip",
    envelopes: &[
        envelope(
            " bytes Re",
            Takes::Received,
            &[
                r"\bRX (?P<size>\d+) bytes (?:Request|Response) msg .*?\(rdata\w*\) from (?P<transport>\w+) (?P<peer>{AP}):\s*$",
            ],
        ),
        envelope(
            " bytes Re",
            Takes::Sent,
            &[
                r"\bTX (?P<size>\d+) bytes (?:Request|Response) msg .*?\(tdta\w*\) to (?P<transport>\w+) (?P<peer>{AP}):\s*$",
            ],
        ),
    ],
    end: Some(r"^\s*(?:--end msg--|-{10,}\s*$)"),
    statements: &[
        says(
            ": registration success, status=",
            Kind::Registered,
            Documented,
            r"sips?:(?P<dn>[^@\s;>]+)@\S+: registration success, status=(?P<code>2\d\d)",
        ),
        says(
            ": unregistration success",
            Kind::Removed,
            Documented,
            r"sips?:(?P<dn>[^@\s;>]+)@\S+: unregistration success",
        ),
        // names no DN
        says(
            "SIP registration failed, status=",
            Kind::Failed,
            Documented,
            r"SIP registration failed, status=(?P<code>\d+)",
        ),
    ],
    ..NONE
};
