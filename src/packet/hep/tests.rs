//! Takes HEP packets through the whole decoder.

use std::io::Write as _;
use std::net::IpAddr;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::super::testkit::{Rig, SERVER, Seen, at_ms, frame, tcp, udp};
use super::super::{Decoder, Limits, link, sieve};
use super::*;
use crate::hep::{Item, encode};
use crate::net::{FileId, FrameRef, LinkType};

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

fn item(transport: Transport, bytes: &[u8]) -> Item<'_> {
    let end = |last, port| Endpoint::new([198, 51, 100, last].into(), port);
    Item { time: at_ms(0), src: end(10, 5062), dst: end(1, 5060), transport, bytes }
}

fn packet(id: u32, node: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    assert!(encode(&item(Transport::Udp, bytes), id, node, b"", &mut out));
    out
}

/// The same with another type of chunk for the payload.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut out = packet(1, b"", bytes);
    let at = out.len() - bytes.len() - 6;
    out[at + 3] = 0x10;
    out
}

fn agent(index: usize, id: u32, node: &str) -> Seen {
    Seen::Agent { index, capture_id: Some(id), node: node.to_owned() }
}

#[test]
fn a_message_comes_out_as_its_agent_saw_it() {
    let mut rig = Rig::new();
    rig.link(link::RAW, 7, &udp(9060, &packet(2101, b"edge", SIP)));
    assert_eq!(rig.seen[0], agent(0, 2101, "edge"));
    assert_eq!(rig.datagrams(), [SIP]);
    let origin = rig.origins[1];
    assert_eq!((origin.time, origin.frame.number()), (at_ms(7), 1));
    assert_eq!(origin.src.to_string(), "198.51.100.10:5062");
    assert_eq!(origin.dst.to_string(), "198.51.100.1:5060");
    assert_eq!(origin.path.hep.map(crate::net::HepAgent::index), Some(0));
    // those of the frame that carried it are not the message's
    assert_eq!((origin.path.ttl, origin.path.ip_id, origin.path.mac), (0, 0, None));
    assert_eq!((rig.decoder.stats().hep.packets, rig.decoder.stats().hep.messages), (1, 1));
}

