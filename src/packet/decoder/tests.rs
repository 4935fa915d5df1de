//! Takes frames of every kind through the whole decoder.

use etherparse::PacketBuilder;

use super::super::event::{ConnectionKind, IcmpKind};
use super::super::link;
use super::super::stats::Undecoded;
use super::super::testkit::{
    CLIENT, Rig, SERVER, Seen, fragments, frame, in_ethernet, in_ipv4, tcp, udp,
};
use super::*;

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\n\r\n";

fn plain() -> Vec<u8> {
    udp(5060, SIP)
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    in_ethernet(&[], 0x0800, packet)
}

fn ipv6() -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(5060, 5060).write(&mut bytes, SIP).unwrap();
    bytes
}

#[test]
fn every_link_type_leads_to_the_datagram() {
    let with = |header: &[u8]| [header, &plain()].concat();
    let with6 = |header: &[u8]| [header, &ipv6()].concat();
    let sll = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0][..], &plain()].concat();
    let sll2 =
        [&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0][..], &plain()].concat();
    let nflog = |hw: [u8; 8], head: [u8; 4]| [&[2, 0, 0, 0][..], &hw, &head, &plain()].concat();
    let len = plain().len() as u16 + 4;
    let (little, big) = (len.to_le_bytes(), len.to_be_bytes());
    let cases: [(&str, u32, Vec<u8>); 24] = [
        ("Ethernet", link::ETHERNET, ethernet(&plain())),
        ("SLL", link::LINUX_SLL, sll),
        ("SLL2", link::LINUX_SLL2, sll2),
        ("raw", link::RAW, plain()),
        ("raw 12", link::RAW_BSD, plain()),
        ("raw 14", link::RAW_OPENBSD, ipv6()),
        ("IPv4", link::IPV4, plain()),
        ("IPv6", link::IPV6, ipv6()),
        ("null, little endian", link::NULL, with(&[2, 0, 0, 0])),
        ("null, big endian", link::NULL, with(&[0, 0, 0, 2])),
        ("null, IPv6 of NetBSD", link::NULL, with6(&[24, 0, 0, 0])),
        ("null, IPv6 of FreeBSD", link::NULL, with6(&[28, 0, 0, 0])),
        ("null, IPv6 of macOS", link::NULL, with6(&[30, 0, 0, 0])),
        ("loop", link::LOOP, with(&[0, 0, 0, 2])),
        ("PPP", link::PPP, with(&[0, 0x21])),
        ("PPP, compressed protocol", link::PPP, with(&[0x21])),
        ("PPP with address", link::PPP, with6(&[0xff, 3, 0, 0x57])),
        ("PPP in HDLC", link::PPP_HDLC, with(&[0xff, 3, 0, 0x21])),
        ("Cisco HDLC", link::C_HDLC, with(&[0x0f, 0, 8, 0])),
        ("PPPoE", link::PPP_ETHER, with(&[0x11, 0, 0, 1, 0, 60, 0, 0x21])),
        ("BSD enc", link::ENC, with(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("NFLOG", link::NFLOG, {
            nflog([5, 0, 10, 0, b'x', 0, 0, 0], [little[0], little[1], 9, 0])
        }),
        ("NFLOG, big endian", link::NFLOG, {
            nflog([0, 5, 0, 10, b'x', 0, 0, 0], [big[0], big[1], 0, 9])
        }),
        ("802.3 SNAP", link::ETHERNET, {
            in_ethernet(&[], 60, &with(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]))
        }),
    ];
    for (name, link, bytes) in cases {
        let mut rig = Rig::new();
        rig.link(link, 0, &bytes);
        assert_eq!(rig.datagrams(), [SIP], "{name}");
        assert_eq!(rig.decoder.stats().ip_packets, 1, "{name}");
    }
}

