//! Text in columns: cut to a width, padded, wrapped.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// `text` in exactly `width` columns, with `more` at its end if it is cut.
pub(crate) fn cell(text: &str, width: usize, more: &str) -> String {
    let text = cut(text, width, more);
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

/// `text` in at most `width` columns, with `more` at its end if it is cut.
pub(crate) fn cut(text: &str, width: usize, more: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(more.width());
    let mut out = text.get(..fitting(text, room)).unwrap_or_default().to_owned();
    out.push_str(more);
    out
}

/// How many bytes of `text` fit into `width` columns.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return at;
        }
    }
    text.len()
}

/// The lines of a paragraph, the first in `first` columns, the others in `rest`.
///
/// A word that is longer than a line is broken.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> impl Iterator<Item = &str> {
    let mut at = 0;
    let mut width = first;
    std::iter::from_fn(move || {
        let left = text.get(at..).filter(|left| !left.is_empty())?;
        let Range { end, .. } = line(left, width.max(1));
        at += end + left.get(end..).map_or(0, |l| l.len() - l.trim_start_matches(' ').len());
        width = rest;
        left.get(..end).map(str::trim_end)
    })
}

/// The part of `text` that makes one line.
fn line(text: &str, width: usize) -> Range<usize> {
    let fits = fitting(text, width);
    if fits == text.len() || text.as_bytes().get(fits) == Some(&b' ') {
        return 0..fits;
    }
    let blank = text.get(..fits).and_then(|fitting| fitting.rfind(' ')).filter(|&at| at > 0);
    let whole = text.chars().next().map_or(1, char::len_utf8);
    0..blank.unwrap_or_else(|| fits.max(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_width_in_columns() {
        assert_eq!(cell("abc", 5, "…"), "abc  ");
        assert_eq!(cell("abcdef", 5, "…"), "abcd…");
        assert_eq!(cell("日本語", 5, "…"), "日本…");
        assert_eq!(cell("日本語", 4, "…"), "日… ");
        assert_eq!(cell("", 0, "…"), "");
    }

    #[test]
    fn a_paragraph_is_wrapped_at_blanks() {
        let lines = |text: &'static str| wrap(text, 10, 8).collect::<Vec<_>>();
        assert_eq!(lines("one two three four"), ["one two", "three", "four"]);
        assert_eq!(lines("0123456789 12345678"), ["0123456789", "12345678"]);
        assert_eq!(lines("0123456789abcdefghij"), ["0123456789", "abcdefgh", "ij"]);
        assert_eq!(lines(""), Vec::<&str>::new());
        assert_eq!(wrap("日本", 1, 1).collect::<Vec<_>>(), ["日", "本"]);
    }
}
