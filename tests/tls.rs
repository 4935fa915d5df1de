//! Opens the TLS captures again after their packets were cut up, dropped, damaged or came with the
//! keys too late.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};
use proptest::collection::vec;
use proptest::prelude::*;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp, Transport};
use regscope::packet::{ConnectionKind, Decoder, Event, KeyLog, Limits, TlsSign, TlsStats, Unread};
use regscope::source::Reader;

/// Captures that have their key log beside them.
const CASES: [&str; 3] = ["tls-12-gcm", "tls-12-cbc", "tls-13"];

/// A TCP segment with data, as it was captured.
#[derive(Clone, Debug)]
struct Segment {
    /// The phone's port: the connection.
    port: u16,
    from_phone: bool,
    data: Vec<u8>,
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// The segments of a capture that carry data, in order.
fn segments(name: &str) -> Vec<Segment> {
    let mut reader = Reader::new(File::open(case(name).join("input.pcap")).unwrap()).unwrap();
    let mut segments = Vec::new();
    while let Some(frame) = reader.next_frame() {
        let packet = SlicedPacket::from_ethernet(frame.bytes).unwrap();
        assert!(matches!(packet.net, Some(NetSlice::Ipv4(_))));
        let Some(TransportSlice::Tcp(tcp)) = packet.transport else { continue };
        let from_phone = tcp.destination_port() == 5061;
        let port = if from_phone { tcp.source_port() } else { tcp.destination_port() };
        let data = tcp.payload().to_vec();
        if !data.is_empty() {
            segments.push(Segment { port, from_phone, data });
        }
    }
    segments
}

fn keys(name: &str) -> KeyLog {
    let mut keys = KeyLog::new();
    keys.add(&std::fs::read(case(name).join("keys.log")).unwrap());
    keys
}

/// A decoder that is given segments one by one.
struct Rig {
    decoder: Decoder,
    frames: u64,
    /// The next sequence number of each direction.
    next: BTreeMap<(u16, bool), u32>,
    out: Opened,
}

/// What came out of it.
#[derive(Default, Debug, PartialEq, Eq)]
struct Opened {
    /// Plaintext by connection and direction.
    plain: BTreeMap<(u16, bool), Vec<u8>>,
    sealed: Vec<Option<Unread>>,
}

impl Opened {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Stream(chunk) => {
                // it is unknown what a direction carries that lacks its beginning
                if chunk.origin.transport != Transport::Tls {
                    return;
                }
                let (src, dst) = (chunk.origin.src.port, chunk.origin.dst.port);
                let from_phone = dst == 5061;
                let port = if from_phone { src } else { dst };
                self.plain.entry((port, from_phone)).or_default().extend(chunk.bytes);
            }
            Event::Connection(event) => {
                if event.kind == ConnectionKind::Tls(TlsSign::Encrypted) {
                    self.sealed.push(event.tls.as_ref().unwrap().unread);
                }
            }
            Event::Datagram { .. }
            | Event::Icmp(_)
            | Event::Agent(_)
            | Event::Dns { .. }
            | Event::Joined { .. }
            | Event::Segment { .. } => unreachable!("{event:?}"),
        }
    }

    /// The start lines of all messages.
    fn start_lines(&self) -> Vec<String> {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let texts: Vec<_> = self.plain.values().map(text).collect();
        let lines = texts.iter().flat_map(|text| text.lines());
        let starts = lines.filter(|line| line.contains("SIP/2.0") && !line.starts_with("Via"));
        starts.map(str::to_owned).collect()
    }
}

impl Rig {
    fn new(keys: KeyLog) -> Self {
        let decoder = Decoder::with_keys(Limits::default(), keys);
        Self { decoder, frames: 0, next: BTreeMap::new(), out: Opened::default() }
    }