#[test]
fn tags_labels_and_sessions_are_skipped() {
    let behind = |header: &[u8], packet: Vec<u8>| [header, &packet].concat();
    let cases: [(&str, Vec<u8>, Option<u16>); 9] = [
        ("VN-Tag", in_ethernet(&[], 0x8926, &behind(&[0, 0, 0, 0, 8, 0], plain())), None),
        ("metadata", in_ethernet(&[], 0x8909, &behind(&[1, 1, 0, 1, 0, 5, 8, 0], plain())), None),
        ("backbone", in_ethernet(&[], 0x88e7, &behind(&[0, 0, 0, 5], ethernet(&plain()))), None),
        ("VLAN", in_ethernet(&[(0x8100, 0xe005)], 0x0800, &plain()), Some(5)),
        ("QinQ", in_ethernet(&[(0x88a8, 7), (0x8100, 5)], 0x0800, &plain()), Some(5)),
        ("old QinQ", in_ethernet(&[(0x9100, 7), (0x8100, 6)], 0x86dd, &ipv6()), Some(6)),
        (
            "MPLS",
            in_ethernet(&[], 0x8847, &[&[0, 1, 0, 64, 0, 2, 1, 64][..], &plain()].concat()),
            None,
        ),
        (
            "pseudowire",
            in_ethernet(
                &[],
                0x8847,
                &[&[0, 2, 1, 64, 0, 0, 0, 0][..], &ethernet(&plain())].concat(),
            ),
            None,
        ),
        (
            "PPPoE",
            in_ethernet(&[], 0x8864, &[&[0x11, 0, 0, 1, 0, 60, 0, 0x21][..], &plain()].concat()),
            None,
        ),
    ];
    for (name, bytes, vlan) in cases {
        let mut rig = Rig::new();
        rig.ethernet(0, &bytes);
        assert_eq!(rig.datagrams(), [SIP], "{name}");
        assert_eq!(rig.origins[0].path.vlan, vlan, "{name}");
        assert_eq!(rig.origins[0].path.mac, Some([4; 6]), "{name}");
    }
}

#[test]
fn tunnels_are_opened() {
    let gre_bridged = in_ipv4(47, &[0, 0, 0x65, 0x58], &ethernet(&plain()));
    let erspan = in_ipv4(
        47,
        &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8],
        &ethernet(&plain()),
    );
    let vxlan = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(&plain())].concat();
    let gtp = [&[0x30, 255, 0, 54, 0, 0, 0, 1][..], &plain()].concat();
    let pptp = in_ipv4(47, &[0x20, 1, 0x88, 0x0b, 0, 9, 0, 1, 0xff, 3, 0, 0x21], &plain());
    let geneve = [&[0, 0, 0x65, 0x58, 0, 0, 1, 0][..], &ethernet(&plain())].concat();
    let mut answer = udp(40000, &vxlan);
    answer[20..22].copy_from_slice(&4789_u16.to_be_bytes());
    let cases: [(&str, Vec<u8>); 11] = [
        ("VXLAN from its port", answer),
        ("Geneve", udp(6081, &geneve)),
        ("IP in IP", in_ipv4(4, &[], &plain())),
        ("6in4", in_ipv4(41, &[], &ipv6())),
        ("GRE", in_ipv4(47, &[0x20, 0, 8, 0, 0, 0, 0, 7], &plain())),
        ("GRE bridged", gre_bridged),
        ("ERSPAN II", erspan),
        ("VXLAN", udp(4789, &vxlan)),
        ("VXLAN, old port", udp(8472, &vxlan)),
        ("GTP-U", udp(2152, &gtp)),
        ("PPTP", pptp),
    ];
    for (name, bytes) in cases {
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &bytes);
        assert_eq!(rig.datagrams(), [SIP], "{name}");
        assert_eq!(rig.origins[0].path.ttl, 64, "{name}");
        assert_eq!(rig.origins[0].src.port, 5060, "{name}");
        assert_eq!(rig.decoder.stats().ip_packets, 2, "{name}");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let mut bytes = plain();
    for _ in 0..7 {
        bytes = in_ipv4(4, &[], &bytes);
    }
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &bytes);
    assert_eq!((rig.seen.len(), rig.decoder.stats().undecoded(Undecoded::TunnelDepth)), (0, 1));
    rig.link(link::RAW, 0, &bytes[20..]);
    assert_eq!(rig.datagrams(), [SIP]);
}

