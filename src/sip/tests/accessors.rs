//! Typed values, as the wire spells them.

use std::net::IpAddr;

use crate::sip::{Contact, Message, Method, NameAddr, Scheme, Uri, Via};

use super::{REGISTER, message, with_headers};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn the_values_of_an_ordinary_register() {
    let read = message(REGISTER.as_bytes());
    let from = read.from().expect("From");
    assert_eq!((from.display, from.tag()), (Some(&b"Front Desk"[..]), Some(&b"1928301774"[..])));
    let contact = *read.contacts().next().expect("Contact").address().expect("address");
    assert_eq!((contact.expires(), contact.reg_id()), (Some(3600), Some(1)));
    assert_eq!(contact.instance(), Some(&b"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"[..]));
    assert_eq!(contact.uri.param(b"transport"), Some(&b"udp"[..]));
    assert_eq!(contact.uri.host_ip(), "192.0.2.10".parse::<IpAddr>().ok());
    let cseq = read.cseq().expect("CSeq");
    assert_eq!((cseq.number, cseq.method), (314_159, Method::Register));
    let credentials = read.credentials().next().expect("credentials");
    assert_eq!((credentials.nc, credentials.proxy), (Some(10), false));
    assert_eq!(credentials.username, Some(&b"5001"[..]));
    assert_eq!(credentials.algorithm, Some(&b"MD5"[..]));
}

#[test]
fn users_of_uris() {
    type Case =
        (&'static str, Option<&'static str>, Option<&'static str>, &'static str, Option<u16>);
    let cases: [Case; 26] = [
        ("sip:5001@h", Some("5001"), None, "h", None),
        ("SIP:2@h:5070", Some("2"), None, "h", Some(5070)),
        ("sips:john.doe@h;lr", Some("john.doe"), None, "h", None),
        ("sip:+1415;phone-context=x@h", Some("+1415;phone-context=x"), None, "h", None),
        ("sip:u?x=y@h", Some("u?x=y"), None, "h", None),
        ("sip:a/b@h", Some("a/b"), None, "h", None),
        ("sip:%32%30@h", Some("%32%30"), None, "h", None),
        ("sip:user:pw:x@h:1", Some("user"), Some("pw:x"), "h", Some(1)),
        ("sip:bob@corp.example@h;x=1", Some("bob@corp.example"), None, "h", None),
        ("sip:50@h;x=a@b", Some("50"), None, "h", None),
        ("sip:50@h?Route=a@b", Some("50"), None, "h", None),
        ("sip:h", None, None, "h", None),
        ("sip:@h", None, None, "h", None),
        ("sip:h:5060;lr", None, None, "h", Some(5060)),
        ("sip:50@[2001:db8::1]:5061;a", Some("50"), None, "2001:db8::1", Some(5061)),
        ("sip:50@[2001:db8::1", Some("50"), None, "2001:db8::1", None),
        ("sip:50@2001:db8::1", Some("50"), None, "2001:db8::1", None),
        ("sip:50@h:0", Some("50"), None, "h", Some(0)),
        ("sip:50@h:99999", Some("50"), None, "h", None),
        ("sip:50@h:x", Some("50"), None, "h", None),
        ("sip: 50@h ", Some("50"), None, "h", None),
        ("tel:+1-201;phone-context=x", Some("+1-201"), None, "", None),
        ("5001@h", Some("5001"), None, "h", None),
        ("5001@h:5060", Some("5001"), None, "h", Some(5060)),
        ("im:bob@h", Some("bob"), None, "h", None),
        ("urn:service:sos", None, None, "service", None),
    ];
    for (raw, user, password, host, port) in cases {
        let uri = Uri::parse(raw.as_bytes()).expect(raw);
        let found = (uri.user.map(text), uri.password.map(text), text(uri.host), uri.port);
        assert_eq!(found, (user, password, host, port), "{raw}");
    }
    for raw in ["", "5001", "tel:", "a b"] {
        assert_eq!(Uri::parse(raw.as_bytes()), None, "{raw}");
    }
}

