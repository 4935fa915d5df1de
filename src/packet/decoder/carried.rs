//! Takes the same REGISTER through every carrier that is rarer than VLAN and VXLAN, byte by byte as
//! Wireshark reads them.

use super::super::link;
use super::super::stats::Undecoded;
use super::super::testkit::{CLIENT, Rig, SERVER, frame, in_ethernet, in_ipv4, udp};
use super::super::{link::ethertype, wlan};
use crate::net::Cut;

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

fn plain() -> Vec<u8> {
    udp(5060, SIP)
}

fn ethernet() -> Vec<u8> {
    in_ethernet(&[], ethertype::IPV4, &plain())
}

fn ipv6() -> Vec<u8> {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ipv6([1; 16], [2; 16], 64)
        .udp(5060, 5060)
        .write(&mut bytes, SIP)
        .unwrap();
    bytes
}

fn behind(header: &[u8], packet: &[u8]) -> Vec<u8> {
    [header, packet].concat()
}

/// A data frame from a station to an access point.
fn wlan_frame() -> Vec<u8> {
    let header = [&[0x08, 1, 0, 0][..], &[2; 6], &[4; 6], &[6; 6], &[0, 0]].concat();
    [&header[..], &link::SNAP, &[8, 0], &plain()].concat()
}

/// Label 100, the last one.
const LABEL: [u8; 4] = [0, 6, 0x41, 64];

fn leads_to_sip(name: &str, link: u32, bytes: &[u8]) {
    let mut rig = Rig::new();
    rig.link(link, 0, bytes);
    assert_eq!(rig.datagrams(), [SIP], "{name}: {:?}", rig.decoder.stats());
    assert_eq!(rig.origins[0].src.port, 5060, "{name}");
}

#[test]
fn link_types_of_other_media() {
    let bridged = behind(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &ethernet());
    let cases: [(&str, u32, Vec<u8>); 11] = [
        ("ATM, LLC", link::ATM_RFC1483, { behind(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &plain()) }),
        ("ATM, bridged", link::ATM_RFC1483, bridged),
        ("Frame Relay", link::FRAME_RELAY, behind(&[0x18, 0x41, 3, 0xcc], &plain())),
        ("Frame Relay, IPv6", link::FRAME_RELAY, behind(&[0x18, 0x41, 3, 0x8e], &ipv6())),
        ("Frame Relay of Cisco", link::FRAME_RELAY, behind(&[0x18, 0x41, 8, 0], &plain())),
        ("Frame Relay, SNAP", link::FRAME_RELAY, {
            behind(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &plain())
        }),
        ("Frame Relay, bridged", link::FRAME_RELAY, {
            behind(&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &ethernet())
        }),
        ("PPP with direction", link::PPP_WITH_DIRECTION, {
            behind(&[1, 0xff, 3, 0, 0x21], &plain())
        }),
        ("PPP, bridged", link::PPP, behind(&[0xff, 3, 0, 0x31, 0, 1], &ethernet())),
        ("802.3, IP", link::ETHERNET, in_ethernet(&[], 60, &behind(&[6, 6, 3], &plain()))),
        ("802.11", wlan::IEEE_802_11, wlan_frame()),
    ];
    for (name, link, bytes) in cases {
        leads_to_sip(name, link, &bytes);
    }
}

#[test]
fn several_frames_in_one_are_all_read() {
    let header = [&[0x88, 1, 0, 0][..], &[2; 6], &[4; 6], &[6; 6], &[0, 0, 0x80, 0]].concat();
    let mut bytes = header;
    for number in 0..3 {
        let packet = udp(5060 + number, SIP);
        let llc = [&link::SNAP[..], &[8, 0], &packet].concat();
        bytes.extend([&[8; 12][..], &(llc.len() as u16).to_be_bytes(), &llc].concat());
        bytes.resize((bytes.len() - 26).next_multiple_of(4) + 26, 0);
    }
    let mut rig = Rig::new();
    rig.link(wlan::IEEE_802_11, 0, &bytes);
    assert_eq!(rig.datagrams(), [SIP, SIP, SIP]);
    let ports: Vec<_> = rig.origins.iter().map(|origin| origin.dst.port).collect();
    assert_eq!(ports, [5060, 5061, 5062]);
}

