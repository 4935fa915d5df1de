//! Writes frames as pcapng and reads them back: what comes out is what went in, and a key log between
//! them harms nothing.
//!
//! Input: frames of a head of 12 bytes and their bytes: flags (bit 0 a comment, bit 1 a key log before
//! it, bit 2 the time is before 1970), source, link type (2 bytes), seconds (4 bytes), nanoseconds / 4
//! (2 bytes), bytes that were not captured, length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp};
use regscope::record::{Counts, PcapngWriter};
use regscope::source::Reader;

fuzz_target!(|data: &[u8]| {
    let mut frames = Vec::new();
    let mut writer = PcapngWriter::new(Vec::new());
    let mut rest = data;
    while let Some((head, behind)) = rest.split_first_chunk::<12>() {
        let [flags, source, l1, l2, s1, s2, s3, s4, n1, n2, missing, len] = *head;
        let (bytes, next) = behind.split_at(usize::from(len).min(behind.len()));
        rest = next;
        let text = String::from_utf8_lossy(bytes);
        let seconds = i64::from(u32::from_be_bytes([s1, s2, s3, s4]));
        let seconds = if flags & 4 != 0 { -seconds - 1 } else { seconds };
        let nanos = i64::from(u16::from_be_bytes([n1, n2])) * 4;
        let file = FileId(u16::from(source));
        let frame = Frame {
            time: Timestamp::from_parts(seconds, nanos),
            link: LinkType(u32::from(u16::from_be_bytes([l1, l2]))),
            at: FrameRef::new(file, 1),
            wire_len: u32::from(missing) + bytes.len() as u32,
            bytes,
        };
        writer.name_source(file, &text);
        writer.count(file, Counts { received: Some(u64::from(len)), dropped: None });
        if flags & 2 != 0 {
            writer.secrets(bytes).expect("nothing fails in memory");
        }
        let comment = (flags & 1 != 0).then_some(&*text);
        writer.packet(&frame, comment).expect("every link type of 16 bits has a number");
        frames.push(frame);
    }
    assert_eq!(writer.packets(), frames.len() as u64);
    let file = writer.finish().expect("nothing fails in memory");
    let mut reader = Reader::new(&*file).expect("a whole section");
    let mut number = 0;
    for written in frames {
        number += 1;
        let read = reader.next_frame().expect("as many frames as were written");
        assert_eq!(read.at.number(), number);
        let facts = |frame: &Frame<'_>| (frame.time, frame.link, frame.wire_len);
        assert_eq!((facts(&read), read.bytes), (facts(&written), written.bytes));
    }
    assert!(reader.next_frame().is_none());
});
