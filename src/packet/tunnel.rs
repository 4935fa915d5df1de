//! Opens the tunnels SIP travels through: GRE, ERSPAN, VXLAN and GTP-U.

use super::field::{after, u16_at};
use super::link::{Layer, ethertype};

/// Destination ports of VXLAN: IANA's (RFC 7348 §5) and Linux's old default.
pub(super) const VXLAN_PORTS: [u16; 2] = [4789, 8472];
/// Destination port of GTP-U (3GPP TS 29.281 §4.4.2).
pub(super) const GTP_U_PORT: u16 = 2152;

/// Whether datagrams to this port may hold a whole packet.
#[inline]
pub(super) const fn is_tunnel_port(port: u16) -> bool {
    matches!(port, 4789 | 8472 | GTP_U_PORT)
}

/// The packet inside a datagram to `port`; none if it is an ordinary datagram after all.
pub(super) fn in_datagram(port: u16, payload: &[u8]) -> Option<Layer<'_>> {
    if VXLAN_PORTS.contains(&port) {
        vxlan(payload)
    } else if port == GTP_U_PORT {
        gtp_u(payload)
    } else {
        None
    }
}

/// RFC 7348 §5: the I flag says that the network identifier is valid.
fn vxlan(payload: &[u8]) -> Option<Layer<'_>> {
    const VALID: u8 = 0x08;
    let (header, rest) = payload.split_first_chunk::<8>()?;
    (header[0] & VALID != 0 && header[0] & 0xf0 == 0).then_some(Layer::Ethernet(rest))
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
}
