//! What the sieve drops is of no consequence: with and without these frames the decoder reports the same.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use regscope::net::{Frame, FrameRef, LinkType, Timestamp};
use regscope::packet::{Decoder, Limits, sieve};
use regscope::source::{CaptureSet, OpenOptions};

mod wrap;

use wrap::{At, Tunnel, Wrap, fragments};

/// Link types that the sieve or the decoder knows.
const LINKS: [u32; 12] = [0, 1, 9, 12, 14, 50, 101, 113, 147, 228, 229, 276];

/// A frame in memory.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    at: FrameRef,
    bytes: Vec<u8>,
}

impl Kept {
    fn frame(&self) -> Frame<'_> {
        let Self { time, link, wire_len, at, bytes } = self;
        Frame { time: *time, link: *link, wire_len: *wire_len, at: *at, bytes }
    }

    fn is_kept(&self) -> bool {
        sieve(self.link, &self.bytes)
    }
}

/// The frames of every case, by case.
fn captures() -> Vec<(PathBuf, Vec<Kept>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut captures = Vec::new();
    for case in fs::read_dir(root).unwrap() {
        let Ok(files) = fs::read_dir(case.unwrap().path()) else { continue };
        for file in files {
            let path = file.unwrap().path();
            if !path.file_name().unwrap().to_string_lossy().starts_with("input.pcap") {
                continue;
            }
            let mut set =
                CaptureSet::open(std::slice::from_ref(&path), OpenOptions::default()).unwrap();
            let mut frames = Vec::new();
            while let Some(Frame { time, link, wire_len, at, bytes }) = set.next_frame() {
                frames.push(Kept { time, link, wire_len, at, bytes: bytes.to_vec() });
            }
            captures.push((path, frames));
        }
    }
    captures.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(captures.len() > 50, "the cases are there");
    captures
}

/// What the decoder reports about frames, in words; those that are not decoded only move its clock.
fn told(frames: &[Kept], is_decoded: impl Fn(&Kept) -> bool) -> Vec<String> {
    let mut told = Vec::new();
    let mut decoder = Decoder::new(Limits::default());
    let mut clock = Timestamp::default();
    for kept in frames {
        clock = clock.max(kept.time);
        let mut sink = |event: regscope::packet::Event<'_>| told.push(format!("{event:?}"));
        decoder.tick(clock, &mut sink);
        if is_decoded(kept) {
            decoder.decode(&kept.frame(), &mut sink);
        }
    }
    decoder.finish(&mut |event| told.push(format!("{event:?}")));
    told
}

/// One kind of damage to a frame.
#[derive(Clone, Debug)]
enum Change {
    /// A byte near the start, where headers are.
    Header(Index, u8),
    /// A byte anywhere.
    Byte(Index, u8),
    /// The end is not captured, and the frame says so or not.
    Cut(Index, bool),
    /// Bytes of the start are gone.
    Behead(usize),
    /// Bytes before, or a VLAN tag behind the addresses.
    Prefix(Vec<u8>),
    Tag(u16),
    Link(u32),
    /// Other headers around it.
    Wrap(Wrap),
    /// Two fragments instead of it.
    Fragments(At),
}

fn change() -> impl Strategy<Value = Change> {
    // small numbers and those of protocols come up often in headers
    let byte = || prop_oneof![any::<u8>(), 0_u8..24, Just(0x45), Just(0x60), Just(0x80)];
    prop_oneof![
        3 => (any::<Index>(), byte()).prop_map(|(at, value)| Change::Header(at, value)),
        1 => (any::<Index>(), byte()).prop_map(|(at, value)| Change::Byte(at, value)),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(at, said)| Change::Cut(at, said)),
        1 => (1_usize..40).prop_map(Change::Behead),
        1 => prop::collection::vec(byte(), 1..24).prop_map(Change::Prefix),
        1 => any::<u16>().prop_map(Change::Tag),
        1 => prop::sample::select(&LINKS[..]).prop_map(Change::Link),
        3 => wrap().prop_map(Change::Wrap),
        2 => prop_oneof![Just(At::First), Just(At::Last), (0..=1000_usize).prop_map(At::Permille)]
            .prop_map(Change::Fragments),
    ]
}

