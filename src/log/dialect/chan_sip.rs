//! Asterisk, `sip set debug on`. What was read has bare line feeds inside, what is sent CR LF; no byte count.

use super::{Dialect, NONE, Takes, envelope};

pub(super) const DIALECT: Dialect = Dialect {
    name: "chan_sip",
    envelopes: &[
        envelope(
            "<--- SIP read from ",
            Takes::Received,
            &[
                r"<--- SIP read from (?:(?P<transport>UDP|TCP|TLS|WSS?|udp|tcp|tls|wss?):)?(?P<peer>\S+:\d+) --->",
            ],
        ),
        envelope(
            "ransmitting (",
            Takes::Sent,
            &[
                r"(?:<--- )?(?:Reliably )?Transmitting \([^)]*\) to (?P<peer>\S+?:\d+)(?: --->|:)\s*$",
            ],
        ),
        envelope(
            "Retransmitting #",
            Takes::Sent,
            &[r"Retransmitting #\d+ \([^)]*\) to (?P<peer>\S+?:\d+):\s*$"],
        ),
    ],
    end: Some(r"^(?:<-{10,}>|---)\s*$"),
    ..NONE
};
