//! Genesys T-Library: the main log of the same server, where clients and events are.

use super::super::StatementKind as Kind;
use super::super::Sureness::Copied;
use super::{Dialect, Fact, NONE, fact, says};

pub(super) const DIALECT: Dialect = Dialect {
    name: "genesys-tlib",
    statements: &[
        says(
            "message EventDNOutOfService",
            Kind::OutOfService,
            Copied,
            r"message EventDNOutOfService(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'",
        ),
        says(
            "message EventDNBackInService",
            Kind::InService,
            Copied,
            r"message EventDNBackInService(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'",
        ),
        says(
            "message RequestRegisterAddress",
            Kind::Owned,
            Copied,
            r"message RequestRegisterAddress(?:(?s:.*?)\n\s+AttributeReferenceID\s+(?P<reference>\d+))?(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'(?:(?s:.*?)\n\s+AttributeReferenceID\s+(?P<reference_behind>\d+))?",
        ),
        // only its answer makes the request count; what the server sends is behind these words
        says(
            "message EventRegistered",
            Kind::Attached,
            Copied,
            r"(?:send_to_client|distribute_event): message EventRegistered(?:(?s:.*?)\n\s+AttributeReferenceID\s+(?P<reference>\d+))?(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'(?:(?s:.*?)\n\s+AttributeReferenceID\s+(?P<reference_behind>\d+))?",
        ),
        says(
            "message EventError",
            Kind::NotKnown,
            Copied,
            r"message EventError\s*\n\s+\(DN is not configured in CME\)(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'",
        ),
        says(
            "message EventError",
            Kind::NotKnown,
            Copied,
            r"message EventError(?s:.*?)\n\s+AttributeErrorCode\s+59\b(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'",
        ),
        says(
            "message EventError",
            Kind::NotKnown,
            Copied,
            r"message EventError(?s:.*?)\n\s+AttributeThisDN\s+'(?P<dn>[^']+)'(?s:.*?)\n\s+AttributeErrorCode\s+59\b",
        ),
        // the same events as clients print them
        says(
            "Event:EventDNOutOfService",
            Kind::OutOfService,
            Copied,
            r"Event:EventDNOutOfService(?s:.*?)\n\s+ThisDN:\s*'?(?P<dn>[^'\s]+)",
        ),
        says(
            "Event:EventDNBackInService",
            Kind::InService,
            Copied,
            r"Event:EventDNBackInService(?s:.*?)\n\s+ThisDN:\s*'?(?P<dn>[^'\s]+)",
        ),
    ],
    facts: &[
        // any event: one about agents or calls states nothing of a DN
        fact(
            "distribute_event: message Event",
            Fact::Program,
            r"distribute_event: message Event\w",
        ),
        fact(
            "AttributeTimeinSecs",
            Fact::Moment,
            r"AttributeTimeinSecs\s+(?P<epoch>\d{9,11}) \((?P<time>{TOD})\)",
        ),
    ],
    blocks: &["message Event", "message Request", "Event:Event"],
    ..NONE
};
