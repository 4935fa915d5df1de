//! Asterisk, `pjsip set logger on`: in a file, on a console, through syslog or as JSON.

use super::{Dialect, NONE, NotSent, Row, Takes, envelope};

pub(super) const DIALECT: Dialect = Dialect {
    name: "asterisk-pjsip",
    envelopes: &[
        envelope(
            "<--- Received SIP ",
            Takes::Received,
            &[
                r"<--- Received SIP (?:request|response) \((?P<size>\d+) bytes\) from (?P<transport>\w+):(?P<peer>\S+:\d+) --->",
            ],
        ),
        envelope(
            "<--- Transmitting SIP ",
            Takes::Sent,
            &[
                r"<--- Transmitting SIP (?:request|response) \((?P<size>\d+) bytes\) to (?P<transport>\w+):(?P<peer>\S+:\d+) --->",
            ],
        ),
    ],
    not_sent: &[Row {
        key: " request to endpoint ",
        line: r"Error \d+ '[^']*' sending (?P<method>\w+) request to endpoint",
        means: NotSent,
    }],
    ..NONE
};
