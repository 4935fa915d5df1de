//! The default kernel filter: what it keeps and sheds, for every link type a live device has.

#![cfg(feature = "live")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use etherparse::{IpNumber, PacketBuilder};
use pcap::{BpfProgram, Capture, Linktype};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use regscope::net::{Frame, LinkType};
use regscope::packet::{Decoder, Event, Limits, sieve};
use regscope::sip;
use regscope::source::live::DEFAULT_FILTER;
use regscope::source::{CaptureSet, OpenOptions};

const ETHERNET: i32 = 1;
const RAW: i32 = 12;
const LINUX_SLL: i32 = 113;
const LINUX_SLL2: i32 = 276;
const LINKS: [i32; 4] = [ETHERNET, RAW, LINUX_SLL, LINUX_SLL2];

fn program(link: i32) -> BpfProgram {
    Capture::dead(Linktype(link)).unwrap().compile(DEFAULT_FILTER, true).unwrap()
}

/// An IP packet in a frame of this link type.
fn framed(link: i32, ip: &[u8]) -> Vec<u8> {
    let kind: [u8; 2] = if ip.first().is_some_and(|b| b >> 4 == 6) { [0x86, 0xdd] } else { [8, 0] };
    let header = match link {
        ETHERNET => [&[2; 12][..], &kind].concat(),
        LINUX_SLL => [&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0][..], &kind].concat(),
        LINUX_SLL2 => [&kind[..], &[0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0]].concat(),
        _ => Vec::new(),
    };
    [&header, ip].concat()
}

fn udp(v6: bool, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut ip = Vec::new();
    let builder = if v6 {
        PacketBuilder::ipv6([1; 16], [2; 16], 64)
    } else {
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
    };
    builder.udp(ports.0, ports.1).write(&mut ip, payload).unwrap();
    ip
}

fn tcp(v6: bool, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut ip = Vec::new();
    let builder = if v6 {
        PacketBuilder::ipv6([1; 16], [2; 16], 64)
    } else {
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
    };
    builder.tcp(ports.0, ports.1, 1, 1000).write(&mut ip, payload).unwrap();
    ip
}

fn other(protocol: IpNumber, payload: &[u8]) -> Vec<u8> {
    let mut ip = Vec::new();
    let builder = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    builder.write(&mut ip, protocol, payload).unwrap();
    ip
}

/// RTP of 20 ms of G.729, the smallest that is common.
fn rtp() -> Vec<u8> {
    [&[0x80, 18, 0, 1][..], &[7; 28]].concat()
}

fn all(name: &str, ip: &[u8], keeps: bool) {
    for link in LINKS {
        let frame = framed(link, ip);
        assert_eq!(program(link).filter(&frame), keeps, "{name} on link type {link}");
    }
}

#[test]
fn media_and_bulk_are_shed() {
    for v6 in [false, true] {
        all("RTP", &udp(v6, (4000, 5000), &rtp()), false);
        all("RTCP", &udp(v6, (4001, 5001), &[&[0x81, 200][..], &[7; 26]].concat()), false);
        all("RTP on the port of SIP", &udp(v6, (5060, 5060), &rtp()), false);
        for port in [22, 445, 873] {
            all("bulk", &tcp(v6, (port, 40000), &[1; 12]), false);
            all("bulk", &tcp(v6, (40000, port), &[0; 12]), false);
        }
    }
}

#[test]
fn all_that_may_matter_is_kept() {
    for v6 in [false, true] {
        all("SIP", &udp(v6, (5060, 5060), b"REGISTER sip:a SIP/2.0\r\n"), true);
        all("SIP on any port", &udp(v6, (1, 65535), b"SIP/2.0 200 OK\r\n"), true);
        all("keep-alive", &udp(v6, (5060, 5060), b"\r\n\r\n"), true);
        all("HEP3", &udp(v6, (9060, 9060), b"HEP3\0\x40"), true);
        all("HEP2", &udp(v6, (9060, 9060), &[2, 16, 2, 17, 0, 0]), true);
        all("HEP1", &udp(v6, (9060, 9060), &[1, 16, 2, 17, 0, 0]), true);
        all("no payload", &udp(v6, (5060, 5060), &[]), true);
        for port in [1701, 2152, 4500, 4754, 4789, 4790, 6081, 6635, 8472] {
            all("tunnel", &udp(v6, (40000, port), &[0x88; 40]), true);
            all("tunnel", &udp(v6, (port, 40000), &[0x88; 40]), true);
        }
        for port in [925, 3544, 5247, 12222, 37008] {
            all("tunnel", &udp(v6, (40000, port), &[1; 40]), true);
            all("tunnel", &udp(v6, (port, 40000), &[0x60; 40]), true);
        }
        for port in [80, 443, 3306, 5060, 5061, 8080, 40022] {
            all("TCP", &tcp(v6, (40000, port), &[0x80; 40]), true);
            all("SYN", &tcp(v6, (port, 40000), &[]), true);
        }
    }
    for protocol in [1, 2, 4, 41, 47, 50, 58, 97, 115, 132, 137] {
        all("other protocols", &other(IpNumber(protocol), &[0x80; 40]), true);
    }
    let mut fragment = udp(false, (4000, 5000), &rtp());
    fragment[6] = 0x20;
    all("first fragment", &fragment, true);
    fragment[6] = 0;
    fragment[7] = 10;
    all("later fragment", &fragment, true);
    let mut options = udp(false, (4000, 5000), &rtp());
    options[0] = 0x46;
    all("options", &options, true);
    let mut extended = udp(true, (4000, 5000), &rtp());
    extended[6] = 44;
    all("IPv6 fragment", &extended, true);
    // no IP at all, a tag left in the frame, and frames that end anywhere
    let ethernet = program(ETHERNET);
    for kind in [[8, 6], [0x81, 0], [0x88, 0xa8], [0x88, 0x47], [0x88, 0x64], [0, 0x26]] {
        let frame = [&[2; 12][..], &kind, &udp(false, (4000, 5000), &rtp())].concat();
        assert!(ethernet.filter(&frame), "{kind:?}");
    }
}

