//! Genesys SIP Server, the log of its SIP thread (`NAME-001.YYYYMMDD_HHMMSS_mmm.log`).

use super::super::StatementKind as Kind;
use super::super::Sureness::{Copied, Seen};
use super::{Dialect, Fact, NONE, Takes, envelope, fact, says};

pub(super) const DIALECT: Dialect = Dialect {
    name: "genesys",
    envelopes: &[
        envelope(
            " bytes from ",
            Takes::Received,
            &[
                r"(?:(?P<time>{TOD}):? )?(?:SIPTR: )?Received\s+\[\d+,\s*(?P<transport>\w+)\] (?P<size>\d+) bytes from (?P<peer>{AP}) <{3,5}",
            ],
        ),
        envelope(
            " bytes to ",
            Takes::Sent,
            &[
                r"(?:(?P<time>{TOD}):? )?(?:SIPTR: )?Sending\s+\[\d+,\s*(?P<transport>\w+)\] (?P<size>\d+) bytes to (?P<peer>{AP}) >{3,5}",
            ],
        ),
    ],
    statements: &[
        says(
            "is not configured or disabled in CME",
            Kind::NotKnown,
            Seen,
            r"DN (?P<dn>\S+) is not configured or disabled in CME\. Registration attempt rejected",
        ),
        // follows every Expires 0, also for a DN that is not configured
        says("REGISTRAR: TERMINATED:", Kind::Removed, Seen, r"REGISTRAR: TERMINATED:(?P<dn>\S+)"),
        says(
            "OBSOLETE REGISTRATION FOUND",
            Kind::Replaced,
            Seen,
            r"REGISTRAR:DN\[(?P<dn>[^\]]+)\]:OBSOLETE REGISTRATION FOUND",
        ),
        says(
            "REGISTRAR: EXPIRED:",
            Kind::Expired,
            Seen,
            r"REGISTRAR: EXPIRED:\s*\n\s+AOR:\s*(?:<?sips?:)?(?P<dn>[^@\s>;]+)[^\n]*(?:\n\s+Contact:\s*<?(?P<contact>[^\s>]+))?",
        ),
        says("{Authorization Failed:", Kind::AuthFailed, Copied, r"\{Authorization Failed:\d+\}"),
    ],
    facts: &[
        fact(
            "CGSIPListener[",
            Fact::Local,
            r#"CGSIPListener\[\d+\]:VIA\("SIP/2\.0/(?P<transport>\w+) (?P<local>{AP})"#,
        ),
        fact("Application type:", Fact::Program, r"^Application type:\s*TServer\b"),
        fact("Application name:", Fact::Node, r"^Application name:\s*(?P<node>\S+)"),
        fact("Time zone:", Fact::West, r"^Time zone:\s*(?P<west>-?\d+)"),
        fact("Local time:", Fact::Date, r"^Local time:\s*(?P<time>\d{4}-\d\d-\d\dT{TOD})"),
    ],
    blocks: &["REGISTRAR: EXPIRED:"],
    ..NONE
};
