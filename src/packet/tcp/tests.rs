//! Plays TCP conversations, orderly and not, through the decoder.

mod cuts;

use std::time::Duration;

use crate::net::Cut;
use crate::packet::event::{ConnectionKind, TlsSign};
use crate::packet::testkit::{Rig, Seen, at_ms, frame, tcp};
use crate::packet::{Limits, link};

const SIP: &[u8] = b"REGISTER sip:a SIP/2.0\r\nVia: x\r\n\r\n";

struct Talk(Rig);

impl Talk {
    fn new() -> Self {
        Self(Rig::new())
    }

    fn with(limits: Limits) -> Self {
        Self(Rig::with(limits))
    }

    fn client(&mut self, ms: i64, seq: u32, ack: u32, flags: &str, text: &[u8]) -> &mut Self {
        self.0.link(link::RAW, ms, &tcp(true, seq, ack, flags, text));
        self
    }

    fn server(&mut self, ms: i64, seq: u32, ack: u32, flags: &str, text: &[u8]) -> &mut Self {
        self.0.link(link::RAW, ms, &tcp(false, seq, ack, flags, text));
        self
    }

    fn open(&mut self) -> &mut Self {
        self.client(0, 99, 0, "S", b"").server(1, 499, 100, "S", b"").client(2, 100, 500, "", b"")
    }

    fn chunks(&self) -> Vec<(u64, u64, &str, bool)> {
        self.0
            .seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Stream { frame, lost, bytes, end, .. } => {
                    Some((*frame, *lost, std::str::from_utf8(bytes).unwrap(), *end))
                }
                _ => None,
            })
            .collect()
    }

    fn kinds(&self) -> Vec<ConnectionKind> {
        self.0.connections().into_iter().map(|(kind, _)| kind).collect()
    }
}

#[test]
fn orderly_conversation() {
    let mut talk = Talk::new();
    talk.open();
    talk.client(3, 100, 500, "", b"OPTIONS SIP/2.0").server(4, 500, 115, "", b"SIP/2.0 200");
    talk.client(5, 115, 511, "F", b"").server(6, 511, 116, "F", b"").client(7, 116, 512, "", b"");
    let expected = [
        (4, 0, "OPTIONS SIP/2.0", false),
        (5, 0, "SIP/2.0 200", false),
        (6, 0, "", true),
        (7, 0, "", true),
    ];
    assert_eq!(talk.chunks(), expected);
    assert!(talk.0.origins[0].path.peer_seen);
    assert_eq!(talk.kinds(), [ConnectionKind::Closed { by_server: false }]);
    talk.0.finish();
    assert_eq!(talk.chunks().len(), 4);
}

#[test]
fn disorder_repeats_and_overlap() {
    let mut talk = Talk::new();
    talk.open();
    talk.client(3, 108, 0, "", b"SIP/2.0\r\n").client(4, 117, 0, "", b"Via");
    talk.client(5, 108, 0, "", b"sip/9.9\r\n").client(6, 100, 0, "", b"OPTIONS SI");
    talk.client(7, 100, 0, "", b"OPTIONS SI").client(8, 119, 0, "", b"a: x");
    talk.client(9, 122, 0, "", b"x");
    assert_eq!(talk.0.stream(0), b"OPTIONS SIP/2.0\r\nVia: x");
    assert!(talk.chunks().iter().take(3).all(|(frame, ..)| *frame == 7), "{:?}", talk.chunks());
    let stats = talk.0.decoder.stats();
    assert_eq!((stats.tcp_out_of_order, stats.tcp_retransmitted), (3, 2));
}

#[test]
fn every_packet_captured_twice() {
    let mut talk = Talk::new();
    for _ in 0..2 {
        talk.client(0, 99, 0, "S", b"");
    }
    for _ in 0..2 {
        talk.client(1, 100, 0, "", SIP);
    }
    for _ in 0..2 {
        talk.client(2, 100 + SIP.len() as u32, 0, "F", b"");
    }
    talk.0.finish();
    assert_eq!(talk.0.stream(0), SIP);
    assert_eq!(talk.chunks().len(), 2);
    let closed = ConnectionKind::Closed { by_server: false };
    assert_eq!(talk.kinds(), [closed], "sent data, so the SYN was answered");
}

