//! The stream framer: chunks, gaps, wrong lengths, other protocols.

use crate::sip::{FramerStats, StreamFramer};

use super::REGISTER;

/// What the framer hands on: raw bytes and whether the headers are cut.
fn run(chunks: &[(&[u8], u64)]) -> (Vec<(String, bool)>, FramerStats) {
    let mut framer = StreamFramer::new();
    let mut found = Vec::new();
    let mut sink = |message: crate::sip::Message<'_>| {
        found.push((String::from_utf8_lossy(message.raw()).into_owned(), message.is_cut()));
    };
    for (bytes, lost) in chunks {
        framer.push(bytes, *lost, &mut sink);
    }
    framer.end(&mut sink);
    assert_eq!(framer.pending(), 0);
    (found, framer.stats())
}

fn texts(found: &[(String, bool)]) -> Vec<&str> {
    found.iter().map(|(text, _)| text.as_str()).collect()
}

/// A MESSAGE that claims `length` bytes of body and has `body`.
fn with_body(length: &str, body: &str) -> String {
    format!("MESSAGE sip:a@h SIP/2.0\r\nTo: <sip:a@h>\r\nCSeq: 1 MESSAGE\r\n{length}\r\n{body}")
}

#[test]
fn whole_messages_are_never_copied() {
    let both = format!("{REGISTER}\r\n\r\n{}", with_body("l: 3\r\n", "abc"));
    let mut framer = StreamFramer::new();
    let range = both.as_bytes().as_ptr_range();
    let mut count = 0;
    framer.push(both.as_bytes(), 0, &mut |message| {
        assert!(range.contains(&message.raw().as_ptr()));
        count += 1;
    });
    assert_eq!((count, framer.pending()), (2, 0));
}

#[test]
fn every_split_gives_the_same_messages() {
    let body = with_body("l: 5\r\n", "\nabc\r");
    let stream = format!("\r\n{REGISTER}\r\n\r\n{body}\r\n{REGISTER}");
    for split in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(split);
        let (found, stats) = run(&[(head, 0), (tail, 0)]);
        assert_eq!(texts(&found), [REGISTER, &body, REGISTER], "{split}");
        let expected = FramerStats { messages: 3, ..FramerStats::default() };
        assert_eq!(stats, expected, "{split}");
    }
    let bytes: Vec<(&[u8], u64)> = stream.as_bytes().chunks(1).map(|byte| (byte, 0)).collect();
    assert_eq!(texts(&run(&bytes).0), [REGISTER, &body, REGISTER]);
}

#[test]
fn a_gap_ends_a_message_and_the_next_is_found() {
    let half = REGISTER.find("User-Agent").expect("a header");
    let (head, rest) = REGISTER.as_bytes().split_at(half + 8);
    let (found, stats) = run(&[(head, 0), (&rest[4..], 4), (REGISTER.as_bytes(), 0)]);
    assert_eq!(found.len(), 2);
    assert!(found[0].1 && !found[1].1);
    assert_eq!(found[1].0, REGISTER);
    let expected =
        FramerStats { messages: 2, cut: 1, bytes_skipped: rest.len() as u64 - 4, resyncs: 1 };
    assert_eq!(stats, expected);
    // a gap that ends where a message starts
    let (found, stats) = run(&[(&head[..30], 0), (REGISTER.as_bytes(), 100)]);
    assert_eq!((texts(&found), stats.bytes_skipped), (vec![REGISTER], 30));
    // a REGISTER is handed on as soon as it shows that it is one, even if its DN is unknown
    let (found, _) = run(&[(&head[..60], 0), (REGISTER.as_bytes(), 100)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].1 && !found[0].0.contains("To:"));
    // so is a response, even if its request is unknown: it may be the one that is waited for
    let answer = "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.97;bra";
    let (found, _) = run(&[(answer.as_bytes(), 0), (REGISTER.as_bytes(), 100)]);
    assert_eq!(found, [(answer.to_owned(), true), (REGISTER.to_owned(), false)]);
    // and the rest of a method's name is no method
    let (found, _) = run(&[(&REGISTER.as_bytes()[2..], 2), (REGISTER.as_bytes(), 0)]);
    assert_eq!(texts(&found), [REGISTER]);
}

#[test]
fn the_start_of_the_next_message_may_come_in_pieces() {
    let stream = format!("ody text\r\nREGISTER of deeds\r\nSIP/2.0/UDP\r\n{REGISTER}");
    for split in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(split);
        let (found, stats) = run(&[(b"", 9), (head, 0), (tail, 0)]);
        assert_eq!(texts(&found), [REGISTER], "{split}");
        assert_eq!(stats.bytes_skipped, (stream.len() - REGISTER.len()) as u64, "{split}");
    }
}

