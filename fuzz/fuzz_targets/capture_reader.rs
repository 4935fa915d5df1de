//! Walks arbitrary bytes as a capture: no panic, no end that is none, frames within the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::FileId;
use regscope::source::Reader;

fuzz_target!(|bytes: &[u8]| {
    // A small buffer makes every record cross its end sooner or later.
    let Ok(mut reader) = Reader::with_options(bytes, FileId(0), 256) else { return };
    let (mut packets, mut number, mut data) = (0, 0, 0);
    while let Some(frame) = reader.next_frame() {
        packets += 1;
        assert!(frame.at.number() > number, "numbers rise");
        number = frame.at.number();
        data += frame.bytes.len() as u64;
    }
    assert!(reader.next_frame().is_none());
    assert_eq!(reader.packets(), packets);
    assert!(data <= reader.bytes());
});
