//! The headers of syslog and of journald, and the characters that rsyslog escapes.

use super::{Carrier, Undone, contains, split};
use crate::log::stamp::Stamp;

/// `[<PRI>]Mon d HH:MM:SS host prog[pid]: `; what `journalctl` prints looks the same.
pub(super) const SYSLOG: Carrier = Carrier {
    name: "syslog",
    share: 50,
    fits: |line| classic(line).is_some_and(|(stamp, _)| stamp.offset.is_none()),
    undo: |line, out| keep(classic(line), out),
    part: None,
};

/// The same with an ISO time: `journalctl -o short-iso`, rsyslog's newer format.
pub(super) const JOURNALD: Carrier = Carrier {
    name: "journald",
    share: 50,
    fits: |line| classic(line).is_some_and(|(stamp, _)| stamp.offset.is_some()),
    undo: |line, out| keep(classic(line), out),
    part: None,
};

/// `<PRI>1 TIME HOST APP PROCID MSGID SD MSG` (RFC 5424).
pub(super) const RFC5424: Carrier = Carrier {
    name: "rfc5424",
    share: 50,
    fits: |line| rfc5424(line).is_some(),
    undo: |line, out| keep(rfc5424(line), out),
    part: None,
};

/// `#012` and its like: a character as three octal digits.
pub(super) const ESCAPES: Carrier = Carrier {
    name: "octal-escapes",
    share: 1,
    fits: |line| contains(line, b"#012"),
    undo: |line, out| {
        unescape(line, &mut out.text);
        true
    },
    part: None,
};

/// Keeps what a header carried.
fn keep(found: Option<(Stamp, &[u8])>, out: &mut Undone) -> bool {
    let Some((stamp, text)) = found else { return false };
    out.stamp = Some(stamp);
    out.text.extend_from_slice(text);
    true
}

/// The time and the text behind a classic header.
fn classic(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let line = without_priority(line);
    let (stamp, length) = Stamp::parse(line)?;
    stamp.day?;
    let (host, rest) = split(line.get(length..)?.strip_prefix(b" ")?, b' ')?;
    if !is_host(host) {
        return None;
    }
    // a device's syslog goes without a program
    if rest.starts_with(b"[S=") {
        return Some((stamp, rest));
    }
    let end = rest.iter().position(|byte| matches!(byte, b':' | b'[' | b' '))?;
    let program = rest.get(..end)?;
    if program.is_empty() || !program.iter().all(|byte| is_name(*byte) || *byte == b'/') {
        return None;
    }
    let mut rest = rest.get(end..)?;
    if rest.starts_with(b"[") {
        rest = split(rest, b']')?.1;
    }
    let text = rest.strip_prefix(b":")?;
    match text.first() {
        Some(b' ') => Some((stamp, text.get(1..)?)),
        None => Some((stamp, text)),
        Some(_) => None,
    }
}

/// The time and the text of an RFC 5424 line.
fn rfc5424(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let line = without_priority(line).strip_prefix(b"1 ")?;
    let (stamp, length) = Stamp::parse(line)?;
    let mut rest = line.get(length..)?.strip_prefix(b" ")?;
    for _ in 0..4 {
        rest = split(rest, b' ')?.1;
    }
    let text = match rest.strip_prefix(b"-") {
        Some(text) => text,
        None => structured_data(rest)?,
    };
    let text = text.strip_prefix(b" ").unwrap_or(text);
    Some((stamp, text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)))
}

/// What follows `[id name="value"]…`.
fn structured_data(mut rest: &[u8]) -> Option<&[u8]> {
    while rest.first() == Some(&b'[') {
        let mut quoted = false;
        let mut escaped = false;
        let end = rest.iter().position(|byte| {
            let plain = !escaped;
            escaped = quoted && plain && *byte == b'\\';
            quoted ^= plain && *byte == b'"';
            !quoted && *byte == b']'
        })?;
        rest = rest.get(end + 1..)?;
    }
    Some(rest)
}

/// The line without `<PRI>`.
fn without_priority(line: &[u8]) -> &[u8] {
    let inside = line.strip_prefix(b"<").and_then(|rest| split(rest, b'>'));
    match inside {
        Some((digits, rest))
            if (1..4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) =>
        {
            rest
        }
        _ => line,
    }
}

/// A byte of the name of a host or a program.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Whether that is the name or the address of a host.
fn is_host(host: &[u8]) -> bool {
    !host.is_empty() && host.iter().all(|byte| is_name(*byte) || *byte == b':')
}

/// Appends `line` with its escapes undone: control characters only.
fn unescape(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some((before, after)) = split(rest, b'#') {
        out.extend_from_slice(before);
        let digits =
            after.get(..3).filter(|digits| digits.iter().all(|d| (b'0'..=b'7').contains(d)));
        let value =
            digits.map(|digits| digits.iter().fold(0_u32, |sum, d| sum * 8 + u32::from(d - b'0')));
        match value.and_then(|value| u8::try_from(value).ok()) {
            Some(byte) if byte < b' ' || byte == 0x7f => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                out.push(b'#');
                rest = after;
            }
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undo(carrier: &Carrier, line: &str) -> Option<String> {
        let mut out = Undone::default();
        let done = (carrier.undo)(line.as_bytes(), &mut out);
        done.then(|| String::from_utf8(out.text).unwrap())
    }

    #[test]
    fn headers_go() {
        for line in [
            "Nov 22 00:07:55 pbx1 asterisk[2101]: text",
            "<133>Nov  2 00:07:55 192.0.2.1 kamailio: text",
            "2026-11-22T01:07:50+0100 pbx1 asterisk[2101]: text",
            "2026-11-22T01:07:50.123456+01:00 pbx1 /usr/sbin/opensips[17]: text",
        ] {
            assert_eq!(undo(&SYSLOG, line).as_deref(), Some("text"), "{line}");
        }
        let line = "<34>1 2026-11-22T00:07:55.003Z pbx1 asterisk 12 ID47 [a@1 x=\"]\"] text";
        assert_eq!(undo(&RFC5424, line).as_deref(), Some("text"));
        let line = "<34>1 2026-11-22T00:07:55.003Z pbx1 asterisk - - - text";
        assert_eq!(undo(&RFC5424, line).as_deref(), Some("text"));
    }

    #[test]
    fn stamps_of_servers_are_no_headers() {
        for line in [
            "Nov 22 00:08:33.829 On 127.0.0.1:2945 sent to 127.0.0.1:2944",
            "Nov 22 00:08:35.595 On [0:0]192.0.2.1:5060 received from 192.0.2.2:5060",
            "Nov 22 00:07:51.006: //-1/xxxxxxxxxxxx/SIP/Info/info/4096/x: y",
            "2026-11-22T00:08:29.675 Trc 04112 The Log Output: of",
            "2026-11-30 13:12:13.095442 97.37% [WARNING] sofia_reg.c:1842 SIP auth",
            "2026-11-30 12:00:00:123 [/belle-sip] MESSAGE channel [1]: message",
        ] {
            assert_eq!(undo(&SYSLOG, line), None, "{line}");
        }
    }

    #[test]
    fn escapes_of_control_characters_are_undone() {
        assert_eq!(undo(&ESCAPES, "a#015#012b#011c").unwrap(), "a\r\nb\tc");
        assert_eq!(undo(&ESCAPES, "INVITE #1 #123 #999 #").unwrap(), "INVITE #1 #123 #999 #");
    }
}
