//! Makes text from the wire safe to show: the one adapter every output goes through.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character may reach a terminal or a file as it is.
///
/// Control characters (C0, DEL, C1) drive terminals; bidirectional marks, zero-width characters
/// and line separators make text read as something it is not.
const fn is_safe(c: char) -> bool {
    !matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with every unsafe character replaced by a visible escape (`\n`, `\u{202e}`).
///
/// A backslash is left alone, so that ordinary text stays ordinary; the result is for reading,
/// not for reversing.
#[must_use]
pub fn escape_text(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_safe(c) {
            out.push(c);
        } else {
            let _ = write!(out, "{}", c.escape_default());
        }
    }
    Cow::Owned(out)
}

/// Bytes from the wire as safe text: UTF-8 where it is, `\xNN` for every byte that is not.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return escape_text(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&escape_text(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Bytes from the wire as safe text for machines: U+FFFD for what is not UTF-8, as other tools have it.
#[must_use]
pub fn escape_lossy(bytes: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => escape_text(text),
        Cow::Owned(text) => Cow::Owned(escape_text(&text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_ordinary_text_alone() {
        assert!(matches!(escape_text("sip:5002@gw Ünïcode \\"), Cow::Borrowed(_)));
    }

    #[test]
    fn neutralises_what_drives_a_terminal() {
        assert_eq!(escape_text("a\x1b[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
        assert_eq!(escape_text("x\u{202e}y\u{9b}"), "x\\u{202e}y\\u{9b}");
        assert_eq!(escape_bytes(b"a\xff\x00"), "a\\xff\\u{0}");
        assert_eq!(escape_lossy(b"a\xff\x00"), "a\u{fffd}\\u{0}");
    }
}