#[test]
fn sequence_numbers_wrap() {
    let mut talk = Talk::new();
    let start = u32::MAX - 5;
    talk.client(0, start.wrapping_sub(1), 0, "S", b"");
    talk.client(1, 4, 0, "", &SIP[10..]).client(2, start, 0, "", &SIP[..10]);
    talk.0.finish();
    assert_eq!(talk.0.stream(0), SIP);
}

#[test]
fn data_may_come_with_the_syn() {
    let mut talk = Talk::new();
    talk.client(0, 99, 0, "S", &SIP[..7]).client(1, 107, 0, "", &SIP[7..]);
    assert_eq!(talk.0.stream(0), SIP);
}

#[test]
fn joined_midway_behind_a_keep_alive() {
    let mut talk = Talk::new();
    talk.client(0, 99, 500, "", b"").server(1, 500, 100, "", b"").client(2, 100, 500, "", SIP);
    assert_eq!(talk.chunks()[0].1, 0);
    talk.client(3, 100 + SIP.len() as u32 - 1, 500, "", b"\n");
    assert_eq!(talk.0.stream(0), SIP);
    assert_eq!(talk.0.decoder.stats().tcp_retransmitted, 1);
}

#[test]
fn peer_acknowledging_beyond_a_hole_gives_it_up() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", b"OPTIONS SIP/2.0");
    talk.client(4, 120, 500, "", b"more").server(5, 500, 117, "", b"");
    assert_eq!(talk.chunks().len(), 1);
    talk.server(6, 500, 124, "", b"");
    assert_eq!(talk.chunks()[1..], [(4, 5, "", false), (5, 0, "more", false)]);
    talk.server(7, 500, 140, "", b"").client(8, 130, 500, "", b"again");
    assert_eq!(talk.chunks()[3..], [(5, 6, "", false), (9, 0, "again", false)]);
    assert_eq!(talk.0.decoder.stats().tcp_lost_bytes, 11);
}

#[test]
fn what_the_client_has_and_the_capture_lacks_is_told() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", SIP);
    // one byte more is a FIN's number, or a keep-alive's
    talk.client(4, 135, 501, "", b"");
    assert_eq!(talk.kinds(), []);
    talk.client(5, 135, 900, "", b"").client(6, 135, 900, "", b"");
    assert_eq!(talk.kinds(), [ConnectionKind::Missed]);
    talk.client(7, 135, 950, "", b"");
    assert_eq!(talk.kinds(), [ConnectionKind::Missed; 2]);
    // what comes late is not lost
    talk.server(8, 500, 135, "", &[b'x'; 440]);
    talk.0.finish();
    assert_eq!(talk.0.decoder.stats().tcp_lost_bytes, 10);
}

#[test]
fn a_hole_stays_open_for_two_seconds() {
    let mut talk = Talk::new();
    talk.open().client(10, 100, 500, "", b"SIP/2.0").client(20, 110, 500, "", b"held");
    talk.client(1900, 107, 500, "", b"abc");
    assert_eq!(talk.0.stream(0), b"SIP/2.0abcheld");
    talk.client(2000, 120, 500, "", b"late").client(3000, 130, 500, "", b"later");
    talk.0.link(link::ETHERNET, 4500, &[]);
    assert_eq!(talk.chunks()[3..], [(6, 6, "", false), (7, 0, "late", false)]);
    talk.0.link(link::ETHERNET, 9000, &[]);
    assert_eq!(talk.chunks()[5..], [(7, 6, "", false), (8, 0, "later", false)]);
}

