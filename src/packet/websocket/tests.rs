//! Plays WebSocket connections, whole and damaged, through the decoder.

use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::net::{Cut, Transport};
use crate::packet::testkit::{Rig, Seen, tcp};
use crate::packet::{Limits, link};

const GET: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const SWITCHING: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nSia: SIP/2.0/TCP a\r\nUpgrade: websocket\r\n\r\n";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const PING: u8 = 9;

fn frame(head: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let masked = if mask == [0; 4] { 0 } else { 0x80 };
    let mut bytes = vec![head];
    match payload.len() {
        len @ 0..126 => bytes.push(masked | len as u8),
        len @ 126..0x10000 => {
            bytes.push(masked | 0x7e);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(masked | 0x7f);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    if masked != 0 {
        bytes.extend_from_slice(&mask);
    }
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    super::frame::unmask(&mut bytes[start..], mask, 0);
    bytes
}

fn register(number: usize, more: usize) -> Vec<u8> {
    let head = format!(
        "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/WS x.invalid\r\nCSeq: {number} REGISTER\r\n\r\n"
    );
    [head.as_bytes(), &vec![b'x'; more]].concat()
}

/// A sender of compressed messages.
struct Deflater(Compress);

impl Deflater {
    fn new() -> Self {
        Self(Compress::new(Compression::default(), false))
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1000);
        self.0.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        out.truncate(out.len() - 4);
        frame(FIN | RSV1 | TEXT, MASK, &out)
    }
}

/// A connection, with the positions of its two directions.
struct Talk {
    rig: Rig,
    ms: i64,
    up: u32,
    down: u32,
}

impl Talk {
    fn with(limits: Limits) -> Self {
        let mut rig = Rig::with(limits);
        rig.link(link::RAW, 0, &tcp(true, 99, 0, "S", b""));
        rig.link(link::RAW, 1, &tcp(false, 499, 100, "S", b""));
        Self { rig, ms: 1, up: 100, down: 500 }
    }

    fn new() -> Self {
        Self::with(Limits::default())
    }

    /// A connection of which the beginning was not captured.
    fn midway() -> Self {
        Self { rig: Rig::new(), ms: 1, up: 100, down: 500 }
    }

    fn upgraded() -> Self {
        let mut talk = Self::new();
        talk.client(GET).server(SWITCHING);
        talk
    }

    fn client(&mut self, bytes: &[u8]) -> &mut Self {
        self.ms += 1;
        self.rig.link(link::RAW, self.ms, &tcp(true, self.up, self.down, "", bytes));
        self.lost(bytes.len())
    }

    fn server(&mut self, bytes: &[u8]) -> &mut Self {
        self.ms += 1;
        self.rig.link(link::RAW, self.ms, &tcp(false, self.down, self.up, "", bytes));
        self.down += bytes.len() as u32;
        self
    }

    /// Bytes of the client that are not captured.
    fn lost(&mut self, bytes: usize) -> &mut Self {
        self.up += bytes as u32;
        self
    }

    /// The peer has everything; so what is not captured by now never will be.
    fn acknowledged(&mut self) -> &mut Self {
        self.server(b"")
    }

    fn finish(&mut self) -> &mut Self {
        self.rig.finish();
        self
    }

    /// Each message with its frame, and whether it was cut.
    fn messages(&self) -> Vec<(u64, Vec<u8>, bool)> {
        let seen = self.rig.seen.iter();
        seen.filter_map(|seen| match seen {
            Seen::Datagram { frame, bytes, cut, .. } => {
                Some((*frame, bytes.clone(), cut.is_some()))
            }
            _ => None,
        })
        .collect()
    }

    fn texts(&self) -> Vec<Vec<u8>> {
        self.rig.datagrams()
    }
}

#[test]
fn both_ways_with_the_first_frame_behind_the_answer() {
    let mut talk = Talk::new();
    let request = register(1, 0);
    let answer = b"SIP/2.0 401 Unauthorized\r\n\r\n";
    talk.client(&GET[..9]).client(&GET[9..]);
    talk.server(&[SWITCHING, &frame(FIN | PING, [0; 4], b"x")].concat());
    talk.client(&frame(FIN | TEXT, MASK, &request)).server(&frame(FIN | TEXT, [0; 4], answer));
    talk.finish();
    assert_eq!(talk.messages(), [(6, request, false), (7, answer.to_vec(), false)]);
    assert!(talk.rig.origins.iter().all(|origin| origin.transport == Transport::Ws));
    assert_eq!(talk.rig.seen.len(), 2, "{:?}", talk.rig.seen);
    let stats = talk.rig.decoder.stats();
    assert_eq!((stats.flows_websocket, stats.websocket_messages, stats.streams_ignored), (1, 2, 0));
}

#[test]
fn lengths_of_all_sizes() {
    let mut talk = Talk::upgraded();
    let messages = [0, 100, 60_000].map(|more| register(2, more));
    for message in &messages {
        for part in frame(FIN | BINARY, MASK, message).chunks(1400) {
            talk.client(part);
        }
    }
    let mut long = vec![FIN | TEXT, 127, 0, 0, 0, 0, 0, 0, 0, messages[0].len() as u8];
    long.extend_from_slice(&messages[0]);
    talk.client(&long);
    assert_eq!(talk.texts(), [&messages[..], &messages[..1]].concat());
}

#[test]
fn fragments_with_control_frames_between() {
    let mut talk = Talk::upgraded();
    let message = register(3, 0);
    talk.client(&frame(TEXT, MASK, &message[..10])).client(&frame(FIN | PING, MASK, b"hello"));
    talk.client(&frame(0, MASK, b"")).client(&frame(0, [9, 8, 7, 6], &message[10..]));
    assert_eq!(talk.texts().len(), 0);
    talk.client(&frame(FIN, MASK, b""));
    assert_eq!(talk.messages(), [(9, message, false)]);
}

#[test]
fn keep_alives_and_other_messages_are_no_sip() {
    let mut talk = Talk::upgraded();
    for payload in [&b"\r\n\r\n"[..], b"", &[0x80, 1, 2]] {
        talk.client(&frame(FIN | TEXT, MASK, payload));
    }
    assert!(talk.texts().is_empty());
    assert_eq!(talk.rig.decoder.stats().websocket_not_sip, 3);
}

#[test]
fn compressed_messages() {
    let mut talk = Talk::upgraded();
    let mut deflater = Deflater::new();
    let messages = [1, 2, 3].map(|number| register(number, 0));
    talk.client(&deflater.message(&messages[0])).client(&deflater.message(&messages[1]));
    talk.client(&frame(FIN | TEXT, MASK, b"\r\n"));
    let third = deflater.message(&messages[2]);
    assert!(third.len() < 40, "refers to those before: {}", third.len());
    talk.client(&third);
    assert_eq!(talk.texts(), messages);
}

#[test]
fn joined_midway() {
    let message = register(1, 300);
    let mut deflater = Deflater::new();
    let cases = [
        ("masked", frame(FIN | TEXT, MASK, &message)),
        ("in clear", frame(FIN | TEXT, [0; 4], &message)),
        ("first fragment", frame(TEXT, MASK, &message)),
        ("compressed", deflater.message(&message)),
    ];
    for (name, bytes) in cases {
        let mut talk = Talk::midway();
        // a ping alone shows nothing
        talk.client(&frame(FIN | PING, MASK, &[0x90; 40]));
        talk.client(&bytes).client(&frame(FIN, MASK, b""));
        talk.server(&frame(FIN | PING, [0; 4], b"x")).server(&frame(FIN | TEXT, [0; 4], &message));
        assert_eq!(talk.texts(), [&message[..], &message], "{name}");
        assert_eq!(talk.rig.decoder.stats().flows_websocket, 1, "{name}");
    }
}

#[test]
fn a_direction_follows_the_other() {
    let mut talk = Talk::midway();
    let (head, message) = (vec![0xee; 4000], register(1, 0));
    let mut deflater = Deflater::new();
    // nothing in these bytes shows what they are
    talk.client(&head[..3000]).client(&head[..1000]).server(&SWITCHING[1..]).server(b"x");
    talk.server(SWITCHING).server(&frame(FIN | TEXT, [0; 4], &message));
    talk.client(&frame(FIN | PING, MASK, b"")).client(&deflater.message(&message));
    assert_eq!(talk.texts(), [&message[..], &message]);
}

#[test]
fn refused_and_asked_again() {
    let mut talk = Talk::new();
    let message = register(1, 0);
    talk.client(GET).server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(talk.rig.decoder.stats().flows_websocket, 0);
    talk.client(&GET[..30]).client(&GET[30..]).server(SWITCHING);
    talk.client(&frame(FIN | TEXT, MASK, &message)).server(&frame(FIN | TEXT, [0; 4], &message));
    assert_eq!(talk.texts(), [&message[..], &message]);
}

#[test]
fn a_loss_within_a_message_cuts_it_alone() {
    let (first, second) = (register(1, 2000), register(2, 0));
    let bytes = frame(FIN | TEXT, MASK, &first);
    let mut talk = Talk::upgraded();
    talk.client(&bytes[..1000]).lost(500).client(&bytes[1500..]);
    talk.client(&frame(FIN | TEXT, MASK, &second)).acknowledged().finish();
    let head = first[..992].to_vec();
    assert_eq!(talk.messages(), [(5, head, true), (7, second, false)]);
    assert_eq!(talk.rig.origins[0].path.cut, Some(Cut::LostSegments));
    assert_eq!(talk.rig.decoder.stats().websocket_skipped_bytes, 0);
}

#[test]
fn the_next_message_is_found_behind_a_loss() {
    let messages = [1, 2, 3].map(|number| register(number, 200));
    let frames = messages.each_ref().map(|message| frame(FIN | TEXT, MASK, message));
    let mut talk = Talk::upgraded();
    talk.client(&frames[0][..100]).lost(frames[0].len() - 100 + 50);
    talk.client(&[&frames[1][50..], &frames[2]].concat()).acknowledged().finish();
    let expected = [(5, messages[0][..92].to_vec(), true), (6, messages[2].clone(), false)];
    assert_eq!(talk.messages(), expected);
    let skipped = talk.rig.decoder.stats().websocket_skipped_bytes;
    assert_eq!(skipped, frames[1].len() as u64 - 50);
}

#[test]
fn fragments_behind_a_loss_are_counted() {
    let mut talk = Talk::upgraded();
    talk.lost(300).client(&frame(0, MASK, b"middle")).client(&frame(FIN, MASK, b"end"));
    talk.acknowledged().client(&frame(FIN | TEXT, MASK, &register(1, 0))).acknowledged();
    assert_eq!(talk.texts(), [register(1, 0)]);
    let stats = talk.rig.decoder.stats();
    assert_eq!((stats.websocket_unreadable, stats.tcp_lost_bytes), (1, 300));
}

#[test]
fn compressed_messages_around_a_loss() {
    let mut deflater = Deflater::new();
    let text: Vec<u8> =
        (0..400).flat_map(|n| format!("{}\r\n", n * n * 7919).into_bytes()).collect();
    let long = [register(1, 0), text].concat();
    let frames = [deflater.message(&long), deflater.message(&register(2, 0))];
    let mut talk = Talk::upgraded();
    talk.client(&frames[0][..700]).lost(frames[0].len() - 700).client(&frames[1]);
    talk.client(&Deflater::new().message(&register(3, 0))).acknowledged();
    let messages = talk.messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].2 && messages[0].1.len() > 800 && long.starts_with(&messages[0].1));
    assert_eq!(messages[1].1, register(3, 0));
    assert_eq!(talk.rig.decoder.stats().websocket_unreadable, 1, "refers to bytes that are lost");
}

