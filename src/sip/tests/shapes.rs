//! The shapes a message may take: line ends, folds, names, cuts, start lines, bodies.

use crate::sip::{HeaderName, Message, Method, StartLine, datagram, unfold};

use super::{REGISTER, message, with_headers};

#[test]
fn reads_an_ordinary_register() {
    let read = message(REGISTER.as_bytes());
    assert_eq!(read.raw(), REGISTER.as_bytes());
    assert_eq!(
        *read.start(),
        StartLine::Request { method: Method::Register, uri: b"sip:pbx.example.com" }
    );
    assert_eq!(read.headers().count(), 11);
    assert!(read.headers_complete() && !read.is_cut() && !read.ended_without_blank_line());
    assert_eq!(read.first(HeaderName::MaxForwards), Some(&b"70"[..]));
}

#[test]
fn every_line_end_reads_the_same() {
    for end in ["\n", "\r", "\r\r\n"] {
        let text = REGISTER.replace("\r\n", end);
        let read = message(text.as_bytes());
        let expected: Vec<_> =
            message(REGISTER.as_bytes()).headers().map(|h| (h.name, h.value)).collect();
        let found: Vec<_> = read.headers().map(|h| (h.name, h.value)).collect();
        if end == "\r\r\n" {
            // a blank line looks like a doubled CR; the headers are all there
            assert_eq!(found, expected, "{end:?}");
            continue;
        }
        assert!(!read.ended_without_blank_line(), "{end:?}");
        assert_eq!(found, expected, "{end:?}");
    }
}

#[test]
fn headers_keep_order_and_spelling() {
    let text = with_headers(&[
        b"tO \t:  <sip:1@h>  ",
        b"i: one",
        b"no colon here",
        b": no name",
        b"X-\xff\x00: caf\xe9\x00",
        b"SUBJECT: a\r\n\t  b\r\n c ",
        b"Call-Id : two",
        b"Empty:",
    ]);
    let read = message(&text);
    let found: Vec<_> = read.headers().map(|h| (h.id, h.name, h.value)).collect();
    let expected: [(HeaderName, &[u8], &[u8]); 6] = [
        (HeaderName::To, b"tO", b"<sip:1@h>"),
        (HeaderName::CallId, b"i", b"one"),
        (HeaderName::Other, b"X-\xff\x00", b"caf\xe9\x00"),
        (HeaderName::Subject, b"SUBJECT", b"a\r\n\t  b\r\n c"),
        (HeaderName::CallId, b"Call-Id", b"two"),
        (HeaderName::Other, b"Empty", b""),
    ];
    assert_eq!(found, expected);
    assert_eq!(unfold(expected[3].2).as_ref(), b"a b c");
    assert_eq!(read.all(HeaderName::CallId).collect::<Vec<_>>(), [&b"one"[..], b"two"]);
    assert_eq!(read.call_id(), Some(&b"one"[..]));
}

#[test]
fn more_headers_than_fit_in_place() {
    let line = b"Via: SIP/2.0/UDP h;branch=1".as_slice();
    let text = with_headers(&[line; 100]);
    assert_eq!(message(&text).vias().count(), 100);
}

#[test]
fn start_lines() {
    let accepted: [(&str, Option<u16>); 14] = [
        ("REGISTER sip:r SIP/2.0", None),
        ("REGISTER  sip:r  SIP/2.0  ", None),
        ("REGISTER sip:r sip/2.0", None),
        ("REGISTER\tsip:r\tSIP/2.0", None),
        ("REGISTER sip:a b;lr SIP/2.0", None),
        ("REGISTER sip:[2001:db8::1]:5060?a=b SIP/2.0", None),
        ("REGISTER <sip:r> SIP/2.0", None),
        ("FOO.bar! tel:+1 SIP/2.0", None),
        ("\r\n\r\n \0REGISTER sip:r SIP/2.0", None),
        ("SIP/2.0 200 OK", Some(200)),
        ("SIP/2.0 200", Some(200)),
        ("SIP/2.0 200 ", Some(200)),
        ("SIP/2.0  699  \u{1F600} so it is", Some(699)),
        ("sip/2.0 401 Unauthorized", Some(401)),
    ];
    for (line, code) in accepted {
        let text = format!("{line}\r\nTo: <sip:1@h>\r\n\r\n");
        let read = Message::parse(text.as_bytes(), false).expect(line);
        assert_eq!(read.code(), code, "{line}");
        assert!(read.to().is_some(), "{line}");
    }
    let refused = [
        "GET / HTTP/1.1",
        "HTTP/1.1 200 OK",
        "RTSP/1.0 200 OK",
        "DESCRIBE rtsp://h/x RTSP/1.0",
        "REGISTER sip:r",
        "REGISTER SIP/2.0",
        "REGISTER sip:r SIP/7.0",
        "REGISTER sip:r SIP/2.0x",
        "REGISTER sip:rSIP/2.0",
        "RE GISTER: x",
        "R\u{e9}GISTER sip:r SIP/2.0",
        "SIP/2.0 2000 OK",
        "SIP/2.0 20 OK",
        "SIP/2.0 099 OK",
        "SIP/2.0 2x0 OK",
        "SIP/2.0200 OK",
        "SIP/2.0/UDP h",
        "junk\r\nREGISTER sip:r SIP/2.0",
        "",
        "\r\n\r\n",
        "\0\0\0\0",
    ];
    for line in refused {
        let text = format!("{line}\r\nTo: <sip:1@h>\r\n\r\n");
        assert!(Message::parse(text.as_bytes(), false).is_none(), "{line}");
    }
    let long = format!("{} sip:r SIP/2.0\r\n\r\n", "M".repeat(65));
    assert!(Message::parse(long.as_bytes(), false).is_none());
}

