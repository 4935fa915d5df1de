//! Reads packets written by hand from the specification, and breaks them.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::net::{Endpoint, Timestamp, Transport};

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

/// The example of the specification, revision 12, §4.5: an INVITE from 212.202.0.1 to 82.116.0.211.
const EXAMPLE: &[u8] = b"HEP3\x00\x71\
    \x00\x00\x00\x01\x00\x07\x02\
    \x00\x00\x00\x02\x00\x07\x11\
    \x00\x00\x00\x03\x00\x0a\xd4\xca\x00\x01\
    \x00\x00\x00\x04\x00\x0a\x52\x74\x00\xd3\
    \x00\x00\x00\x07\x00\x08\x2e\xea\
    \x00\x00\x00\x08\x00\x08\x13\xc4\
    \x00\x00\x00\x09\x00\x0a\x4e\x49\x82\xcb\
    \x00\x00\x00\x0a\x00\x0a\x00\x01\xd4\xc0\
    \x00\x00\x00\x0b\x00\x07\x01\
    \x00\x00\x00\x0c\x00\x0a\x00\x00\x00\xe4\
    \x00\x00\x00\x0f\x00\x14INVITE sip:bob";

fn whole(bytes: &[u8]) -> Packet<'_> {
    let (len, packet) = read(bytes).unwrap();
    assert_eq!(len, bytes.len());
    packet.unwrap()
}

/// A packet of version 3 with these chunks: vendor, type, value.
fn v3(chunks: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &[0, 0]].concat();
    for (vendor, kind, value) in chunks {
        let len = value.len() as u16 + 6;
        for field in [*vendor, *kind, len] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        bytes.extend_from_slice(value);
    }
    let len = bytes.len() as u16;
    bytes[4..6].copy_from_slice(&len.to_be_bytes());
    bytes
}

/// The header of version 1 or 2 up to the addresses, with a length that counts `more` bytes.
fn legacy(version: u8, more: u8, v6: bool, protocol: u8) -> Vec<u8> {
    let (len, family) = if v6 { (40, 10) } else { (16, 2) };
    let mut bytes = vec![version, len + more, family, protocol, 0x13, 0xe2, 0x13, 0xc4];
    if v6 {
        bytes.extend_from_slice(&[0x20; 16]);
        bytes.extend_from_slice(&[0x21; 16]);
    } else {
        bytes.extend_from_slice(&[192, 0, 2, 10, 192, 0, 2, 1]);
    }
    bytes
}

#[test]
fn the_example_of_the_specification_is_read() {
    let packet = whole(EXAMPLE);
    let want = Packet {
        version: 3,
        protocol: Some(17),
        src: Some([212, 202, 0, 1].into()),
        dst: Some([82, 116, 0, 211].into()),
        src_port: 12010,
        dst_port: 5060,
        time: Some(Timestamp::from_parts(1_313_440_459, 120_000_000)),
        kind: Some(TYPE_SIP),
        capture_id: Some(228),
        payload: Payload::Plain(b"INVITE sip:bob"),
        ..Packet::default()
    };
    assert_eq!(packet, want);
}

#[test]
fn every_chunk_is_told() {
    let src = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
    let bytes = v3(&[
        (0, 0x0001, &[10]),
        (0, 0x0002, &[6]),
        (0, 0x0005, &src),
        (0, 0x0006, &mapped),
        (8, 0x000f, b"a vendor's own chunk of the same number"),
        (0, 0x000d, &[0, 30]),
        (0, 0x000e, b"secret"),
        (0, 0x0012, &[0xe0, 42]),
        (0, 0x0013, b"edge-1"),
        (0, 0x0014, &[2, 0, 0, 0, 0, 9]),
        (0, 0x0011, b"call-id"),
        (0, 0x0010, &[1, 2, 3]),
        (0, 0x000f, b"a second payload"),
    ]);
    let packet = whole(&bytes);
    assert_eq!(packet.src.unwrap().to_string(), "2001:db8::1");
    assert_eq!(packet.dst.unwrap().to_string(), "192.0.2.1");
    assert_eq!(packet.transport(), Transport::Tcp);
    assert_eq!((packet.key, packet.node), (Some(&b"secret"[..]), &b"edge-1"[..]));
    assert_eq!((packet.vlan, packet.mac), (Some(42), Some([2, 0, 0, 0, 0, 9])));
    assert_eq!(packet.payload, Payload::Compressed(&[1, 2, 3]));
    assert_eq!((packet.time, packet.capture_id, packet.kind), (None, None, None));
}

