//! Feeds one TLS connection, with a key log, in any pieces and with any losses: nothing may panic, and
//! no plaintext may come out that is longer than what went in.
//!
//! Input: length of the key log (2 bytes, big-endian), the key log, then segments of 3 bytes each and
//! their data: flags (bit 0 from the server, bit 1 lost, bit 2 three seconds later, bit 3 the key log
//! comes only now), length (2 bytes).
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp, Transport};
use regscope::packet::{Decoder, Event, KeyLog, Limits};

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const RAW: LinkType = LinkType(101);

fn packet(from_server: bool, seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
    let total = (40 + payload.len()) as u16;
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
    let (src, dst) = if from_server { (2, 1) } else { (1, 2) };
    bytes.extend_from_slice(&[192, 0, 2, src, 192, 0, 2, dst]);
    let (from, to) = if from_server { (5061_u16, 40_000_u16) } else { (40_000, 5061) };
    bytes.extend_from_slice(&from.to_be_bytes());
    bytes.extend_from_slice(&to.to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend_from_slice(payload);
    bytes
}

/// Counts what was opened.
fn count(event: &Event<'_>, opened: &mut usize) {
    let (origin, bytes) = match event {
        Event::Stream(chunk) => (chunk.origin, chunk.bytes),
        Event::Datagram { origin, bytes } => (*origin, *bytes),
        _ => return,
    };
    // compressed WebSocket messages grow
    *opened += if origin.transport == Transport::Tls { bytes.len() } else { 0 };
}

fuzz_target!(|data: &[u8]| {
    let Some((len, rest)) = data.split_first_chunk::<2>() else { return };
    let len = usize::from(u16::from_be_bytes(*len)).min(rest.len());
    let (log, mut rest) = rest.split_at(len);
    let late = rest.iter().any(|byte| byte & 8 != 0) && rest.first().is_some_and(|b| b & 16 != 0);
    let mut keys = KeyLog::new();
    if !late {
        keys.add(log);
    }
    let limits = Limits { tls_held_bytes: 4096, ..Limits::default() };
    let mut decoder = Decoder::with_keys(limits, keys);
    let mut seqs = [1000_u32, 1000];
    let (mut sent, mut opened, mut nanos, mut number) = (0, 0, 0, 0);
    let mut send = |decoder: &mut Decoder, opened: &mut usize, bytes: &[u8], pause: i64| {
        nanos += 1_000 + pause;
        number += 1;
        let frame = Frame {
            time: Timestamp::from_nanos(nanos),
            link: RAW,
            at: FrameRef::new(FileId(0), number),
            wire_len: bytes.len() as u32,
            bytes,
        };
        decoder.decode(&frame, &mut |event| count(&event, opened));
    };
    send(&mut decoder, &mut opened, &packet(false, 999, SYN, &[]), 0);
    send(&mut decoder, &mut opened, &packet(true, 999, SYN | ACK, &[]), 0);
    while let Some(([flags, high, low], behind)) = rest.split_first_chunk::<3>() {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(behind.len()).min(60_000);
        let (payload, next) = behind.split_at(len);
        rest = next;
        let from_server = flags & 1 != 0;
        let seq = seqs[usize::from(from_server)];
        seqs[usize::from(from_server)] = seq.wrapping_add(len as u32);
        sent += len;
        if flags & 8 != 0 {
            decoder.add_secrets(log, &mut |event| count(&event, &mut opened));
        }
        if flags & 2 == 0 {
            let pause = if flags & 4 != 0 { 3_000_000_000 } else { 0 };
            send(&mut decoder, &mut opened, &packet(from_server, seq, ACK, payload), pause);
        }
    }
    decoder.finish(&mut |event| count(&event, &mut opened));
    assert!(opened <= sent, "{opened} bytes out of {sent}");
});
