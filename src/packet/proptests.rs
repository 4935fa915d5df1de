//! Holds the decoder to what must be true of any capture.

use std::net::IpAddr;

use etherparse::{LaxSlicedPacket, TransportSlice};
use proptest::prelude::*;
use proptest::sample::Index;

use super::testkit::{self, Rig, Seen, fragments, frame, in_ethernet, in_ipv4, tcp, udp};
use super::{Decoder, Limits, exported, link, sieve, wlan};
use crate::hep::{Item, encode};
use crate::net::{Endpoint, LinkType, Transport};

const SIP: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP b\r\n\r\n";

const LINKS: [u32; 24] = [
    link::NULL,
    link::ETHERNET,
    link::PPP,
    link::RAW_BSD,
    link::RAW_OPENBSD,
    link::PPP_HDLC,
    link::PPP_ETHER,
    link::RAW,
    link::C_HDLC,
    link::LOOP,
    link::LINUX_SLL,
    link::IPV4,
    link::IPV6,
    link::LINUX_SLL2,
    link::ATM_RFC1483,
    link::FRAME_RELAY,
    wlan::IEEE_802_11,
    wlan::RADIOTAP,
    wlan::PRISM,
    exported::UPPER_PDU,
    PFLOG,
    PPI,
    PKTAP,
    JUNIPER_ETHER,
];

const PFLOG: u32 = 117;
const JUNIPER_ETHER: u32 = 178;
const PPI: u32 = 192;
const PKTAP: u32 = 258;

/// Frames of every kind, all valid, with their link type.
fn valid() -> Vec<(u32, Vec<u8>)> {
    let plain = udp(5060, SIP);
    let media = udp(4000, &[&[0x80, 8][..], SIP].concat());
    let stun = udp(3478, &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    let ethernet = |packet: &[u8]| in_ethernet(&[], 0x0800, packet);
    let mut v6 = Vec::new();
    etherparse::PacketBuilder::ipv6([1; 16], [2; 16], 64)
        .udp(5060, 5060)
        .write(&mut v6, SIP)
        .unwrap();
    let sll2 =
        |packet: &[u8]| [&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6][..], &[7; 8], packet].concat();
    let sll = |packet: &[u8]| [&[0, 0, 0, 1, 0, 6][..], &[7; 8], &[8, 0], packet].concat();
    vec![
        (link::ETHERNET, ethernet(&plain)),
        (link::ETHERNET, ethernet(&media)),
        (link::ETHERNET, in_ethernet(&[(0x88a8, 1), (0x8100, 2)], 0x0800, &stun)),
        (link::ETHERNET, in_ethernet(&[(0x8100, 2)], 0x86dd, &v6)),
        (link::ETHERNET, in_ethernet(&[], 0x8847, &[&[0, 2, 1, 64][..], &plain].concat())),
        (
            link::ETHERNET,
            in_ethernet(&[], 60, &[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &plain].concat()),
        ),
        (
            link::ETHERNET,
            ethernet(&udp(4789, &[&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(&plain)].concat())),
        ),
        (
            link::ETHERNET,
            ethernet(&udp(2152, &[&[0x30, 255, 0, 9, 0, 0, 0, 1][..], &plain].concat())),
        ),
        (link::LINUX_SLL, sll(&media)),
        (link::LINUX_SLL2, sll2(&plain)),
        (link::LINUX_SLL2, sll2(&tcp(true, 1, 1, "", SIP))),
        (link::RAW, fragments(&plain, 16).remove(0)),
        (link::RAW, in_ipv4(47, &[0x20, 0, 8, 0, 0, 0, 0, 7], &plain)),
        (link::RAW, in_ipv4(1, &[3, 3, 0, 0, 0, 0, 0, 0], &plain)),
        (link::RAW, in_ipv4(41, &[], &v6)),
        (link::NULL, [&[2, 0, 0, 0][..], &plain].concat()),
        (link::RAW, udp(9060, &hep())),
        (
            link::RAW,
            udp(
                9060,
                &[&[1, 16, 2, 17, 19, 196, 19, 196, 1, 1, 1, 1, 2, 2, 2, 2][..], SIP].concat(),
            ),
        ),
        (link::RAW, tcp(true, 1, 1, "", &hep())),
    ]
    .into_iter()
    .chain(carried(&plain, &ethernet(&plain)))
    .collect()
}

