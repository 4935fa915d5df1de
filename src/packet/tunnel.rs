//! Opens the tunnels SIP travels through: GRE, ERSPAN, VXLAN, Geneve, GTP-U, L2TP, TZSP and their like.

use etherparse::{IpNumber, ip_number};

use super::field::{after, u16_at};
use super::link::{self, Layer, ethertype};
use super::wlan;

mod tzsp;

/// VXLAN: IANA's port (RFC 7348 §5) and Linux's old default.
const VXLAN: u16 = 4789;
const VXLAN_LINUX: u16 = 8472;
/// VXLAN with any protocol inside (draft-ietf-nvo3-vxlan-gpe-13 §3).
const VXLAN_GPE: u16 = 4790;
/// Geneve (RFC 8926 §3.3).
const GENEVE: u16 = 6081;
/// GTP-U (3GPP TS 29.281 §4.4.2).
const GTP_U: u16 = 2152;
/// L2TP, versions 2 (RFC 2661 §8.1) and 3 (RFC 3931 §4.1.2.1).
const L2TP: u16 = 1701;
/// GRE (RFC 8086 §8.1).
const GRE_IN_UDP: u16 = 4754;
/// MPLS (RFC 7510 §5).
const MPLS_IN_UDP: u16 = 6635;
/// IPv6 past a translator (RFC 4380 §2.7).
const TEREDO: u16 = 3544;
/// CAPWAP data (RFC 5415 §3.1), and the data of its predecessor (RFC 5412 §3).
const CAPWAP: u16 = 5247;
const LWAPP: u16 = 12222;
/// What routers and access points mirror.
const TZSP: u16 = 37008;
/// The debug recording of `AudioCodes` gateways.
pub(super) const DEBUG_RECORDING: u16 = 925;
/// `IPsec` past a translator (RFC 3948 §2.1).
pub(super) const IPSEC: u16 = 4500;

/// Whether datagrams to or from this port may hold a whole packet.
#[inline]
pub(super) const fn is_tunnel_port(port: u16) -> bool {
    is_binary_tunnel(port) || matches!(port, DEBUG_RECORDING | TEREDO | CAPWAP | LWAPP | TZSP)
}

/// The same of tunnels whose header may start with a byte above ASCII.
#[inline]
pub(super) const fn is_binary_tunnel(port: u16) -> bool {
    matches!(
        port,
        L2TP | GTP_U | IPSEC | GRE_IN_UDP | VXLAN | VXLAN_GPE | GENEVE | MPLS_IN_UDP | VXLAN_LINUX
    )
}

/// No port above it is one of those.
pub(super) const HIGHEST_BINARY_TUNNEL: u16 = VXLAN_LINUX;

/// The packet inside a datagram to or from `port`; none if it is an ordinary datagram after all.
pub(super) fn in_datagram(port: u16, payload: &[u8]) -> Option<Layer<'_>> {
    match port {
        VXLAN | VXLAN_LINUX => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        GTP_U => gtp_u(payload),
        L2TP => l2tp(payload),
        GRE_IN_UDP => gre(payload),
        MPLS_IN_UDP => Some(Layer::Network(ethertype::MPLS, payload)),
        TEREDO => teredo(payload),
        CAPWAP => wlan::capwap(payload),
        LWAPP => wlan::lwapp(payload),
        TZSP => tzsp::packet(payload),
        _ => None,
    }
}

/// Whether this IP protocol is that of a tunnel beside GRE and IP in IP.
pub(super) const fn is_tunnel_protocol(protocol: u8) -> bool {
    const ETHER_IP: u8 = ip_number::ETHER_IP.0;
    const L2TP: u8 = ip_number::LAYER2_TUNNELING_PROTOCOL.0;
    const MPLS: u8 = ip_number::MPLS_IN_IP.0;
    matches!(protocol, ETHER_IP | L2TP | MPLS | ETHERNET)
}

/// An Ethernet frame behind an IP header (RFC 8986 §9.1).
const ETHERNET: u8 = 143;