#[test]
fn a_message_the_capture_ends_in() {
    let message = register(1, 500);
    let mut talk = Talk::upgraded();
    talk.client(&frame(FIN | TEXT, MASK, &message)[..200]);
    assert!(talk.texts().is_empty());
    talk.finish();
    assert_eq!(talk.messages(), [(5, message[..192].to_vec(), true)]);
}

#[test]
fn messages_are_bounded() {
    let limits = Limits { websocket_message: 1000, ..Limits::default() };
    let mut talk = Talk::with(limits);
    talk.client(GET).server(SWITCHING);
    talk.client(&frame(FIN | TEXT, MASK, &register(1, 1000)));
    talk.client(&frame(TEXT, MASK, &register(1, 800))).client(&frame(FIN, MASK, &[b'x'; 300]));
    talk.client(&Deflater::new().message(&register(1, 1000)));
    talk.client(&frame(FIN | TEXT, MASK, &register(2, 0)));
    assert_eq!(talk.texts(), [register(2, 0)]);
    assert_eq!(talk.rig.decoder.stats().websocket_too_long, 3);
}

#[test]
fn unfinished_messages_are_bounded_together() {
    let limits = Limits { websocket_total: 3000, ..Limits::default() };
    let mut talk = Talk::with(limits);
    talk.client(GET).server(SWITCHING);
    talk.client(&frame(TEXT, MASK, &register(1, 4000)));
    assert_eq!(talk.rig.decoder.streams.unfinished(), 0);
    talk.client(&frame(FIN, MASK, b"end")).client(&frame(FIN | TEXT, MASK, &register(2, 0)));
    assert_eq!(talk.texts(), [register(2, 0)]);
    assert_eq!(talk.rig.decoder.stats().websocket_too_long, 1);
}

