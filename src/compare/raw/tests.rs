use super::*;

const LEFT: &str = "REGISTER sip:lab SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n\
    v: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK9\r\n\
    From: \"5001\" <sip:5001@lab>;tag=a\r\nTo: <sip:5001@lab>\r\nCall-ID: a@x\r\n\
    CSeq: 1 REGISTER\r\nContact: <sip:5001@192.0.2.1:5060;ob>;expires=60\r\n\
    Authorization: Digest username=\"5001\", realm=\"lab\", nonce=\"n1\", uri=\"sip:lab\",\r\n \
    response=\"5ec7e7a\"\r\nUser-Agent: X\r\nExpires: 60\r\n\r\n";

const RIGHT: &str = "REGISTER sip:lab SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bK2\r\n\
    Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK8\r\n\
    f: \"5002\" <sip:5002@lab>;tag=b\r\nt: <sip:5002@lab>\r\ni: b@x\r\n\
    CSeq: 7 REGISTER\r\nContact: <sip:5002@192.0.2.2:5060>;expires=60;+sip.instance=\"<u>\"\r\n\
    Authorization: Digest username=\"5002\", realm=\"other\", nonce=\"n2\", uri=\"sip:lab\",\
    response=\"5ec7e7b\", algorithm=MD5\r\nSupported: path\r\nUser-Agent: X\r\n\r\n";

fn kind_of(pair: &RawPair, name: &str) -> Kind {
    pair.rows.iter().find(|r| r.name == name.as_bytes()).unwrap().kind
}

#[test]
fn headers_are_aligned_and_what_differs_anyway_is_expected() {
    let pair = raw(LEFT.as_bytes(), RIGHT.as_bytes()).unwrap();
    for (name, want) in [
        ("start line", Kind::Same),
        ("Via", Kind::Differs),
        ("From", Kind::Expected),
        ("To", Kind::Expected),
        ("Call-ID", Kind::Expected),
        ("CSeq", Kind::Expected),
        ("Contact", Kind::Differs),
        ("Authorization", Kind::Differs),
        ("User-Agent", Kind::Same),
        ("Expires", Kind::OnlyLeft),
        ("Supported", Kind::OnlyRight),
    ] {
        assert_eq!(kind_of(&pair, name), want, "{name}");
    }
    assert_eq!(pair.rows[2].kind, Kind::Expected, "the second Via differs in its branch only");
    assert!(pair.same_order);
}

#[test]
fn parameters_are_compared_one_by_one() {
    let pair = raw(LEFT.as_bytes(), RIGHT.as_bytes()).unwrap();
    let differing = |name: &str| {
        let row = pair.rows.iter().find(|r| r.name == name.as_bytes()).unwrap();
        let params = row.params.iter().filter(|p| p.kind.is_difference());
        params.map(|p| String::from_utf8(p.name.clone()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(differing("Via"), ["host"]);
    assert_eq!(differing("Contact"), ["host", "uri;ob", ";+sip.instance"]);
    assert_eq!(differing("Authorization"), ["realm", "algorithm"]);
}

#[test]
fn no_digest_response_and_no_password_comes_out() {
    let lines = [
        "Authorization: Digest username=\"u\", response=\"5ec7e7\"",
        "Proxy-Authorization: DIGEST RESPONSE = \"5ec7e7\"",
        "Authorization: Basic 5ec7e7",
        "Authorization: Basic 5ec7e7==",
        "Authorization: 5ec7e7",
        "Authorization: 5ec7e7 x",
        "Authorization: Digest username=\"u\" response=\"5ec7e7\"",
        "Authorization: Digest username=\"u, response=\"5ec7e7\"",
        "Authorization: Digest 5ec7e7, realm=\"x\"",
        "Authorization: Digest resp\r\n onse=5ec7e7",
        "Authorization: Digest response=5ec7e7,,response=\"5ec7e7",
    ];
    let message = |line: &str| {
        format!("REGISTER sip:x SIP/2.0\r\nTo: <sip:1@x>\r\nCSeq: 1 REGISTER\r\n{line}\r\n\r\n")
    };
    for left in lines {
        for right in lines.iter().chain(&["Authorization: Digest realm=\"x\""]) {
            let pair = raw(message(left).as_bytes(), message(right).as_bytes()).unwrap();
            for row in &pair.rows {
                let params = row
                    .params
                    .iter()
                    .flat_map(|p| [Some(&p.name), p.left.as_ref(), p.right.as_ref()]);
                for text in
                    [row.left.as_ref(), row.right.as_ref()].into_iter().chain(params).flatten()
                {
                    let text = String::from_utf8_lossy(text);
                    assert!(!text.contains("5ec7e7"), "{left} and {right}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_free_port_of_tcp_is_expected() {
    let with = |port: u16, transport: &str| {
        format!(
            "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/{transport} 192.0.2.1:{port};branch=z9hG4bK{port}\r\n\
             To: <sip:1@x>\r\n\r\n"
        )
    };
    for (transport, want) in [("TCP", Kind::Expected), ("UDP", Kind::Differs)] {
        let pair =
            raw(with(40000, transport).as_bytes(), with(40001, transport).as_bytes()).unwrap();
        assert_eq!(kind_of(&pair, "Via"), want, "{transport}");
    }
    assert!(raw(b"\x80\x00", b"GET / HTTP/1.1\r\n\r\n").is_none());
}
