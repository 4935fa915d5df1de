//! The same exchange in every carrier.

use super::*;

/// Asterisk's console lines of one exchange.
fn console() -> String {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let size = |text: &str| text.replace('\n', "\r\n").len();
    format!(
        "<--- Received SIP request ({} bytes) from UDP:192.0.2.101:5062 --->\n{request}\n\
         \x20   -- Added contact 'sip:1001@192.0.2.101:5062' to AOR '1001' with expiration of 60 seconds\n\
         <--- Transmitting SIP response ({} bytes) to UDP:192.0.2.101:5062 --->\n{answer}\n",
        size(&request),
        size(&answer)
    )
}

/// Every line of it, wrapped again.
fn wrapped(write: impl Fn(&str) -> String) -> String {
    console().lines().map(|line| write(line) + "\n").collect()
}

/// Checks a log against the exchange.
fn check(carriers: &[&str], bytes: &[u8]) -> Log {
    let log = read_with(bytes, &settings());
    assert_eq!(log.profile.carriers, carriers);
    let texts: Vec<_> = log.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, [register("1001", "\r\n"), ok("1001", "\r\n")], "{carriers:?}");
    assert_eq!(log.stated(), [("registered", Some("1001"))], "{carriers:?}");
    assert_eq!(log.statements[0].contact.as_deref(), Some("sip:1001@192.0.2.101:5062"));
    log
}

#[test]
fn line_ends_and_encodings() {
    let plain = console();
    check(&[], plain.as_bytes());
    check(&[], plain.replace('\n', "\r\n").as_bytes());
    check(&[], plain.replace('\n', "\r\r\n").as_bytes());
    check(&[], plain.replace('\n', "\r").as_bytes());
    check(&[], format!("\u{feff}{plain}").as_bytes());
    let units = std::iter::once(0xfeff).chain(plain.encode_utf16());
    check(&["utf-16"], &units.flat_map(u16::to_le_bytes).collect::<Vec<_>>());
}

#[test]
fn syslog_and_journald() {
    check(&["syslog"], wrapped(|l| format!("Nov 30 12:00:01 pbx1 asterisk[9]: {l}")).as_bytes());
    let log = wrapped(|l| format!("2026-11-30T13:00:01+0100 pbx1 asterisk[9]: {l}"));
    let log = check(&["journald"], log.as_bytes());
    assert_eq!(log.messages[0].time, Some(Timestamp::from_parts(1_796_040_001, 0)));
    let log = wrapped(|l| format!("<34>1 2026-11-30T12:00:01.5Z pbx1 asterisk 9 - - {l}"));
    check(&["rfc5424"], log.as_bytes());
}

#[test]
fn json() {
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    let docker = wrapped(|l| {
        format!(
            r#"{{"log":{},"stream":"stdout","time":"2026-11-30T12:00:01.25Z"}}"#,
            quote(&format!("{l}\r\n"))
        )
    });
    let log = check(&["container-json"], docker.as_bytes());
    assert_eq!(log.messages[0].time, Some(Timestamp::from_parts(1_796_040_001, 250_000_000)));
    // an engine escapes the brackets
    let escaped = docker.replace('<', "\\u003c").replace('>', "\\u003e");
    check(&["container-json"], escaped.as_bytes());
    let journald = wrapped(|l| {
        let bytes: Vec<String> = l.bytes().map(|byte| byte.to_string()).collect();
        format!(r#"{{"MESSAGE":[{}],"__REALTIME_TIMESTAMP":"1796040001000000"}}"#, bytes.join(","))
    });
    check(&["journald-json"], journald.as_bytes());
}

#[test]
fn consoles() {
    check(&["line-time"], wrapped(|l| format!("[Nov 30 12:00:01] {l}")).as_bytes());
    let log = wrapped(|l| format!("2026-11-30T12:00:01.123456789Z {l}"));
    check(&["container-time"], log.as_bytes());
    let log = console().replace("    -- ", "\r\x1b[Kpbx1*CLI> \r\x1b[0K\x1b[1;30m    -- \x1b[0m");
    check(&["console"], log.as_bytes());
}

#[test]
fn pasted() {
    check(&["quote"], wrapped(|l| format!("> {l}")).as_bytes());
    check(&["quote", "quote"], wrapped(|l| format!(">> {l}")).as_bytes());
    check(&["double-spaced"], wrapped(|l| format!("{l}\n")).as_bytes());
    check(&["caret-m"], wrapped(|l| format!("{l}^M")).as_bytes());
    let source = console().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    check(&["entities"], source.as_bytes());
    check(&["markdown"], format!("Help!\n\n```\n{}```\n\nThanks\n", console()).as_bytes());
}

#[test]
fn one_in_another() {
    let log = wrapped(|l| format!("> Nov 30 12:00:01 pbx1 asterisk[9]: [Nov 30 12:00:01] {l}"));
    check(&["quote", "syslog", "line-time"], log.as_bytes());
}

#[test]
fn a_prefix_nobody_knows() {
    let lines: Vec<_> = console()
        .lines()
        .zip(1..)
        .map(|(line, n)| format!("node-a|worker {}| {line}", 7 * n))
        .collect();
    let text = lines.join("\n");
    let log = read(&text);
    assert_eq!(log.messages.len(), 2);
    assert_eq!(log.messages[0].text, register("1001", "\r\n"));
}