/// A direction with messages of every kind, and the messages in it.
fn stream() -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut deflater = Deflater::new();
    let messages: Vec<_> = (0..6).map(|number| register(number, number * 90)).collect();
    let bytes = [
        GET.to_vec(),
        frame(FIN | TEXT, MASK, &messages[0]),
        frame(FIN | PING, MASK, b"ping"),
        deflater.message(&messages[1]),
        frame(BINARY, MASK, &messages[2][..50]),
        frame(FIN | PING, [0; 4], b""),
        frame(FIN, [1, 2, 3, 4], &messages[2][50..]),
        deflater.message(&messages[3]),
        frame(FIN | TEXT, [0; 4], b"\r\n\r\n"),
        frame(FIN | TEXT, [0; 4], &messages[4]),
        deflater.message(&messages[5]),
    ];
    (bytes.concat(), messages)
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..40)
}

/// Sends the bytes in pieces that end at these places.
fn send(talk: &mut Talk, bytes: &[u8], cuts: &[Index]) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        talk.client(&bytes[pair[0]..pair[1]]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_pieces_give_the_messages(cuts in cuts()) {
        let (bytes, messages) = stream();
        let mut talk = Talk::new();
        send(&mut talk, &bytes, &cuts);
        talk.finish();
        prop_assert_eq!(talk.texts(), messages);
        prop_assert_eq!(talk.rig.seen.len(), 6);
    }

    #[test]
    fn damage_is_survived_within_the_bounds(
        cuts in cuts(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..12),
        hole in prop::option::of((any::<Index>(), 1_usize..700)),
    ) {
        let (mut bytes, _) = stream();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { websocket_message: 600, websocket_total: 900, ..Limits::default() };
        let mut talk = Talk::with(limits);
        match hole {
            Some((at, length)) => {
                let at = at.index(bytes.len());
                send(&mut talk, &bytes[..at.max(1)], &cuts);
                talk.lost(length);
                let rest = bytes.get(at + length..).filter(|rest| !rest.is_empty());
                send(&mut talk, rest.unwrap_or(b"x"), &cuts);
            }
            None => send(&mut talk, &bytes, &cuts),
        }
        prop_assert!(talk.rig.decoder.streams.unfinished() <= 900);
        talk.finish();
        prop_assert_eq!(talk.rig.decoder.streams.unfinished(), 0);
        for message in talk.texts() {
            prop_assert!(message.len() <= 600 || message.starts_with(b"GET"), "{}", message.len());
        }
    }

    #[test]
    fn messages_away_from_a_hole_are_all_found(which in 0_usize..10, from in any::<Index>(), more in any::<Index>()) {
        let messages: Vec<_> = (0..10).map(|number| register(number, number * 40)).collect();
        let frames: Vec<_> = messages.iter().map(|text| frame(FIN | TEXT, MASK, text)).collect();
        let mut talk = Talk::upgraded();
        for (place, bytes) in frames.iter().enumerate() {
            if place == which {
                let from = from.index(bytes.len());
                let to = from + more.index(bytes.len() - from) + 1;
                if from > 0 {
                    talk.client(&bytes[..from]);
                }
                talk.lost(to - from);
                if to < bytes.len() {
                    talk.client(&bytes[to..]);
                }
            } else {
                talk.client(bytes);
            }
        }
        talk.acknowledged().finish();
        let whole: Vec<_> = talk.messages().into_iter().filter(|(.., cut)| !cut).collect();
        for (place, message) in messages.iter().enumerate() {
            let found = whole.iter().any(|(_, text, _)| text == message);
            prop_assert!(found || place == which, "{} is missing of {:?}", place, whole);
        }
    }
}
