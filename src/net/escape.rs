//! Makes text from the wire safe to show: the one adapter every output goes through.
//!
//! What drives a terminal or cannot be seen is replaced by a visible escape, and passwords in URIs are masked
//! ([`password`](super::password)).

use std::borrow::Cow;
use std::fmt::Write as _;

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, GraphemeExtend, PrependedConcatenationMark,
};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};

use super::password::without_passwords;

/// Characters that are not drawn: joiners, fillers, variation selectors, bidirectional marks, tags.
const IGNORABLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();
/// Marks that are drawn on the character before them.
const EXTENDS: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<GraphemeExtend>();
/// Format characters that are drawn, around the digits that follow.
const DRAWN_FORMAT: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<PrependedConcatenationMark>();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();

/// Whether a character may reach a terminal or a file as it is.
///
/// Control characters (C0, DEL, C1) drive terminals; what is not drawn, bidirectional marks and line
/// separators make text read as something it is not.
fn is_safe(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    let is_odd = match CATEGORY.get(c) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        GeneralCategory::Format => !DRAWN_FORMAT.contains(c),
        _ => false,
    };
    !is_odd && !IGNORABLE.contains(c)
}

/// The characters of a text, and for each whether it may stay: a mark needs one before it to be drawn on.
fn judged(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    let mut has_base = false;
    text.chars().map(move |c| {
        let stays = is_safe(c) && (has_base || !EXTENDS.contains(c));
        has_base = stays;
        (c, stays)
    })
}

/// Whether a text is ASCII and needs no escape, as most are.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// `text` with every unsafe character replaced by a visible escape (`\n`, `\u{202e}`), and passwords in URIs
/// masked.
///
/// A backslash is left alone, so that ordinary text stays ordinary; the result is for reading,
/// not for reversing.
#[must_use]
pub fn escape_text(text: &str) -> Cow<'_, str> {
    match without_passwords(text.as_bytes()) {
        Cow::Borrowed(_) => visible(text),
        Cow::Owned(masked) => Cow::Owned(visible(&String::from_utf8_lossy(&masked)).into_owned()),
    }
}

/// `text`, or its first `most` characters and an ellipsis.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// `text` with every unsafe character replaced.
fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || judged(text).all(|(_, stays)| stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (c, stays) in judged(text) {
        if stays {
            out.push(c);
        } else {
            let _ = write!(out, "{}", c.escape_default());
        }
    }
    Cow::Owned(out)
}

/// Bytes from the wire as safe text: UTF-8 where it is, `\xNN` for every byte that is not, passwords in URIs
/// masked.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match without_passwords(bytes) {
        Cow::Borrowed(bytes) => escape_revealed(bytes),
        Cow::Owned(masked) => Cow::Owned(escape_revealed(&masked).into_owned()),
    }
}

/// Bytes from the wire as safe text, passwords included: for users who asked to see them.
#[must_use]
pub fn escape_revealed(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return visible(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
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
        for text in [
            "sip:5002@gw Ünïcode \\",
            "Zoe\u{308} Ångström", // a mark that is drawn
            "日本語 हिन्दी ไทย العربية עברית",
            "\u{600}12", // ARABIC NUMBER SIGN
            "sip:10.0.0.1:5060 😀",
        ] {
            assert!(matches!(escape_text(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn neutralises_what_drives_a_terminal() {
        assert_eq!(escape_text("a\x1b[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
        assert_eq!(escape_text("x\u{202e}y\u{9b}"), "x\\u{202e}y\\u{9b}");
        assert_eq!(escape_bytes(b"a\xff\x00"), "a\\xff\\u{0}");
        assert_eq!(escape_lossy(b"a\xff\x00"), "a\u{fffd}\\u{0}");
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        let invisible = [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2069}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{1bca0}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0020}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e01ef}',
        ];
        for c in invisible {
            let want = format!("50{}01", c.escape_default());
            assert_eq!(escape_text(&format!("50{c}01")), want);
            assert_eq!(escape_bytes(format!("50{c}01").as_bytes()), want);
        }
    }

    #[test]
    fn a_mark_needs_a_character_to_be_drawn_on() {
        assert_eq!(escape_text("\u{301}5001"), "\\u{301}5001");
        assert_eq!(escape_text("\u{301}\u{302}5"), "\\u{301}\\u{302}5");
        assert_eq!(escape_text("a\u{200d}\u{301}"), "a\\u{200d}\\u{301}");
        assert_eq!(escape_text("5\u{20dd}"), "5\u{20dd}");
    }

    #[test]
    fn passwords_are_masked_unless_they_are_asked_for() {
        assert_eq!(escape_text("sip:1:pw\u{301}@h\n"), "sip:1:***@h\\n");
        assert_eq!(escape_bytes(b"sip:1:pw\xff@h\xff"), "sip:1:***@h\\xff");
        assert_eq!(escape_lossy(b"sip:1:pw\xff@h\xff"), "sip:1:***@h\u{fffd}");
        assert_eq!(escape_revealed(b"sip:1:pw@h\n"), "sip:1:pw@h\\n");
    }
}
