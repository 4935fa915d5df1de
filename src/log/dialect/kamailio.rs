//! Kamailio, the text files of its sipdump module. The time is absolute; the last line has no line end of its own.

use super::{Dialect, Envelope, NONE, Takes};

/// The lines behind `tag:`.
macro_rules! header {
    ($tag:literal) => {
        &[
            $tag,
            r"^pid: \d+",
            r"^process: ",
            r"^time: (?P<epoch>\d+\.\d+)",
            r"^date: ",
            r"^proto: (?P<transport>\w+)",
            r"^srcip: (?P<src>\S+)",
            r"^srcport: (?P<src_port>\d+)",
            r"^dstip: (?P<dst>\S+)",
            r"^dstport: (?P<dst_port>\d+)",
        ]
    };
}

const TILDES: Option<&str> = Some(r"^~{20}\s*$");

pub(super) const DIALECT: Dialect = Dialect {
    name: "kamailio",
    envelopes: &[
        Envelope {
            key: "tag: rcv",
            lines: header!(r"^tag: rcv\s*$"),
            between: TILDES,
            takes: Takes::Received,
        },
        Envelope {
            key: "tag: snd",
            lines: header!(r"^tag: snd\s*$"),
            between: TILDES,
            takes: Takes::Sent,
        },
    ],
    end: Some(r"\|{20}\s*$"),
    ..NONE
};
