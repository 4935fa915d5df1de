//! Softphones and libraries for clients: Linphone, baresip, browser consoles, sipsorcery, snom.

use super::super::StatementKind as Kind;
use super::super::Sureness::Seen;
use super::{Dialect, NONE, Takes, envelope, says};

/// Linphone and belle-sip. The other side may be a name.
pub(super) const LINPHONE: Dialect = Dialect {
    name: "linphone",
    envelopes: &[
        envelope(
            "message sent to [",
            Takes::Sent,
            &[
                r"message sent to \[(?P<transport>\w+)://(?P<peer>\[?[^\s\]]+\]?:\d+)\], size: \[(?P<size>\d+)\] bytes",
            ],
        ),
        envelope(
            "new bytes from [",
            Takes::Received,
            &[
                r"received \[(?P<size>\d+)\] new bytes from \[(?P<transport>\w+)://(?P<peer>\[?[^\s\]]+\]?:\d+)\]:",
            ],
        ),
    ],
    statements: &[
        says(
            "to [LinphoneRegistrationOk]",
            Kind::Registered,
            Seen,
            r"identity \[[^\]]*?sips?:(?P<dn>[^@\]]+)@[^\]]*\] moving from state \[\w+\] to \[LinphoneRegistrationOk\]",
        ),
        says(
            "to [LinphoneRegistrationFailed]",
            Kind::Failed,
            Seen,
            r"identity \[[^\]]*?sips?:(?P<dn>[^@\]]+)@[^\]]*\] moving from state \[\w+\] to \[LinphoneRegistrationFailed\]",
        ),
    ],
    ..NONE
};

/// baresip with a SIP trace: the time is in the line before (`12:00:00.000#`).
pub(super) const BARESIP: Dialect = Dialect {
    name: "baresip",
    envelopes: &[envelope(
        " -> ",
        Takes::Seen,
        &[r"^(?P<transport>UDP|TCP|TLS|WSS?) (?P<src>{AP}) -> (?P<dst>{AP})\s*$"],
    )],
    ..NONE
};

/// SIP.js in a browser's console; the browser writes its own date with the offset.
pub(super) const SIP_JS: Dialect = Dialect {
    name: "sip.js",
    envelopes: &[
        envelope(
            "WebSocket message:",
            Takes::Sent,
            &[
                r"(?:(?P<time>[A-Z]\w\w [A-Z]\w\w \d\d? \d{4} {TOD} GMT[+-]\d{4})[^|]*\|.*?)?[Ss]ending WebSocket message:\s*(?P<sip>\S.*)?$",
            ],
        ),
        envelope(
            "WebSocket text message:",
            Takes::Received,
            &[
                r"(?:(?P<time>[A-Z]\w\w [A-Z]\w\w \d\d? \d{4} {TOD} GMT[+-]\d{4})[^|]*\|.*?)?[Rr]eceived WebSocket text message:\s*(?P<sip>\S.*)?$",
            ],
        ),
    ],
    ..NONE
};

/// `JsSIP` in a browser's console: `+12ms` follows the message.
pub(super) const JS_SIP: Dialect = Dialect {
    name: "jssip",
    envelopes: &[
        envelope(
            "Transport sending message:",
            Takes::Sent,
            &[r"JsSIP:\w*Transport sending message:\s*(?P<sip>\S.*)?$"],
        ),
        envelope(
            "Transport received ",
            Takes::Received,
            &[r"JsSIP:\w*Transport received (?:text|binary) message:\s*(?P<sip>\S.*)?$"],
        ),
    ],
    end: Some(r"^\s*\+\d+m?s\s*$"),
    ..NONE
};

/// sipsorcery: `Request sent: tls:A:P->tls:A:P`.
pub(super) const SIPSORCERY: Dialect = Dialect {
    name: "sipsorcery",
    envelopes: &[
        envelope(
            " sent: ",
            Takes::Sent,
            &[
                r"(?:Request|Response) sent: (?P<transport>\w+):(?P<src>{AP})\s?->\s?(?:\w+:)?(?P<dst>{AP})",
            ],
        ),
        envelope(
            " received: ",
            Takes::Received,
            &[
                r"(?:Request|Response) received: (?P<transport>\w+):(?P<dst>{AP})\s?<-\s?(?:\w+:)?(?P<src>{AP})",
            ],
        ),
    ],
    ..NONE
};

/// snom phones: `Sent to udp:A:P at Mon d HH:MM:SS.mmm (N bytes):`.
pub(super) const SNOM: Dialect = Dialect {
    name: "snom",
    envelopes: &[
        envelope(
            " bytes):",
            Takes::Sent,
            &[
                r"Sent to (?P<transport>udp|tcp|tls):(?P<peer>{AP}) at (?P<time>.*?{TOD}) \((?P<size>\d+) bytes\):",
            ],
        ),
        envelope(
            " bytes):",
            Takes::Received,
            &[
                r"Received from (?P<transport>udp|tcp|tls):(?P<peer>{AP}) at (?P<time>.*?{TOD}) \((?P<size>\d+) bytes\):",
            ],
        ),
    ],
    ..NONE
};