/// The same in carriers that are rare.
fn carried(packet: &[u8], frame: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let with = |header: &[u8], rest: &[u8]| [header, rest].concat();
    let label = [0, 6, 0x41, 64];
    let esp = [&[0, 0, 16, 0, 0, 0, 0, 1][..], &packet[20..], &[1, 2, 2, 17], &[7; 12]].concat();
    let wlan_frame = [&[8; 24][..], &link::SNAP, &[8, 0], packet].concat();
    let nsh = [&[0x0f, 0xc2, 1, 3, 0, 0, 1, 255][..], frame].concat();
    vec![
        (link::RAW, udp(37008, &with(&[1, 0, 0, 1, 1], frame))),
        (link::RAW, udp(37008, &with(&[1, 0, 0, 0x12, 1], &wlan_frame))),
        (link::ETHERNET, in_ethernet(&[], 0x0800, &udp(6635, &with(&label, packet)))),
        (
            link::ETHERNET,
            in_ethernet(&[], 0x0800, &udp(4754, &with(&[0x80, 0, 8, 0, 0, 0, 0, 0], packet))),
        ),
        (link::RAW, udp(5247, &with(&[0, 16, 67, 0, 0, 0, 0, 0], &wlan_frame))),
        (link::RAW, udp(12222, &with(&[0, 0, 0, 0, 0, 0], &wlan_frame))),
        (link::ETHERNET, in_ethernet(&[], 0x0800, &udp(4500, &with(&[0x80], &esp[1..])))),
        (link::RAW, in_ipv4(50, &[], &esp)),
        (link::RAW, udp(925, &[&[5; 11][..], &[0, 6, 10, 14], &[7; 18], SIP].concat())),
        (link::RAW, in_ipv4(97, &[0x30, 0], frame)),
        (link::RAW, in_ipv4(115, &[0, 0, 0, 7], frame)),
        (link::RAW, in_ipv4(137, &label, packet)),
        (link::RAW, in_ipv4(143, &[], frame)),
        (link::ETHERNET, in_ethernet(&[], 0x894f, &nsh)),
        (link::ETHERNET, in_ethernet(&[], 0x8903, &with(&[0, 9], frame))),
        (link::ETHERNET, in_ethernet(&[], 0x8870, &with(&[6, 6, 3], packet))),
        (link::ETHERNET, in_ethernet(&[], 60, &with(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7], frame))),
        (link::ETHERNET, in_ethernet(&[], 0x8847, &with(&label, frame))),
        (wlan::IEEE_802_11, wlan_frame.clone()),
        (wlan::RADIOTAP, with(&[0, 0, 8, 0, 0, 0, 0, 0], &wlan_frame)),
        (PPI, with(&[0, 0, 8, 0, 105, 0, 0, 0], &wlan_frame)),
        (PFLOG, with(&[64; 64], packet)),
        (PKTAP, with(&[12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], frame)),
        (JUNIPER_ETHER, with(b"MGC\x81\0\x02ab", frame)),
        (link::FRAME_RELAY, with(&[0x18, 0x41, 3, 0xcc], packet)),
        (exported::UPPER_PDU, with(&[0, 12, 0, 4, b's', b'i', b'p', 0, 0, 0, 0, 0], SIP)),
    ]
}

fn hep() -> Vec<u8> {
    let end = Endpoint::new(testkit::CLIENT.into(), 5060);
    let (time, transport) = (testkit::at_ms(0), Transport::Udp);
    let item = Item { time, src: end, dst: end, transport, bytes: SIP };
    let mut out = Vec::new();
    assert!(encode(&item, 1, b"n", b"", &mut out));
    out
}

fn mutated() -> impl Strategy<Value = (u32, Vec<u8>)> {
    mutated_of(|_| true)
}

/// Frames of these link types with changed bytes, some of them cut.
fn mutated_of(wanted: impl Fn(u32) -> bool) -> impl Strategy<Value = (u32, Vec<u8>)> {
    let valid: Vec<_> = valid().into_iter().filter(|(link, _)| wanted(*link)).collect();
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
    (any::<Index>(), changes, any::<Index>()).prop_map(move |(which, changes, cut)| {
        let (link, mut bytes) = valid[which.index(valid.len())].clone();
        for (at, value) in changes {
            // headers matter most
            let at = at.index(bytes.len().min(70));
            bytes[at] = value;
        }
        // every other frame is cut somewhere
        let keep = cut.index(bytes.len() * 2);
        bytes.truncate(keep.max(1));
        (link, bytes)
    })
}

fn arbitrary_frame() -> impl Strategy<Value = (u32, Vec<u8>)> {
    (prop::sample::select(&LINKS[..]), prop::collection::vec(any::<u8>(), 0..120))
}

