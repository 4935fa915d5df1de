use super::*;
use crate::sip::{Message, Method};

fn credentials(header: &str) -> OwnedCredentials {
    let text = format!("REGISTER sip:x SIP/2.0\r\nAuthorization: {header}\r\n\r\n");
    let message = Message::parse(text.as_bytes(), false).unwrap();
    assert_eq!(message.method(), Some(Method::Register));
    let read = message.credentials().next().unwrap();
    OwnedCredentials::of(&read).unwrap()
}

fn judge(header: &str, method: &str, body: &[u8], secret: &Secret) -> DigestVerdict {
    verify(&credentials(header), method.as_bytes(), body, secret, &[], &[])
}

/// RFC 2617 §3.5.
const RFC_2617: &str = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
    nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, nc=00000001, \
    cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", \
    opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

/// RFC 7616 §3.9.1, whose nonces and response these are.
fn rfc_7616(algorithm: &str, response: &str) -> String {
    format!(
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
         algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
         nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
         response=\"{response}\""
    )
}

#[test]
fn the_examples_of_the_rfcs_verify() {
    let circle = Secret::new(b"Mufasa", None, b"Circle Of Life");
    let capital = Secret::new(b"Mufasa", None, b"Circle of Life");
    assert_eq!(judge(RFC_2617, "GET", b"", &circle), DigestVerdict::Right);
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let header = rfc_7616(algorithm, response);
        assert_eq!(judge(&header, "GET", b"", &capital), DigestVerdict::Right, "{algorithm}");
        assert_eq!(judge(&header, "GET", b"", &circle), DigestVerdict::Wrong, "{algorithm}");
    }
}

/// Computed by another implementation (Python's hashlib).
#[test]
fn every_algorithm_and_protection_verifies() {
    let right = Secret::new(b"2001", None, b"secret 1");
    let wrong = Secret::new(b"2001", None, b"secret 2");
    for (algorithm, qop, response) in [
        ("MD5", "", "d0049042b2edb5891c11f8b78ee9c610"),
        ("MD5", "auth", "fea7cca6efbce05af9daedbc5ca46ff7"),
        ("MD5", "auth-int", "7e468956fb49c985d94d2916050cb546"),
        ("MD5-sess", "auth", "359b82d6a8112299cffff16574cc3689"),
        ("MD5-sess", "auth-int", "2be120f0af31bb00a95cbd952ba754bc"),
        ("SHA-256", "", "63e6b69b7bf7a70dbe4ee6dc666791afd60de934a42bb4e6336e53ab7581ec31"),
        ("SHA-256", "auth", "12ee8854a1f758a4f362137dd515edb255564a24b88defad1101f3b9078ae470"),
        ("SHA-256", "auth-int", "433643fd8d7243ad403da6825d2d1bfbd0ce1e73d802d5d579e61bd577b0b6ee"),
        (
            "SHA-256-sess",
            "auth",
            "fc12e84b48bf6309a123f4d04d2e95dce9ae351f22a3631ddd2d6a44bec2363b",
        ),
        (
            "SHA-256-sess",
            "auth-int",
            "8b7e84a917bea51b3a4731ba53c59e6ebabbdc3b6b168d9ebecc0e48e4e7c6c9",
        ),
        ("SHA-512-256", "", "d403227ac124802faf774125986480149d4d1686c9a53454c0f188b23b9fd032"),
        ("SHA-512-256", "auth", "c2c199f5abbeccfe6729e1fa2342cc6a69a2f3c1580834488dbdea6e0628a99d"),
        (
            "SHA-512-256",
            "auth-int",
            "2278aba573927cd179e62fecabf6a549cd17cdab0a4485bcef97480cc87e89b1",
        ),
    ] {
        let protection = match qop {
            "" => String::new(),
            qop => format!(", qop={qop}, nc=00000002, cnonce=\"Cn0nce\""),
        };
        let header = format!(
            "Digest username=\"2001\", realm=\"lab\", nonce=\"N0nce\", uri=\"sip:example.org\", \
             algorithm={algorithm}, response=\"{response}\"{protection}"
        );
        let case = format!("{algorithm} {qop}");
        assert_eq!(judge(&header, "REGISTER", b"hello", &right), DigestVerdict::Right, "{case}");
        assert_eq!(judge(&header, "REGISTER", b"hello", &wrong), DigestVerdict::Wrong, "{case}");
        assert_ne!(judge(&header, "INVITE", b"hello", &right), DigestVerdict::Right, "{case}");
        let upper = header.replace(response, &response.to_ascii_uppercase());
        assert_eq!(judge(&upper, "REGISTER", b"hello", &right), DigestVerdict::Right, "{case}");
    }
}

#[test]
fn a_right_password_under_another_name_is_told() {
    let secret = Secret::new(b"Mufasa", None, b"Circle Of Life");
    let sent = RFC_2617.replace("username=\"Mufasa\"", "username=\"Simba\"");
    let sent = sent.replace("testrealm@host.com", "other");
    let given = credentials(&sent);
    let none = verify(&given, b"GET", b"", &secret, &[], &[]);
    assert_eq!(none, DigestVerdict::Wrong);
    let found = verify(&given, b"GET", b"", &secret, &[b"x"], &[b"y", b"testrealm@host.com"]);
    let want =
        Fit { username: Some(b"Mufasa".to_vec()), realm: Some(b"testrealm@host.com".to_vec()) };
    assert_eq!(found, DigestVerdict::RightFor(want));
    assert!(found.sentence(b"2002", &given).contains("user \"Mufasa\""));
}

