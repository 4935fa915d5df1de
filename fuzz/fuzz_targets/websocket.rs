//! Sends arbitrary bytes as one direction of a WebSocket connection: messages must stay within their
//! bound, and as long as the frames are followed, pieces must give the messages that the whole gives.
//!
//! Input: flags (bit 0 the upgrade was not captured, bit 1 the second piece is lost), the number of
//! cuts, their places (2 bytes each), then the bytes behind the upgrade.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp, Transport};
use regscope::packet::{Decoder, Event, Limits};

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const RAW: LinkType = LinkType(101);
const LONGEST: usize = 4096;
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";

fn packet(seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
    let total = (40 + payload.len()) as u16;
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
    bytes.extend_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, 80]);
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend_from_slice(payload);
    bytes
}

/// The messages found, and how many bytes had to be passed over.
fn messages(pieces: &[&[u8]], lost: Option<usize>, upgraded: bool) -> (Vec<Vec<u8>>, u64) {
    let limits = Limits { websocket_message: LONGEST, websocket_total: 65_536, ..Limits::default() };
    let mut decoder = Decoder::new(limits);
    let mut found = Vec::new();
    let mut sink = |event: Event<'_>| {
        if let Event::Datagram { origin, bytes } = event {
            assert_eq!(origin.transport, Transport::Ws);
            assert!(bytes.len() <= LONGEST, "{} bytes", bytes.len());
            found.push(bytes.to_vec());
        }
    };
    let mut number = 0;
    let mut send = |bytes: &[u8]| {
        number += 1;
        let frame = Frame {
            time: Timestamp::from_nanos(number * 1_000_000_000),
            link: RAW,
            at: FrameRef::new(FileId(0), number as u64),
            wire_len: bytes.len() as u32,
            bytes,
        };
        decoder.decode(&frame, &mut sink);
    };
    let mut seq = 1;
    if upgraded {
        send(&packet(0, SYN, &[]));
        send(&packet(seq, ACK, UPGRADE));
        seq += UPGRADE.len() as u32;
    }
    for (place, piece) in pieces.iter().enumerate() {
        if lost != Some(place) {
            send(&packet(seq, ACK, piece));
        }
        seq += piece.len() as u32;
    }
    decoder.finish(&mut sink);
    let skipped = decoder.stats().websocket_skipped_bytes;
    (found, skipped)
}

fuzz_target!(|data: &[u8]| {
    let Some(([flags, cuts], rest)) = data.split_first_chunk::<2>() else { return };
    let Some((cuts, bytes)) = rest.split_at_checked(usize::from(*cuts) * 2) else { return };
    let bytes = &bytes[..bytes.len().min(60_000)];
    let places = cuts.as_chunks::<2>().0.iter().map(|cut| usize::from(u16::from_be_bytes(*cut)));
    let mut places: Vec<usize> = places.map(|place| place.min(bytes.len())).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
    let (upgraded, lost) = (flags & 1 == 0, flags & 2 != 0);
    let (found, skipped) = messages(&pieces, lost.then_some(1), upgraded);
    if upgraded && !lost && skipped == 0 {
        let (whole, skipped) = messages(&[bytes], None, true);
        assert!(skipped > 0 || whole == found, "{whole:?} but in pieces {found:?}");
    }
});
