//! Finds start lines and header lines in lines of text, and their prefixes.

use memchr::memmem;

use super::stamp::Stamp;

/// Where the start line begins in `text`, and whether it is a request's.
pub(super) fn start_line(text: &[u8], dotted: bool) -> Option<(usize, bool)> {
    let text = trim_end(text, dotted);
    if let Some(line) = text.strip_suffix(b" SIP/2.0") {
        let uri = memchr::memrchr(b' ', line)?;
        let is_uri = memchr::memchr(b':', line.get(uri..)?).is_some();
        let before = line.get(..uri)?;
        let method = before.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
        let start = before.len() - method;
        let is_word = start > 0 && before.get(start - 1).is_some_and(u8::is_ascii_alphanumeric);
        return (is_uri && method > 2 && !is_word).then_some((start, true));
    }
    let at = memmem::find(text, b"SIP/2.0 ")?;
    let code = text.get(at + 8..at + 11)?;
    let ends = matches!(text.get(at + 11), None | Some(b' '));
    (code.iter().all(u8::is_ascii_digit) && ends).then_some((at, false))
}

/// `text` without blanks at its end, and without the dot of a carriage return.
pub(super) fn trim_end(text: &[u8], dotted: bool) -> &[u8] {
    let text = text.trim_ascii_end();
    if dotted { text.strip_suffix(b".").unwrap_or(text) } else { text }
}

/// Whether a line is a header: a name, a colon, and no time stamp.
pub(super) fn is_header(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| is_token(**byte)).count();
    let colon = line.get(name..).unwrap_or_default().trim_ascii_start().first() == Some(&b':');
    name > 0 && name < 64 && colon && Stamp::leading(line).is_none()
}

/// Whether a line is nothing but a name: a header cut inside it.
pub(super) fn is_bare_name(line: &[u8]) -> bool {
    let letters = line.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
    letters && (1..32).contains(&line.len())
}

/// A character of a header's name (RFC 3261 §25.1).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// What is left of `line` behind a prefix of the shape that `prefix` has: digits differ, the rest is the same.
///
/// Blanks alone are an indent.
pub(super) fn behind<'a>(prefix: &[u8], line: &'a [u8]) -> Option<&'a [u8]> {
    if prefix.is_empty() {
        return Some(line);
    }
    if line.len() <= prefix.len() && prefix.starts_with(line.trim_ascii_end()) {
        return Some(b"");
    }
    let mut shape = prefix;
    let mut rest = line;
    while let Some(first) = shape.first() {
        if rest.is_empty() && shape.trim_ascii().is_empty() {
            break;
        }
        let class = Class::of(*first);
        let (left, right) = (class.run(shape), class.run(rest));
        let fits = match class {
            Class::Blanks if left == shape.len() => right >= left,
            Class::Digits | Class::Blanks => right > 0,
            Class::Other => right >= left && rest.get(..left) == shape.get(..left),
        };
        if !fits {
            return None;
        }
        let taken = match class {
            Class::Blanks if left == shape.len() => left,
            Class::Other => left,
            _ => right,
        };
        shape = shape.get(left..)?;
        rest = rest.get(taken..)?;
    }
    Some(rest)
}

/// Kinds of bytes in a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digits,
    Blanks,
    Other,
}

impl Class {
    /// The kind of a byte.
    const fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self::Digits,
            b' ' | b'\t' => Self::Blanks,
            _ => Self::Other,
        }
    }

    /// How many bytes of that kind `text` begins with.
    fn run(self, text: &[u8]) -> usize {
        text.iter().take_while(|byte| Self::of(**byte) == self).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_lines_are_found_where_they_begin() {
        assert_eq!(start_line(b"REGISTER sip:192.0.2.1 SIP/2.0", false), Some((0, true)));
        assert_eq!(start_line(b"   SIP/2.0 200 OK", false), Some((3, false)));
        assert_eq!(start_line(b"12:00 x| OPTIONS sip:a@b SIP/2.0", false), Some((9, true)));
        assert_eq!(start_line(b"REGISTER sip:192.0.2.1 SIP/2.0.", true), Some((0, true)));
        for text in
            ["Via: SIP/2.0/UDP 192.0.2.1", "see SIP/2.0", "REGISTER SIP/2.0", "SIP/2.0 20 x"]
        {
            assert_eq!(start_line(text.as_bytes(), false), None, "{text}");
        }
    }

    #[test]
    fn headers_are_no_log_lines() {
        assert!(is_header(b"Via: SIP/2.0/UDP 192.0.2.1"));
        assert!(is_header(b"v : SIP/2.0/UDP 192.0.2.1"));
        for line in ["12:00:00.123: Sending", "[Nov 1 00:00:00] x: y", "    -- Added", "v=0", ""] {
            assert!(!is_header(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn prefixes_of_one_shape_are_stripped() {
        assert_eq!(behind(b"   ", b"   Via: x"), Some(&b"Via: x"[..]));
        assert_eq!(behind(b"   ", b""), Some(&b""[..]));
        assert_eq!(behind(b"   ", b"Via: x"), None);
        assert_eq!(behind(b"00:01 app[9]| ", b"00:02 app[10]| Via: x"), Some(&b"Via: x"[..]));
        assert_eq!(behind(b"00:01 app[9]| ", b"00:02 app[10]|"), Some(&b""[..]));
        assert_eq!(behind(b"got ", b"Via: x"), None);
    }
}
