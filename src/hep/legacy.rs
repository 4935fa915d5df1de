//! Reads HEP versions 1 and 2: fixed headers in front of a SIP message, over UDP.
//!
//! ```text
//!  version, header length, family, protocol   4 × 1 byte
//!  source port, destination port              2 × 2 bytes, network order
//!  source address, destination address        2 × 4 or 16 bytes
//!  seconds, microseconds, capture id, 0       4 + 4 + 2 + 2 bytes, the sender's order; version 2 only
//! ```

use memchr::memmem;

use super::TYPE_SIP;
use super::packet::{Packet, Payload, address, moment, number};

/// The first four fields and the ports.
const HEADER: usize = 8;
/// The time header of version 2, padding included.
const TIME: usize = 12;
/// The families by their numbers on the sender's system: IPv4 is 2 everywhere; IPv6 is 10 on Linux,
/// 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS, 26 on Solaris.
const IPV4: u8 = 2;
const IPV6: [u8; 5] = [10, 24, 26, 28, 30];

/// The lengths of both addresses together, and whether the time header is counted into the header
/// length: Kamailio does not, Sofia (`FreeSWITCH`) does.
fn lengths(version: u8, header: u8, family: u8) -> Option<usize> {
    let addresses = match family {
        IPV4 => 8,
        family if IPV6.contains(&family) => 32,
        _ => return None,
    };
    let told = usize::from(header).checked_sub(HEADER + addresses)?;
    (told == 0 || told == TIME && version == 2).then_some(addresses)
}

/// Whether a datagram may begin with the header of version 1 or 2.
#[must_use]
pub fn is_legacy_header(bytes: &[u8]) -> bool {
    use super::protocol::{SCTP, TCP, TLS, UDP, WEBSOCKET};
    let &[version @ (1 | 2), len, family, protocol, ..] = bytes else { return false };
    let known = matches!(protocol, TCP | UDP | TLS | WEBSOCKET | SCTP);
    known && lengths(version, len, family).is_some()
}

/// Reads a packet; `None` if it does not agree with itself.
pub(super) fn read(bytes: &[u8]) -> Option<Packet<'_>> {
    if !is_legacy_header(bytes) {
        return None;
    }
    let (&[version, len, family, protocol, s1, s2, d1, d2], rest) =
        bytes.split_first_chunk::<HEADER>()?;
    let both = lengths(version, len, family)?;
    let (addresses, mut rest) = rest.split_at_checked(both)?;
    let (src, dst) = addresses.split_at_checked(both / 2)?;
    let mut packet = Packet {
        version,
        protocol: Some(protocol),
        src: address(src),
        dst: address(dst),
        src_port: u16::from_be_bytes([s1, s2]),
        dst_port: u16::from_be_bytes([d1, d2]),
        kind: Some(TYPE_SIP),
        ..Packet::default()
    };
    if version == 2 {
        let (time, behind) = rest.split_first_chunk::<TIME>()?;
        read_time(&mut packet, time);
        rest = behind;
    }
    packet.payload = Payload::Plain(rest);
    begins_like_sip(rest).then_some(packet)
}

/// The time header is in the order of the sender's processor: microseconds that are none in one order
/// reveal the other; where both could be valid, it is the order of nearly every machine.
fn read_time(packet: &mut Packet<'_>, time: &[u8; TIME]) {
    let [s1, s2, s3, s4, u1, u2, u3, u4, c1, c2, _, _] = *time;
    let micros = number(&[u4, u3, u2, u1]);
    if micros < 1_000_000 {
        packet.time = Some(moment(number(&[s4, s3, s2, s1]), micros));
        packet.capture_id = Some(number(&[c2, c1]));
    } else {
        packet.time = Some(moment(number(&[s1, s2, s3, s4]), number(&[u1, u2, u3, u4])));
        packet.capture_id = Some(number(&[c1, c2]));
    }
}

/// Whether the first line, behind line ends (RFC 3261 §7.5), is a start line of SIP: a status line, or
/// a token, a URI and the version.
pub(super) fn begins_like_sip(payload: &[u8]) -> bool {
    /// A Request-URI may be long.
    const DEPTH: usize = 1024;
    let start = payload.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let text = payload.get(start..).unwrap_or_default();
    let text = text.get(..DEPTH).unwrap_or(text);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return false };
    let (word, rest) = line.split_at(space);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte);
    word == b"SIP/2.0"
        || !word.is_empty()
            && word.iter().all(is_token)
            && memmem::find(rest.get(1..).unwrap_or_default(), b" SIP/2.0").is_some()
}