#[test]
fn tags_that_are_rare() {
    let nsh = |next: u8| [&[0x0f, 0xc6, 1, next, 0, 0, 1, 255][..], &[0; 16]].concat();
    let cases: [(&str, u16, Vec<u8>); 9] = [
        ("NSH, Ethernet", ethertype::NSH, behind(&nsh(3), &ethernet())),
        ("NSH, IPv4", ethertype::NSH, behind(&nsh(1), &plain())),
        ("NSH, IPv6", ethertype::NSH, behind(&nsh(2), &ipv6())),
        ("NSH, MPLS", ethertype::NSH, [&nsh(5)[..], &LABEL, &plain()].concat()),
        ("HSR", ethertype::HSR, behind(&[0, 60, 0, 1, 8, 0], &plain())),
        ("R-TAG", ethertype::R_TAG, behind(&[0, 0, 0, 1, 8, 0], &plain())),
        ("FabricPath", ethertype::FABRIC_PATH, behind(&[1, 0x60], &ethernet())),
        ("LLC", ethertype::LLC_JUMBO, behind(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &plain())),
        ("Frame Relay", ethertype::FRAME_RELAY, behind(&[0x18, 0x41, 3, 0xcc], &plain())),
    ];
    for (name, kind, bytes) in cases {
        leads_to_sip(name, link::ETHERNET, &in_ethernet(&[], kind, &bytes));
    }
}

#[test]
fn pseudowires_with_and_without_control_word() {
    let with = |mac: [u8; 6], between: &[u8]| {
        let mut frame = ethernet();
        frame[..6].copy_from_slice(&mac);
        in_ethernet(&[], ethertype::MPLS, &[&LABEL, between, &frame].concat())
    };
    for mac in [[0, 0x1b, 0x17, 1, 2, 3], [2; 6], [0x90; 6]] {
        leads_to_sip("control word", link::ETHERNET, &with(mac, &[0; 4]));
        leads_to_sip("none", link::ETHERNET, &with(mac, &[]));
    }
}

#[test]
fn datagrams_that_hold_packets() {
    let teredo = |header: &[u8]| behind(header, &ipv6());
    let gpe = [&[0x0c, 0, 0, 4, 0, 0, 1, 0, 0x0f, 0xc6, 1, 3, 0, 0, 1, 255][..], &[0; 16]].concat();
    let cases: [(&str, u16, Vec<u8>); 20] = [
        ("TZSP", 37008, behind(&[1, 0, 0, 1, 1], &ethernet())),
        ("TZSP, tags", 37008, {
            behind(&[1, 0, 0, 1, 0x29, 2, 5, 5, 0, 0x28, 4, 0, 0, 0, 9, 1], &ethernet())
        }),
        ("TZSP, to be sent", 37008, behind(&[1, 1, 0, 1, 1], &ethernet())),
        ("TZSP, PPP", 37008, behind(&[1, 0, 0, 4, 1, 0xff, 3, 0, 0x21], &plain())),
        ("TZSP, IP", 37008, behind(&[1, 0, 0, 7, 1], &ipv6())),
        ("TZSP, 802.11", 37008, behind(&[1, 0, 0, 0x12, 1], &wlan_frame())),
        ("GRE", 4754, behind(&[0, 0, 8, 0], &plain())),
        ("GRE, key", 4754, behind(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 7], &ethernet())),
        ("MPLS", 6635, behind(&LABEL, &plain())),
        ("Teredo", 3544, teredo(&[])),
        ("Teredo, origin", 3544, teredo(&[0, 0, 0xec, 0x77, 15, 15, 15, 15])),
        ("Teredo, authentication", 3544, teredo(&[0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0])),
        ("Teredo, both", 3544, {
            teredo(&[0, 1, 1, 1, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6])
        }),
        ("CAPWAP", 5247, behind(&[0, 0x10, 0x43, 0, 0, 0, 0, 0], &wlan_frame())),
        ("CAPWAP, Ethernet", 5247, behind(&[0, 0x10, 0x42, 0, 0, 0, 0, 0], &ethernet())),
        ("LWAPP", 12222, behind(&[0, 0, 0, 86, 0, 0], &wlan_frame())),
        ("L2TPv3", 1701, behind(&[0, 3, 0, 0, 0, 0, 0, 7], &ethernet())),
        ("L2TPv3, sublayer", 1701, behind(&[0, 3, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0], &ethernet())),
        ("GPE, NSH", 4790, behind(&gpe, &ethernet())),
        ("GTP-U, Ethernet", 2152, behind(&[0x30, 255, 0, 54, 0, 0, 0, 1], &ethernet())),
    ];
    for (name, port, bytes) in cases {
        leads_to_sip(name, link::RAW, &udp(port, &bytes));
    }
}

