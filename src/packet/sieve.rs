//! Drops, with a glance at the raw record, frames that cannot lead to anything about SIP.

use etherparse::ip_number;

use super::dns;
use super::field::{after, first, u16_at, u32_at};
use super::link::{self, ethertype, is_llc_of_ip};
use super::meta::Ports;
use super::payload::may_be_sip;
use super::sealed::may_be_sigcomp;
use super::tunnel::{HIGHEST_BINARY_TUNNEL, is_binary_tunnel, is_tunnel_port, is_tunnel_protocol};
use crate::net::LinkType;

/// The bits of IPv4's fragment field that are set in fragments.
const MORE_AND_OFFSET: u16 = 0x3fff;

/// Whether a frame is worth decoding.
///
/// `false` means that [`Decoder::decode`](super::Decoder::decode) would make no event of it, now or
/// later: it is not IP, its protocol carries no SIP, or it is a whole UDP datagram that
/// cannot be SIP by its first bytes. Headers that look odd are kept, so that the decoder counts them.
#[inline]
#[must_use]
pub fn sieve(link: LinkType, bytes: &[u8]) -> bool {
    !(link.0 == link::ETHERNET && is_media(bytes)) && may_matter(link, bytes)
}

/// The same in as many steps as it takes.
#[inline(never)]
fn may_matter(link: LinkType, bytes: &[u8]) -> bool {
    match link.0 {
        link::ETHERNET => bytes
            .split_first_chunk::<14>()
            .is_none_or(|(header, rest)| network(u16_at(header, 12), rest)),
        link::LINUX_SLL2 => bytes
            .split_first_chunk::<20>()
            .is_none_or(|(header, rest)| network(u16_at(header, 0), rest)),
        link::LINUX_SLL => bytes
            .split_first_chunk::<16>()
            .is_none_or(|(header, rest)| network(u16_at(header, 14), rest)),
        link::RAW | link::RAW_BSD | link::RAW_OPENBSD | link::IPV4 | link::IPV6 => ip(bytes),
        _ => true,
    }
}

/// Whether a frame is the commonest there is: a datagram over IPv4, without options or fragments, to
/// and from ports of no tunnel, that starts with a byte above ASCII and below those of `SigComp`. That is decided below too, in more steps.
#[inline]
fn is_media(bytes: &[u8]) -> bool {
    const TYPE: usize = 12;
    const TOTAL_LENGTH: usize = 16;
    const FRAGMENT: usize = 20;
    const FRAGMENT_AND_PROTOCOL: u32 = (MORE_AND_OFFSET as u32) << 16 | 0xff;
    const SOURCE: usize = 34;
    const DESTINATION: usize = 36;
    const PAYLOAD: usize = 42;
    /// IPv4, UDP and a byte.
    const SHORTEST: u16 = 29;
    let Some(frame) = bytes.first_chunk::<{ PAYLOAD + 1 }>() else { return false };
    let (source, destination) = (u16_at(frame, SOURCE), u16_at(frame, DESTINATION));
    (0x80..0xf8).contains(&frame[PAYLOAD])
        && u32_at(frame, TYPE) & 0xffff_ff00 == u32::from(ethertype::IPV4) << 16 | 0x4500
        && u32_at(frame, FRAGMENT) & FRAGMENT_AND_PROTOCOL == u32::from(ip_number::UDP.0)
        && u16_at(frame, TOTAL_LENGTH) >= SHORTEST
        // media go to high ports
        && (source.min(destination) > HIGHEST_BINARY_TUNNEL
            || !(is_binary(source) || is_binary(destination)))
}

#[inline]
fn network(mut kind: u16, mut bytes: &[u8]) -> bool {
    loop {
        match kind {
            ethertype::IPV4 | ethertype::IPV6 => return ip(bytes),
            ethertype::VLAN | ethertype::VLAN_PROVIDER | ethertype::VLAN_DOUBLE => {
                let Some((tag, rest)) = bytes.split_first_chunk::<4>() else { return true };
                kind = u16_at(tag, 2);
                bytes = rest;
            }
            ethertype::MPLS
            | ethertype::MPLS_MULTICAST
            | ethertype::PPPOE_SESSION
            | ethertype::BRIDGED
            | ethertype::BACKBONE
            | ethertype::VN_TAG
            | ethertype::CISCO_METADATA
            | ethertype::FABRIC_PATH
            | ethertype::HSR
            | ethertype::R_TAG
            | ethertype::NSH
            | ethertype::FRAME_RELAY
            | ethertype::PPP => return true,
            0..ethertype::LOWEST | ethertype::LLC_JUMBO => return is_llc_of_ip(bytes),
            _ => return false,
        }
    }
}

#[inline]
fn ip(bytes: &[u8]) -> bool {
    match bytes.first().map(|byte| byte >> 4) {
        Some(4) => v4(bytes),
        Some(6) => v6(bytes),
        _ => true,
    }
}

#[inline]
fn v4(bytes: &[u8]) -> bool {
    const TOTAL_LENGTH: usize = 2;
    const FRAGMENT: usize = 6;
    const PROTOCOL: usize = 9;
    let Some((header, _)) = bytes.split_first_chunk::<20>() else { return true };
    let header_len = usize::from(header[0] & 0x0f) * 4;
    if header_len < 20 || u16_at(header, FRAGMENT) & MORE_AND_OFFSET != 0 {
        return true;
    }
    let told = usize::from(u16_at(header, TOTAL_LENGTH));
    let bytes = if told < header_len { bytes } else { first(bytes, told) };
    let cut = told > bytes.len();
    transport(header[PROTOCOL], after(bytes, header_len), cut)
}