#[test]
fn udp_length_is_believed_only_when_shorter() {
    for (told, expected) in [(8_u16 + 8, &SIP[..8]), (200, SIP), (3, SIP), (0, SIP)] {
        let mut bytes = plain();
        bytes[24..26].copy_from_slice(&u16::to_be_bytes(told));
        let mut rig = Rig::new();
        rig.link(link::RAW, 0, &bytes);
        assert_eq!(rig.datagrams(), [expected], "{told}");
        assert_eq!(rig.origins[0].path.cut, None);
    }
}

#[test]
fn snaplen_cut_is_marked_and_counted() {
    let bytes = plain();
    let mut cut = frame(&bytes[..40], link::RAW, 0, 1);
    cut.wire_len = bytes.len() as u32;
    let mut rig = Rig::new();
    rig.feed(&cut);
    let expected = Seen::Datagram {
        frame: 1,
        bytes: SIP[..12].to_vec(),
        cut: Some(Cut::Snaplen),
        fragmented: false,
    };
    assert_eq!(rig.seen, [expected]);
    cut.bytes = &bytes[..22];
    rig.feed(&cut);
    assert_eq!((rig.decoder.stats().snaplen_cut, rig.decoder.stats().undecoded_total()), (2, 0));
    // in a tunnel it is still one cut packet
    let tunnel = in_ipv4(4, &[], &bytes);
    let mut cut = frame(&tunnel[..60], link::RAW, 0, 3);
    cut.wire_len = tunnel.len() as u32;
    rig.feed(&cut);
    assert_eq!((rig.datagrams().len(), rig.decoder.stats().snaplen_cut), (2, 3));
}

#[test]
fn fragments_of_both_versions_are_joined_under_the_last_frame() {
    let sip = [SIP, &[b'x'; 3000]].concat();
    let mut rig = Rig::new();
    for part in fragments(&udp(5060, &sip), 1480).iter().rev() {
        rig.link(link::RAW, 0, part);
    }
    let expected = Seen::Datagram { frame: 3, bytes: sip.clone(), cut: None, fragmented: true };
    assert_eq!(rig.seen, [expected]);

    let whole = udp(5060, &sip);
    let mut rig = Rig::new();
    for (offset, part, more) in [(0, &whole[20..1020], 1_u16), (1000, &whole[1020..], 0)] {
        // destination options are in the fragmented part
        let options: &[u8] = if offset == 0 { &[17, 0, 1, 4, 0, 0, 0, 0] } else { &[] };
        let field = if offset == 0 { more } else { 0x03f0 | more };
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend_from_slice(&((8 + options.len() + part.len()) as u16).to_be_bytes());
        bytes.extend_from_slice(&[44, 60]);
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(&[60, 0]);
        bytes.extend_from_slice(&field.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0, 5]);
        bytes.extend_from_slice(options);
        bytes.extend_from_slice(part);
        rig.link(link::RAW, 0, &bytes);
    }
    assert_eq!(rig.datagrams(), [sip]);
    assert_eq!((rig.origins[0].path.ttl, rig.origins[0].src.port), (60, 5060));
}

#[test]
fn lost_fragments_leave_a_cut_datagram() {
    let sip = [SIP, &[b'x'; 3000]].concat();
    let parts = fragments(&udp(5060, &sip), 1480);
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &parts[0]).link(link::RAW, 1, &parts[2]);
    assert!(rig.seen.is_empty());
    rig.link(link::RAW, 40_000, &plain());
    let Seen::Datagram { frame: 1, bytes, cut: Some(Cut::LostFragments), fragmented: true } =
        &rig.seen[0]
    else {
        panic!("{:?}", rig.seen);
    };
    assert_eq!(bytes, &sip[..1472]);
    rig.link(link::RAW, 40_000, &parts[0]).finish();
    assert_eq!((rig.seen.len(), rig.decoder.stats().fragmented_lost), (3, 2));
}

#[test]
fn tcp_in_fragments_is_one_segment() {
    let segment = tcp(true, 100, 0, "", SIP);
    let mut rig = Rig::new();
    for part in fragments(&segment, 24) {
        rig.link(link::RAW, 0, &part);
    }
    assert_eq!(rig.stream(0), SIP);
}

