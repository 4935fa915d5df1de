//! Decides from its first bytes whether a datagram can be SIP or HEP at all.

use memchr::memmem;

use crate::hep::is_legacy_header;

/// How deep a datagram with a binary first byte is searched for SIP behind leading junk.
pub(super) const JUNK_DEPTH: usize = 256;

/// What every SIP message has in its start line (RFC 3261 §7).
pub(super) const SIP_VERSION: &[u8] = b"SIP/2.0";

/// Whether the payload of a datagram may be a SIP message or a HEP packet.
///
/// A message starts with a token (RFC 3261 §25.1), and receivers skip CRLF before it (§7.5). A first
/// byte from 0x80 is RTP or RTCP. Behind another control character (STUN, DTLS, leading NULs)
/// only a datagram that names SIP near its start is kept.
#[inline]
pub(super) fn may_be_sip(payload: &[u8]) -> bool {
    match payload {
        [] | [0x80..=0xff, ..] => false,
        [b' '..=b'~' | b'\r' | b'\n' | b'\t', ..] => true,
        _ => behind_control(payload),
    }
}

/// HEP versions 1 and 2 start with numbers; version 3 starts with letters.
#[cold]
fn behind_control(payload: &[u8]) -> bool {
    is_legacy_header(payload)
        || memmem::find(super::field::first(payload, JUNK_DEPTH), SIP_VERSION).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_may_be_sip() {
        let cases: [(&str, &[u8], bool); 13] = [
            ("request", b"REGISTER sip:a SIP/2.0", true),
            ("token start", b"%odd sip:a SIP/2.0", true),
            ("keep-alive", b"\r\n\r\n", true),
            ("leading space", b" REGISTER", true),
            ("HEP3", b"HEP3\0\0", true),
            ("HEP2", &[2, 16, 2, 17, 0x13, 0xc4], true),
            ("HEP1 over IPv6", &[1, 40, 10, 17], true),
            ("NUL before a request", b"\0\0REGISTER sip:a SIP/2.0\r\n", true),
            ("NUL keep-alive", &[0, 0, 0, 0], false),
            ("RTP", &[0x80, 0, 0, 1], false),
            ("RTP that quotes SIP", b"\x80SIP/2.0", false),
            ("STUN", &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42], false),
            ("empty", &[], false),
        ];
        for (name, payload, keep) in cases {
            assert_eq!(may_be_sip(payload), keep, "{name}");
        }
    }
}
