//! Opens the tunnels SIP travels through: GRE, ERSPAN, VXLAN, Geneve, GTP-U and L2TP.

use super::field::{after, u16_at};
use super::link::{Layer, ethertype};

/// VXLAN: IANA's port (RFC 7348 §5) and Linux's old default.
const VXLAN: u16 = 4789;
const VXLAN_LINUX: u16 = 8472;
/// VXLAN with any protocol inside (draft-ietf-nvo3-vxlan-gpe-13 §3).
const VXLAN_GPE: u16 = 4790;
/// Geneve (RFC 8926 §3.3).
const GENEVE: u16 = 6081;
/// GTP-U (3GPP TS 29.281 §4.4.2).
const GTP_U: u16 = 2152;
/// L2TP version 2 (RFC 2661 §8.1).
const L2TP: u16 = 1701;

/// Whether datagrams to or from this port may hold a whole packet.
#[inline]
pub(super) const fn is_tunnel_port(port: u16) -> bool {
    matches!(port, VXLAN | VXLAN_LINUX | VXLAN_GPE | GENEVE | GTP_U | L2TP)
}

/// No port above it is a tunnel's.
pub(super) const HIGHEST_TUNNEL_PORT: u16 = VXLAN_LINUX;

/// The packet inside a datagram to or from `port`; none if it is an ordinary datagram after all.
pub(super) fn in_datagram(port: u16, payload: &[u8]) -> Option<Layer<'_>> {
    match port {
        VXLAN | VXLAN_LINUX => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        GTP_U => gtp_u(payload),
        L2TP => l2tp(payload),
        _ => None,
    }
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
        _ => None,
    }
}

