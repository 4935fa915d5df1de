//! Plays fragments in all orders, and losses.

use etherparse::ip_number;

use super::*;
use crate::packet::testkit;

struct Bench {
    fragments: Fragments,
    stats: Stats,
    limits: Limits,
}

impl Bench {
    fn new() -> Self {
        Self { fragments: Fragments::default(), stats: Stats::default(), limits: Limits::default() }
    }

    fn add(&mut self, id: u32, offset: usize, text: &str, more: bool, ms: i64) -> Option<Joined> {
        self.add_cut(id, offset, text, more, ms, 0)
    }

    fn add_cut(
        &mut self,
        id: u32,
        offset: usize,
        text: &str,
        more: bool,
        ms: i64,
        missing: usize,
    ) -> Option<Joined> {
        let meta = testkit::meta(ms);
        let info = FragmentInfo { id, offset, more };
        let packet = IpPacket {
            src: meta.src,
            dst: meta.dst,
            ttl: 64,
            id: 0,
            protocol: ip_number::UDP,
            fragment: Some(info),
            payload: text.as_bytes(),
            missing,
        };
        self.fragments.add(&packet, info, &meta, &mut self.stats)
    }
}

#[test]
fn out_of_order_overlap_and_duplicates_are_joined() {
    let mut bench = Bench::new();
    assert!(bench.add(1, 8, "ijklmnop", true, 0).is_none());
    assert!(bench.add(1, 16, "qr", false, 1).is_none());
    assert!(bench.add(1, 8, "IJKLMNOP", true, 2).is_none());
    let joined = bench.add(1, 0, "abcdefghIJKL", true, 3).unwrap();
    assert_eq!(joined.bytes, b"abcdefghijklmnopqr");
    assert_eq!((joined.missing, joined.meta.time), (0, testkit::at_ms(3)));
    assert_eq!(bench.fragments.bytes, 0);
}

#[test]
fn second_capture_of_the_fragments_is_not_a_loss() {
    let mut bench = Bench::new();
    assert!(bench.add(1, 0, "abcdefgh", true, 0).is_none());
    assert!(bench.add(1, 0, "abcdefgh", true, 0).is_none());
    assert!(bench.add(1, 8, "i", false, 1).is_some());
    assert!(bench.add(1, 8, "i", false, 1).is_none());
    assert!(bench.fragments.left_over(&mut bench.stats).is_none());
    assert_eq!((bench.stats.fragmented_joined, bench.stats.fragmented_lost), (1, 0));
}

#[test]
fn whole_second_capture_of_the_fragments_is_joined_too() {
    let mut bench = Bench::new();
    for ms in [0, 1, 2] {
        assert!(bench.add(1, 0, "abcdefgh", true, ms).is_none());
        assert!(bench.add(1, 8, "i", false, ms).is_some());
    }
    // what is left of a copy does not mix with a packet of the same identification later
    assert!(bench.add(1, 8, "i", false, 3).is_none());
    assert!(bench.add(1, 0, "ABCDEFGH", true, 500).is_none());
    assert_eq!(bench.add(1, 8, "I", false, 501).unwrap().bytes, b"ABCDEFGHI");
    assert!(bench.fragments.left_over(&mut bench.stats).is_none());
    assert_eq!((bench.stats.fragmented_joined, bench.stats.fragmented_lost), (4, 0));
}

#[test]
fn identification_is_used_again_later() {
    let mut bench = Bench::new();
    for ms in [0, 500] {
        assert!(bench.add(1, 0, "abcdefgh", true, ms).is_none());
        assert!(bench.add(1, 8, "i", false, ms).is_some());
    }
}

#[test]
fn lost_fragment_leaves_the_prefix_of_the_first_frame() {
    let mut bench = Bench::new();
    assert!(bench.add(1, 8, "ijklmnop", true, 0).is_none());
    assert!(bench.add(1, 24, "yz", false, 1).is_none());
    assert!(bench.add(1, 0, "abcdefgh", true, 2).is_none());
    assert!(
        bench.fragments.expired(testkit::at_ms(29_000), &bench.limits, &mut bench.stats).is_none()
    );
    let cut =
        bench.fragments.expired(testkit::at_ms(31_000), &bench.limits, &mut bench.stats).unwrap();
    assert_eq!(cut.bytes, b"abcdefghijklmnop");
    assert_eq!((cut.missing, cut.why, cut.meta.time), (10, Cut::LostFragments, testkit::at_ms(2)));
    assert_eq!(bench.stats.fragmented_lost, 1);
}

#[test]
fn without_its_first_fragment_nothing_is_left() {
    let mut bench = Bench::new();
    assert!(bench.add(1, 8, "ijklmnop", true, 0).is_none());
    assert!(bench.fragments.left_over(&mut bench.stats).is_none());
    assert_eq!(bench.stats.fragmented_lost, 1);
}

#[test]
fn cut_fragment_cuts_the_packet() {
    let mut bench = Bench::new();
    assert!(bench.add_cut(1, 0, "abcd", true, 0, 4).is_none());
    let joined = bench.add(1, 8, "ij", false, 1).unwrap();
    assert_eq!((&joined.bytes[..], joined.missing, joined.why), (&b"abcd"[..], 6, Cut::Snaplen));
}

#[test]
fn memory_is_bounded() {
    let mut bench = Bench::new();
    bench.limits.fragment_datagrams = 10;
    bench.limits.fragment_bytes = 3000;
    let text = "x".repeat(800);
    for id in 0..1000 {
        bench.add(id, if id % 2 == 0 { 0 } else { 800 }, &text, true, id.into());
        while bench.fragments.evicted(&bench.limits, &mut bench.stats).is_some() {}
        assert!(bench.fragments.bytes <= 3000 && bench.fragments.order.len() <= 10);
    }
    assert_eq!(bench.stats.fragmented_evicted, 998);
    assert_eq!(bench.fragments.entries.len(), 2);
}

#[test]
fn reach_beyond_the_longest_packet_is_refused() {
    let mut bench = Bench::new();
    assert!(bench.add(1, 65528, "ijklmnop", false, 0).is_none());
    assert_eq!(bench.stats.undecoded(Undecoded::Fragment), 1);
    assert!(bench.fragments.is_idle());
}