/// The packet in an IP packet of a tunnel's protocol.
pub(super) fn in_ip(protocol: IpNumber, bytes: &[u8]) -> Option<Layer<'_>> {
    match protocol {
        ip_number::GRE => gre(bytes),
        // version 3 in the upper half (RFC 3378 §3)
        ip_number::ETHER_IP => match *bytes {
            [0x30, _, ref frame @ ..] => Some(Layer::Ethernet(frame)),
            _ => None,
        },
        ip_number::LAYER2_TUNNELING_PROTOCOL => match *bytes {
            // session 0 is control (RFC 3931 §4.1.1.1)
            [0, 0, 0, 0, ..] => None,
            [_, _, _, _, ref rest @ ..] => l2tp_3(rest),
            _ => None,
        },
        ip_number::MPLS_IN_IP => Some(Layer::Network(ethertype::MPLS, bytes)),
        IpNumber(ETHERNET) => Some(Layer::Ethernet(bytes)),
        _ => None,
    }
}

/// RFC 4380 §5.1.1: an IPv6 packet, perhaps behind authentication and the origin of the packet.
fn teredo(payload: &[u8]) -> Option<Layer<'_>> {
    const ORIGIN: usize = 8;
    let mut rest = payload;
    if let [0, 1, client, value, ..] = *rest {
        rest = rest.get(4 + usize::from(client) + usize::from(value) + 9..)?;
    }
    if rest.starts_with(&[0, 0]) {
        rest = rest.get(ORIGIN..)?;
    }
    (rest.first()? >> 4 == 6 && rest.len() >= 40).then_some(Layer::Ip(rest))
}

/// RFC 7348 §5: the I flag says that the network identifier is valid; others have meanings in
/// dialects (group policies, for one), and text is no VXLAN.
fn vxlan(payload: &[u8]) -> Option<Layer<'_>> {
    const VALID: u8 = 0x08;
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let is_text = matches!(header[0], b'\r' | b'\n' | b' '..=b'~');
    (header[0] & VALID != 0 && !is_text).then_some(Layer::Ethernet(rest))
}

/// draft-ietf-nvo3-vxlan-gpe-13 §3.1: flags I and P, version 0, the protocol in the fourth byte.
fn vxlan_gpe(payload: &[u8]) -> Option<Layer<'_>> {
    const VERSION_I_P: u8 = 0x3c;
    const VALID_WITH_PROTOCOL: u8 = 0x0c;
    let (header, rest) = payload.split_first_chunk::<8>()?;
    if header[0] & VERSION_I_P != VALID_WITH_PROTOCOL {
        return vxlan(payload);
    }
    match header[3] {
        1 | 2 => Some(Layer::Ip(rest)),
        3 => Some(Layer::Ethernet(rest)),
        4 => link::nsh(rest),
        _ => None,
    }
}

/// RFC 8926 §3.4: version 0, the length of the options in units of four bytes, the protocol.
fn geneve(payload: &[u8]) -> Option<Layer<'_>> {
    const VERSION: u8 = 0xc0;
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let options = usize::from(header[0] & !VERSION) * 4;
    match u16_at(header, 2) {
        kind @ (ethertype::BRIDGED
        | ethertype::IPV4
        | ethertype::IPV6
        | ethertype::MPLS
        | ethertype::NSH)
            if header[0] & VERSION == 0 =>
        {
            Some(Layer::Network(kind, rest.get(options..)?))
        }
        _ => None,
    }
}

/// RFC 2661 §3.1: a data message, with those fields that the flags announce.
fn l2tp(payload: &[u8]) -> Option<Layer<'_>> {
    const CONTROL_RESERVED_VERSION: u16 = 0xb4ff;
    const VERSION_2: u16 = 0x0002;
    const VERSION_3: u16 = 0x0003;
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    let (flags, mut rest) = payload.split_first_chunk::<2>()?;
    let flags = u16_at(flags, 0);
    if flags == VERSION_3 {
        // reserved, session (RFC 3931 §4.1.2.2)
        return l2tp_3(rest.get(6..)?);
    }
    if flags & CONTROL_RESERVED_VERSION != VERSION_2 {
        return None;
    }
    let length = if flags & LENGTH != 0 { 2 } else { 0 };
    let sequence = if flags & SEQUENCE != 0 { 4 } else { 0 };
    rest = rest.get(length + 4 + sequence..)?;
    if flags & OFFSET != 0 {
        let (offset, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16_at(offset, 0))..)?;
    }
    Some(Layer::Ppp(rest))
}

