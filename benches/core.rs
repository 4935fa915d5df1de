//! What every packet and message costs: sieve, decoder, scan, model, contrast.
//!
//! `cargo bench --bench core`; each figure is for a whole small capture, with the rate of its packets or messages.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot begin ends")]

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use regscope::compare::contrast;
use regscope::net::{Frame, FrameRef, LinkType, Origin, Timestamp};
use regscope::packet::{Decoder, Event, Limits, sieve};
use regscope::registration::{SnapshotOptions, Tracker};
use regscope::sip::{Message, StreamFramer};
use regscope::source::{CaptureSet, OpenOptions};

#[path = "generate/mod.rs"]
mod generate;

use generate::{Plan, Shape};

const BYTES: u64 = 4_000_000;

fn main() {
    divan::main();
}

/// A packet in memory.
struct Kept {
    time: Timestamp,
    link: LinkType,
    at: FrameRef,
    bytes: Vec<u8>,
}

impl Kept {
    fn frame(&self) -> Frame<'_> {
        let Self { time, link, at, bytes } = self;
        Frame { time: *time, link: *link, at: *at, wire_len: bytes.len() as u32, bytes }
    }
}

/// The packets of a made-up capture.
fn frames(shape: Shape) -> Vec<Kept> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("capture.pcap");
    let truth = Plan { shape, seed: 1, path: path.clone(), pieces: 1 }.carry_out().unwrap();
    let mut set = CaptureSet::open(&[path], OpenOptions::default()).unwrap();
    let mut frames = Vec::new();
    while let Some(Frame { time, link, at, bytes, .. }) = set.next_frame() {
        frames.push(Kept { time, link, at, bytes: bytes.to_vec() });
    }
    assert_eq!(frames.len() as u64, truth.packets, "all of it is read");
    frames
}

fn shape(name: &str) -> Shape {
    match name {
        "registrations" => Shape::Registrations { bytes: BYTES },
        "mixed" => Shape::Mixed { bytes: BYTES },
        "tcp" => Shape::Tcp { bytes: BYTES },
        "dns" => Shape::Dns { count: BYTES / 1300 },
        "attempts" => Shape::Attempts { count: BYTES / 1300 },
        _ => Shape::Flows { count: BYTES / 3500 },
    }
}

/// The datagrams of a made-up capture.
fn datagrams(name: &str) -> Vec<(Origin, Vec<u8>)> {
    let mut found = Vec::new();
    let mut decoder = Decoder::new(Limits::default());
    for kept in frames(shape(name)) {
        decoder.decode(&kept.frame(), &mut |event| {
            if let Event::Datagram { origin, bytes } = event {
                found.push((*origin, bytes.to_vec()));
            }
        });
    }
    found
}

fn size(frames: &[Kept]) -> BytesCount {
    BytesCount::new(frames.iter().map(|kept| kept.bytes.len()).sum::<usize>())
}

/// A glance at every packet.
#[divan::bench(args = ["mixed", "registrations"])]
fn glance(bencher: Bencher<'_, '_>, name: &str) {
    let frames = frames(shape(name));
    bencher
        .counter(ItemsCount::new(frames.len()))
        .counter(size(&frames))
        .bench(|| frames.iter().filter(|kept| sieve(black_box(kept.link), &kept.bytes)).count());
}

/// From packets to datagrams and the bytes of streams.
#[divan::bench(args = ["registrations", "tcp", "flows"])]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let frames = frames(shape(name));
    bencher.counter(ItemsCount::new(frames.len())).counter(size(&frames)).bench(|| {
        let mut decoder = Decoder::new(Limits::default());
        let mut events = 0_u64;
        for kept in &frames {
            decoder.decode(&kept.frame(), &mut |event| {
                black_box(&event);
                events += 1;
            });
        }
        events
    });
}

/// From datagrams to start lines and headers.
#[divan::bench]
fn scan(bencher: Bencher<'_, '_>) {
    let datagrams = datagrams("registrations");
    bencher.counter(ItemsCount::new(datagrams.len())).bench(|| {
        for (_, bytes) in &datagrams {
            black_box(Message::parse(bytes, false));
        }
    });
}

/// From the bytes of a stream, a segment at a time, to messages.
#[divan::bench]
fn cut(bencher: Bencher<'_, '_>) {
    let datagrams = datagrams("registrations");
    let stream: Vec<u8> = datagrams.iter().flat_map(|(_, bytes)| bytes).copied().collect();
    bencher.counter(ItemsCount::new(datagrams.len())).bench(|| {
        let mut framer = StreamFramer::default();
        for segment in stream.chunks(1460) {
            framer.push(segment, 0, &mut |message| {
                black_box(&message);
            });
        }
        framer
    });
}

fn tracked(datagrams: &[(Origin, Vec<u8>)]) -> Tracker {
    let mut tracker = Tracker::new();
    for (origin, bytes) in datagrams {
        if let Some(message) = Message::parse(bytes, false) {
            tracker.message(origin, &message);
        }
    }
    tracker
}

/// From datagrams to the model, scanning included.
#[divan::bench(args = ["registrations", "dns", "attempts"])]
fn track(bencher: Bencher<'_, '_>, name: &str) {
    let datagrams = datagrams(name);
    bencher.counter(ItemsCount::new(datagrams.len())).bench(|| tracked(&datagrams));
}

/// What separates failing DNs from working ones.
#[divan::bench(args = ["registrations", "dns"])]
fn compare(bencher: Bencher<'_, '_>, name: &str) {
    let snapshot = tracked(&datagrams(name)).finish(&SnapshotOptions::default());
    bencher.bench(|| contrast(black_box(&snapshot)));
}