#[test]
fn what_is_not_known_cannot_be_verified() {
    let secret = Secret::new(b"Mufasa", None, b"Circle Of Life");
    for (case, header) in [
        ("an algorithm", RFC_2617.replace("qop=auth", "algorithm=AKAv1-MD5, qop=auth")),
        ("a protection", RFC_2617.replace("qop=auth", "qop=auth-conf")),
        ("no nonce", RFC_2617.replace("nonce=\"dcd", "once=\"dcd")),
    ] {
        let verdict = judge(&header, "GET", b"", &secret);
        assert_eq!(verdict, DigestVerdict::Unverifiable, "{case}");
    }
}

#[test]
fn a_secret_file_gives_passwords_by_name() {
    let text =
        b"# lab\n\n2001 one\r\n  2002\t two words \nalice@lab three\nbob@x@lab four\n2001 other";
    let file = SecretFile::parse(text).unwrap();
    assert_eq!(file.len(), 5);
    let passwords = |name: &[u8]| {
        let names = [name];
        file.of(&names).map(|s| s.password().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(passwords(b"2001"), [b"one".to_vec(), b"other".to_vec()]);
    assert_eq!(passwords(b"2002"), [b"two words ".to_vec()]);
    assert_eq!(passwords(b"alice"), [b"three".to_vec()]);
    assert_eq!(passwords(b"bob"), [b"four".to_vec()]);
    assert!(passwords(b"nobody").is_empty());
}

#[test]
fn errors_name_the_line_and_never_what_is_on_it() {
    for (text, number) in [("2001 x\nhunter2\n", 2), ("@lab hunter2", 1), ("\n\nbob@ hunter2", 3)] {
        let error = SecretFile::parse(text.as_bytes()).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(&format!("line {number} ")), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn nothing_shows_a_password_or_a_response() {
    let secret = Secret::new(b"2001", Some(b"lab"), b"hunter2");
    let file = SecretFile::parse(b"2001 hunter2").unwrap();
    let given = credentials(RFC_2617);
    let said = format!("{secret:?} {file:?} {given:?}");
    assert!(!said.contains("hunter2") && !said.contains("6629fae4"), "{said}");
}

#[test]
fn a_pass_over_a_capture_tells_which_passwords_fit() {
    use crate::net::{Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
    let end = Endpoint::new(std::net::Ipv4Addr::LOCALHOST.into(), 5060);
    let origin = Origin {
        time: Timestamp::from_parts(1, 0),
        frame: FrameRef::new(FileId::default(), 9),
        src: end,
        dst: end,
        transport: Transport::Udp,
        path: PathInfo::default(),
    };
    let register = format!(
        "REGISTER sip:x SIP/2.0\r\nTo: <sip:2002@lab>\r\nAuthorization: {}\r\n\r\n",
        // made for REGISTER, unlike the example of the RFC
        "Digest username=\"2002\", realm=\"lab\", nonce=\"n\", uri=\"sip:x\", \
         response=\"RESPONSE\""
    );
    let given = credentials(
        "Digest username=\"2002\", realm=\"lab\", nonce=\"n\", uri=\"sip:x\", response=\"0\"",
    );
    let names = (&b"2002"[..], &b"lab"[..], &b"uno"[..]);
    let response = super::digest::response(&given, names, (b"REGISTER", b""), b"").unwrap();
    let register = register.replace("RESPONSE", &response);
    for (secrets, rule) in [
        ("2002 uno", Some("password-fits")),
        ("2002@lab zwei\n2002 uno", Some("password-fits")),
        ("2002 zwei", Some("password-does-not-fit")),
        ("2003 uno", None),
    ] {
        let file = SecretFile::parse(secrets.as_bytes()).unwrap();
        let mut samples = CredentialSamples::new(&file);
        samples.message(&origin, &Message::parse(register.as_bytes(), false).unwrap());
        let findings = samples.findings();
        assert_eq!(findings.first().map(|f| f.rule), rule, "{secrets}");
        let said = format!("{findings:?} {samples:?}");
        assert!(!said.contains("zwei") && !said.contains("uno") && !said.contains(&**response));
    }
}

#[test]
fn a_nonce_count_of_few_digits_verifies_as_it_was_spelled() {
    let given = credentials(&RFC_2617.replace("nc=00000001", "nc=1"));
    let names = (&b"Mufasa"[..], &b"testrealm@host.com"[..], &b"Circle Of Life"[..]);
    let response = super::digest::response(&given, names, (b"GET", b""), b"1").unwrap();
    let header = RFC_2617.replace("nc=00000001", "nc=1");
    let header = header.replace("6629fae49393a05397450978507c4ef1", &response);
    let secret = Secret::new(b"Mufasa", None, b"Circle Of Life");
    assert_eq!(judge(&header, "GET", b"", &secret), DigestVerdict::Right);
}
