//! Reads anything as a log: carriers, dialects, clocks, following and reading again.
//!
//! Input: how the log comes (1 byte: bit 0 follows it, bit 1 cuts it in two files, bits 2 to 7 the zone),
//! then its bytes. Lines must be counted in order, messages must be bounded and readable again without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::log::{Item, LogReader, Settings, could_be_log, lines_around, message_at};
use regscope::net::Timestamp;

fuzz_target!(|data: &[u8]| {
    let Some((how, bytes)) = data.split_first() else { return };
    let _ = could_be_log(bytes);
    let settings = Settings {
        zone: (how & 4 == 0).then_some(jiff::tz::TimeZone::UTC),
        now: Some(Timestamp::from_parts(1_796_040_000, 0)),
        name: String::from_utf8_lossy(bytes.get(..24).unwrap_or_default()).into_owned(),
        ..Settings::default()
    };
    let (first, second) = bytes.split_at(if how & 2 == 0 { bytes.len() } else { bytes.len() / 2 });
    let Ok(mut reader) = LogReader::open(first, &settings) else { return };
    reader.follow(how & 3 != 0);
    let mut places = Vec::new();
    take(&mut reader, &mut places);
    if how & 2 != 0 && reader.continue_with(second).is_ok() {
        take(&mut reader, &mut Vec::new());
    }
    reader.follow(false);
    take(&mut reader, &mut Vec::new());
    let profile = reader.profile().clone();
    for (line, offset) in places.into_iter().take(4) {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(first.len());
        let _ = message_at(&first[from..], &profile);
        let around = lines_around(first, line, 2).expect("bytes can be read");
        assert!(around.len() <= 5);
    }
});

/// Takes every item there is.
fn take(reader: &mut LogReader<&[u8]>, places: &mut Vec<(u64, u64)>) {
    let mut last = 0;
    while let Some(item) = reader.next().expect("bytes can be read") {
        match item {
            Item::Message(message) => {
                assert!(message.bytes.len() <= 3 * 64 * 1024);
                places.push((message.at.line, message.at.offset));
            }
            Item::Statement(statement) => {
                assert!(statement.text.len() <= 1024);
                assert!(statement.at.line >= last || statement.at.line > 0);
                last = statement.at.line;
            }
            Item::Said(said) => assert!(said.shape.len() <= 1024),
            Item::Time(_) => {}
        }
    }
}