#[inline]
fn v6(bytes: &[u8]) -> bool {
    const PAYLOAD_LENGTH: usize = 4;
    const NEXT_HEADER: usize = 6;
    let Some((header, rest)) = bytes.split_first_chunk::<40>() else { return true };
    let told = usize::from(u16_at(header, PAYLOAD_LENGTH));
    let payload = if told == 0 { rest } else { first(rest, told) };
    transport(header[NEXT_HEADER], payload, told > payload.len())
}

#[inline]
fn transport(protocol: u8, payload: &[u8], cut: bool) -> bool {
    const UDP: u8 = ip_number::UDP.0;
    match protocol {
        UDP => udp(payload, cut),
        other => is_kept(other) || is_tunnel_protocol(other),
    }
}

/// Everything that may carry SIP or show what became of it, and what the decoder counts as unreadable.
const fn is_kept(protocol: u8) -> bool {
    use etherparse::ip_number as ip;
    const TCP: u8 = ip::TCP.0;
    const SCTP: u8 = ip::SCTP.0;
    const ICMP: u8 = ip::ICMP.0;
    const ICMPV6: u8 = ip::IPV6_ICMP.0;
    const IN_IPV4: u8 = ip::IPV4.0;
    const IN_IPV6: u8 = ip::IPV6.0;
    const GRE: u8 = ip::GRE.0;
    const ESP: u8 = ip::ENCAP_SEC.0;
    const AUTH: u8 = ip::AUTH.0;
    const HOP_BY_HOP: u8 = ip::IPV6_HOP_BY_HOP.0;
    const ROUTE: u8 = ip::IPV6_ROUTE.0;
    const FRAGMENT: u8 = ip::IPV6_FRAG.0;
    const OPTIONS: u8 = ip::IPV6_DEST_OPTIONS.0;
    const MOBILITY: u8 = ip::MOBILITY.0;
    const HIP: u8 = ip::HIP.0;
    const SHIM6: u8 = ip::SHIM6.0;
    matches!(
        protocol,
        TCP | SCTP
            | ICMP
            | ICMPV6
            | IN_IPV4
            | IN_IPV6
            | GRE
            | ESP
            | AUTH
            | HOP_BY_HOP
            | ROUTE
            | FRAGMENT
            | OPTIONS
            | MOBILITY
            | HIP
            | SHIM6
    )
}

/// Whether datagrams to or from this port are read though they may start with a byte above ASCII.
#[inline]
const fn is_binary(port: u16) -> bool {
    is_binary_tunnel(port) || port == dns::PORT
}

#[inline]
fn udp(payload: &[u8], cut: bool) -> bool {
    const SOURCE: usize = 0;
    const DESTINATION: usize = 2;
    const LENGTH: usize = 4;
    const HEADER: usize = 8;
    let Some((header, rest)) = payload.split_first_chunk::<HEADER>() else { return true };
    let (source, destination) = (u16_at(header, SOURCE), u16_at(header, DESTINATION));
    if is_binary(destination) || is_binary(source) {
        return true;
    }
    if rest.is_empty() && cut {
        return true;
    }
    let told = usize::from(u16_at(header, LENGTH));
    let payload = told.checked_sub(HEADER).map_or(rest, |told| first(rest, told));
    let is_tunnel = || is_tunnel_port(destination) || is_tunnel_port(source);
    let ports = Ports { src: source, dst: destination };
    may_be_sip(payload)
        || may_be_sigcomp(payload.first(), ports)
        || (matches!(payload, [..=0x7f, ..]) && is_tunnel())
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;
    use crate::packet::testkit::{CLIENT, SERVER};

    fn udp_frame(dst_port: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .single_vlan(etherparse::VlanId::try_new(5).unwrap())
            .ipv4(CLIENT, SERVER, 64)
            .udp(5060, dst_port)
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    fn keeps(bytes: &[u8]) -> bool {
        sieve(LinkType(link::ETHERNET), bytes)
    }

    #[test]
    fn drops_media_and_noise() {
        assert!(!keeps(&udp_frame(4000, &[0x80, 0, 0, 1, 2, 3])));
        assert!(!keeps(&udp_frame(5060, &[])));
        assert!(!keeps(&udp_frame(5060, &[0, 0, 0, 0])));
        assert!(!keeps(&[&[0xff; 12][..], &[0x08, 0x06], &[0; 28]].concat()));
        assert!(!keeps(&[&[0xff; 12][..], &[0x88, 0xcc], &[0; 28]].concat()));
        assert!(!keeps(&[&[0xff; 12][..], &[0x00, 0x26], &[0x42, 0x42, 3]].concat()));
    }

    #[test]
    fn keeps_what_may_matter() {
        assert!(keeps(&udp_frame(5060, b"REGISTER")));
        assert!(keeps(&udp_frame(7000, b"\r\n\r\n")));
        assert!(keeps(&udp_frame(4789, &[8, 0, 0, 0])));
        assert!(keeps(&udp_frame(2152, &[0x30, 255])));
        assert!(keeps(&udp_frame(53, &[0x92, 1, 1, 0, 0, 1])));
        assert!(keeps(&udp_frame(9060, &[2, 16, 2, 17])));
        assert!(keeps(&udp_frame(4000, &[0x80; 9])[..20]));
        let mut fragment = udp_frame(4000, &[0x80; 16]);
        fragment[14 + 4 + 6] = 0x20;
        assert!(keeps(&fragment));
        assert!(sieve(LinkType(147), &[]));
    }

    #[test]
    fn padding_is_not_payload() {
        let mut padded = udp_frame(5060, &[]);
        padded.extend_from_slice(b"padding");
        assert!(!keeps(&padded));
    }

    #[test]
    fn header_only_captures_are_left_to_the_decoder_to_count() {
        assert!(keeps(&udp_frame(5060, b"REGISTER")[..14 + 4 + 28]));
    }
}
