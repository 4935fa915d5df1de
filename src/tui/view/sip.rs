//! A message as it is on the wire, line by line: what matters set off, secrets hidden.

use std::ops::Range;

use super::paper::Line;
use super::theme::Ink;
use crate::compare::raw::{MASK, secrets};
use crate::net::escape_revealed;
use crate::net::password::{address_passwords, joined, passwords};
use crate::sip::{HeaderName, Message, StartLine};

/// The lines of a message; secrets are masked unless they are to be shown.
pub(in crate::tui) fn lines(bytes: &[u8], reveal: bool) -> Vec<Line> {
    let marks = marks(bytes);
    let hidden = if reveal { Vec::new() } else { hidden(bytes) };
    // what is hidden was found in the whole lines
    let text =
        |part: Range<usize>| escape_revealed(bytes.get(part).unwrap_or_default()).into_owned();
    physical(bytes).map(|line| one(line, &marks, &hidden, &text)).collect()
}

/// The message as text, safe to paste; secrets are masked unless they are to be shown.
pub(in crate::tui) fn text(bytes: &[u8], reveal: bool) -> String {
    let line = |line: Line| line.into_iter().map(|(text, _)| text).collect::<String>() + "\n";
    lines(bytes, reveal).into_iter().map(line).collect()
}

/// Where there is something not to be shown, in order.
pub(in crate::tui) fn hidden(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    for line in logical(bytes) {
        let text = bytes.get(line.clone()).unwrap_or_default();
        // a Request-URI may lack its scheme
        let is_request = line.start == 0 && !text.starts_with(b"SIP/");
        let whole = if is_request { address_passwords(text) } else { passwords(text) };
        let whole = whole.into_iter();
        hidden.extend(whole.map(|range| range.start + line.start..range.end + line.start));
        let (id, value) = header(bytes, line);
        let text = bytes.get(value.clone()).unwrap_or_default();
        let own = secrets(id, text).into_iter();
        hidden.extend(own.map(|range| range.start + value.start..range.end + value.start));
    }
    joined(hidden)
}

/// The lines of the message, without their ends: CR LF, LF alone, or CR alone.
fn physical(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let end = start + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let after = |place: usize| bytes.get(place).copied();
        at = end;
        while after(at) == Some(b'\r') {
            at += 1;
        }
        at += usize::from(after(at) == Some(b'\n'));
        Some(start..end)
    })
}

/// The lines of the message, those that go on with white space joined (RFC 3261 §7.3.1).
fn logical(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    for line in physical(bytes) {
        let folded = matches!(bytes.get(line.start), Some(b' ' | b'\t')) && !line.is_empty();
        match lines.last_mut() {
            Some(before) if folded => before.end = line.end,
            _ => lines.push(line),
        }
    }
    lines
}

/// The header a line is, and the place of its value.
fn header(bytes: &[u8], line: Range<usize>) -> (HeaderName, Range<usize>) {
    let text = bytes.get(line.clone()).unwrap_or_default();
    let colon = memchr::memchr(b':', text).unwrap_or(text.len());
    let name = text.get(..colon).unwrap_or_default().trim_ascii();
    (HeaderName::lookup(name), (line.start + colon + 1).min(line.end)..line.end)
}

/// What is set off.
fn marks(bytes: &[u8]) -> Vec<(Range<usize>, Ink)> {
    let message = Message::parse(bytes, false);
    let mut marks = Vec::new();
    let mut lines = logical(bytes).into_iter();
    let start = message.as_ref().map(|message| *message.start());
    marks.extend(lines.next().map(|line| (line, start_ink(start.as_ref()))));
    // headers end with a blank line
    for line in lines.take_while(|line| !line.is_empty()) {
        let (_, value) = header(bytes, line.clone());
        marks.push((line.start..value.start, Ink::Accent));
    }
    let parts = message.as_ref().map(parts).unwrap_or_default();
    marks.extend(parts.into_iter().filter_map(|part| Some((place(part, bytes)?, Ink::Title))));
    marks
}

const fn start_ink(start: Option<&StartLine<'_>>) -> Ink {
    match start {
        Some(StartLine::Response { code: 200..=299, .. }) => Ink::Good,
        // a challenge is no failure
        Some(StartLine::Response { code: 300..=400 | 402..=406 | 408.., .. }) => Ink::Bad,
        _ => Ink::Title,
    }
}

/// The parts of the headers a registration hangs on.
fn parts<'a>(message: &Message<'a>) -> Vec<&'a [u8]> {
    const WHOLE: [HeaderName; 6] = [
        HeaderName::Contact,
        HeaderName::Expires,
        HeaderName::MinExpires,
        HeaderName::RetryAfter,
        HeaderName::Warning,
        HeaderName::Reason,
    ];
    let whole = message.headers().filter(|header| WHOLE.contains(&header.id));
    let mut parts: Vec<&[u8]> = whole.map(|header| header.value).collect();
    let users = [message.to(), message.from()].into_iter().flatten();
    parts.extend(users.filter_map(|address| address.uri.user));
    for via in message.vias() {
        let filled = [Some(via.host), via.received(), via.param(b"rport")];
        parts.extend(filled.into_iter().flatten());
    }
    parts.extend(message.credentials().flat_map(|c| [c.username, c.realm]).flatten());
    parts.extend(message.challenges().filter_map(|challenge| challenge.realm));
    parts
}