    /// Sends a segment; a `lost` one takes up its place and is not captured.
    fn send(&mut self, segment: &Segment, lost: bool) {
        let Segment { port, from_phone, ref data } = *segment;
        let ends = if from_phone { (port, 5061) } else { (5061, port) };
        let address = |port| if port == 5061 { [192, 0, 2, 81] } else { [192, 0, 2, 101] };
        let next = self.next.get(&(port, from_phone)).copied();
        let opens = next.is_none();
        let seq = next.unwrap_or(1000);
        self.next.insert((port, from_phone), seq.wrapping_add(data.len() as u32));
        if opens {
            let syn = PacketBuilder::ipv4(address(ends.0), address(ends.1), 64)
                .tcp(ends.0, ends.1, seq.wrapping_sub(1), 9000)
                .syn();
            let syn = if from_phone { syn } else { syn.ack(1000) };
            let mut bytes = Vec::new();
            syn.write(&mut bytes, &[]).unwrap();
            self.frame(&bytes);
        }
        if !lost {
            let packet = PacketBuilder::ipv4(address(ends.0), address(ends.1), 64)
                .tcp(ends.0, ends.1, seq, 9000)
                .ack(0);
            let mut bytes = Vec::new();
            packet.write(&mut bytes, data).unwrap();
            self.frame(&bytes);
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        self.frames += 1;
        let frame = Frame {
            // far enough apart for a hole to be given up before the next packet
            time: Timestamp::from_parts(3 * self.frames.cast_signed(), 0),
            link: LinkType(101),
            at: FrameRef::new(FileId(0), self.frames),
            wire_len: bytes.len() as u32,
            bytes,
        };
        let out = &mut self.out;
        self.decoder.decode(&frame, &mut |event| out.event(&event));
    }

    fn finish(mut self) -> (Opened, TlsStats) {
        let out = &mut self.out;
        self.decoder.finish(&mut |event| out.event(&event));
        (self.out, self.decoder.stats().tls)
    }
}

fn open(segments: &[Segment], keys: KeyLog) -> (Opened, TlsStats) {
    let mut rig = Rig::new(keys);
    for segment in segments {
        rig.send(segment, false);
    }
    rig.finish()
}

#[test]
fn all_is_opened() {
    for name in CASES {
        let (opened, stats) = open(&segments(name), keys(name));
        let connections = if name == "tls-12-cbc" { 3 } else { 1 };
        assert_eq!(opened.start_lines().len(), 6 * connections, "{name}");
        assert_eq!((stats.opened, stats.unread_total()), (connections as u64, 0), "{name}");
        assert!(opened.sealed.is_empty(), "{name}");
    }
}

/// Whatever is lost, only what it holds is missing, as long as both hellos are there.
#[test]
fn a_lost_segment_takes_its_own_messages_with_it() {
    for name in CASES {
        let all = segments(name);
        let whole = open(&all, keys(name)).0.start_lines();
        for (place, lost) in all.iter().enumerate() {
            let mut rig = Rig::new(keys(name));
            for (here, segment) in all.iter().enumerate() {
                rig.send(segment, here == place);
            }
            let (opened, stats) = rig.finish();
            let hello = lost.data.starts_with(&[22]) && matches!(lost.data.get(5), Some(1 | 2));
            let messages = opened.start_lines();
            let missing = whole.len() - messages.len();
            if hello {
                let none = stats.unread(Unread::NoBeginning) == 1 && missing == 6;
                assert!(none, "{name} without segment {place}: {missing} {stats:?}");
            } else {
                assert!(missing <= 1, "{name} without segment {place}: {missing}, {stats:?}");
                assert_eq!(stats.unread_total(), 0, "{name} without segment {place}");
            }
        }
    }
}

#[test]
fn without_its_keys_a_connection_says_why() {
    let segments = segments("tls-13");
    let (opened, stats) = open(&segments, KeyLog::new());
    assert_eq!((opened.sealed.as_slice(), stats.opened), (&[Some(Unread::NoKeys)][..], 0));
    let (opened, stats) = open(&segments, keys("tls-12-gcm"));
    assert_eq!(opened.sealed, [Some(Unread::OtherKeys)]);
    assert_eq!(stats.unread(Unread::OtherKeys), 1);
    // secrets of the right session that are none
    let log = std::fs::read_to_string(case("tls-13").join("keys.log")).unwrap();
    let flip = |line: &str| match line.rsplit_once(' ') {
        Some((head, secret)) => format!("{head} {}\n", "00".repeat(secret.len() / 2)),
        None => String::new(),
    };
    let mut wrong = KeyLog::new();
    wrong.add(log.lines().map(flip).collect::<Vec<_>>().concat().as_bytes());
    let (opened, _) = open(&segments, wrong);
    assert_eq!(opened.sealed, [Some(Unread::KeysDoNotFit)]);
    // captured from its middle on
    let (opened, _) = open(&segments[4..], keys("tls-13"));
    assert_eq!(opened.sealed, [Some(Unread::NoBeginning)]);
}

/// A key log that is written while the capture is read.
#[derive(Clone, Default)]
struct Growing(Arc<Mutex<VecDeque<u8>>>);

impl Read for Growing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().read(out)
    }
}