#[test]
fn agents_are_told_apart_and_told_once() {
    let mut rig = Rig::with(Limits { hep_agents: 3, ..Limits::default() });
    for (id, node) in [(1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a\0\0"), (3, "c"), (2, "a")] {
        rig.link(link::RAW, 0, &udp(9060, &packet(id, node.as_bytes(), SIP)));
    }
    let told: Vec<_> = rig.seen.iter().filter(|s| matches!(s, Seen::Agent { .. })).collect();
    assert_eq!(told, [&agent(0, 1, "a"), &agent(1, 1, "b"), &agent(2, 2, "a")]);
    let of = |(seen, origin): (&Seen, &Origin)| {
        matches!(seen, Seen::Datagram { .. })
            .then(|| origin.path.hep.map(crate::net::HepAgent::index))
    };
    let seen_by: Vec<_> = rig.seen.iter().zip(&rig.origins).filter_map(of).collect();
    assert_eq!(seen_by, [Some(0), Some(0), Some(1), Some(2), Some(0), None, Some(2)]);
    let stats = &rig.decoder.stats().hep;
    assert_eq!((stats.agents, stats.agents_not_told, stats.messages), (3, 1, 7));
}

#[test]
fn other_things_are_counted() {
    let mut rig = Rig::new();
    let mut rtcp = packet(1, b"", b"{}");
    let at = rtcp.windows(6).position(|w| w == [0, 0, 0, 0x0b, 0, 7]).unwrap();
    rtcp[at + 6] = 5;
    let two = [packet(1, b"", SIP), packet(1, b"", b"second SIP/2.0")].concat();
    let mut nowhere = packet(1, b"", SIP);
    let at = nowhere.windows(6).position(|w| w == [0, 0, 0, 4, 0, 10]).unwrap();
    nowhere[at + 3] = 0x55;
    for bytes in [&rtcp[..], &two, &packet(1, b"", b"\x80\0"), b"HEP3\0\x09\0\0\0", &nowhere] {
        rig.link(link::RAW, 0, &udp(9060, bytes));
    }
    assert_eq!(rig.datagrams(), [SIP, b"second SIP/2.0"]);
    let stats = &rig.decoder.stats().hep;
    assert_eq!((stats.packets, stats.messages, stats.broken, stats.not_sip), (6, 2, 2, 1));
    assert_eq!(stats.other_types.iter().collect::<Vec<_>>(), [(&5, &1)]);
}

#[test]
fn compressed_payloads_are_unfolded_within_bounds() {
    let pack = |bytes: &[u8], kind: u8| {
        let level = Compression::default();
        match kind {
            0 => {
                let mut out = ZlibEncoder::new(Vec::new(), level);
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            1 => {
                let mut out = GzEncoder::new(Vec::new(), level);
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            _ => {
                let mut out = DeflateEncoder::new(Vec::new(), level);
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
        }
    };
    let mut rig = Rig::new();
    for kind in 0..3 {
        rig.link(link::RAW, 0, &udp(9060, &compressed(&pack(SIP, kind))));
    }
    assert_eq!(rig.datagrams(), [SIP, SIP, SIP]);
    let bomb = pack(&vec![b'A'; 300 << 10], 0);
    let whole = pack(SIP, 0);
    for bad in [&bomb[..], &whole[..whole.len() - 6], b"no deflate"] {
        rig.link(link::RAW, 0, &udp(9060, &compressed(bad)));
    }
    let stats = &rig.decoder.stats().hep;
    assert_eq!((stats.messages, stats.not_inflated), (3, 3));
}

#[test]
fn a_cut_packet_gives_a_cut_message() {
    let bytes = udp(9060, &packet(1, b"", SIP));
    let mut rig = Rig::new();
    let mut cut = frame(&bytes[..bytes.len() - 4], link::RAW, 0, 1);
    cut.wire_len = bytes.len() as u32;
    rig.feed(&cut);
    let want = Seen::Datagram {
        frame: 1,
        bytes: SIP[..SIP.len() - 4].to_vec(),
        cut: Some(Cut::Snaplen),
        fragmented: false,
    };
    assert_eq!(rig.seen[1], want);
}

#[test]
fn what_an_agent_of_version_1_or_2_saw_is_as_whole_as_the_packet_it_came_in() {
    for version in [1, 2] {
        let mut hep = vec![version, 16 + (version - 1) * 12, 2, 17, 0x13, 0xc4, 0x13, 0xc4];
        hep.extend([192, 0, 2, 7, 192, 0, 2, 1]);
        hep.extend(&[0; 12][..usize::from(version - 1) * 12]);
        let bytes = udp(9060, &[&hep[..], SIP].concat());
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &bytes);
        let mut cut = frame(&bytes[..bytes.len() - 4], link::RAW, 0, 2);
        cut.wire_len = bytes.len() as u32;
        rig.feed(&cut);
        let cuts: Vec<_> = rig
            .seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Datagram { cut, .. } => Some(*cut),
                _ => None,
            })
            .collect();
        assert_eq!(cuts, [None, Some(Cut::Snaplen)], "version {version}");
    }
}

#[test]
fn the_other_direction_of_tcp_is_remembered() {
    let mut rig = Rig::with(Limits { hep_pairs: 2, ..Limits::default() });
    let there = item(Transport::Tcp, SIP);
    let back = Item { src: there.dst, dst: there.src, ..there };
    for item in [there, back, there] {
        let mut out = Vec::new();
        assert!(encode(&item, 1, b"", b"", &mut out));
        rig.link(link::RAW, 0, &udp(9060, &out));
    }
    let seen: Vec<_> = rig.origins[1..].iter().map(|o| (o.transport, o.path.peer_seen)).collect();
    // memory started over before the third
    assert_eq!(seen, [false, true, false].map(|peer| (Transport::Tcp, peer)));
}

#[test]
fn a_clock_that_differs_is_told() {
    let mut rig = Rig::new();
    for ms in [0, 1900, -1900, 2100, -90_000] {
        rig.link(link::RAW, ms, &udp(9060, &packet(1, b"", SIP)));
    }
    let stats = &rig.decoder.stats().hep;
    assert_eq!((stats.clock_off, stats.clock_off_most.as_secs()), (2, 90));
}

#[test]
fn the_listener_asks_for_the_key() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.require_hep_key(b"secret");
    let mut seen = 0;
    let from = Endpoint::new(SERVER.into(), 4000);
    for key in [&b""[..], b"secret", b"secreT", b"secret1", b"secre"] {
        let mut out = Vec::new();
        assert!(encode(&item(Transport::Udp, SIP), 1, b"", key, &mut out));
        let mut sink = |event: Event<'_>| {
            if let Event::Datagram { origin, bytes } = event {
                assert_eq!((bytes, origin.frame.number(), origin.time), (SIP, 9, at_ms(5)));
                seen += 1;
            }
        };
        let at = FrameRef::new(FileId::default(), 9);
        decoder.hep(&out, at_ms(5), from, at, &mut sink);
    }
    let legacy = [&[1, 16, 2, 17, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8][..], SIP].concat();
    decoder.hep(&legacy, at_ms(6), from, FrameRef::default(), &mut |_| seen += 1);
    decoder.hep(b"GET / HTTP/1.0", at_ms(6), from, FrameRef::default(), &mut |_| seen += 1);
    let stats = &decoder.stats().hep;
    assert_eq!((seen, stats.wrong_key, stats.broken, stats.messages), (1, 5, 1, 1));
}