/// The place of a part of a text in it.
fn place(part: &[u8], whole: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len() && start < end).then_some(start..end)
}

/// One line in parts.
fn one(
    line: Range<usize>,
    marks: &[(Range<usize>, Ink)],
    hidden: &[Range<usize>],
    text: &impl Fn(Range<usize>) -> String,
) -> Line {
    let within = |range: &Range<usize>| range.start < line.end && range.end > line.start;
    let hides =
        |range: &Range<usize>| hidden.iter().any(|h| h.start < range.end && h.end > range.start);
    let own = hidden.iter().filter(|range| within(range)).map(|range| (range.clone(), None));
    let set_off = marks.iter().filter(|(range, _)| within(range) && !hides(range));
    let mut parts: Vec<(Range<usize>, Option<Ink>)> =
        own.chain(set_off.map(|(range, ink)| (range.clone(), Some(*ink)))).collect();
    parts.sort_by_key(|(range, _)| range.start);
    let mut spans = Line::new();
    let mut at = line.start;
    for (range, ink) in parts {
        let (start, end) = (range.start.max(at), range.end.min(line.end));
        if start >= end {
            continue;
        }
        spans.push((text(at..start), None));
        spans.push(match ink {
            Some(ink) => (text(start..end), Some(ink)),
            None => (escape_revealed(MASK).into_owned(), Some(Ink::Doubtful)),
        });
        at = end;
    }
    spans.push((text(at..line.end), None));
    spans.retain(|(text, _)| !text.is_empty());
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: &[u8] = b"REGISTER sip:r SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1:5062;rport\r\n\
        To: <sip:5002@r>\r\nContact:\r\n <sip:5002@10.0.0.1>\r\n\
        Authorization: Digest username=\"5002\",\n\t response=\"0123\"\rExpires : 60\r\n\r\nbo\x1bdy";

    fn plain(bytes: &[u8], reveal: bool) -> Vec<String> {
        text(bytes, reveal).lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_those_of_the_wire_with_secrets_masked() {
        let want = [
            "REGISTER sip:r SIP/2.0",
            "v: SIP/2.0/UDP 10.0.0.1:5062;rport",
            "To: <sip:5002@r>",
            "Contact:",
            " <sip:5002@10.0.0.1>",
            "Authorization: Digest username=\"5002\",",
            "\\t response=\"***\"",
            "Expires : 60",
            "",
            "bo\\u{1b}dy",
        ];
        assert_eq!(plain(REGISTER, false), want);
        assert!(plain(REGISTER, true).iter().any(|line| line.contains("response=\"0123\"")));
        assert_eq!(hidden(REGISTER).len(), 1);
    }

    #[test]
    fn passwords_in_uris_are_masked_in_every_line() {
        const MESSAGE: &[u8] = b"REGISTER sip:5002:SECRET@r SIP/2.0\r\nv: SIP/2.0/UDP u:SECRET@10.0.0.1\r\n\
            To:5002:SECRET@r\r\nm:\r\n <sip:5002:SEC\r\n RET@10.0.0.1>\r\nX-Odd: sip%3A5002%3ASECRET%40r\r\n\
            Route: <bob:SECRET@r>\r\nCall-ID: 12:34@10.0.0.1\r\nAuthorization: Digest uri=\"sip:a:SECRET@r\",\
            response=\"0\"\r\n\r\n<uri>sip:5002:SECRET@r</uri>\nsips:5002:SECRET";
        let shown = text(MESSAGE, false);
        assert!(!shown.contains("SEC") && !shown.contains("RET"), "{shown}");
        assert!(shown.contains("12:34@10.0.0.1") && shown.contains("<sip:5002:***"), "{shown}");
        let revealed = text(MESSAGE, true);
        assert_eq!(revealed.matches("SECRET").count(), 8, "{revealed}");
        assert!(!revealed.contains("***"), "{revealed}");
    }

    #[test]
    fn what_matters_is_set_off() {
        let titles: Vec<String> = lines(REGISTER, false)
            .into_iter()
            .flatten()
            .filter(|(_, ink)| *ink == Some(Ink::Title))
            .map(|(text, _)| text)
            .collect();
        let want =
            ["REGISTER sip:r SIP/2.0", "10.0.0.1", "5002", "<sip:5002@10.0.0.1>", "5002", "60"];
        assert_eq!(titles, want);
    }

    #[test]
    fn a_cut_header_hides_its_secret_too() {
        for end in 0..REGISTER.len() {
            let cut = text(&REGISTER[..end], false);
            assert!(!cut.contains("012"), "{cut}");
        }
        let in_body = b"SIP/2.0 200 OK\r\n\r\nAuthorization: Basic abc\r\n";
        assert!(!text(in_body, false).contains("abc"));
    }
}
