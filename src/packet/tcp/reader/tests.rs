//! Feeds a reader without a connection around it.

use super::*;
use crate::net::{Origin, Transport};
use crate::packet::event::Event;
use crate::packet::meta::Ports;
use crate::packet::testkit;

#[test]
fn version_is_found_across_chunks() {
    let text = b"REGISTER sip:a SSIP/2.0\r\n";
    for cut in 0..text.len() {
        let mut matched = 0;
        let (head, tail) = text.split_at(cut);
        assert!(has_version(&mut matched, head) || has_version(&mut matched, tail), "{cut}");
    }
    assert!(!has_version(&mut 0, b"HTTP/1.1 SIP/1.0"));
}

#[test]
fn plaintext_of_tls_is_read_as_tcp_is() {
    let meta = testkit::meta(0);
    let ports = Ports { src: 40_000, dst: 5061 };
    let ciphered = meta.origin(Transport::Tcp, ports, None);
    let origin = Origin { transport: Transport::Tls, ..ciphered };
    let (limits, mut stats, mut next_stream) = (Limits::default(), Stats::default(), 0);
    let mut seen = Vec::new();
    let mut sink = |event: Event<'_>| match event {
        Event::Stream(chunk) => seen.push((chunk.origin.transport, chunk.bytes.to_vec())),
        Event::Datagram { origin, bytes } => seen.push((origin.transport, bytes.to_vec())),
        other => panic!("{other:?}"),
    };
    let mut hep = Hep::default();
    let (next_stream, hep, sink) = (&mut next_stream, &mut hep, &mut sink);
    let keys = &mut KeyLog::new();
    let mut desk = Desk { limits: &limits, stats: &mut stats, next_stream, hep, keys, sink };
    let upgrade = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    let sip = b"OPTIONS sip:a SIP/2.0\r\n";
    let frame = [&[0x81, sip.len() as u8], &sip[..]].concat();
    for plain in [&[&sip[..]][..], &[upgrade, &frame]] {
        let mut reader = Reader::default();
        let records = &[23, 3, 3, 0, 2, 9, 9];
        let run = Run { bytes: records, lost_before: 0, origin: &ciphered, end: false };
        assert!(reader.read(&run, true, &mut desk).is_some());
        for bytes in plain {
            let run = Run { bytes, origin: &origin, ..run };
            reader.plaintext(&run, true, &mut desk);
        }
        reader.finish(0, &mut desk);
    }
    let (text, end) = (sip.to_vec(), Vec::new());
    let expected = [(Transport::Tls, text.clone()), (Transport::Tls, end), (Transport::Wss, text)];
    assert_eq!(seen, expected);
}