#[test]
fn what_lies_about_its_length_is_read_as_far_as_it_goes() {
    let good = v3(&[(0, 0x000c, &[0, 0, 0, 7]), (0, 0x000f, SIP)]);
    let cut = &good[..good.len() - 5];
    let (told, packet) = read(cut).unwrap();
    let packet = packet.unwrap();
    assert_eq!((told, packet.cut, packet.capture_id), (good.len(), true, Some(7)));
    assert_eq!(packet.payload, Payload::Plain(&SIP[..SIP.len() - 5]));
    // a chunk shorter than its header, behind the payload
    let short = v3(&[(0, 0x000f, SIP), (0, 1, &[])]);
    let mut short = [&short[..short.len() - 2], &[0, 3]].concat();
    assert_eq!(whole(&short).payload, Payload::Plain(SIP));
    // and before it
    short[10..12].copy_from_slice(&[0, 5]);
    assert_eq!(read(&short), Some((short.len(), Err(Broken))));
    for bytes in [&b"HEP3"[..], b"HEP3\0\0", b"HEP3\0\x05\0\0", &EXAMPLE[..90]] {
        assert_eq!(read(bytes), Some((bytes.len(), Err(Broken))));
    }
    assert_eq!(read(b"HEP4\0\x10"), None);
    assert_eq!(read(b""), None);
}

#[test]
fn fixed_headers_are_read() {
    // seconds, microseconds and capture id 2101 in either order, two bytes of padding
    let little = [0x84, 0x32, 0x02, 0x6b, 0xbf, 0x8f, 0x07, 0x00, 0x35, 0x08, 0, 0];
    let big = [0x6b, 0x02, 0x32, 0x84, 0x00, 0x07, 0x8f, 0xbf, 0x08, 0x35, 0, 0];
    let seen = Timestamp::from_parts(1_795_306_116, 495_551_000);
    for (name, head, time, id) in [
        ("1", vec![legacy(1, 0, false, 17)], None, None),
        ("1, IPv6", vec![legacy(1, 0, true, 17)], None, None),
        ("2, little endian", vec![legacy(2, 0, false, 17), little.into()], Some(seen), Some(2101)),
        ("2, big endian", vec![legacy(2, 0, false, 17), big.into()], Some(seen), Some(2101)),
        ("2, IPv6", vec![legacy(2, 0, true, 17), little.into()], Some(seen), Some(2101)),
        ("2 of Sofia", vec![legacy(2, 12, false, 17), little.into()], Some(seen), Some(2101)),
    ] {
        let bytes = [&head.concat()[..], SIP].concat();
        let packet = whole(&bytes);
        assert_eq!(packet.payload, Payload::Plain(SIP), "{name}");
        assert_eq!((packet.time, packet.capture_id), (time, id), "{name}");
        assert_eq!((packet.src_port, packet.dst_port), (5090, 5060), "{name}");
        assert!(packet.src.is_some_and(|src| packet.dst != Some(src)), "{name}");
        assert_eq!(packet.transport(), Transport::Udp, "{name}");
    }
}

#[test]
fn numbers_that_do_not_agree_are_no_fixed_header() {
    let with = |at: usize, value: u8| {
        let mut bytes = [&legacy(1, 0, false, 17)[..], SIP].concat();
        bytes[at] = value;
        bytes
    };
    assert!(read(&with(0, 1)).is_some());
    let cases = [
        ("version", 0, 3),
        ("length", 1, 40),
        ("time in version 1", 1, 28),
        ("family", 2, 10),
        ("protocol", 3, 99),
        ("payload", 16, 0x80),
        ("no version of SIP", 31, b'x'),
    ];
    for (name, at, value) in cases {
        assert_eq!(read(&with(at, value)), None, "{name}");
    }
    assert_eq!(read(&[&legacy(1, 0, false, 17)[..], b"\r\n\r\n"].concat()), None);
    // an end of the addresses that is not there
    assert_eq!(read(&legacy(2, 0, true, 6)[..30]), None);
}