#[test]
fn held_bytes_and_segments_are_bounded() {
    let limits = Limits { held_segments: 3, held_bytes: 100, ..Limits::default() };
    let mut talk = Talk::with(limits);
    talk.open().client(3, 100, 500, "", b"SIP/2.0");
    for index in 0..4 {
        talk.client(4, 110 + index * 10, 500, "", b"abc");
    }
    assert_eq!(talk.chunks().len(), 3, "{:?}", talk.chunks());
    talk.client(5, 1000, 500, "", &[b'x'; 101]);
    talk.0.finish();
    assert_eq!(talk.chunks().last().map(|chunk| chunk.3), Some(true));
    assert_eq!(talk.0.decoder.streams.held.behind_holes(), 0);
}

#[test]
fn snaplen_cut_segments_lose_their_tails() {
    let mut talk = Talk::new();
    talk.client(0, 99, 0, "S", b"");
    for (number, seq) in [(10, 100), (11, 100 + SIP.len() as u32)] {
        let bytes = tcp(true, seq, 0, "", SIP);
        let mut cut = frame(&bytes[..60], link::RAW, 1, number);
        cut.wire_len = bytes.len() as u32;
        talk.0.feed(&cut);
    }
    talk.0.finish();
    let lost = SIP.len() as u64 - 20;
    let head = std::str::from_utf8(&SIP[..20]).unwrap();
    assert_eq!(
        talk.chunks(),
        [
            (10, 0, head, false),
            (10, lost, "", false),
            (11, 0, head, false),
            (11, lost, "", false),
            (11, 0, "", true)
        ]
    );
    assert_eq!(talk.0.origins[0].path.cut, Some(Cut::Snaplen));
}

#[test]
fn same_ends_again_are_another_stream() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", SIP).client(4, 100 + SIP.len() as u32, 500, "R", b"");
    talk.client(5, 7000, 0, "S", b"")
        .server(6, 9000, 7001, "S", b"")
        .client(7, 7001, 9001, "", SIP);
    talk.client(8, 30_000, 0, "S", b"").client(9, 30_001, 0, "", SIP);
    assert_eq!(
        (talk.0.stream(0), talk.0.stream(1), talk.0.stream(2)),
        (SIP.into(), SIP.into(), SIP.into())
    );
    assert_eq!(talk.0.decoder.stats().flows, 3);
}

#[test]
fn stragglers_of_a_closed_connection_do_not_open_one() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "F", b"").server(4, 500, 101, "F", b"");
    talk.client(5, 101, 501, "", b"").server(6, 500, 101, "F", b"").client(7, 101, 501, "R", b"");
    talk.0.link(link::ETHERNET, 20_000, &[]);
    talk.client(20_001, 101, 501, "R", b"").server(20_001, 500, 101, "F", b"");
    talk.0.finish();
    assert_eq!(talk.kinds(), [ConnectionKind::Closed { by_server: false }]);
    assert_eq!((talk.0.decoder.stats().flows, talk.0.seen.len()), (1, 1));
    assert!(talk.0.decoder.streams.flows.is_empty());
}

#[test]
fn what_is_not_sip_is_ignored_until_it_is() {
    let mut talk = Talk::new();
    let body = [b'x'; 1000];
    talk.client(0, 100, 0, "", &body).client(1, 1100, 0, "", &body).client(2, 2100, 0, "", &body);
    assert!(talk.chunks().last().unwrap().3, "told that the stream ends");
    talk.client(3, 3100, 0, "", &body).client(4, 9100, 0, "", &body);
    assert_eq!((talk.chunks().len(), talk.0.decoder.streams.held.behind_holes()), (4, 0));
    talk.client(5, 10_100, 0, "", SIP);
    talk.client(6, 10_100 + SIP.len() as u32, 0, "", &body);
    assert_eq!(talk.0.stream(1)[..SIP.len()], *SIP);
    assert_eq!(talk.0.stream(1).len(), SIP.len() + 1000);
    assert_eq!(talk.0.decoder.stats().streams_ignored, 1);
}

#[test]
fn byte_by_byte_sip_is_not_ignored() {
    let mut talk = Talk::new();
    talk.open();
    for (index, byte) in SIP.iter().enumerate() {
        talk.client(3, 100 + index as u32, 500, "", &[*byte]);
    }
    talk.client(4, 100 + SIP.len() as u32, 500, "", &[b'x'; 5000]);
    assert_eq!(talk.0.stream(0).len(), SIP.len() + 5000);
}

