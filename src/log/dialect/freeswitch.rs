//! `FreeSWITCH`, and the trace of every program built on sofia-sip.

use super::super::StatementKind as Kind;
use super::super::Sureness::Documented;
use super::{Dialect, Envelope, NONE, Takes, says};

/// Dashes come between the header and the message, in old versions before the header and behind the message too.
const DASHES: Option<&str> = Some(r"^\s*-{20,}\s*$");

pub(super) const DIALECT: Dialect = Dialect {
    name: "freeswitch",
    envelopes: &[
        Envelope {
            key: " bytes from ",
            lines: &[
                r"\brecv (?P<size>\d+) bytes from (?P<transport>udp|tcp|tls|wss?|sctp)/(?P<peer>\[[^\]]+\](?::\d+)?|[^\s\[\]]+?)(?: at (?P<time>{TOD}))?:\s*$",
            ],
            between: DASHES,
            takes: Takes::Received,
        },
        Envelope {
            key: " bytes to ",
            lines: &[
                r"\bsend (?P<size>\d+) bytes to (?P<transport>udp|tcp|tls|wss?|sctp)/(?P<peer>\[[^\]]+\](?::\d+)?|[^\s\[\]]+?)(?: at (?P<time>{TOD}))?:\s*$",
            ],
            between: DASHES,
            takes: Takes::Sent,
        },
    ],
    end: Some(r"^\s*(?:-{40,}|\*\*\* message truncated at \d+ \*\*\*)\s*$"),
    statements: &[
        // a warning, and yet no failure
        says(
            "SIP auth challenge (REGISTER)",
            Kind::Challenged,
            Documented,
            r"SIP auth challenge \(REGISTER\) on sofia profile '[^']+' for \[(?P<dn>[^@\]]+)[^\]]*\](?: from ip (?P<source>\S+))?",
        ),
        says(
            "SIP auth failure (REGISTER)",
            Kind::AuthFailed,
            Documented,
            r"SIP auth failure \(REGISTER\) on sofia profile '[^']+' for \[(?P<dn>[^@\]]+)[^\]]*\](?: from ip (?P<source>\S+))?",
        ),
        says(
            "Rejected by register acl",
            Kind::RefusedSource,
            Documented,
            r"IP (?P<source>\S+) Rejected by register acl",
        ),
        says(
            "Can't find user [",
            Kind::NotKnown,
            Documented,
            r"Can't find user \[(?P<dn>[^@\]]+)@[^\]]*\](?: from (?P<source>[0-9A-Fa-f.:]+))?",
        ),
        // its own registrations: names the gateway, not the DN
        says(
            " Failed Registration with status ",
            Kind::Failed,
            Documented,
            r"\S+ Failed Registration with status .* \[(?P<code>\d+)\]\. failure #\d+",
        ),
    ],
    ..NONE
};
