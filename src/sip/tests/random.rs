//! Properties that hold for any bytes and any chunking.

use proptest::prelude::*;

use crate::sip::{Message, StreamFramer, Uri, datagram};

use super::{REGISTER, read_all};

/// A message whose parts vary, framed by its Content-Length.
fn valid_message() -> impl Strategy<Value = Vec<u8>> {
    let user = "[a-z0-9.+;-]{1,12}";
    let body = proptest::collection::vec(any::<u8>(), 0..80);
    (any::<bool>(), user, 0_u32..9999, body, 0_usize..40, any::<bool>()).prop_map(
        |(request, user, number, body, extra, compact)| {
            let start = if request { "REGISTER sip:h SIP/2.0" } else { "SIP/2.0 200 OK" };
            let length = if compact { "l" } else { "Content-Length" };
            let filler = "X-Extra: a,\r\n\tb\r\n".repeat(extra);
            let mut text = format!(
                "{start}\r\nTo: <sip:{user}@h>\r\nCSeq: {number} REGISTER\r\n{filler}\
                 {length}: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            text.extend_from_slice(&body);
            text
        },
    )
}

/// What the framer makes of `bytes`, cut into chunks of the given lengths.
fn frame(bytes: &[u8], lengths: &[usize], lost: u64) -> Vec<Vec<u8>> {
    let mut framer = StreamFramer::new();
    let mut found = Vec::new();
    let mut rest = bytes;
    for length in lengths.iter().copied().chain(std::iter::repeat(usize::MAX)) {
        if rest.is_empty() {
            break;
        }
        let (chunk, left) = rest.split_at(length.clamp(1, rest.len()));
        let mut sink = |message: Message<'_>| {
            read_all(&message);
            found.push(message.raw().to_vec());
        };
        framer.push(chunk, if left.len() % 3 == 0 { lost } else { 0 }, &mut sink);
        rest = left;
    }
    framer.end(&mut |message| found.push(message.raw().to_vec()));
    found
}

/// Reads `bytes` by every function there is.
fn exercise(bytes: &[u8], lengths: &[usize]) {
    for cut in [false, true] {
        if let Some(message) = Message::parse(bytes, cut) {
            read_all(&message);
        }
        let mut total = 0;
        for message in datagram(bytes, cut) {
            read_all(&message);
            total += message.raw().len();
        }
        assert!(total <= bytes.len());
    }
    let _ = frame(bytes, lengths, 0);
    let _ = frame(bytes, lengths, 7);
}

/// The places of the parts of a message, in words.
fn places(bytes: &[u8], cut: bool) -> String {
    let Some(message) = Message::parse(bytes, cut) else { return String::new() };
    let headers: Vec<_> = message.places().collect();
    format!("{headers:?} {} {:?} {:?}", message.head().len(), message.cut_line(), message.is_cut())
}

proptest! {
    #[test]
    fn a_name_as_most_spell_it_is_read_as_in_any_case(
        lines in proptest::collection::vec(
            (
                prop_oneof!["Via", "To", "CSeq", "Call-ID", "Contact", "Proxy-Authorization", "WWW-Authenticate"],
                "(:|: |:  | : |:\t)",
                "[a-cä \t;:\r\x0c\x01]{0,20}",
                prop_oneof![8 => "\r\n", 1 => "(\n|\r|\r\r\n|\r\n |\r\n\t|\r\n\r\n|)"],
            ),
            0..12,
        ),
        cut in any::<bool>(),
        body in "(v=0|REGISTER sip:a SIP/2.0\r\n|a: b\r\n)?",
    ) {
        let text = |spell: fn(&str) -> String| {
            let mut text = b"REGISTER sip:a SIP/2.0\r\n".to_vec();
            for (name, colon, value, end) in &lines {
                text.extend_from_slice(spell(name).as_bytes());
                text.extend_from_slice(format!("{colon}{value}{end}").as_bytes());
            }
            text.extend_from_slice(b"\r\n");
            text.extend_from_slice(body.as_bytes());
            text
        };
        let (usual, odd) = (text(str::to_owned), text(str::to_lowercase));
        prop_assert_eq!(places(&usual, cut), places(&odd, cut));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        lengths in proptest::collection::vec(1_usize..90, 0..20),
    ) {
        exercise(&bytes, &lengths);
    }

    #[test]
    fn any_header_value_is_read_without_a_panic(
        value in "[ \t\r\n,;:<>@\"\\\\=a-c0-9*%?&/\\[\\]-]{0,60}",
    ) {
        for name in ["To", "Contact", "Via", "CSeq", "Expires", "WWW-Authenticate", "Authorization"] {
            exercise(format!("REGISTER sip:h SIP/2.0\r\n{name}: {value}\r\n\r\n").as_bytes(), &[]);
        }
        if let Some(uri) = Uri::parse(value.as_bytes()) {
            prop_assert!(uri.same_as(&uri) || uri.scheme == crate::sip::Scheme::Other);
        }
    }

    #[test]
    fn mutated_messages_are_read_without_a_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..12),
        lengths in proptest::collection::vec(1_usize..300, 0..8),
    ) {
        let mut bytes = format!("{REGISTER}\r\n{REGISTER}").into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        exercise(&bytes, &lengths);
    }

    #[test]
    fn any_chunking_gives_the_messages_that_were_sent(
        messages in proptest::collection::vec(valid_message(), 1..6),
        keep_alives in proptest::collection::vec(0_usize..3, 6),
        lengths in proptest::collection::vec(1_usize..120, 0..60),
    ) {
        let mut stream = Vec::new();
        for (message, keep_alives) in messages.iter().zip(&keep_alives) {
            stream.extend(b"\r\n\r\n".repeat(*keep_alives));
            stream.extend_from_slice(message);
        }
        prop_assert_eq!(&frame(&stream, &lengths, 0), &messages);
        let of_datagram: Vec<_> = datagram(&stream, false).map(|m| m.raw().to_vec()).collect();
        prop_assert_eq!(&of_datagram, &messages);
    }
}