#[test]
fn binary_from_the_start_is_never_handed_on() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", &[0, 0, 0, 85, 1]).client(4, 105, 500, "", &[1; 300]);
    talk.0.finish();
    assert!(talk.0.seen.is_empty());
}

#[test]
fn refused() {
    let mut talk = Talk::new();
    talk.client(0, 99, 0, "S", b"").server(1, 0, 100, "R", b"").server(1, 0, 100, "R", b"");
    talk.0.finish();
    assert_eq!(talk.0.connections(), [(ConnectionKind::Refused, "192.0.2.1:5060".to_owned())]);
}

#[test]
fn unanswered() {
    let cases: [(&str, &[i64], i64, Option<u32>); 4] = [
        ("repeated", &[0, 1000, 3000], 3000, Some(2)),
        ("captured twice", &[0, 0], 5000, Some(0)),
        ("capture ends at once", &[0], 500, None),
        ("capture goes on", &[0], 1000, Some(0)),
    ];
    for (name, syns, end, repeats) in cases {
        let mut talk = Talk::new();
        for ms in syns {
            talk.client(*ms, 99, 0, "S", b"");
        }
        talk.0.link(link::ETHERNET, end, &[]).finish();
        let expected = repeats.map(|repeats| ConnectionKind::NoAnswer { repeats });
        assert_eq!(talk.kinds(), Vec::from_iter(expected), "{name}");
    }
}

#[test]
fn time_passes_without_frames() {
    let mut talk = Talk::new();
    talk.client(0, 99, 0, "S", b"");
    talk.0.decoder.tick(at_ms(5000), &mut |event| panic!("{event:?}"));
    talk.0.finish();
    assert_eq!(talk.kinds(), [ConnectionKind::NoAnswer { repeats: 0 }]);
}

#[test]
fn reset() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", SIP).server(4, 500, 130, "R", b"");
    assert_eq!(talk.kinds(), [ConnectionKind::Reset { by_server: true }]);
    assert!(talk.chunks().last().unwrap().3);
    let mut talk = Talk::new();
    talk.open().server(3, 500, 100, "F", b"").client(4, 100, 501, "R", b"");
    let closed = ConnectionKind::Closed { by_server: true };
    assert_eq!(talk.kinds(), [closed], "an orderly close and its echo");
}

#[test]
fn tls() {
    let hello = [22, 3, 1, 0, 2, 1, 0];
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", &hello).server(4, 500, 107, "", &[21, 3, 1, 0, 2, 2, 70]);
    talk.server(5, 507, 107, "R", b"");
    let failed = ConnectionKind::Tls(TlsSign::Failed { alert: 70, by_server: true });
    assert_eq!(talk.0.connections(), [(failed, "192.0.2.1:5060".to_owned())]);
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", &hello).server(4, 500, 107, "", &[23, 3, 3, 0, 2, 9, 9]);
    talk.client(5, 107, 507, "", &[23, 3, 3, 0, 2, 9, 9]);
    talk.0.finish();
    assert_eq!(talk.0.seen.len(), 1);
    assert_eq!(talk.kinds(), [ConnectionKind::Tls(TlsSign::Encrypted)]);
    assert_eq!(talk.0.decoder.stats().flows_tls, 1);
}

#[test]
fn flows_are_evicted_oldest_first() {
    let mut talk = Talk::with(Limits { flows: 2, linger: Duration::ZERO, ..Limits::default() });
    for (ms, last) in [(0, 1), (1, 2), (2, 3)] {
        let mut bytes = tcp(true, 100, 0, "", SIP);
        bytes[15] = last;
        talk.0.link(link::RAW, ms, &bytes);
    }
    assert_eq!(talk.0.decoder.stats().flows_evicted, 1);
    let ends: Vec<u64> =
        talk.chunks().iter().filter(|chunk| chunk.3).map(|chunk| chunk.0).collect();
    assert_eq!(ends, [1]);
}
