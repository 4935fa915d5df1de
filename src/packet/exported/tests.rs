//! Reads units as Wireshark writes them.

use super::super::testkit::{CLIENT, Rig, SERVER, udp};
use super::*;

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

fn tag(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut padded = value.to_vec();
    padded.resize(value.len().next_multiple_of(4), 0);
    [&kind.to_be_bytes()[..], &(padded.len() as u16).to_be_bytes(), &padded].concat()
}

/// A unit of this name; its transport by the number that Wireshark has for it.
fn unit_of(name: Vec<u8>, carrier: u8, payload: &[u8]) -> Vec<u8> {
    [
        name,
        tag(20, &CLIENT),
        tag(21, &SERVER),
        tag(24, &[0, 0, 0, carrier]),
        tag(25, &5062_u32.to_be_bytes()),
        tag(26, &5060_u32.to_be_bytes()),
        tag(30, &[0, 0, 0, 7]),
        tag(32, &17_u32.to_be_bytes()),
        tag(0, &[]),
        payload.to_vec(),
    ]
    .concat()
}

#[test]
fn messages_are_told_with_where_they_were_seen() {
    let names = [tag(12, b"sip"), tag(14, b"udp.port"), tag(13, b"sip_udp")];
    for name in names {
        for (carrier, transport) in [(1, Transport::Sctp), (2, Transport::Tcp), (3, Transport::Udp)]
        {
            let mut rig = Rig::new();
            rig.link(UPPER_PDU, 0, &unit_of(name.clone(), carrier, SIP));
            assert_eq!(rig.datagrams(), [SIP]);
            let origin = rig.origins[0];
            assert_eq!((origin.src.addr, origin.dst.addr), (CLIENT.into(), SERVER.into()));
            assert_eq!((origin.src.port, origin.dst.port), (5062, 5060));
            assert_eq!(origin.transport, transport);
        }
    }
}

#[test]
fn units_of_lower_layers_are_decoded_further() {
    let packet = udp(5060, SIP);
    for (name, bytes) in [
        (tag(12, b"ip"), &packet[..]),
        (tag(14, b"ip.proto"), &packet[20..]),
        (tag(12, b"udp"), &packet[20..]),
    ] {
        let mut rig = Rig::new();
        rig.link(UPPER_PDU, 0, &unit_of(name, 3, bytes));
        assert_eq!(rig.datagrams(), [SIP]);
        assert_eq!(rig.origins[0].src.port, 5060);
    }
}

#[test]
fn broken_and_other_units_are_counted() {
    let whole = unit_of(tag(12, b"sip"), 3, SIP);
    let end = whole.len() - SIP.len();
    let mut rig = Rig::new();
    for len in 0..end {
        rig.link(UPPER_PDU, 0, &whole[..len]);
    }
    assert_eq!((rig.decoder.stats().undecoded_total(), rig.seen.len()), (end as u64, 0));
    rig.link(UPPER_PDU, 0, &unit_of(tag(12, b"rtp"), 3, &[0x80, 0, 0, 1]));
    assert_eq!(rig.decoder.stats().datagrams_not_sip, 1);
}