/// IP headers that are mostly in order, so that the odd ones are odd in one place.
fn odd_packet() -> impl Strategy<Value = Vec<u8>> {
    let tunnels = prop::sample::select(&[925_u16, 3544, 4500, 4754, 5247, 6635, 12222, 37008][..]);
    let ports =
        prop_oneof![Just(5060_u16), Just(4789), Just(22), Just(2152), tunnels, any::<u16>()];
    let payload = proptest::collection::vec(any::<u8>(), 0..60);
    let packet = (any::<bool>(), ports.clone(), ports, payload, any::<bool>());
    let twist = (any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8);
    let cut = any::<proptest::sample::Index>();
    (packet, twist, cut).prop_map(|((v6, from, to, payload, is_tcp), (at, value, twists), cut)| {
        let make = if is_tcp { tcp } else { udp };
        let mut ip = make(v6, (from, to), &payload);
        if twists > 1 {
            let at = at.index(ip.len().min(60));
            *ip.get_mut(at).unwrap() = value;
        }
        if twists == 3 {
            // the kernel gives no empty packets
            ip.truncate(1 + cut.index(ip.len()));
        }
        ip
    })
}

#[test]
fn whatever_the_sieve_keeps_of_udp_passes() {
    let programs = LINKS.map(|link| (link, program(link)));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let shed = std::cell::Cell::new(0);
    let outcome = runner.run(&odd_packet(), |ip| {
        let is_v6 = ip.first().is_some_and(|byte| byte >> 4 == 6);
        let is_tcp = ip.get(if is_v6 { 6 } else { 9 }) == Some(&6);
        for (link, program) in &programs {
            let frame = framed(*link, &ip);
            let kept = sieve(in_files(*link), &frame);
            let passes = program.filter(&frame);
            shed.set(shed.get() + u32::from(!passes && !is_tcp));
            prop_assert!(passes || !kept || is_tcp, "{link}: {ip:02x?}");
        }
        Ok(())
    });
    outcome.unwrap();
    // a filter that sheds nothing would pass too
    assert!(shed.get() > 2_000, "{}", shed.get());
}

/// The number of a live link type in files.
fn in_files(link: i32) -> LinkType {
    LinkType(u32::try_from(if link == RAW { 101 } else { link }).unwrap())
}

/// How many frames of a capture held SIP and passed, held SIP and were shed, were shed otherwise.
fn judged(file: &Path) -> (u64, u64, u64) {
    let options = OpenOptions::default();
    let Ok(mut set) = CaptureSet::open(&[file.to_owned()], options) else { return (0, 0, 0) };
    let mut decoder = Decoder::new(Limits::default());
    let mut programs: Vec<(LinkType, BpfProgram)> = Vec::new();
    let (mut passed, mut lost, mut shed) = (0, 0, 0);
    while let Some(frame) = set.next_frame() {
        if !programs.iter().any(|(link, _)| *link == frame.link) {
            let link = if frame.link.0 == 101 { RAW } else { i32::try_from(frame.link.0).unwrap() };
            if Capture::dead(Linktype(link)).and_then(|c| c.compile(DEFAULT_FILTER, true)).is_err()
            {
                // no link type of a live device
                return (passed, lost, shed);
            }
            programs.push((frame.link, program(link)));
        }
        let (_, program) = programs.iter().find(|(link, _)| *link == frame.link).unwrap();
        match (program.filter(frame.bytes), holds_sip(&mut decoder, &frame)) {
            (true, true) => passed += 1,
            (false, true) => lost += 1,
            (false, false) => shed += 1,
            (true, false) => {}
        }
    }
    (passed, lost, shed)
}

fn holds_sip(decoder: &mut Decoder, frame: &Frame<'_>) -> bool {
    let mut held = false;
    decoder.decode(frame, &mut |event| {
        held |= match event {
            Event::Datagram { bytes, .. } => sip::datagram(bytes, true).next().is_some(),
            Event::Stream(chunk) => chunk.bytes.windows(7).any(|window| window == b"SIP/2.0"),
            Event::Icmp(_) | Event::Connection(_) => true,
            Event::Agent(_) | Event::Dns { .. } | Event::Joined { .. } | Event::Segment { .. } => {
                false
            }
        };
    });
    held
}

/// The project's captures, and those with known truth where they are beside it.
fn captures() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let cases = own.read_dir().into_iter().flatten().map(|case| case.unwrap().path());
    let mut files: Vec<_> = cases
        .flat_map(|case| case.read_dir().into_iter().flatten())
        .map(|f| f.unwrap().path())
        .collect();
    let given = std::env::var_os("KNOWN_CAPTURES").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let known = given.unwrap_or_else(beside);
    for dir in ["lab", "public"] {
        let found = fs::read_dir(known.join(dir)).into_iter().flatten();
        files.extend(found.map(|file| file.unwrap().path()));
    }
    files
}

#[test]
fn every_sip_message_of_every_capture_passes() {
    let (mut passed, mut shed) = (0, 0);
    for file in captures() {
        let (sip, lost, rest) = judged(&file);
        assert_eq!(lost, 0, "{}", file.display());
        passed += sip;
        shed += rest;
    }
    println!("{passed} frames with SIP or what befell it passed; {shed} others were shed");
    assert!(passed > 500 || captures().is_empty(), "{passed}");
}