#[test]
fn sctp_messages_are_handed_on_whole() {
    let chunk = |flags: u8, data: &[u8]| {
        let mut chunk = vec![0, flags];
        chunk.extend_from_slice(&((16 + data.len()) as u16).to_be_bytes());
        chunk.extend_from_slice(&[0; 12]);
        chunk.extend_from_slice(data);
        chunk.resize(chunk.len().next_multiple_of(4), 0);
        chunk
    };
    let common = [0x13, 0xc4, 0x13, 0xc5, 0, 0, 0, 0, 0, 0, 0, 0];
    let sack = [3, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let body =
        [&common[..], &sack, &chunk(3, b"OPTIONS a"), &chunk(2, b"INVITE"), &chunk(7, b"BYE")]
            .concat();
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &in_ipv4(132, &[], &body));
    assert_eq!(rig.datagrams(), [&b"OPTIONS a"[..], b"BYE"]);
    assert_eq!((rig.origins[0].transport, rig.origins[0].dst.port), (Transport::Sctp, 5061));
    rig.finish();
    assert_eq!(rig.datagrams()[2..], [b"INVITE"]);
    assert_eq!(rig.origins[2].path.cut, Some(Cut::LostFragments));
    assert_eq!(rig.decoder.stats().sctp_fragmented, 1);
}

#[test]
fn sctp_messages_in_several_chunks_are_joined() {
    let common = [0x13, 0xc4, 0x13, 0xc5, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut rig = Rig::new();
    for (index, part) in SIP.chunks(20).enumerate() {
        let first = if index == 0 { 2 } else { 0 };
        let last = u8::from(index == SIP.len().div_ceil(20) - 1);
        let mut chunk = vec![0, first | last, 0, 16 + part.len() as u8, 0, 0, 0, index as u8];
        chunk.extend_from_slice(&[0; 8]);
        chunk.extend_from_slice(part);
        rig.link(link::RAW, 0, &in_ipv4(132, &common, &chunk));
    }
    assert_eq!(rig.datagrams(), [SIP]);
    assert_eq!(rig.origins[0].frame.number(), SIP.len().div_ceil(20) as u64);
}

#[test]
fn icmp_errors_quote_what_they_refuse() {
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &in_ipv4(1, &[3, 3, 0, 0, 0, 0, 0, 0], &plain()));
    let port = Seen::Icmp { kind: IcmpKind::PortUnreachable, quoted: SIP.to_vec(), to: 5060 };
    assert_eq!(rig.seen, [port]);
    rig.link(link::RAW, 0, &in_ipv4(1, &[8, 0, 0, 0, 0, 0, 0, 0], b"ping"));
    rig.link(link::RAW, 0, &in_ipv4(1, &[3, 1, 0, 0, 0, 0, 0, 0], &fragments(&plain(), 8)[1]));
    let stats = rig.decoder.stats();
    assert_eq!((stats.icmp_errors, stats.icmp_unusable, rig.seen.len()), (1, 1, 1));
}

#[test]
fn what_is_not_understood_is_counted() {
    let mut rig = Rig::new();
    rig.link(147, 0, &[1]).link(147, 0, &[1]).link(link::ETHERNET, 0, &[0; 9]);
    rig.ethernet(0, &in_ethernet(&[], 0x0806, &[0; 28]));
    rig.link(link::RAW, 0, &in_ipv4(50, &[], &[1; 40]));
    rig.link(link::RAW, 0, &in_ipv4(89, &[], &[1; 40]));
    rig.link(link::RAW, 0, &in_ipv4(47, &[0, 5, 0, 0], &[1; 40]));
    rig.link(link::RAW, 0, &in_ipv4(17, &[], &[1; 7]));
    rig.link(link::RAW, 0, &in_ipv4(6, &[], &[1; 19]));
    rig.link(link::RAW, 0, &udp(5060, &[0x80, 1, 2]));
    let stats = rig.decoder.stats();
    assert_eq!(stats.unknown_links.get(&147), Some(&2));
    for kind in [
        Undecoded::LinkHeader,
        Undecoded::Esp,
        Undecoded::TunnelHeader,
        Undecoded::UdpHeader,
        Undecoded::TcpHeader,
    ] {
        assert_eq!(stats.undecoded(kind), 1, "{}", kind.name());
    }
    assert_eq!((stats.not_ip, stats.other_protocols, stats.datagrams_not_sip), (1, 1, 1));
    let sealed = ConnectionKind::Sealed(Seal::Esp(0x0101_0101));
    assert_eq!((stats.frames, rig.seen.len(), rig.connections()[0].0), (10, 1, sealed));
}