#[test]
fn every_cut_of_a_message_yields_whole_values_only() {
    let whole = message(REGISTER.as_bytes());
    let values: Vec<_> = whole.headers().map(|h| (h.name, h.value)).collect();
    let first_line = REGISTER.find("\r\n").expect("a line end");
    for length in 0..REGISTER.len() {
        let bytes = &REGISTER.as_bytes()[..length];
        let Some(read) = Message::parse(bytes, true) else {
            assert!(length < first_line, "{length}");
            continue;
        };
        let found: Vec<_> = read.headers().map(|h| (h.name, h.value)).collect();
        assert_eq!(found, values[..found.len()], "{length}");
        // the lone CR of the blank line is a line end too
        assert_eq!(read.is_cut(), length < REGISTER.len() - 1, "{length}");
    }
}

#[test]
fn a_cut_line_is_no_value() {
    let text = b"REGISTER sip:r SIP/2.0\r\nCSeq: 1 REGISTER\r\nTo: <sip:50";
    let read = Message::parse(text, true).expect("a message");
    assert!(read.is_cut() && !read.headers_complete());
    assert_eq!((read.to(), read.cut_line()), (None, Some(&b"To: <sip:50"[..])));
    let whole = Message::parse(text, false).expect("a message");
    assert!(whole.ended_without_blank_line() && whole.headers_complete() && !whole.is_cut());
    assert_eq!(whole.first(HeaderName::To), Some(&b"<sip:50"[..]));
    let folded = b"REGISTER sip:r SIP/2.0\r\nTo:\r\n <sip:50";
    assert!(Message::parse(folded, true).is_some_and(|read| read.to().is_none()));
}

#[test]
fn datagrams() {
    let one = "MESSAGE sip:a@h SIP/2.0\r\nCall-ID: 1\r\n";
    let two = "SIP/2.0 200 OK\r\nCall-ID: 2\r\nContent-Length: 0\r\n\r\n";
    let cases: [(&str, String, &[&str]); 10] = [
        ("body by length", format!("{one}l: 3\r\n\r\nabc"), &["abc"]),
        ("body without length", format!("{one}\r\nabc"), &["abc"]),
        ("length too large", format!("{one}l: 99999999999999999999\r\n\r\nabc"), &["abc"]),
        ("length negative", format!("{one}l: -1\r\n\r\nabc"), &["abc"]),
        ("length too small", format!("{one}l: 2\r\n\r\nabc"), &["ab"]),
        ("two by length", format!("\r\n\r\n{one}l: 3\r\n\r\nabc\r\n{two}"), &["abc", ""]),
        ("two, first without length", format!("{one}\r\n{two}"), &["", ""]),
        ("two, length reaches too far", format!("{one}l: 900\r\n\r\nabc\n{two}"), &["abc\n", ""]),
        ("two without blank line", format!("{one}{two}"), &["", ""]),
        ("a message within", format!("{one}c: message/sip\r\n\r\n{two}"), &[two]),
    ];
    for (name, text, bodies) in cases {
        let found: Vec<_> = datagram(text.as_bytes(), false)
            .map(|read| String::from_utf8_lossy(read.body()).into_owned())
            .collect();
        assert_eq!(found, bodies, "{name}");
    }
    let cut = format!("{one}l: 90\r\n\r\nabc");
    let read = Message::parse(cut.as_bytes(), true).expect("a message");
    assert!(read.headers_complete() && !read.is_cut() && read.body_is_cut());
}