/// The bytes of a stream cut into segments, and an order to send them in.
fn segments() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, usize)>)> {
    let bytes = prop::collection::vec(prop::sample::select(&b"abcdefgh\r\n"[..]), 1..300);
    let cuts = prop::collection::vec(any::<Index>(), 0..8);
    let again = prop::collection::vec((any::<Index>(), any::<Index>()), 0..4);
    (bytes, cuts, again)
        .prop_map(|(tail, cuts, again)| {
            let bytes = [SIP, &tail].concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            cuts.dedup();
            let mut parts: Vec<_> = cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
            for (from, to) in again {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                parts.push((from.min(to), from.max(to) + 1));
            }
            (bytes, parts)
        })
        .prop_flat_map(|(bytes, parts)| (Just(bytes), Just(parts).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_frame_panics(frames in prop::collection::vec(prop_oneof![arbitrary_frame(), mutated()], 1..12)) {
        let mut rig = Rig::new();
        for (ms, (link, bytes)) in (0_i64..).zip(&frames) {
            rig.link(*link, ms * 700, bytes);
        }
        rig.finish();
        prop_assert_eq!(rig.decoder.stats().frames, frames.len() as u64);
    }

    #[test]
    fn sieve_drops_only_what_gives_no_event((link, bytes) in prop_oneof![mutated(), mutated(), arbitrary_frame()]) {
        if !sieve(LinkType(link), &bytes) {
            let mut rig = Rig::new();
            rig.link(link, 0, &bytes).finish();
            prop_assert!(rig.seen.is_empty(), "{:?}", rig.seen);
        }
    }

    #[test]
    fn datagrams_are_those_etherparse_sees((link, bytes) in mutated_of(|link| link == link::ETHERNET)) {
        let mut rig = Rig::new();
        rig.link(link, 0, &bytes);
        let Ok(sliced) = LaxSlicedPacket::from_ethernet(&bytes) else { return Ok(()) };
        let Some(TransportSlice::Udp(theirs)) = &sliced.transport else { return Ok(()) };
        // IPsec in it is opened without another IP packet
        prop_assume!(theirs.destination_port() != 4500 && theirs.source_port() != 4500);
        if let [Seen::Datagram { bytes: ours, fragmented: false, .. }] = &rig.seen[..]
            && rig.decoder.stats().ip_packets == 1
        {
            prop_assert_eq!(ours, &theirs.payload());
            let origin = rig.origins[0];
            prop_assert_eq!(origin.src.port, theirs.source_port());
            let addr = match &sliced.net {
                Some(etherparse::LaxNetSlice::Ipv4(ip)) => IpAddr::from(ip.header().source_addr()),
                Some(etherparse::LaxNetSlice::Ipv6(ip)) => IpAddr::from(ip.header().source_addr()),
                _ => return Ok(()),
            };
            prop_assert_eq!(origin.src.addr, addr);
        }
    }

    #[test]
    fn any_segmentation_gives_the_stream((bytes, parts) in segments(), first in any::<u32>()) {
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &tcp(true, first.wrapping_sub(1), 0, "S", b""));
        for (from, to) in &parts {
            let seq = first.wrapping_add(*from as u32);
            rig.link(link::RAW, 1, &tcp(true, seq, 0, "", &bytes[*from..*to]));
        }
        let fin = first.wrapping_add(bytes.len() as u32);
        rig.link(link::RAW, 2, &tcp(true, fin, 0, "F", b""));
        prop_assert_eq!(rig.stream(0), bytes);
        let mut streams = rig.seen.iter().filter(|seen| matches!(seen, Seen::Stream { .. }));
        let ended = matches!(streams.next_back(), Some(Seen::Stream { end: true, .. }));
        prop_assert!(ended);
        prop_assert_eq!(rig.decoder.stats().tcp_lost_bytes, 0);
    }

    #[test]
    fn any_fragmentation_gives_the_datagram(
        tail in prop::collection::vec(any::<u8>(), 0..600),
        size in 8_usize..200,
        order in prop::collection::vec(any::<Index>(), 0..100),
    ) {
        let bytes = [SIP, &tail].concat();
        let parts = fragments(&udp(5060, &bytes), size);
        prop_assume!(parts.len() > 1);
        // an order with repetitions that ends in every fragment, until the datagram is whole
        let order = order.iter().map(|at| at.index(parts.len())).chain((0..parts.len()).rev());
        let mut rig = Rig::new();
        for at in order {
            if rig.seen.is_empty() {
                rig.link(link::RAW, 0, &parts[at]);
            }
        }
        prop_assert_eq!(rig.datagrams(), [bytes]);
    }

    #[test]
    fn fragments_stay_within_their_bounds(parts in prop::collection::vec((0_u16..40, 0_u16..30, any::<bool>()), 1..200)) {
        let limits = Limits { fragment_bytes: 4000, fragment_datagrams: 8, ..Limits::default() };
        let mut decoder = Decoder::new(limits);
        let mut emitted = 0_usize;
        for (ms, (id, offset, more)) in (0_i64..).zip(&parts) {
            let mut bytes = udp(5060, &[b'x'; 392]);
            bytes[4..6].copy_from_slice(&id.to_be_bytes());
            let field = (offset * 50) | if *more { 0x2000 } else { 0 };
            bytes[6..8].copy_from_slice(&field.to_be_bytes());
            decoder.decode(&frame(&bytes, link::RAW, ms, 1), &mut |_| emitted += 1);
            prop_assert!(decoder.fragments.held() <= 4000);
        }
        decoder.finish(&mut |_| emitted += 1);
        prop_assert_eq!(decoder.fragments.held(), 0);
    }
}
