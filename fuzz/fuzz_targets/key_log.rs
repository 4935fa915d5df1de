//! Reads anything as a TLS key log, whole and in pieces: the same comes of both, every line is counted
//! once, and nothing of a secret is shown.
//!
//! Input: the size of the pieces, then the log.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use regscope::packet::KeyLog;

/// A log that comes in pieces; with pauses its end is met after each, as in one that still grows.
struct Pieces {
    bytes: Vec<u8>,
    place: usize,
    size: usize,
    pauses: bool,
    paused: bool,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.paused = self.pauses && !self.paused;
        if self.paused {
            return Ok(0);
        }
        let rest = &self.bytes[self.place..];
        let len = rest.len().min(self.size).min(room.len());
        room[..len].copy_from_slice(&rest[..len]);
        self.place += len;
        Ok(len)
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let mut bytes = bytes.to_vec();
    bytes.push(b'\n');
    let mut whole = KeyLog::new();
    whole.add(&bytes);
    let counts = whole.counts();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    // an empty line is counted only where there is something in it
    assert!(counts.secrets + counts.unused + counts.comments + counts.junk <= lines);
    let shown = format!("{whole:?}");
    assert!(shown.len() < 400, "{shown}");
    let size = usize::from(*size).max(bytes.len() / 16 + 1);
    let log = |pauses| Pieces { bytes: bytes.clone(), place: 0, size, pauses, paused: false };
    let mut pieces = KeyLog::new();
    pieces.follow(log(false)).expect("nothing fails in memory");
    assert_eq!(pieces.counts(), counts);
    let mut growing = KeyLog::new();
    growing.follow(log(true)).expect("nothing fails in memory");
    for _ in 0..=bytes.len() / size + 1 {
        let before = growing.counts().secrets;
        let more = growing.refresh().expect("nothing fails in memory");
        assert_eq!(more, growing.counts().secrets > before);
    }
    // a line whose beginning is a whole one already counts when it is met
    assert!(growing.counts().secrets >= counts.secrets);
});