/// RFC 8926 §3.4: version 0, the length of the options in units of four bytes, the protocol.
fn geneve(payload: &[u8]) -> Option<Layer<'_>> {
    const VERSION: u8 = 0xc0;
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let options = usize::from(header[0] & !VERSION) * 4;
    match u16_at(header, 2) {
        kind @ (ethertype::BRIDGED | ethertype::IPV4 | ethertype::IPV6 | ethertype::MPLS)
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
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    let (flags, mut rest) = payload.split_first_chunk::<2>()?;
    let flags = u16_at(flags, 0);
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
    Some(Layer::Ip(rest))
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
mod tests {
    use super::*;

    #[test]
    fn the_highest_port_is_known() {
        let highest = (0..=u16::MAX).rfind(|port| is_tunnel_port(*port));
        assert_eq!(highest, Some(HIGHEST_TUNNEL_PORT));
    }

    fn inner(layer: Option<Layer<'_>>) -> Option<(&'static str, &[u8])> {
        Some(match layer? {
            Layer::Ethernet(bytes) => ("ethernet", bytes),
            Layer::Network(ethertype::IPV4, bytes) => ("ipv4", bytes),
            Layer::Network(_, bytes) => ("network", bytes),
            Layer::Ip(bytes) => ("ip", bytes),
            Layer::Ppp(bytes) => ("ppp", bytes),
        })
    }

    #[test]
    fn gre_headers() {
        let subheader = [&[0; 11][..], &[1], &[0; 8], b"x"].concat();
        let with = |header: &[u8], rest: &[u8]| [header, rest].concat();
        let cases: [(&str, Vec<u8>, Option<&str>); 9] = [
            ("plain", with(&[0, 0, 8, 0], b"x"), Some("ipv4")),
            ("checksum, key, sequence", with(&[0xb0, 0, 8, 0], b"ccccKKKKssssx"), Some("ipv4")),
            ("bridged", with(&[0, 0, 0x65, 0x58], b"x"), Some("network")),
            ("ERSPAN I", with(&[0, 0, 0x88, 0xbe], b"x"), Some("ethernet")),
            ("ERSPAN II", with(&[0x10, 0, 0x88, 0xbe], b"sssseeeeeeeex"), Some("ethernet")),
            ("ERSPAN III", with(&[0x10, 0, 0x22, 0xeb], b"ssssddddddddddddx"), Some("ethernet")),
            ("ERSPAN III, subheader", with(&[0, 0, 0x22, 0xeb], &subheader), Some("ethernet")),
            ("PPTP", with(&[0x30, 0x81, 0x88, 0x0b], b"kkkkssssaaaax"), Some("network")),
            ("source routing", with(&[0x40, 0, 8, 0], b"xxxxxxxx"), None),
        ];
        for (name, bytes, kind) in cases {
            let found = inner(gre(&bytes));
            assert_eq!(found.map(|(kind, _)| kind), kind, "{name}");
            assert!(found.is_none_or(|(_, rest)| rest == b"x"), "{name}: {found:?}");
        }
    }

    #[test]
    fn gtp_u_optional_fields_and_extensions() {
        let plain = [&[0x30, 255, 0, 1, 0, 0, 0, 1][..], b"x"].concat();
        assert_eq!(inner(in_datagram(2152, &plain)), Some(("ip", &b"x"[..])));
        let sequence = [&[0x32, 255, 0, 5, 0, 0, 0, 1, 0, 7, 0, 0x85][..], b"x"].concat();
        assert_eq!(inner(in_datagram(2152, &sequence)), Some(("ip", &b"x"[..])));
        let extended =
            [&[0x34, 255, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 16, 9, 0][..], b"x"].concat();
        assert_eq!(inner(in_datagram(2152, &extended)), Some(("ip", &b"x"[..])));
        let echo = [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(inner(in_datagram(2152, &echo)), None);
    }

    #[test]
    fn vxlan_needs_its_flag() {
        assert_eq!(
            inner(in_datagram(4789, b"\x08\0\0\0\0\0\x01\0x")),
            Some(("ethernet", &b"x"[..]))
        );
        assert_eq!(inner(in_datagram(8472, b"\0\0\0\0\0\0\x01\0x")), None);
        assert_eq!(inner(in_datagram(5060, b"\x08\0\0\0\0\0\x01\0x")), None);
        assert_eq!(inner(in_datagram(4789, b"OPTIONS sip:a SIP/2.0")), None);
    }

    #[test]
    fn vxlan_geneve_and_l2tp_headers() {
        let cases: [(&str, u16, &[u8], Option<&str>); 13] = [
            ("VXLAN", 4789, b"\x08\0\0\0\0\0\x01\0x", Some("ethernet")),
            ("group policy", 4789, b"\x88\0\0\x07\0\0\x01\0x", Some("ethernet")),
            ("SIP behind CR LF", 4789, b"\r\n\r\nREGISTER sip:a SIP/2.0", None),
            ("GPE, Ethernet", 4790, b"\x0c\0\0\x03\0\0\x01\0x", Some("ethernet")),
            ("GPE, IPv6", 4790, b"\x0c\0\0\x02\0\0\x01\0x", Some("ip")),
            ("GPE, NSH", 4790, b"\x0c\0\0\x04\0\0\x01\0x", None),
            ("Geneve", 6081, b"\0\0\x65\x58\0\0\x01\0x", Some("network")),
            ("Geneve, option", 6081, b"\x01\0\x08\0\0\0\x01\0optnx", Some("ipv4")),
            ("SIP to Geneve's port", 6081, b"REGISTER sip:a SIP/2.0", None),
            ("L2TP", 1701, b"\0\x02tnssx", Some("ppp")),
            ("L2TP, all fields", 1701, b"\x4a\x02lltnssNSNR\0\x01px", Some("ppp")),
            ("L2TP, control", 1701, b"\xc8\x02\0\x0c\0\0\0\0\0\0\0\0", None),
            ("SIP to L2TP's port", 1701, b"\r\nREGISTER sip:a SIP/2.0", None),
        ];
        for (name, port, bytes, kind) in cases {
            let found = inner(in_datagram(port, bytes));
            assert_eq!(found.map(|(kind, _)| kind), kind, "{name}");
            assert!(found.is_none_or(|(_, rest)| rest == b"x"), "{name}: {found:?}");
        }
    }
}