/// RFC 3931 §4.1: a cookie and a sublayer header of lengths that only the two ends know, then the frame.
fn l2tp_3(bytes: &[u8]) -> Option<Layer<'_>> {
    let starts = [0, 4, 8, 12].into_iter().map(|skipped| after(bytes, skipped));
    starts.into_iter().find(|frame| link::is_ethernet(frame)).map(Layer::Ethernet)
}

/// 3GPP TS 29.281 §5.1: version 1, protocol type GTP, message type 255 (G-PDU).
fn gtp_u(payload: &[u8]) -> Option<Layer<'_>> {
    const VERSION_AND_TYPE: u8 = 0xf0;
    const GTP_V1: u8 = 0x30;
    const G_PDU: u8 = 255;
    /// Any of extension header, sequence number and N-PDU number brings all three fields.
    const OPTIONAL: u8 = 0x07;
    let (header, mut rest) = payload.split_first_chunk::<8>()?;
    if header[0] & VERSION_AND_TYPE != GTP_V1 || header[1] != G_PDU {
        return None;
    }
    if header[0] & OPTIONAL != 0 {
        let (fields, behind) = rest.split_first_chunk::<4>()?;
        rest = behind;
        let mut next = if header[0] & 0x04 != 0 { fields[3] } else { 0 };
        while next != 0 {
            // length in units of four bytes, the last byte naming the next header (§5.2.1)
            let len = usize::from(*rest.first()?).max(1) * 4;
            next = *rest.get(len - 1)?;
            rest = after(rest, len);
        }
    }
    // sessions of type Ethernet (3GPP TS 23.501 §5.6.10.2) carry frames
    let is_frame = !matches!(rest.first()? >> 4, 4 | 6) && link::is_ethernet(rest);
    Some(if is_frame { Layer::Ethernet(rest) } else { Layer::Ip(rest) })
}

/// GRE (RFC 2784, RFC 2890) and its PPTP variant (RFC 2637).
pub(super) fn gre(bytes: &[u8]) -> Option<Layer<'_>> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGE: u16 = 0x0080;
    const VERSION: u16 = 0x0007;
    let (header, rest) = bytes.split_first_chunk::<4>()?;
    let (flags, protocol) = (u16_at(header, 0), u16_at(header, 2));
    let pptp = flags & VERSION == 1;
    if flags & VERSION > 1 || flags & ROUTING != 0 {
        return None;
    }
    let acknowledge = if pptp { ACKNOWLEDGE } else { 0 };
    let options = (flags & (CHECKSUM | KEY | SEQUENCE | acknowledge)).count_ones() as usize * 4;
    let rest = rest.get(options..)?;
    match protocol {
        ERSPAN_1_2 if flags & SEQUENCE == 0 => Some(Layer::Ethernet(rest)),
        ERSPAN_1_2 => Some(Layer::Ethernet(rest.get(8..)?)),
        ERSPAN_3 => erspan_3(rest),
        ethertype::PPP if rest.is_empty() => None,
        protocol => Some(Layer::Network(protocol, rest)),
    }
}

/// ERSPAN type I has no header, type II one of eight bytes and a GRE sequence number
/// (draft-foschiano-erspan-03 §4.1, §4.2).
const ERSPAN_1_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

/// Twelve bytes and, if the O bit is set, eight more (draft-foschiano-erspan-03 §4.3).
fn erspan_3(bytes: &[u8]) -> Option<Layer<'_>> {
    const OPTIONAL: u8 = 0x01;
    let (header, rest) = bytes.split_first_chunk::<12>()?;
    let subheader = if header[11] & OPTIONAL != 0 { 8 } else { 0 };
    Some(Layer::Ethernet(rest.get(subheader..)?))
}

#[cfg(test)]
mod tests;