#[test]
fn addresses_are_those_of_the_packet() {
    let mut rig = Rig::new();
    rig.link(link::RAW, 0, &plain());
    let origin = rig.origins[0];
    assert_eq!((origin.src.addr, origin.dst.addr), (CLIENT.into(), SERVER.into()));
    assert_eq!(origin.frame.number(), 1);
}

/// The frames reported, as text, and the frames of the events between them.
fn told(frames: &[Vec<u8>]) -> Vec<String> {
    let mut decoder = Decoder::new(Limits::default()).telling_frames();
    let mut told = Vec::new();
    let mut take = |event: Event<'_>| {
        told.push(match event {
            Event::Joined { told_as, frames } => {
                let frames: Vec<_> = frames.iter().map(|frame| frame.number()).collect();
                format!("{} of {frames:?}", told_as.number())
            }
            Event::Segment { origin } => format!("segment {}", origin.frame.number()),
            Event::Datagram { origin, .. } => format!("datagram {}", origin.frame.number()),
            Event::Stream(chunk) => format!("chunk {}", chunk.origin.frame.number()),
            other => format!("{other:?}"),
        });
    };
    for (number, bytes) in (1..).zip(frames) {
        decoder.decode(&frame(bytes, link::ETHERNET, number, number.cast_unsigned()), &mut take);
    }
    decoder.finish(&mut take);
    told
}

#[test]
fn every_frame_that_had_a_part_is_told_if_asked_for() {
    let sip = [SIP, &[b'x'; 3000]].concat();
    let mut parts: Vec<_> = fragments(&udp(5060, &sip), 1480).iter().map(|p| ethernet(p)).collect();
    parts.swap(0, 2);
    parts.insert(1, ethernet(&plain()));
    assert_eq!(told(&parts), ["datagram 2", "4 of [4, 3, 1]", "datagram 4"]);
    assert_eq!(told(&parts[..2]), ["datagram 2"]);
    assert_eq!(told(&parts[1..]), ["datagram 1", "3 of [3, 2]", "datagram 3"]);
    // fragments within fragments: of a tunnel's packets, and of what is in it
    let inner: Vec<_> = fragments(&udp(5060, &sip), 1480);
    let outer = inner.iter().flat_map(|part| fragments(&in_ipv4(4, &[], part), 800));
    let outer: Vec<_> = outer.map(|part| ethernet(&part)).collect();
    let found = told(&outer);
    assert_eq!(found.last().map(String::as_str), Some("datagram 5"), "{found:?}");
    assert!(found.contains(&"5 of [2, 4, 5]".to_owned()), "{found:?}");
    assert!(found.contains(&"2 of [1, 2]".to_owned()), "{found:?}");
    let segment = ethernet(&tcp(true, 1, 0, "P", SIP));
    let segments = [segment.clone(), segment];
    assert_eq!(told(&segments), ["segment 1", "chunk 1", "segment 2", "chunk 1"]);
}

#[test]
fn a_packet_of_which_only_the_time_was_kept_is_cut_and_not_broken() {
    let mut rig = Rig::new();
    let cut = Frame { wire_len: 60, ..frame(&[], link::ETHERNET, 0, 1) };
    rig.feed(&cut);
    assert_eq!((rig.decoder.stats().snaplen_cut, rig.decoder.stats().undecoded_total()), (1, 0));
    rig.ethernet(1, &[]);
    assert_eq!(rig.decoder.stats().undecoded_total(), 1);
}