#[test]
fn uri_parameters_and_headers() {
    let uri = Uri::parse(b"sip:1@h;Transport=TCP;lr;ob?a=b&c=d").expect("a URI");
    assert_eq!(uri.param(b"transport"), Some(&b"TCP"[..]));
    assert!(uri.has_param(b"LR") && uri.param(b"lr").is_none() && !uri.has_param(b"x"));
    assert_eq!(uri.headers, Some(&b"a=b&c=d"[..]));
    let tel = Uri::parse(b"tel:+1;phone-context=x").expect("a URI");
    assert_eq!((tel.scheme, tel.param(b"phone-context")), (Scheme::Tel, Some(&b"x"[..])));
}

#[test]
fn same_and_different_uris() {
    let same = [
        ("sip:%61lice@h;transport=TCP", "sip:alice@H;Transport=tcp"),
        ("sip:carol@h", "sip:carol@h;newparam=5"),
        ("sip:carol@h;security=on", "sip:carol@h;newparam=5"),
        ("sip:b@h;a=1;lr", "sip:b@h;lr;a=1"),
        ("sip:b@h?a=1&b=2", "sip:b@h?b=2&a=1"),
        ("sip:b@[2001:db8::1]", "sip:b@[2001:db8:0::1]"),
        ("tel:+1-201-555", "tel:+1201555"),
    ];
    let different = [
        ("SIP:ALICE@h", "sip:alice@h"),
        ("sip:bob@h", "sip:bob@h:5060"),
        ("sip:bob@h", "sip:bob@h;transport=udp"),
        ("sip:bob@h:6000;transport=tcp", "sip:bob@h:6000"),
        ("sip:carol@h;security=on", "sip:carol@h;security=off"),
        ("sip:bob@h", "sips:bob@h"),
        ("sip:a%40b@h", "sip:a@b@h"),
        ("sip:bob@h?a=1", "sip:bob@h"),
        ("sip:bob:x@h", "sip:bob@h"),
        ("sip:h", "sip:bob@h"),
    ];
    let parse = |raw: &'static str| Uri::parse(raw.as_bytes()).expect(raw);
    for (a, b) in same {
        assert!(parse(a).same_as(&parse(b)) && parse(b).same_as(&parse(a)), "{a} {b}");
    }
    for (a, b) in different {
        assert!(!parse(a).same_as(&parse(b)) && !parse(b).same_as(&parse(a)), "{a} {b}");
    }
}

#[test]
fn addresses() {
    let cases: [(&str, Option<&str>, &str, Option<&str>); 14] = [
        ("<sip:1@h>;tag=a", None, "sip:1@h", Some("a")),
        ("sip:1@h;tag=a@b", None, "sip:1@h", Some("a@b")),
        ("sip:1@h ;\r\n tag = a", None, "sip:1@h", Some("a")),
        ("sip:1@h, sip:2@h", None, "sip:1@h", None),
        (
            "\"a <b>, \\\"c\\\"\" < sip:1@h > ; tag=a",
            Some("a <b>, \\\"c\\\""),
            "sip:1@h",
            Some("a"),
        ),
        ("A. B\r\n C <sip:1@h>", Some("A. B\r\n C"), "sip:1@h", None),
        ("Smith, John <sip:1@h>", Some("Smith, John"), "sip:1@h", None),
        ("\"open <sip:1@h>;tag=a", Some("\"open"), "sip:1@h", Some("a")),
        ("<sip:1@h;tag=a", None, "sip:1@h;tag=a", None),
        ("Bob sip:1@h;tag=a", Some("Bob"), "sip:1@h", Some("a")),
        ("\"\" <sip:1@h>", None, "sip:1@h", None),
        ("<sip:1@h;lr>;x=\";tag=no\";tag=a", None, "sip:1@h;lr", Some("a")),
        ("<tel:+1;phone-context=x>", None, "tel:+1;phone-context=x", None),
        ("<sip:1@h?Route=%3Csip:h%3E>", None, "sip:1@h?Route=%3Csip:h%3E", None),
    ];
    for (raw, display, uri, tag) in cases {
        let read = NameAddr::parse(raw.as_bytes()).expect(raw);
        let found = (read.display.map(text), text(read.uri.raw), read.tag().map(text));
        assert_eq!(found, (display, uri, tag), "{raw}");
    }
    for raw in ["", "*", "<>", "\"x\"", "nothing", "\" <"] {
        assert_eq!(NameAddr::parse(raw.as_bytes()), None, "{raw}");
    }
}

