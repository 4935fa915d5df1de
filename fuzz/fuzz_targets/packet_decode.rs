//! Feeds a few arbitrary frames of one link type to the decoder: it must not panic, must count every
//! frame, and must make nothing of a frame that the sieve drops.
//!
//! Input: link type index, then frames, each behind a big-endian length of two bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp};
use regscope::packet::{Decoder, Limits, sieve};

const LINKS: [u32; 26] = [
    1, 113, 276, 101, 0, 108, 9, 12, 14, 50, 51, 104, 228, 229, 147, 252, 11, 105, 107, 117, 119, 127, 163, 178, 192, 258,
];

fn frame(link: u32, number: u64, bytes: &[u8]) -> Frame<'_> {
    Frame {
        time: Timestamp::from_nanos((number * 700_000_000) as i64),
        link: LinkType(link),
        at: FrameRef::new(FileId(0), number),
        wire_len: bytes.len() as u32,
        bytes,
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((link, mut rest)) = data.split_first() else { return };
    let link = LINKS[usize::from(*link) % LINKS.len()];
    let mut decoder = Decoder::new(Limits::default());
    let mut frames = 0;
    while let Some((len, behind)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes(*len)).min(behind.len());
        let (bytes, next) = behind.split_at(len);
        rest = next;
        frames += 1;
        let frame = frame(link, frames, bytes);
        decoder.decode(&frame, &mut |_| {});
        if !sieve(frame.link, bytes) {
            let mut alone = Decoder::new(Limits::default());
            alone.decode(&frame, &mut |event| panic!("the sieve dropped {event:?}"));
            alone.finish(&mut |event| panic!("the sieve dropped {event:?}"));
        }
    }
    decoder.finish(&mut |_| {});
    assert_eq!(decoder.stats().frames, frames);
});
