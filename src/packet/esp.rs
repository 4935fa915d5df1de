//! Recognizes `IPsec` payloads that are not encrypted (RFC 2410), and opens them.
//!
//! Phones of mobile networks register like this (3GPP TS 33.203 §7): signed, and often in clear. Nothing
//! on the wire says so, nor how long the signature at the end is. The content of the packet must therefore
//! fit in more respects than encrypted bytes ever do: padding, protocol, lengths and checksum.

use std::net::IpAddr;

use etherparse::{IpNumber, Ipv4HeaderSlice, TcpHeader, TcpSlice, UdpHeader, UdpSlice, ip_number};
use memchr::memmem;

use super::field::{after, first};
use super::payload::SIP_VERSION;

/// Security parameters index and sequence number (RFC 4303 §2).
const HEADER: usize = 8;
/// Bytes of an initialization vector in front and of the integrity check value at the end: 96 and 128
/// bits of the usual hashes, GMAC (RFC 4543), 192 and 256 bits (RFC 4868), none.
const AROUND: [(usize, usize); 6] = [(0, 12), (0, 16), (8, 16), (0, 24), (0, 32), (0, 0)];
/// How far behind a transport header a SIP message shows itself.
const START_LINE: usize = 256;

/// Whether a datagram on the port of `IPsec` is a packet of it, rather than a key exchange or keep-alive
/// (RFC 3948 §2.2, §2.3), or text that was sent there.
pub(super) fn may_be(payload: &[u8]) -> bool {
    const SPI: usize = 4;
    let is_text = |byte: &u8| matches!(byte, b'\r' | b'\n' | b' '..=b'~');
    payload.first_chunk::<SPI>().is_some_and(|spi| *spi != [0; SPI])
        && !first(payload, HEADER).iter().all(is_text)
}

/// What an ESP packet between these addresses carries, if it is not encrypted.
pub(super) fn in_clear(
    bytes: &[u8],
    missing: usize,
    src: IpAddr,
    dst: IpAddr,
) -> Option<(IpNumber, &[u8])> {
    let rest = bytes.get(HEADER..)?;
    if missing > 0 {
        // the trailer was not captured
        return names_sip(rest, 8).then_some((ip_number::UDP, rest));
    }
    AROUND.into_iter().find_map(|(vector, check)| {
        let body = rest.get(vector..rest.len().checked_sub(check)?)?;
        let (protocol, payload) = unpadded(body)?;
        fits(protocol, payload, src, dst).then_some((protocol, payload))
    })
}

/// Payload and protocol in front of padding 1, 2, 3… that ends on four bytes (RFC 4303 §2.4).
fn unpadded(body: &[u8]) -> Option<(IpNumber, &[u8])> {
    let (rest, &[padding, next]) = body.split_last_chunk::<2>()?;
    let (payload, pad) = rest.split_at_checked(rest.len().checked_sub(padding.into())?)?;
    let counts = (1_u8..).zip(pad).all(|(expected, found)| expected == *found);
    (body.len().is_multiple_of(4) && counts).then_some((IpNumber(next), payload))
}

fn fits(protocol: IpNumber, payload: &[u8], src: IpAddr, dst: IpAddr) -> bool {
    match protocol {
        ip_number::UDP => udp_fits(payload, src, dst),
        ip_number::TCP => tcp_fits(payload, src, dst),
        ip_number::IPV4 => Ipv4HeaderSlice::from_slice(payload).is_ok_and(|header| {
            usize::from(header.total_len()) == payload.len()
                && header.header_checksum() == header.to_header().calc_header_checksum()
        }),
        ip_number::IPV6 => matches!(*payload, [version, _, _, _, high, low, ..]
            if version >> 4 == 6 && payload.len().checked_sub(40)
                == Some(u16::from_be_bytes([high, low]).into())),
        _ => false,
    }
}

/// A wrong checksum is that of a datagram whose address was translated on its path (RFC 3948 §3.1.2).
fn udp_fits(payload: &[u8], src: IpAddr, dst: IpAddr) -> bool {
    let Ok(udp) = UdpSlice::from_slice(payload) else { return false };
    if usize::from(udp.length()) != payload.len() {
        return false;
    }
    let header = udp.to_header();
    let expected = between(
        (src, dst),
        |src, dst| header.calc_checksum_ipv4_raw(src, dst, udp.payload()),
        |src, dst| header.calc_checksum_ipv6_raw(src, dst, udp.payload()),
    );
    // over IPv4 none may have been computed (RFC 768)
    let has_none = src.is_ipv4() && udp.checksum() == 0;
    has_none || expected == Some(Ok(udp.checksum())) || names_sip(payload, UdpHeader::LEN)
}

fn tcp_fits(payload: &[u8], src: IpAddr, dst: IpAddr) -> bool {
    let Ok(tcp) = TcpSlice::from_slice(payload) else { return false };
    let header = tcp.to_header();
    let expected = between(
        (src, dst),
        |src, dst| header.calc_checksum_ipv4_raw(src, dst, tcp.payload()),
        |src, dst| header.calc_checksum_ipv6_raw(src, dst, tcp.payload()),
    );
    expected == Some(Ok(tcp.checksum())) || names_sip(payload, TcpHeader::MIN_LEN)
}

/// Applies a function to two addresses of one version.
fn between<T>(
    (src, dst): (IpAddr, IpAddr),
    v4: impl FnOnce([u8; 4], [u8; 4]) -> T,
    v6: impl FnOnce([u8; 16], [u8; 16]) -> T,
) -> Option<T> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => Some(v4(src.octets(), dst.octets())),
        (IpAddr::V6(src), IpAddr::V6(dst)) => Some(v6(src.octets(), dst.octets())),
        _ => None,
    }
}

/// Whether a SIP message begins near here: no encrypted bytes spell its version.
fn names_sip(payload: &[u8], header: usize) -> bool {
    memmem::find(first(after(payload, header), START_LINE), SIP_VERSION).is_some()
}

#[cfg(test)]
mod tests;