#[test]
fn sip_that_looks_like_hep_stays_sip() {
    let mut rig = Rig::new();
    let odd = b"\x01\x10\x02\x11 REGISTER sip:a SIP/2.0\r\n";
    rig.link(link::RAW, 0, &udp(5060, b"HELP sip:a SIP/2.0\r\n\r\n"));
    rig.link(link::RAW, 0, &udp(5060, odd));
    assert_eq!(rig.datagrams().len(), 2);
    assert_eq!(rig.decoder.stats().hep.packets, 0);
}

#[test]
fn the_sieve_keeps_it_on_any_port() {
    let v6 = [&[2, 52, 28, 22, 0, 1, 0, 2][..], &[1; 32], &[0; 12], SIP].concat();
    for port in [1, 5060, 9060, 65_535] {
        assert!(sieve(LinkType(link::RAW), &udp(port, &packet(1, b"", SIP))));
        assert!(sieve(LinkType(link::RAW), &udp(port, &v6)));
    }
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &udp(40_000, &v6));
    assert_eq!(rig.datagrams(), [SIP]);
    assert_eq!(rig.origins[1].src.addr, IpAddr::from([1; 16]));
}

/// A stream of three packets with payloads of their own.
fn stream() -> (Vec<u8>, [&'static [u8]; 3]) {
    let texts: [&[u8]; 3] = [SIP, b"OPTIONS sip:b SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"];
    (texts.iter().flat_map(|text| packet(5, b"n", text)).collect(), texts)
}

/// Sends the parts of the stream from these places on, up to these.
fn over_tcp(stream: &[u8], parts: &[(usize, usize)], syn: bool) -> Rig {
    let mut rig = Rig::new();
    if syn {
        rig.link(link::RAW, 0, &tcp(true, 99, 0, "S", b""));
    }
    for (ms, (from, to)) in (1..).zip(parts) {
        rig.link(link::RAW, ms, &tcp(true, 100 + *from as u32, 1, "", &stream[*from..*to]));
    }
    rig.link(link::RAW, 5000, &tcp(true, 100 + stream.len() as u32, 1, "F", b""));
    rig.finish();
    rig
}

#[test]
fn packets_in_a_stream_are_found_however_it_is_cut() {
    let (bytes, texts) = stream();
    let end = bytes.len();
    for at in 1..end {
        let rig = over_tcp(&bytes, &[(0, at), (at, end)], true);
        assert_eq!(rig.datagrams(), texts, "{at}");
        assert_eq!(rig.stream(0), b"", "{at}");
        assert_eq!(rig.origins[1].src.to_string(), "198.51.100.10:5062");
        let stats = rig.decoder.stats();
        assert_eq!((stats.hep.packets, stats.hep.lost_bytes, stats.hep.broken), (3, 0, 0));
    }
    let bytewise: Vec<_> = (0..end).map(|at| (at, at + 1)).collect();
    assert_eq!(over_tcp(&bytes, &bytewise, true).datagrams(), texts);
}

#[test]
fn after_a_loss_the_next_packet_is_found() {
    let (bytes, texts) = stream();
    let one = packet(5, b"n", texts[0]).len();
    let two = one + packet(5, b"n", texts[1]).len();
    // the second packet loses its end and the third its beginning
    let rig = over_tcp(&bytes, &[(0, two - 8), (two + 10, bytes.len())], true);
    let second = &texts[1][..texts[1].len() - 8];
    assert_eq!(rig.datagrams(), [texts[0], second]);
    assert!(matches!(rig.seen[2], Seen::Datagram { cut: Some(Cut::LostSegments), frame: 2, .. }));
    let stats = rig.decoder.stats();
    assert_eq!((stats.tcp_lost_bytes, stats.hep.packets, stats.hep.broken), (18, 2, 0));
    assert_eq!(stats.hep.lost_bytes, (bytes.len() - two - 10) as u64);
    // the second packet has nothing left but its header, and others follow
    let longer = [&bytes[..], &bytes].concat();
    let rig = over_tcp(&longer, &[(0, one + 5), (two + 10, longer.len())], true);
    assert_eq!(rig.datagrams(), [&texts[..1], &texts].concat());
    assert_eq!(rig.decoder.stats().hep.broken, 1);
}

#[test]
fn a_stream_joined_late_is_known_for_what_it_is() {
    let (bytes, texts) = stream();
    let (end, payload) = (bytes.len(), packet(5, b"n", SIP).len() - SIP.len());
    for at in 1..end {
        let middle = (at + 40).min(end);
        let rig = over_tcp(&bytes[at..], &[(0, middle - at), (middle - at, end - at)], false);
        let found = rig.datagrams();
        assert!(texts.ends_with(&found.iter().map(Vec::as_slice).collect::<Vec<_>>()), "{at}");
        // what came before is not taken for SIP between the agent and us, if its header shows
        if at <= payload - 6 {
            let version = |bytes: &[u8]| bytes.windows(7).any(|w| w == b"SIP/2.0");
            assert_eq!((found.len(), version(&rig.stream(0))), (2, false), "{at}");
        }
    }
}

#[test]
fn what_streams_hold_is_bounded() {
    let bytes = packet(1, b"", &vec![b'x'; 60_000]);
    let limits = Limits { websocket_total: 100_000, ..Limits::default() };
    let mut rig = Rig::with(limits);
    for port in 0..8_u16 {
        for (at, part) in (0_u32..).step_by(1000).zip(bytes[..50_000].chunks(1000)) {
            let mut segment = tcp(true, 100 + at, 1, "", part);
            segment[20..22].copy_from_slice(&(4000 + port).to_be_bytes());
            rig.link(link::RAW, 0, &segment);
            assert!(rig.decoder.streams.unfinished() <= 100_000);
        }
    }
    rig.finish();
    assert_eq!(rig.decoder.streams.unfinished(), 0);
    let given_up = rig.datagrams().iter().map(Vec::len).sum::<usize>();
    let header = bytes.len() - 60_000;
    assert_eq!(given_up + rig.decoder.stats().hep.lost_bytes as usize, 8 * (50_000 - header));
}