#[test]
fn wrong_lengths_cost_one_body_at_most() {
    let long = with_body("l: 60\r\n", "abc\r\n");
    let long_alone = with_body("l: 60\r\n", "");
    let short = with_body("l: 1\r\n", "a");
    let none = with_body("", "");
    let huge = with_body("l: 4000000000\r\n", "");
    let negative = with_body("l: -5\r\n", "");
    let cases: [(&str, String, &str); 7] = [
        ("too long", format!("{long}{REGISTER}"), &long),
        ("too long, no body", format!("{long_alone}{REGISTER}"), &long_alone),
        ("too short", format!("{short}bc\r\n{REGISTER}"), &short),
        ("none", format!("{none}{REGISTER}"), &none),
        ("none, yet a body", format!("{none}v=0\r\no=x\r\n{REGISTER}"), &none),
        ("beyond bounds", format!("{huge}{REGISTER}"), &huge),
        ("negative", format!("{negative}{REGISTER}"), &negative),
    ];
    for (name, stream, first) in cases {
        let (found, _) = run(&[(stream.as_bytes(), 0)]);
        assert_eq!(texts(&found), [first, REGISTER], "{name}");
        let bytes: Vec<(&[u8], u64)> =
            stream.as_bytes().chunks(7).map(|bytes| (bytes, 0)).collect();
        assert_eq!(texts(&run(&bytes).0), [first, REGISTER], "{name}, in pieces");
    }
    // a body that holds a message and has the length it claims is left alone
    let pasted = with_body(&format!("l: {}\r\n", REGISTER.len()), REGISTER);
    for stream in [pasted.clone(), format!("{pasted}\r\n"), format!("{pasted}{pasted}")] {
        for size in [1, 7, stream.len()] {
            let bytes: Vec<(&[u8], u64)> =
                stream.as_bytes().chunks(size).map(|bytes| (bytes, 0)).collect();
            assert!(run(&bytes).0.iter().all(|(text, _)| *text == pasted), "{size}");
        }
    }
    // the stream ends while the claimed body is waited for
    let stream = format!("{}{REGISTER}", with_body("l: 9999\r\n", ""));
    assert_eq!(run(&[(stream.as_bytes(), 0)]).0.len(), 2);
}

#[test]
fn other_protocols_are_skipped_and_not_kept() {
    let http = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let mut framer = StreamFramer::new();
    for bytes in [http.as_bytes(), &[0x16, 3, 1, 0, 200, 1][..], &vec![0xff; 70_000]] {
        framer.push(bytes, 0, &mut |_| panic!("no message"));
        assert!(framer.pending() < 100);
    }
    assert_eq!(framer.stats().resyncs, 1);
    let mut count = 0;
    framer.push(format!("\r\n{REGISTER}").as_bytes(), 0, &mut |_| count += 1);
    assert_eq!(count, 1);
}

#[test]
fn endless_heads_and_lines_are_bounded() {
    let mut framer = StreamFramer::new();
    let mut found = Vec::new();
    framer.push(b"REGISTER sip:h SIP/2.0\r\nTo: <sip:1@h>\r\nCSeq: 1 REGISTER\r\n", 0, &mut |_| ());
    for _ in 0..400 {
        let line = [b"X: ".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
        framer.push(&line, 0, &mut |message| found.push(message.is_cut()));
        assert!(framer.pending() <= 257 * 1024);
    }
    assert_eq!(found, [true]);
    let mut framer = StreamFramer::new();
    for _ in 0..100 {
        framer.push(&[b'A'; 1000], 0, &mut |_| panic!("no message"));
        assert!(framer.pending() <= 8 * 1024);
    }
}

#[test]
fn hostile_data_costs_no_more_than_its_length() {
    let versions = b"SIP/2.0 ".repeat(32 * 1024);
    let quotes = b"m: \\\"<,".repeat(32 * 1024);
    let blanks = vec![b' '; 256 * 1024];
    for noise in [versions, quotes, blanks] {
        let head = with_body("l: 200000\r\n", "").into_bytes();
        let stream = [&b"x\r\n"[..], &noise, b"\r\n", &head, &noise].concat();
        let (found, _) = run(&[(&stream, 1), (REGISTER.as_bytes(), 0)]);
        assert!(!found.is_empty());
    }
}
