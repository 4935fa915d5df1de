//! Unfolds compressed HEP payloads, within bounds.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// Unfolds `bytes` into `out`; false if that fails or gives more than `most` bytes.
///
/// The specification says "gzip/inflate" and agents differ: zlib and gzip headers are recognized,
/// anything else is tried without one.
pub(super) fn inflate(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
    match bytes {
        [0x1f, 0x8b, ..] => read(GzDecoder::new(bytes), most, out),
        // RFC 1950 §2.2: method 8, and the first two bytes are a multiple of 31
        [first, second, ..]
            if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31) =>
        {
            read(ZlibDecoder::new(bytes), most, out)
        }
        _ => read(DeflateDecoder::new(bytes), most, out),
    }
}

fn read(decoder: impl Read, most: usize, out: &mut Vec<u8>) -> bool {
    out.clear();
    let read = decoder.take(most as u64 + 1).read_to_end(out);
    read.is_ok() && out.len() <= most
}
