//! Cuts directions of every kind anywhere: what comes out never depends on where a segment ends.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{SIP, Talk};
use crate::hep::{Item, encode};
use crate::net::{Endpoint, Timestamp, Transport};
use crate::packet::testkit::Seen;

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn frame(payload: &[u8]) -> Vec<u8> {
    [&[0x81, payload.len() as u8], payload].concat()
}

fn hep(text: &[u8]) -> Vec<u8> {
    let end = Endpoint::new([192, 0, 2, 1].into(), 5060);
    let time = Timestamp::from_parts(1_700_000_000, 0);
    let item = Item { time, src: end, dst: end, transport: Transport::Udp, bytes: text };
    let mut out = Vec::new();
    assert!(encode(&item, 1, b"", b"", &mut out));
    out
}

/// Directions, and the SIP messages each holds.
fn directions() -> Vec<(&'static str, Vec<u8>, usize)> {
    let (one, packet) = (frame(SIP), hep(SIP));
    let refused = b"HTTP/1.1 401 Unauthorized\r\n\r\n";
    let switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    vec![
        ("SIP", [SIP, SIP].concat(), 2),
        ("SIP behind line ends", [b"\r\n\r\n", SIP].concat(), 1),
        ("SIP behind NULs", [&[0; 9], SIP].concat(), 1),
        ("SIP behind a byte of TLS", [&[22, 3, 1, 0, 0], SIP].concat(), 1),
        ("a method like GET", b"GETX sip:a SIP/2.0\r\n\r\n".to_vec(), 1),
        ("a method like HEP3", b"HEP sip:a SIP/2.0\r\n\r\n".to_vec(), 1),
        ("a method like HTTP", b"HTTP sip:a SIP/2.0\r\n\r\n".to_vec(), 1),
        ("HEP", [&packet[..], &packet].concat(), 2),
        ("WebSocket", [UPGRADE, &one, &one].concat(), 2),
        ("a page first", [PAGE, PAGE, UPGRADE, &one].concat(), 1),
        ("asked again", [UPGRADE, UPGRADE, &one].concat(), 1),
        ("asked again behind a frame", [UPGRADE, &one, UPGRADE, &one].concat(), 2),
        ("refused, then not", [&refused[..], switching, &one].concat(), 1),
        ("media", [&[0x80; 40][..], &[9; 40]].concat(), 0),
        ("short junk", vec![1, 2, 3], 0),
    ]
}

/// A stream: its number, the bytes lost in it, and those that were not.
type Stream = (u64, u64, Vec<u8>);

/// What came out: the datagrams and the streams.
fn outcome(talk: &Talk) -> (Vec<Vec<u8>>, Vec<Stream>) {
    let mut streams: Vec<Stream> = Vec::new();
    for seen in &talk.0.seen {
        let Seen::Stream { stream, lost, bytes, .. } = seen else { continue };
        match streams.last_mut().filter(|(id, ..)| id == stream) {
            Some((_, all, before)) => {
                *all += lost;
                before.extend_from_slice(bytes);
            }
            None => streams.push((*stream, *lost, bytes.clone())),
        }
    }
    (talk.0.datagrams(), streams)
}

fn played(bytes: &[u8], places: &[usize]) -> Talk {
    let mut talk = Talk::new();
    talk.open();
    for pair in places.windows(2) {
        talk.client(3, 100 + pair[0] as u32, 500, "", &bytes[pair[0]..pair[1]]);
    }
    talk.0.finish();
    talk
}

#[test]
fn whole_directions_give_their_messages() {
    for (name, bytes, messages) in directions() {
        let talk = played(&bytes, &[0, bytes.len()]);
        let (datagrams, streams) = outcome(&talk);
        let lines = |text: &[u8]| text.windows(7).filter(|part| part == b"SIP/2.0").count();
        let found = datagrams.len() + streams.iter().map(|(.., text)| lines(text)).sum::<usize>();
        assert_eq!(found, messages, "{name}");
    }
}

