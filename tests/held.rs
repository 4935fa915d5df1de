//! Holds what the decoder keeps of connections, fragments and HEP agents within its bounds, whatever comes.

#![expect(
    clippy::indexing_slicing,
    reason = "made messages are longer than the parts cut from them"
)]

use std::collections::HashSet;
use std::sync::Mutex;

use peak_alloc::PeakAlloc;
use regscope::hep::{Item, encode};
use regscope::net::{Endpoint, FileId, Frame, FrameRef, LinkType, Timestamp, Transport};
use regscope::packet::{Decoder, Event, KeyLog, Limits};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// One at a time: they measure what the whole process takes.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;
const RAW: LinkType = LinkType(101);
const SERVER: u32 = u32::from_be_bytes([192, 0, 2, 1]);
const SYN: u8 = 0x02;
const PUSH: u8 = 0x18;
const UNFINISHED: &[u8] = b"REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nSubject: ";

/// Traffic made up as it is needed, and what the decoder reports about it.
struct Wire {
    decoder: Decoder,
    frame: u64,
    /// Between two packets, in nanoseconds.
    pause: i64,
    base: usize,
    /// Streams that carried bytes from the one that is to be kept.
    kept: HashSet<u64>,
}

impl Wire {
    fn new(limits: Limits, keys: KeyLog) -> Self {
        let base = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let decoder = Decoder::with_keys(limits, keys);
        Self { decoder, frame: 0, pause: 50_000, base, kept: HashSet::new() }
    }

    fn packet(&mut self, protocol: u8, (src, dst): (u32, u32), fragment: u16, body: &[u8]) {
        let total = (20 + body.len()) as u16;
        let [length, part] = [total, fragment].map(u16::to_be_bytes);
        let id = (self.frame as u16).to_be_bytes();
        let mut bytes =
            vec![0x45, 0, length[0], length[1], id[0], id[1], part[0], part[1], 64, protocol, 0, 0];
        bytes.extend(src.to_be_bytes());
        bytes.extend(dst.to_be_bytes());
        bytes.extend_from_slice(body);
        self.frame += 1;
        let passed = self.frame.cast_signed() * self.pause;
        let time = Timestamp::from_nanos(1_700_000_000_000_000_000 + passed);
        let at = FrameRef::new(FileId(0), self.frame);
        let frame = Frame { time, link: RAW, at, wire_len: bytes.len() as u32, bytes: &bytes };
        let kept = &mut self.kept;
        self.decoder.decode(&frame, &mut |event| {
            if let Event::Stream(chunk) = event
                && chunk.origin.src.addr.to_string() == "10.255.255.255"
            {
                kept.insert(chunk.stream);
            }
        });
    }

    fn tcp(&mut self, src: u32, seq: u32, flags: u8, payload: &[u8]) {
        let mut segment = vec![0x9c, 0x40, 0x13, 0xc4];
        segment.extend(seq.to_be_bytes());
        segment.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend_from_slice(payload);
        self.packet(6, (src, SERVER), 0, &segment);
    }

    /// The server accepts a connection.
    fn accept(&mut self, client: u32) {
        let segment =
            [0x13, 0xc4, 0x9c, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 0x50, 0x12, 0xff, 0xff, 0, 0, 0, 0];
        self.packet(6, (SERVER, client), 0, &segment);
    }

    fn taken(&self) -> usize {
        ALLOCATED.current_usage() - self.base
    }

    fn peak(&self) -> usize {
        ALLOCATED.peak_usage() - self.base
    }
}

/// A payload of 1400 bytes that begins so.
fn long(start: &[u8]) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.resize(1400, b'x');
    bytes
}

/// What an attacker sends: one turn of it, from the `n`th source.
type Flood = fn(&mut Wire, u32);

