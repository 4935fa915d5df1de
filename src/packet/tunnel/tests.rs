//! Opens headers of every tunnel, and of what only looks like one.

use super::*;

#[test]
fn other_tunnels_do_not_start_with_a_byte_above_ascii() {
    let highest = (0..=u16::MAX).rfind(|port| is_binary_tunnel(*port));
    assert_eq!(highest, Some(HIGHEST_BINARY_TUNNEL));
    let others: Vec<u16> =
        (0..=u16::MAX).filter(|port| is_tunnel_port(*port) && !is_binary_tunnel(*port)).collect();
    assert_eq!(others, [DEBUG_RECORDING, TEREDO, CAPWAP, LWAPP, TZSP]);
    for port in others {
        for first in 0x80..=0xff {
            assert!(in_datagram(port, &[first; 90]).is_none(), "{port} {first}");
            assert!(!super::super::audiocodes::may_be(&[first]));
        }
    }
}

fn inner(layer: Option<Layer<'_>>) -> Option<(&'static str, &[u8])> {
    Some(match layer? {
        Layer::Ethernet(bytes) => ("ethernet", bytes),
        Layer::Network(ethertype::IPV4, bytes) => ("ipv4", bytes),
        Layer::Network(_, bytes) => ("network", bytes),
        Layer::Ip(bytes) => ("ip", bytes),
        Layer::Ppp(bytes) => ("ppp", bytes),
        Layer::Wlan(bytes) => ("wlan", bytes),
        Layer::FrameRelay(bytes) => ("frame relay", bytes),
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
    let extended = [&[0x34, 255, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 16, 9, 0][..], b"x"].concat();
    assert_eq!(inner(in_datagram(2152, &extended)), Some(("ip", &b"x"[..])));
    let echo = [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(inner(in_datagram(2152, &echo)), None);
}

#[test]
fn vxlan_needs_its_flag() {
    assert_eq!(inner(in_datagram(4789, b"\x08\0\0\0\0\0\x01\0x")), Some(("ethernet", &b"x"[..])));
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