#[test]
fn two_pieces_give_what_the_whole_gives() {
    for (name, bytes, _) in directions() {
        let whole = outcome(&played(&bytes, &[0, bytes.len()]));
        for cut in 1..bytes.len() {
            let pieces = outcome(&played(&bytes, &[0, cut, bytes.len()]));
            assert_eq!(pieces, whole, "{name}, cut at {cut}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_pieces_give_what_the_whole_gives(
        which in any::<Index>(),
        cuts in prop::collection::vec(any::<Index>(), 0..40),
    ) {
        let directions = directions();
        let (name, bytes, _) = &directions[which.index(directions.len())];
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let whole = outcome(&played(bytes, &[0, bytes.len()]));
        prop_assert_eq!(outcome(&played(bytes, &places)), whole, "{}", name);
    }
}

#[test]
fn a_loss_before_the_first_bytes_is_reported() {
    for first in [&b"GHI"[..], b"HEP", b"R", b"\x16", b"\0"] {
        let bytes = [first, b"x SIP/2.0\r\n"].concat();
        for cut in 1..bytes.len() {
            let mut talk = Talk::new();
            talk.open().client(3, 108, 500, "", &bytes[..cut]);
            talk.client(4, 108 + cut as u32, 500, "", &bytes[cut..]);
            talk.server(5, 500, 108 + bytes.len() as u32, "", b"");
            talk.0.finish();
            let (_, streams) = outcome(&talk);
            assert_eq!(streams, [(1, 8, bytes.clone())], "{cut}");
            assert_eq!(talk.0.decoder.stats().tcp_lost_bytes, 8);
        }
    }
}

#[test]
fn a_first_segment_without_captured_bytes_is_a_loss() {
    let mut talk = Talk::new();
    talk.open();
    let bytes = crate::packet::testkit::tcp(true, 100, 500, "", SIP);
    let mut cut = crate::packet::testkit::frame(&bytes[..40], crate::packet::link::RAW, 3, 9);
    cut.wire_len = bytes.len() as u32;
    talk.0.feed(&cut);
    talk.client(4, 100 + SIP.len() as u32, 500, "", SIP);
    let (_, streams) = outcome(&talk);
    assert_eq!(streams, [(1, SIP.len() as u64, SIP.to_vec())]);
}

#[test]
fn a_loss_behind_a_start_that_was_too_short() {
    for (first, handed_on) in [(&b"G"[..], true), (b"HE", true), (b"\x16\x03", false)] {
        let mut talk = Talk::new();
        talk.open().client(3, 100, 500, "", first).client(4, 150, 500, "", SIP);
        talk.server(5, 500, 150 + SIP.len() as u32, "", b"");
        talk.0.finish();
        let (_, streams) = outcome(&talk);
        // what cannot be read is part of the gap
        let before = if handed_on { first } else { b"" };
        let lost = 50 - before.len() as u64;
        assert_eq!(streams, [(1, lost, [before, SIP].concat())], "{first:?}");
    }
}

#[test]
fn a_start_that_is_too_short_between_two_losses_is_handed_on() {
    for first in [&b"\x16"[..], b"\0", b"G", b"HEP"] {
        let mut talk = Talk::new();
        let len = first.len() as u32;
        talk.open().client(3, 120, 500, "", first).client(4, 150 + len, 500, "", SIP);
        talk.server(5, 500, 150 + len + SIP.len() as u32, "", b"");
        talk.0.finish();
        let (_, streams) = outcome(&talk);
        assert_eq!(streams, [(1, 50, [first, SIP].concat())], "{first:?}");
    }
}

#[test]
fn a_loss_in_a_head_of_http_leaves_what_follows_to_be_recognized() {
    let mut talk = Talk::new();
    talk.open().client(3, 100, 500, "", &UPGRADE[..20]).client(4, 150, 500, "", &frame(SIP));
    talk.server(5, 500, 152 + SIP.len() as u32, "", b"");
    talk.0.finish();
    assert_eq!(talk.0.datagrams(), [SIP]);
}