fn wrap() -> impl Strategy<Value = Wrap> {
    const OTHERS: [Wrap; 6] =
        [Wrap::Ip, Wrap::Gre, Wrap::Authenticated, Wrap::Options, Wrap::Clear, Wrap::EtherIp];
    use Tunnel::{Capwap, Geneve, Gre, GtpU, L2tp, Mpls, Tzsp, Vxlan, VxlanGpe, VxlanLinux};
    const TUNNELS: [Tunnel; 10] =
        [Vxlan, VxlanLinux, VxlanGpe, Geneve, GtpU, L2tp, Tzsp, Gre, Mpls, Capwap];
    let tunnels = prop::sample::select(&TUNNELS[..]);
    // RFC 8200, and the mobility, HIP and shim6 headers (RFC 7045)
    let extension = || prop::sample::select(&[0_u8, 43, 44, 51, 60, 135, 139, 140][..]);
    prop_oneof![
        3 => prop::sample::select(&OTHERS[..]),
        4 => (tunnels, any::<bool>()).prop_map(|(tunnel, source)| Wrap::Udp(tunnel, source)),
        4 => [extension(), extension()].prop_map(Wrap::Extended),
    ]
}

impl Change {
    fn apply(&self, kept: &mut Kept) {
        const HEADERS: usize = 72;
        let bytes = &mut kept.bytes;
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Header(at, value) => {
                let at = at.index(bytes.len().min(HEADERS));
                bytes.splice(at..=at, [*value]);
            }
            Self::Byte(at, value) => {
                let at = at.index(bytes.len());
                bytes.splice(at..=at, [*value]);
            }
            Self::Cut(at, said) => {
                bytes.truncate(at.index(bytes.len()));
                if *said {
                    return;
                }
            }
            Self::Behead(most) => drop(bytes.drain(..bytes.len().min(*most))),
            Self::Prefix(prefix) => drop(bytes.splice(..0, prefix.iter().copied())),
            Self::Tag(tag) => {
                let at = bytes.len().min(12);
                let tag = [&[0x81, 0][..], &tag.to_be_bytes()].concat();
                drop(bytes.splice(at..at, tag));
            }
            Self::Link(link) => kept.link = LinkType(*link),
            Self::Wrap(wrap) => return wrap.apply(kept),
            Self::Fragments(_) => return,
        }
        kept.wire_len = kept.bytes.len() as u32;
    }
}

#[test]
fn captures_are_the_same_without_what_the_sieve_drops() {
    for (path, frames) in captures() {
        let all = told(&frames, |_| true);
        assert_eq!(all, told(&frames, Kept::is_kept), "{}", path.display());
    }
}

/// Alone, a frame that is dropped gives no event; among others it changes none of theirs.
#[test]
fn spoiled_captures_are_the_same_without_what_the_sieve_drops() {
    const MOST: usize = 24;
    let captures = captures();
    let frames: Vec<Vec<Kept>> = captures.into_iter().map(|(_, frames)| frames).collect();
    let changes = prop::collection::vec((any::<Index>(), change()), 0..12);
    let spoiled = (any::<Index>(), any::<Index>(), changes).prop_map(|(which, from, changes)| {
        let frames = &frames[which.index(frames.len())];
        let from = from.index(frames.len().max(1));
        let mut some: Vec<Kept> = frames.iter().skip(from).take(MOST).cloned().collect();
        for (at, change) in changes {
            if !some.is_empty() {
                let at = at.index(some.len());
                change.apply(&mut some[at]);
                if let Change::Fragments(cut) = change
                    && let Some(both) = fragments(&some[at], cut)
                {
                    some.splice(at..=at, both);
                }
            }
        }
        some
    });
    let dropped = Cell::new(0_usize);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&spoiled, |frames| {
        for kept in frames.iter().filter(|kept| !kept.is_kept()) {
            dropped.set(dropped.get() + 1);
            let alone = told(std::slice::from_ref(kept), |_| true);
            prop_assert!(alone.is_empty(), "the sieve dropped {alone:?}");
        }
        prop_assert_eq!(told(&frames, |_| true), told(&frames, Kept::is_kept));
        Ok(())
    });
    outcome.unwrap();
    assert!(dropped.get() > 1000, "{} frames were dropped: too few to say anything", dropped.get());
}