const FLOODS: [(&str, Flood); 9] = [
    ("half-open", |wire, n| wire.tcp(n, 0, SYN, b"")),
    ("behind a hole", |wire, n| {
        wire.tcp(n, 0, SYN, b"");
        wire.tcp(n, 200, PUSH, &long(UNFINISHED));
    }),
    ("many segments behind a hole", |wire, n| {
        wire.tcp(n / 40, 1 + 200 * (1 + n % 40), PUSH, b"tiny");
    }),
    ("a ClientHello without an end", |wire, n| {
        wire.tcp(n, 0, SYN, b"");
        wire.tcp(n, 1, PUSH, &long(b"\x16\x03\x01\x40\x00\x01\x00\xff\xff\x03\x03"));
    }),
    ("a WebSocket message without an end", |wire, n| {
        wire.tcp(n, 0, SYN, b"");
        let upgrade = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        wire.tcp(n, 1, PUSH, upgrade);
        wire.tcp(n, 1 + upgrade.len() as u32, PUSH, &long(b"\x01\x7e\xf0\x00REGISTER sip:a "));
    }),
    ("a head of HTTP without an end", |wire, n| {
        wire.tcp(n, 0, SYN, b"");
        wire.tcp(n, 1, PUSH, &long(b"GET / HTTP/1.1\r\nHost: "));
    }),
    ("a HEP packet without an end", |wire, n| {
        wire.tcp(n, 0, SYN, b"");
        wire.tcp(n, 1, PUSH, &long(b"HEP3\xff\xf0\0\0\0\x01\0\x07\x02"));
    }),
    ("fragments", |wire, n| wire.packet(17, (n, SERVER), 0x2000, &long(b"")[..1392])),
    ("chunks of SCTP", |wire, n| {
        let mut chunk = vec![0x13, 0xc4, 0x13, 0xc4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x05, 0x00];
        chunk.extend((2 * n).to_be_bytes());
        chunk.extend_from_slice(&long(b"")[..1276]);
        wire.packet(132, (n, SERVER), 0, &chunk);
    }),
];

#[test]
fn no_flood_takes_more_than_the_decoder_may() {
    const MOST: usize = 8 * MIB;
    const OWN: u32 = u32::from_be_bytes([10, 255, 255, 255]);
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for with_keys in [false, true] {
        for (name, flood) in FLOODS {
            let mut keys = KeyLog::new();
            if with_keys {
                keys.add(b"# nothing of use\n");
            }
            let mut wire = Wire::new(Limits::within(MOST), keys);
            // a phone that is registered over TCP stays known
            wire.tcp(OWN, 0, SYN, b"");
            wire.accept(OWN);
            wire.tcp(OWN, 1, PUSH, UNFINISHED);
            let mut most = 0;
            for n in 0..30_000_u32 {
                flood(&mut wire, (10 << 24) + n);
                if n % 1024 == 0 {
                    let (said, taken) = (wire.decoder.memory(), wire.taken());
                    most = most.max(said);
                    assert!(taken < MIB + 5 * said / 4, "{name}: {taken} taken, {said} told");
                }
            }
            let (peak, stats) = (wire.peak(), wire.decoder.stats());
            println!("{name}: at most {} KiB, told {} KiB", peak >> 10, most >> 10);
            assert!(peak <= MOST, "{name}: {peak}");
            let given_up = stats.flows_evicted
                + stats.holes_evicted
                + stats.fragmented_evicted
                + stats.sctp_fragmented
                + stats.websocket_too_long
                + stats.hep.lost_bytes
                + stats.streams_ignored
                + stats.tls.evicted;
            assert!(given_up > 1000, "{name}: {given_up} counted");
            wire.tcp(OWN, 1 + UNFINISHED.len() as u32, PUSH, b"still here");
            assert_eq!(wire.kept.len(), 1, "{name}: the phone's connection was forgotten");
        }
    }
}

#[test]
fn agents_and_their_connections_are_bounded() {
    const MOST: usize = 4 * MIB;
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut wire = Wire::new(Limits::within(MOST), KeyLog::new());
    let mut packet = Vec::new();
    for n in 0..50_000_u32 {
        packet.clear();
        let end = |port| Endpoint::new(std::net::Ipv4Addr::from(n).into(), port);
        let time = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let (src, dst, transport) = (end(40_000), end(5060), Transport::Tcp);
        let item = Item { time, src, dst, transport, bytes: UNFINISHED };
        let node = format!("{n:0>60}");
        assert!(encode(&item, n, node.as_bytes(), b"", &mut packet));
        wire.decoder.hep(&packet, time, end(9060), FrameRef::default(), &mut |_| {});
    }
    println!("agents: at most {} KiB, told {} KiB", wire.peak() >> 10, wire.decoder.memory() >> 10);
    assert!(wire.peak() <= MOST / 4, "{}", wire.peak());
    assert!(wire.decoder.stats().hep.agents_not_told > 1000);
}

#[test]
fn half_open_connections_in_a_file_are_bounded() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut wire = Wire::new(Limits::default(), KeyLog::new());
    // all of them within the time that a hole may stay open
    wire.pause = 5000;
    for n in 0..100_000 {
        wire.tcp((10 << 24) + n, 0, SYN, b"");
        wire.tcp((10 << 24) + n, 200, PUSH, &long(UNFINISHED));
    }
    println!("100,000 half-open connections: at most {} MiB", wire.peak() / MIB);
    assert!(wire.peak() < 200 * MIB, "{}", wire.peak());
    assert!(wire.decoder.stats().holes_evicted > 10_000);
}
