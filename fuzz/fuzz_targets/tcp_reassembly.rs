//! Sends pieces of a known byte stream in any order, with repetitions and holes: what comes out must
//! be the stream, with every missing byte reported.
//!
//! Input: initial sequence number (4 bytes), then segments of 4 bytes each: offset (2 bytes), length,
//! and flags (bit 0 FIN, bit 1 an acknowledgment from the peer up to the offset, bit 2 a second later).
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp};
use regscope::packet::{Decoder, Event, Limits};

const SYN: u8 = 0x02;
const FIN: u8 = 0x01;
const ACK: u8 = 0x10;
const RAW: LinkType = LinkType(101);

/// The byte at a place of the stream: a SIP start line, then a pattern.
fn byte_at(place: u64) -> u8 {
    const START: &[u8] = b"OPTIONS sip:a SIP/2.0\r\n";
    START.get(place as usize).copied().unwrap_or((place % 251) as u8)
}

fn packet(up: bool, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
    let total = (40 + payload.len()) as u16;
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
    let (src, dst) = if up { (1, 2) } else { (2, 1) };
    bytes.extend_from_slice(&[192, 0, 2, src, 192, 0, 2, dst]);
    let (from, to) = if up { (40_000_u16, 5060_u16) } else { (5060, 40_000) };
    bytes.extend_from_slice(&from.to_be_bytes());
    bytes.extend_from_slice(&to.to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&ack.to_be_bytes());
    bytes.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend_from_slice(payload);
    bytes
}

#[derive(Default)]
struct Check {
    place: u64,
    ended: bool,
}

impl Check {
    fn event(&mut self, event: &Event<'_>) {
        let Event::Stream(chunk) = event else { return };
        if chunk.bytes.is_empty() && !chunk.end && chunk.lost_before == 0 {
            panic!("a chunk that says nothing");
        }
        assert!(!self.ended, "bytes behind the end");
        self.place += chunk.lost_before;
        for byte in chunk.bytes {
            assert_eq!(*byte, byte_at(self.place), "at {}", self.place);
            self.place += 1;
        }
        self.ended = chunk.end;
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first_chunk::<4>() else { return };
    let first = u32::from_be_bytes(*first);
    let mut decoder = Decoder::new(Limits { probe_bytes: usize::MAX, ..Limits::default() });
    let mut check = Check::default();
    let mut nanos = 0;
    let mut send = |bytes: &[u8], later: bool, check: &mut Check| {
        nanos += if later { 1_000_000_000 } else { 1_000 };
        let frame = Frame {
            time: Timestamp::from_nanos(nanos),
            link: RAW,
            at: FrameRef::new(FileId(0), 1),
            wire_len: bytes.len() as u32,
            bytes,
        };
        decoder.decode(&frame, &mut |event| check.event(&event));
    };
    send(&packet(true, first.wrapping_sub(1), 0, SYN, &[]), false, &mut check);
    for [high, low, len, flags] in rest.as_chunks::<4>().0.iter().copied() {
        let offset = u64::from(u16::from_be_bytes([high, low]));
        let seq = first.wrapping_add(offset as u32);
        if flags & 2 != 0 {
            send(&packet(false, 1, seq, ACK, &[]), flags & 4 != 0, &mut check);
            continue;
        }
        let payload: Vec<u8> = (offset..offset + u64::from(len)).map(byte_at).collect();
        let fin = if flags & 1 != 0 { FIN } else { 0 };
        send(&packet(true, seq, 0, ACK | fin, &payload), flags & 4 != 0, &mut check);
    }
    decoder.finish(&mut |event| check.event(&event));
});
