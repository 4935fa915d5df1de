//! Programs that show packets as text: ngrep, sngrep, Wireshark.

use super::{Dialect, Envelope, NONE, Takes, envelope};

/// `ngrep -W byline`: a dot replaces each carriage return; a time only with `-t`.
pub(super) const NGREP: Dialect = Dialect {
    name: "ngrep",
    envelopes: &[envelope(
        " -> ",
        Takes::Seen,
        &[
            r"^(?P<transport>[UT]) (?:\+?(?P<time>\d{4}/\d\d/\d\d {TOD}) )?(?P<src>{AP}) -> (?P<dst>{AP})(?: \[[A-Z]+\])?(?: #\d+)?\s*$",
        ],
    )],
    end: Some(r"^#+\s*$"),
    dotted: true,
    ..NONE
};

/// sngrep's text: no transport, local time.
pub(super) const SNGREP: Dialect = Dialect {
    name: "sngrep",
    envelopes: &[envelope(
        " -> ",
        Takes::Seen,
        &[r"^(?P<time>\d{4}/\d\d/\d\d {TOD}) (?P<src>{AP}) -> (?P<dst>{AP})\s*$"],
    )],
    ..NONE
};

/// What `tshark -V` prints: headers indented, their details more so.
pub(super) const WIRESHARK: Dialect = Dialect {
    name: "wireshark",
    envelopes: &[Envelope {
        key: "Frame ",
        lines: &[
            r"^Frame \d+:",
            r"^\s+Epoch (?:Arrival )?Time: (?P<epoch>\d+\.\d+)",
            r"^Internet Protocol Version [46], Src: (?P<src>[0-9A-Fa-f.:]+)[^,]*, Dst: (?P<dst>[0-9A-Fa-f.:]+)",
            r"^(?:User Datagram Protocol|Transmission Control Protocol), Src Port: \D*(?P<src_port>\d+)\)?, Dst Port: \D*(?P<dst_port>\d+)",
            r"^\s+(?:Request|Status)-Line: (?P<sip>\S.*)",
        ],
        between: Some(""),
        takes: Takes::Seen,
    }],
    nested: true,
    ..NONE
};
