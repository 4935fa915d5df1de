//! Distinguishes clear from encrypted payloads, above all where bytes are random.

use proptest::prelude::*;

use super::*;

const SRC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10));
const DST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// A packet around a transport segment, with a check value of `check` bytes.
fn packet(next: u8, payload: &[u8], check: usize) -> Vec<u8> {
    let padding = (payload.len() + 2).next_multiple_of(4) - payload.len() - 2;
    let padded: Vec<u8> = (1..=padding as u8).chain([padding as u8, next]).collect();
    [&[0, 0, 0x10, 0, 0, 0, 0, 1][..], payload, &padded, &vec![0xa5; check]].concat()
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ipv4([192, 0, 2, 10], [192, 0, 2, 1], 64)
        .udp(5060, 5062)
        .write(&mut bytes, payload)
        .unwrap();
    bytes.split_off(20)
}

fn tcp(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ipv4([192, 0, 2, 10], [192, 0, 2, 1], 64)
        .tcp(5060, 5062, 1, 1000)
        .ack(1)
        .write(&mut bytes, payload)
        .unwrap();
    bytes.split_off(20)
}

#[test]
fn segments_are_found_whatever_their_length_and_signature() {
    for len in 0..9 {
        let text = &b"REGISTER"[..len];
        for (next, segment) in [(17, udp(text)), (6, tcp(text))] {
            for check in [0, 12, 16, 24, 32] {
                let bytes = packet(next, &segment, check);
                let found = in_clear(&bytes, 0, SRC, DST);
                assert_eq!(found, Some((IpNumber(next), &segment[..])), "{next} {len} {check}");
            }
        }
    }
}

#[test]
fn wrong_checksums_are_believed_only_of_sip() {
    let elsewhere = IpAddr::from([10, 0, 0, 1]);
    let sip = packet(17, &udp(b"REGISTER sip:a SIP/2.0\r\n\r\n"), 12);
    assert!(in_clear(&sip, 0, elsewhere, DST).is_some());
    let other = packet(17, &udp(b"anything"), 12);
    assert!(in_clear(&other, 0, SRC, DST).is_some());
    assert!(in_clear(&other, 0, elsewhere, DST).is_none());
}

#[test]
fn a_datagram_without_checksum_fits() {
    let mut segment = udp(b"anything");
    segment[6..8].fill(0);
    assert!(in_clear(&packet(17, &segment, 12), 0, SRC, DST).is_some());
}

#[test]
fn what_does_not_fit_is_encrypted() {
    let good = packet(17, &udp(b"abcd"), 12);
    for (at, name) in [(8 + 4, "length"), (8 + 12, "padding"), (good.len() - 13, "protocol")] {
        let mut bytes = good.clone();
        bytes[at] ^= 0x20;
        assert!(in_clear(&bytes, 0, SRC, DST).is_none(), "{name}");
    }
    for len in 0..24 {
        assert!(in_clear(&good[..len], 0, SRC, DST).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn random_bytes_are_encrypted(bytes in prop::collection::vec(any::<u8>(), 0..200), next in any::<bool>()) {
        // the protocol and a padding of none made to fit, which is the likeliest that chance makes
        let mut bytes = bytes;
        if let [.., padding, protocol] = &mut bytes[..] {
            (*padding, *protocol) = (0, if next { 17 } else { 6 });
        }
        prop_assert_eq!(in_clear(&bytes, 0, SRC, DST), None);
    }
}
