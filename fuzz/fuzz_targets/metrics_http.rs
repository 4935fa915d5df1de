//! Asks for metrics with anything, in any pieces: at most one answer, the same whatever the pieces, and
//! an end.
//!
//! Input: the size of the parts the bytes come in, then the bytes.
#![no_main]

use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use regscope::metrics::{Answer, Connection, ExporterLimits, Request, Step};

const BODY: &[u8] = b"regscope_dns 1\n";

/// A client that sends its bytes in parts, with a pause after each, and takes a few bytes at a time.
struct Client<'b> {
    parts: std::slice::Chunks<'b, u8>,
    rest: &'b [u8],
    pauses: bool,
    answer: Vec<u8>,
}

impl Read for Client<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.pauses = !self.pauses;
            if self.pauses {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.rest = self.parts.next().unwrap_or_default();
        }
        let len = room.len().min(self.rest.len());
        let (now, rest) = self.rest.split_at(len);
        room[..len].copy_from_slice(now);
        self.rest = rest;
        Ok(len)
    }
}

impl Write for Client<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(7);
        self.answer.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was understood of a request, and all that was sent back.
fn asked(bytes: &[u8], size: usize) -> (Option<String>, Vec<u8>) {
    let limits = ExporterLimits::default();
    let client =
        Client { parts: bytes.chunks(size), rest: &[], pauses: false, answer: Vec::new() };
    let mut connection = Connection::new(client, Instant::now());
    let mut understood = None;
    for _ in 0..2 * bytes.len() + 16 {
        let step = connection.go_on(
            &limits,
            &mut |request: Request<'_>| {
                assert!(understood.is_none(), "answered twice");
                understood = Some(format!("{request:?}"));
                let head_only = matches!(request, Request::Whole("HEAD", _));
                Answer { status: "200 OK", content_type: "text/plain", body: BODY.into(), head_only }
            },
            &|_| {},
        );
        if step != Step::Wait {
            return (understood, connection.stream.answer);
        }
    }
    panic!("no end");
}

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let (understood, answer) = asked(bytes, usize::from(*size).max(1));
    assert_eq!(understood.is_some(), answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answer.len() < 1024);
    let is_head = understood.as_ref().is_some_and(|text| text.starts_with("Whole(\"HEAD\""));
    assert_eq!(answer.ends_with(BODY), understood.is_some() && !is_head);
    if bytes.len() < ExporterLimits::default().request {
        assert_eq!(asked(bytes, bytes.len().max(1)).0, understood);
    }
});