#[test]
fn contacts_from_lists_and_repeated_headers() {
    let raw = with_headers(&[
        b"Contact: \"desk, 2nd floor\" <sip:1@h>;expires=60, <sip:2,x@h>;q=0.5 ,, sip:3@h;expires=9",
        b"m: *",
        b"Contact:",
        b"m : \"un <sip:4@h>, <sip:5@h",
    ]);
    let read = message(&raw);
    let found: Vec<_> = read
        .contacts()
        .map(|contact| match contact {
            Contact::Star => ("*", None),
            Contact::Address(address) => (text(address.uri.raw), address.expires()),
        })
        .collect();
    let expected = [
        ("sip:1@h", Some(60)),
        ("sip:2,x@h", None),
        ("sip:3@h", Some(9)),
        ("*", None),
        ("sip:4@h", None),
        ("sip:5@h", None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn numbers() {
    let cases: [(&str, Option<u32>); 12] = [
        ("3600", Some(3600)),
        (" 3600 ", Some(3600)),
        ("3600;x=y", Some(3600)),
        ("3600 (in a meeting)", Some(3600)),
        ("0", Some(0)),
        ("007", Some(7)),
        ("4294967295", Some(u32::MAX)),
        ("99999999999999999999999999", Some(u32::MAX)),
        ("-1", None),
        ("", None),
        ("x", None),
        ("Thu, 01 Dec 1994 16:00:00 GMT", None),
    ];
    for (value, expected) in cases {
        let raw = with_headers(&[
            format!("Expires: {value}").as_bytes(),
            format!("Min-Expires: {value}").as_bytes(),
            format!("Retry-After: {value}").as_bytes(),
        ]);
        let read = message(&raw);
        let found = [read.expires(), read.min_expires(), read.retry_after()];
        assert_eq!(found, [expected; 3], "{value}");
    }
    let contact = NameAddr::parse(b"<sip:1@h>;expires=\"60\"").expect("an address");
    assert_eq!(contact.expires(), Some(60));
}

#[test]
fn cseqs() {
    let cases: [(&str, Option<(u32, Method<'_>)>); 7] = [
        ("1 REGISTER", Some((1, Method::Register))),
        ("0009\t  INVITE ", Some((9, Method::Invite))),
        ("36893488147419103232 REGISTER", Some((u32::MAX, Method::Register))),
        ("1 register", Some((1, Method::Other(b"register")))),
        ("1", Some((1, Method::Other(b"")))),
        ("REGISTER", None),
        ("-1 REGISTER", None),
    ];
    for (value, expected) in cases {
        let raw = format!("SIP/2.0 200 OK\r\nCSeq: {value}\r\n\r\n");
        let read = Message::parse(raw.as_bytes(), false).expect("a message");
        assert_eq!(read.cseq().map(|cseq| (cseq.number, cseq.method)), expected, "{value}");
        assert_eq!(read.method(), expected.map(|(_, method)| method), "{value}");
    }
}

#[test]
fn vias() {
    let raw = with_headers(&[
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=198.51.100.1;rport=4000",
        b"v:  SIP  / 2.0\r\n / TCP   h.example: 4000 ;ttl=1 , SIP/2.0/WSS x.invalid;rport;branch=b",
        b"Via: SIP/2.0/TLS [2001:db8::1];branch=\"q;r\"",
        b"Via: nonsense, SIP/2.0/UDP",
    ]);
    let read = message(&raw);
    let found: Vec<_> =
        read.vias().map(|via| (text(via.transport), text(via.host), via.port)).collect();
    let expected = [
        ("UDP", "192.0.2.1", Some(5060)),
        ("TCP", "h.example", Some(4000)),
        ("WSS", "x.invalid", None),
        ("TLS", "2001:db8::1", None),
    ];
    assert_eq!(found, expected);
    let rports: Vec<_> = read.vias().map(|via| via.rport()).collect();
    assert_eq!(rports, [Some(Some(4000)), None, Some(None), None]);
    let top = read.top_via().expect("a Via");
    assert_eq!(
        (top.branch(), top.received()),
        (Some(&b"z9hG4bK1"[..]), Some(&b"198.51.100.1"[..]))
    );
    assert_eq!(read.vias().nth(3).and_then(|via| via.branch()), Some(&b"q;r"[..]));
    assert_eq!(Via::parse(b""), None);
}

#[test]
fn challenges() {
    let raw = with_headers(&[
        b"WWW-Authenticate: Digest realm=\"a, b\", nonce=\"n1\", qop=\"auth,auth-int\", stale=TRUE, \
          algorithm=SHA-256, Digest realm = \"c\" , nonce=n2,algorithm=AKAv1-MD5, stale=false",
        b"Proxy-Authenticate: digest\r\n  realm=\"p\" nonce=\"n3\", opaque=\"\"",
        b"WWW-Authenticate: Basic realm=\"b\"",
        b"WWW-Authenticate: Negotiate",
    ]);
    let read = message(&raw);
    let found: Vec<_> = read
        .challenges()
        .map(|c| (c.proxy, text(c.scheme), c.realm.map(text), c.nonce.map(text), c.stale))
        .collect();
    let expected = [
        (false, "Digest", Some("a, b"), Some("n1"), true),
        (false, "Digest", Some("c"), Some("n2"), false),
        (true, "digest", Some("p"), Some("n3"), false),
        (false, "Basic", Some("b"), None, false),
        (false, "Negotiate", None, None, false),
    ];
    assert_eq!(found, expected);
    let first = read.challenges().next().expect("a challenge");
    assert_eq!((first.qop, first.is_digest()), (Some(&b"auth,auth-int"[..]), true));
    let algorithms: Vec<_> = read.challenges().filter_map(|c| c.algorithm.map(text)).collect();
    assert_eq!(algorithms, ["SHA-256", "AKAv1-MD5"]);
    assert_eq!(read.challenges().nth(2).and_then(|c| c.opaque), Some(&b""[..]));
}

#[test]
fn credentials() {
    let raw = with_headers(&[
        b"Authorization: DIGEST username = \"50\\\"01\" ,realm=my realm, uri=\"sip:h;a=b,c\", nc=1F, \
          response=\"\", nonce=\"open",
        b"Proxy-Authorization: NoOneKnowsThisScheme opaque-data=here",
        b"Authorization: username=\"x\"",
        b"Authorization: \"\" ,= , =",
    ]);
    let read = message(&raw);
    let all: Vec<_> = read.credentials().collect();
    let [digest, unknown, unnamed] = all[..] else { panic!("{all:?}") };
    assert!(digest.is_digest() && !digest.proxy && unknown.proxy);
    assert_eq!(digest.username, Some(&b"50\\\"01"[..]));
    assert_eq!((digest.realm, digest.uri), (Some(&b"my realm"[..]), Some(&b"sip:h;a=b,c"[..])));
    assert_eq!((digest.nc, digest.response), (Some(31), Some(&b""[..])));
    assert_eq!(unknown.scheme, b"NoOneKnowsThisScheme");
    assert_eq!((unnamed.scheme, unnamed.username), (&b""[..], Some(&b"x"[..])));
}
