//! Cases of the torture test messages of RFC 4475, registrations above all.

use crate::sip::{Contact, HeaderName, Message, Method, datagram};

use super::message;

fn contact_users(read: &Message<'_>) -> Vec<Vec<u8>> {
    let addresses = read.contacts().filter_map(|contact| contact.address().copied());
    addresses.filter_map(|address| address.uri.user.map(<[u8]>::to_vec)).collect()
}

/// A REGISTER with the fields every one of these messages has, and `lines` more.
fn register(lines: &str) -> String {
    format!(
        "REGISTER sip:example.com SIP/2.0\r\n\
         To: sip:j.user@example.com\r\nFrom: sip:j.user@example.com;tag=8\r\n\
         Max-Forwards: 70\r\nCall-ID: torture@192.0.2.1\r\nCSeq: 9 REGISTER\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw\r\n{lines}\r\n"
    )
}

/// RFC 4475 §3.1.1.1: white space everywhere it is allowed.
#[test]
fn a_short_tortuous_request() {
    let raw = b"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
        TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
        from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
        MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\n\
        Content-Length   : 5\r\ncseq: 0009\r\n  INVITE\r\n\
        Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n\
        UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n\
        v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n \
        SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
        m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  \
        secondparam ; q = 0.33\r\n\r\nv=0\r\n";
    let read = message(raw);
    assert_eq!(read.to().and_then(|to| to.tag()), Some(&b"1918181833n"[..]));
    let from = read.from().expect("From");
    assert_eq!(from.display, Some(&b"J Rosenberg \\\\\\\""[..]));
    assert_eq!((from.uri.user, from.tag()), (Some(&b"jdrosen"[..]), Some(&b"98asjd8"[..])));
    assert_eq!(read.cseq().map(|c| (c.number, c.method)), Some((9, Method::Invite)));
    let branches: Vec<_> = read.vias().filter_map(|via| via.branch()).collect();
    assert_eq!(branches, [&b"390skdjuw"[..], b"z9hG4bK9ikj8", b"z9hG4bK30239"]);
    let hosts: Vec<_> = read.vias().map(|via| via.host).collect();
    assert_eq!(hosts, [&b"192.0.2.2"[..], b"spindle.example.com", b"192.168.255.111"]);
    let contact = *read.contacts().next().expect("one").address().expect("an address");
    assert_eq!(
        (contact.q(), contact.param(b"newparam")),
        (Some(&b"0.33"[..]), Some(&b"newvalue"[..]))
    );
    assert!(contact.has_param(b"secondparam"));
    assert_eq!(read.body(), b"v=0\r\n");
}

/// RFC 4475 §3.1.1.4 to §3.1.1.7: escapes in URIs, methods and header names stay as they are.
#[test]
fn escapes_mean_nothing_outside_uris() {
    let text = register(
        "Contact: <sip:%00@h>\r\nContact: <sip:%00%00@h>\r\nC%6Fntact: <sip:no@h>\r\n\
         Contact: sip:user;par=u%40example.net@example.com\r\nL:0\r\n",
    );
    let read = message(text.as_bytes());
    // without brackets the semicolon ends the URI, and so leaves no user
    assert_eq!(contact_users(&read), [&b"%00"[..], b"%00%00"]);
    assert_eq!(read.content_length(), Some(0));
    let raw = b"RE%47IST%45R sip:h SIP/2.0\r\nCSeq: 1 RE%47IST%45R\r\n\r\n";
    let read = message(raw);
    assert_eq!(read.method(), Some(Method::Other(b"RE%47IST%45R")));
    assert_eq!(read.cseq().map(|cseq| cseq.method), read.method());
}

/// RFC 4475 §3.1.1.8: extra octets after a message are another message.
#[test]
fn two_messages_in_one_datagram() {
    let first = register("I: dblreq\r\nContact: sip:j.user@host\r\nContent-Length: 0\r\n");
    let text =
        format!("{first}\r\nINVITE sip:joe@h SIP/2.0\r\nt: sip:joe@h\r\nl: 5\r\n\r\nv=0\r\n");
    let methods: Vec<_> = datagram(text.as_bytes(), false).map(|m| m.method()).collect();
    assert_eq!(methods, [Some(Method::Register), Some(Method::Invite)]);
}

/// RFC 4475 §3.1.2.4, §3.1.2.5: numbers beyond all bounds.
#[test]
fn scalars_out_of_range() {
    let text = register(
        "Expires: 10000000000000000000000000000000000000000\r\n\
         Contact: <sip:user@h>\r\n  ;expires=280297596632815\r\nContent-Length: 0\r\n",
    )
    .replace("CSeq: 9", "CSeq: 36893488147419103232");
    let read = message(text.as_bytes());
    assert_eq!(read.cseq().map(|cseq| cseq.number), Some(u32::MAX));
    assert_eq!(read.expires(), Some(u32::MAX));
    let contact = *read.contacts().next().expect("one").address().expect("an address");
    assert_eq!(contact.expires(), Some(u32::MAX));
}

/// RFC 4475 §3.1.2.8, §3.1.2.16, §3.1.2.18: start lines with too much or too little in them.
#[test]
fn odd_start_lines() {
    let accepted: [&[u8]; 4] = [
        b"INVITE  sip:user@example.com  SIP/2.0\r\n\r\n",
        b"INVITE sip:user@example.com; lr SIP/2.0\r\n\r\n",
        b"OPTIONS sip:remote-target@example.com SIP/2.0  \r\n\r\n",
        b"SIP/2.0 100 \r\n\r\n",
    ];
    for text in accepted {
        assert!(Message::parse(text, false).is_some(), "{text:?}");
    }
    let refused: [&[u8]; 2] = [
        b"OPTIONS sip:t.watson@example.org SIP/7.0\r\n\r\n",
        b"SIP/2.0 4294967301 better not break the receiver\r\n\r\n",
    ];
    for text in refused {
        assert!(Message::parse(text, false).is_none(), "{text:?}");
    }
}

/// RFC 4475 §3.1.1.12, §3.1.2.14, §3.3.8, §3.3.12, §3.3.14, §3.3.15: REGISTERs with odd fields.
#[test]
fn registers_with_odd_fields() {
    let cases: [(&str, &[&[u8]]); 5] = [
        ("Contact: sip:+19725552222@gw1.example.net;unknownparam\r\n", &[b"+19725552222"]),
        ("Contact: <sip:+19725552222@gw1.example.net;unknownparam>\r\n", &[b"+19725552222"]),
        ("M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\r\n", &[b"user"]),
        ("Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\r\n", &[b"user"]),
        ("Contact: <sip:j.user@h>\r\nAuthorization: NoOneKnowsThisScheme a=b\r\n", &[b"j.user"]),
    ];
    for (lines, users) in cases {
        let text = register(lines);
        let read = message(text.as_bytes());
        assert_eq!(read.to().and_then(|to| to.uri.user), Some(&b"j.user"[..]), "{lines}");
        assert_eq!(contact_users(&read), users, "{lines}");
    }
    let text = register("Contact: sip:a@h;unknownparam\r\n");
    let read = message(text.as_bytes());
    let Some(Contact::Address(contact)) = read.contacts().next() else { panic!("an address") };
    assert!(contact.has_param(b"unknownparam") && !contact.uri.has_param(b"unknownparam"));
    let text = register("Require: nothingSupportsThis, nothingSupportsThisEither\r\n");
    let read = message(text.as_bytes());
    assert!(read.first(HeaderName::Require).is_some_and(|value| value.contains(&b',')));
}
