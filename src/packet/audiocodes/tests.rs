//! Reads recordings of every version of the header.

use super::super::testkit::{CLIENT, Rig, SERVER, udp};
use super::super::{link, stats::Undecoded};
use super::*;

const REGISTER: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

/// A recording: what was done to it, the point of observation, the kind of payload.
fn recorded(version: u8, said: [u8; 3], extension: &[u8], payload: &[u8]) -> Vec<u8> {
    let (before, session) = match version {
        0..=4 => (10, 0),
        5 | 6 => (10, 4),
        7 => (10, 8),
        8 => (10, 9),
        _ => (14, 9),
    };
    let mut bytes = vec![version];
    bytes.resize(1 + before, 0);
    bytes.extend(said);
    bytes.push(extension.len() as u8);
    bytes.resize(bytes.len() + session, 0x77);
    [&bytes[..], extension, payload].concat()
}

fn seen(bytes: &[u8]) -> Rig {
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &udp(925, bytes));
    rig
}

/// Source 192.0.2.10 port 5062, destination 192.0.2.1 port 5060, this protocol.
fn addresses(protocol: u8) -> Vec<u8> {
    [&CLIENT[..], &SERVER, &[0x13, 0xc6, 0x13, 0xc4, protocol, 1]].concat()
}

#[test]
fn messages_are_told_with_the_addresses_of_the_gateway() {
    for version in 5..=9 {
        for (protocol, transport) in [(17, Transport::Udp), (6, Transport::Tcp)] {
            let rig = seen(&recorded(version, [0, SYSTEM, SIP], &addresses(protocol), REGISTER));
            assert_eq!(rig.datagrams(), [REGISTER], "{version}");
            let origin = rig.origins[0];
            assert_eq!((origin.src.addr, origin.dst.addr), (CLIENT.into(), SERVER.into()));
            let ports = (origin.src.port, origin.dst.port);
            assert_eq!((ports, origin.transport), ((5062, 5060), transport));
        }
    }
    // older ones do not record addresses
    for version in 3..=4 {
        let rig = seen(&recorded(version, [NOTHING_SAID, SYSTEM, SIP], &[], REGISTER));
        assert_eq!(rig.datagrams(), [REGISTER], "{version}");
    }
}

#[test]
fn tls_is_told_as_such() {
    let extension = [&[0x13, 0xc5, 0x13, 0xc5][..], &SERVER, &CLIENT, &[3]].concat();
    for kind in [TLS, TLS_PEEKED] {
        let rig = seen(&recorded(9, [0, SYSTEM, kind], &extension, REGISTER));
        assert_eq!(rig.datagrams(), [REGISTER]);
        let origin = rig.origins[0];
        assert_eq!((origin.transport, origin.src.addr), (Transport::Tls, SERVER.into()));
        assert_eq!(origin.dst.port, 5061);
    }
}

#[test]
fn packets_with_their_header_are_decoded() {
    let rig = seen(&recorded(9, [HEADER_ADDED, 16, 5], &[], &udp(5060, REGISTER)));
    assert_eq!(rig.datagrams(), [REGISTER]);
    assert_eq!(rig.decoder.stats().ip_packets, 2);
}

#[test]
fn what_cannot_be_sip_is_left_alone() {
    let media = recorded(9, [0, 4, 1], &addresses(17), &[0x80; 40]);
    let encrypted = recorded(9, [ENCRYPTED, SYSTEM, SIP], &addresses(17), REGISTER);
    let short = recorded(9, [0, SYSTEM, SIP], &addresses(17)[..9], &[]);
    for bytes in [media, short, recorded(9, [0, SYSTEM, 30], &[], b"log"), vec![9; 20]] {
        let rig = seen(&bytes);
        assert_eq!(
            (rig.seen.len(), rig.decoder.stats().undecoded(Undecoded::TunnelHeader)),
            (0, 0)
        );
    }
    assert!(unit(&encrypted, &mut super::super::testkit::meta(0)).is_none());
    assert_eq!(seen(REGISTER).datagrams(), [REGISTER]);
}