fn item(src: &str, dst: &str, bytes: &'static [u8]) -> Item<'static> {
    let end = |text: &str| {
        let end: std::net::SocketAddr = text.parse().unwrap();
        Endpoint::new(end.ip(), end.port())
    };
    let time = Timestamp::from_parts(1_700_000_000, 999_999_999);
    Item { time, src: end(src), dst: end(dst), transport: Transport::Sctp, bytes }
}

#[test]
fn what_is_written_is_read_again() {
    for (src, dst) in
        [("192.0.2.1:5060", "192.0.2.2:49152"), ("[2001:db8::1]:5060", "[2001:db8::2]:1")]
    {
        let item = item(src, dst, SIP);
        let mut out = b"before".to_vec();
        assert!(encode(&item, 0xffff_0001, b"node", b"", &mut out));
        let packet = whole(&out[6..]);
        assert_eq!(packet.payload, Payload::Plain(SIP));
        assert_eq!((packet.src, packet.src_port), (Some(item.src.addr), item.src.port));
        assert_eq!((packet.dst, packet.dst_port), (Some(item.dst.addr), item.dst.port));
        assert_eq!(packet.time, Some(Timestamp::from_parts(1_700_000_000, 999_999_000)));
        assert_eq!((packet.capture_id, packet.kind), (Some(0xffff_0001), Some(TYPE_SIP)));
        assert_eq!((packet.node, packet.key), (&b"node"[..], None));
        assert_eq!(packet.transport(), Transport::Sctp);
    }
    let mut out = Vec::new();
    let long: &[u8] = Box::leak(vec![b'x'; 65_500].into_boxed_slice());
    assert!(!encode(&item("192.0.2.1:1", "192.0.2.2:2", long), 1, b"", b"", &mut out));
    assert!(out.is_empty());
}

fn pump(framer: &mut Framer, parts: &[&[u8]]) -> (Vec<Vec<u8>>, u64) {
    let (mut found, mut skipped) = (Vec::new(), 0);
    for part in parts {
        skipped += framer.push(part, &mut |packet| found.push(packet.to_vec()));
    }
    (found, skipped)
}

#[test]
fn a_stream_is_cut_into_packets() {
    let (one, two) = (EXAMPLE, v3(&[(0, 0x000f, SIP)]));
    let stream = [one, &two, one].concat();
    let want = vec![one.to_vec(), two, one.to_vec()];
    for at in 0..stream.len() {
        let parts: [&[u8]; 2] = stream.split_at(at).into();
        let mut framer = Framer::default();
        assert_eq!(pump(&mut framer, &parts), (want.clone(), 0), "{at}");
        assert_eq!(framer.held(), 0);
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(pump(&mut Framer::default(), &bytes), (want, 0));
}

#[test]
fn a_stream_goes_on_at_the_next_packet() {
    // the letters in a payload, with something behind that is no packet
    let inside = v3(&[(0, 0x000f, b"a text about HEP3 and no packet")]);
    let half = &inside[20..];
    let stream = [half, EXAMPLE, b"noise", EXAMPLE].concat();
    for at in 0..stream.len() {
        let parts: [&[u8]; 2] = stream.split_at(at).into();
        let (found, skipped) = pump(&mut Framer::default(), &parts);
        assert_eq!(found, [EXAMPLE, EXAMPLE], "{at}");
        assert_eq!(skipped, (half.len() + 5) as u64, "{at}");
    }
    let mut framer = Framer::default();
    assert_eq!(pump(&mut framer, &[&EXAMPLE[..50]]), (vec![], 0));
    assert_eq!(framer.held(), 50);
    assert_eq!((&framer.take()[..], framer.held()), (&EXAMPLE[..50], 0));
    assert_eq!(pump(&mut framer, &[EXAMPLE]), (vec![EXAMPLE.to_vec()], 0));
}

#[test]
fn the_inside_of_a_packet_is_known() {
    let bytes = v3(&[(0, 0x0c, &[0, 0, 0, 7]), (0, 0x0f, SIP)]);
    let payload = bytes.len() - SIP.len();
    for at in 0..bytes.len() {
        assert_eq!(is_inside(&bytes[at..]), at <= payload - 6, "{at}");
    }
    assert!(is_inside(&[&SIP[5..], &bytes].concat()));
    for text in [&b"OPTIONS sip:HEP3@a SIP/2.0\r\n"[..], b"\0\0\0\x0f\0\x09abc SIP/2.0", b""] {
        assert!(!is_inside(text));
    }
}

fn valid() -> Vec<Vec<u8>> {
    let time = [0x84, 0x32, 0x02, 0x6b, 0xbf, 0x8f, 0x07, 0x00, 0x35, 0x08, 0, 0];
    vec![
        EXAMPLE.to_vec(),
        v3(&[(0, 5, &[1; 16]), (0, 6, &[2; 16]), (0, 0x13, b"node"), (0, 0x0f, SIP)]),
        [&legacy(1, 0, true, 6)[..], SIP].concat(),
        [&legacy(2, 0, false, 17)[..], &time, SIP].concat(),
    ]
}

proptest! {
    #[test]
    fn no_packet_panics_and_none_is_longer_than_told(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..6),
        cut in any::<Index>(),
    ) {
        let mut bytes = which.get(&valid()).clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(1));
        if let Some((len, packet)) = read(&bytes) {
            prop_assert!(len >= 6 || packet.is_err());
            if let Ok(Packet { payload: Payload::Plain(inner) | Payload::Compressed(inner), cut, .. }) = packet {
                prop_assert!(inner.len() < bytes.len());
                prop_assert!(!cut || len > bytes.len() || inner.len() < len);
            }
        }
    }

    #[test]
    fn a_stream_loses_no_byte(
        parts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            any::<Index>().prop_map(|which| which.get(&valid()[..2]).clone()),
            any::<Index>().prop_map(|cut| EXAMPLE[..cut.index(EXAMPLE.len())].to_vec()),
        ], 0..12),
        size in 1_usize..200,
    ) {
        let stream = parts.concat();
        let mut framer = Framer::default();
        let (mut bytes, mut skipped) = (0, 0);
        for part in stream.chunks(size) {
            skipped += framer.push(part, &mut |packet| bytes += packet.len());
            prop_assert!(framer.held() <= 65_535 + size);
        }
        prop_assert_eq!(bytes + framer.held() + skipped as usize, stream.len());
    }
}
