//! Agreement with the strict parser on clean messages, and its opinion on the others.

use rsip::prelude::*;

use crate::sip::{Method, reason_phrase, strict_conformance};

use super::{REGISTER, message, with_headers};

#[test]
fn reads_what_the_strict_library_builds() {
    for number in 0..50_u32 {
        let user = format!("50{number:02}");
        let address = rsip::Uri {
            auth: Some((user.as_str(), None::<&str>).into()),
            scheme: Some(rsip::Scheme::Sip),
            host_with_port: ("pbx.example.com", 5070_u16).into(),
            ..rsip::Uri::default()
        };
        let headers: Vec<rsip::Header> = vec![
            rsip::headers::Via::new("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK7").into(),
            rsip::typed::To { display_name: None, uri: address.clone(), params: vec![] }.into(),
            rsip::typed::From {
                display_name: Some("Desk".into()),
                uri: address.clone(),
                params: vec![rsip::Param::Tag("t1".into())],
            }
            .into(),
            rsip::headers::CallId::new(format!("call{number}")).into(),
            rsip::typed::CSeq { seq: number, method: rsip::Method::Register }.into(),
            rsip::headers::Expires::from(number * 60).into(),
            rsip::headers::ContentLength::from(4).into(),
        ];
        let built = rsip::Request {
            method: rsip::Method::Register,
            uri: address,
            version: rsip::Version::V2,
            headers: headers.into(),
            body: b"\r\nab".to_vec(),
        };
        let bytes = built.to_string().into_bytes();
        let read = message(&bytes);
        let to = read.to().expect("To").uri;
        assert_eq!(
            (to.user, to.host, to.port),
            (Some(user.as_bytes()), &b"pbx.example.com"[..], Some(5070))
        );
        assert_eq!(read.from().and_then(|from| from.tag()), Some(&b"t1"[..]));
        assert_eq!(read.cseq().map(|c| (c.number, c.method)), Some((number, Method::Register)));
        assert_eq!(read.expires(), Some(number * 60));
        assert_eq!(read.top_via().and_then(|via| via.branch()), Some(&b"z9hG4bK7"[..]));
        assert_eq!(read.body(), b"\r\nab");
        assert_eq!(strict_conformance(&read), None);
    }
}

#[test]
fn a_refusal_is_a_short_safe_sentence() {
    assert_eq!(strict_conformance(&message(REGISTER.as_bytes())), None);
    let raw = with_headers(&[b"Subject: a\r\n \x1b[31mb", b"no colon"]);
    let reason = strict_conformance(&message(&raw)).expect("a refusal");
    assert!(!reason.is_empty() && !reason.contains('\u{1b}') && !reason.contains('\n'));
    assert!(reason.chars().count() < 1500, "{reason}");
}

#[test]
fn reason_phrases() {
    let cases = [(100, "Trying"), (200, "OK"), (302, "Moved Temporarily"), (401, "Unauthorized")];
    for (code, phrase) in cases {
        assert_eq!(reason_phrase(code), phrase);
    }
    let more = [(423, "Interval Too Brief"), (503, "Service Unavailable"), (603, "Decline")];
    for (code, phrase) in more {
        assert_eq!(reason_phrase(code), phrase);
    }
    for code in [0, 99, 299, 399, 499, 599, 699, 700, u16::MAX] {
        assert_eq!(reason_phrase(code), "");
    }
}