#[test]
fn text_to_the_port_of_a_tunnel_is_text() {
    for port in [37008, 4754, 3544, 5247, 12222, 4500, 1701] {
        leads_to_sip("text", link::RAW, &udp(port, SIP));
    }
    for bytes in [&[1, 4, 0, 1, 1][..], &[1, 0, 0, 1, 5, 9, 1], &[1, 0, 0, 99, 1], &[1, 0, 0]] {
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &udp(37008, bytes));
        assert!(rig.seen.is_empty(), "{bytes:?}");
    }
}

#[test]
fn protocols_that_hold_packets() {
    let cases: [(&str, u8, Vec<u8>); 7] = [
        ("EtherIP", 97, behind(&[0x30, 0], &ethernet())),
        ("MPLS", 137, behind(&LABEL, &plain())),
        ("Ethernet", 143, ethernet()),
        ("L2TPv3", 115, behind(&[0, 0, 0, 7], &ethernet())),
        ("L2TPv3, cookie", 115, behind(&[0, 0, 0, 7, 9, 9, 9, 9, 0, 0, 0, 0], &ethernet())),
        ("L2TPv3, long cookie", 115, behind(b"\0\0\0\x07cookie!!", &ethernet())),
        ("GRE, NSH", 47, [&b"\0\0\x89\x4f\x0f\xc6\x01\x01"[..], &[0; 20], &plain()].concat()),
    ];
    for (name, protocol, bytes) in cases {
        leads_to_sip(name, link::RAW, &in_ipv4(protocol, &[], &bytes));
    }
    for (protocol, bytes) in [(97, &[0x20, 0, 1][..]), (115, &[0; 40]), (115, &[1; 3])] {
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &in_ipv4(protocol, &[], bytes));
        assert_eq!(rig.decoder.stats().undecoded(Undecoded::TunnelHeader), 1, "{protocol}");
    }
}

/// An ESP packet with a zeroed integrity check value of `check` bytes.
fn esp(next: u8, payload: &[u8], check: usize) -> Vec<u8> {
    let padding = (payload.len() + 2).next_multiple_of(4) - payload.len() - 2;
    let padded: Vec<u8> = (1..=padding as u8).chain([padding as u8, next]).collect();
    [&[0, 0, 0x10, 0, 0, 0, 0, 1][..], payload, &padded, &vec![0xa5; check]].concat()
}

fn esp_in_ipv4(payload: &[u8]) -> Vec<u8> {
    let mut bytes = in_ipv4(50, &[], payload);
    bytes[12..16].copy_from_slice(&CLIENT);
    bytes[16..20].copy_from_slice(&SERVER);
    bytes
}

#[test]
fn ipsec_that_is_not_encrypted() {
    for check in [0, 12, 16, 24, 32] {
        leads_to_sip("transport", link::RAW, &esp_in_ipv4(&esp(17, &plain()[20..], check)));
        leads_to_sip("tunnel", link::RAW, &esp_in_ipv4(&esp(4, &plain(), check)));
        leads_to_sip("IPv6", link::RAW, &esp_in_ipv4(&esp(41, &ipv6(), check)));
        leads_to_sip("UDP", link::RAW, &udp(4500, &esp(17, &plain()[20..], check)));
    }
    let gmac = [&[0; 8][..], &[0xe1; 8], &esp(17, &plain()[20..], 16)[8..]].concat();
    leads_to_sip("GMAC", link::RAW, &esp_in_ipv4(&gmac));
}

#[test]
fn ipsec_that_cannot_be_read_is_counted() {
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &esp_in_ipv4(&[&[0, 0, 0x10, 0, 0, 0, 0, 1][..], &[0x5a; 80]].concat()));
    rig.link(link::RAW, 0, &udp(4500, &[&[0x80, 0, 0x10, 0, 0, 0, 0, 1][..], &[7; 80]].concat()));
    // key exchange and keep-alive are no such packets
    rig.link(link::RAW, 0, &udp(4500, &[0; 40])).link(link::RAW, 0, &udp(4500, &[0xff]));
    assert_eq!((rig.decoder.stats().undecoded(Undecoded::Esp), rig.connections().len()), (2, 3));
}

#[test]
fn cut_ipsec_shows_its_message() {
    let bytes = esp_in_ipv4(&esp(17, &plain()[20..], 12));
    let mut cut = frame(&bytes[..60], link::RAW, 0, 1);
    cut.wire_len = bytes.len() as u32;
    let mut rig = Rig::new();
    rig.feed(&cut);
    assert_eq!(rig.datagrams(), [&SIP[..24]]);
    assert_eq!(rig.origins[0].path.cut, Some(Cut::Snaplen));
}