#[test]
fn keys_may_come_late() {
    for name in CASES {
        let (all, log) = (segments(name), std::fs::read(case(name).join("keys.log")).unwrap());
        let whole = open(&all, keys(name)).0;
        for late in 0..all.len() {
            let growing = Growing::default();
            let mut keys = KeyLog::new();
            keys.follow(growing.clone()).unwrap();
            let mut rig = Rig::new(keys);
            for (here, segment) in all.iter().enumerate() {
                if here == late {
                    growing.0.lock().unwrap().extend(&log);
                }
                rig.send(segment, false);
            }
            let (opened, stats) = rig.finish();
            assert_eq!(opened, whole, "{name}, keys before segment {late}: {stats:?}");
        }
        // a log that comes with the capture
        let mut rig = Rig::new(KeyLog::new());
        let out = &mut rig.out;
        rig.decoder.add_secrets(&log, &mut |event| out.event(&event));
        for segment in &all {
            rig.send(segment, false);
        }
        assert_eq!(rig.finish().0, whole, "{name}");
    }
}

#[test]
fn what_waits_for_keys_is_bounded() {
    let all = segments("tls-13");
    let limits = Limits { tls_held_bytes: 600, ..Limits::default() };
    let mut rig = Rig::new(keys("tls-12-gcm"));
    rig.decoder = Decoder::with_keys(limits, keys("tls-12-gcm"));
    for (sent, segment) in all.iter().enumerate() {
        rig.send(segment, false);
        if !rig.out.sealed.is_empty() {
            assert!(sent < all.len() - 1, "given up before the end");
            return;
        }
    }
    panic!("never given up");
}

/// Cuts each direction up again, in the order of the capture.
fn cut_up(segments: &[Segment], lengths: &[usize]) -> Vec<Segment> {
    let mut lengths = lengths.iter().copied().cycle();
    let mut out = Vec::new();
    for segment in segments {
        let mut rest = segment.data.as_slice();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(lengths.next().unwrap_or(1).clamp(1, rest.len()));
            out.push(Segment { data: head.to_vec(), ..*segment });
            rest = tail;
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_segmentation_gives_the_same(lengths in vec(1_usize..400, 1..20)) {
        for name in CASES {
            let all = segments(name);
            let whole = open(&all, keys(name));
            let same = open(&cut_up(&all, &lengths), keys(name)) == whole;
            prop_assert!(same, "{}", name);
        }
    }

    /// What was altered or lost in transit is missing; nothing is made up.
    #[test]
    fn damage_never_makes_anything_up(
        lengths in vec(20_usize..600, 1..8),
        flips in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_u8..), 0..6),
        losses in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        for name in CASES {
            let all = segments(name);
            let whole = open(&all, keys(name)).0;
            let mut pieces = cut_up(&all, &lengths);
            for (segment, byte, flip) in &flips {
                let data = &mut segment.get_mut(&mut pieces).data;
                let at = byte.index(data.len());
                data[at] ^= flip;
            }
            let lost: Vec<usize> = losses.iter().map(|loss| loss.index(pieces.len())).collect();
            let mut rig = Rig::new(keys(name));
            for (place, piece) in pieces.iter().enumerate() {
                rig.send(piece, lost.contains(&place));
            }
            let (opened, _) = rig.finish();
            for line in opened.start_lines() {
                prop_assert!(whole.start_lines().contains(&line), "{}: {}", name, line);
            }
        }
    }
}
