//! The bytes of a message: offset, hexadecimal, and characters; secrets hidden.

use std::fmt::Write as _;
use std::ops::Range;

use super::paper::Line;
use super::theme::Ink;

/// Columns a line of sixteen bytes takes.
const WIDE: usize = 6 + 2 + 16 * 3 + 2 + 16;

/// The bytes in lines that fit the width; those in `hidden` are not shown.
pub(in crate::tui) fn lines(bytes: &[u8], hidden: &[Range<usize>], width: usize) -> Vec<Line> {
    let row = if width >= WIDE { 16 } else { 8 };
    let mut lines = Vec::with_capacity(bytes.len() / row + 1);
    for (number, chunk) in bytes.chunks(row).enumerate() {
        let start = number * row;
        let (mut hex, mut characters) = (String::new(), String::new());
        for (place, byte) in (start..).zip(chunk) {
            if place == start + row / 2 && row == 16 {
                hex.push(' ');
            }
            if hidden.iter().any(|range| range.contains(&place)) {
                hex.push_str("** ");
                characters.push('*');
                continue;
            }
            // appending to a String cannot fail
            let _ = write!(hex, "{byte:02x} ");
            characters.push(if byte.is_ascii_graphic() || *byte == b' ' {
                char::from(*byte)
            } else {
                '.'
            });
        }
        let room = row * 3 + usize::from(row == 16);
        lines.push(vec![
            (format!("{start:06x}  "), Some(Ink::Faint)),
            (format!("{hex:<room$} "), None),
            (characters, Some(Ink::Accent)),
        ]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_with_their_offsets_and_secrets_are_not() {
        let bytes: Vec<u8> = (0x40..0x60).collect();
        for (width, count) in [(80, 2), (44, 4)] {
            let lines = lines(&bytes, std::slice::from_ref(&(2..4)), width);
            assert_eq!(lines.len(), count);
            let text: Vec<String> = lines
                .iter()
                .map(|line| line.iter().map(|(text, _)| text.as_str()).collect())
                .collect();
            assert!(text[0].starts_with("000000  40 41 ** ** 44"), "{}", text[0]);
            assert!(text[0].contains("@A**DEFG"), "{}", text[0]);
            assert!(text.iter().all(|line| line.len() <= width), "{text:?}");
        }
    }
}
