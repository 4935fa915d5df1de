//! Reduces lines of unknown meaning to their shapes.

use std::collections::HashSet;

use super::stamp::Stamp;

/// The most shapes that are kept of a log.
pub(super) const MAX_SHAPES: usize = 64;
/// The longest shape.
const MAX_SHAPE: usize = 160;

/// The shapes of a log.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: HashSet<String>,
}

impl Shapes {
    /// The shape of a line; `None` when there is nothing in it, or too many shapes were seen.
    pub(super) fn of(&mut self, line: &[u8]) -> Option<String> {
        let shape = shape(line)?;
        if !self.known.contains(&shape) {
            if self.known.len() >= MAX_SHAPES {
                return None;
            }
            self.known.insert(shape.clone());
        }
        Some(shape)
    }
}

/// A line with its time left out and its numbers, addresses and quoted names replaced: `number _ at _`.
fn shape(line: &[u8]) -> Option<String> {
    let start = Stamp::leading(line).map_or(0, |(_, end)| end);
    let text = String::from_utf8_lossy(line.get(start..)?).into_owned();
    let text = text.trim_start_matches([':', ']', '|', ' ', '\t']).trim_end();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if out.len() >= MAX_SHAPE {
            break;
        }
        let (taken, placeholder) = token(rest, first);
        let (text, behind) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(placeholder.unwrap_or(text));
        rest = behind;
    }
    let has_words = out.chars().filter(char::is_ascii_alphabetic).count() > 2;
    has_words.then_some(out)
}

/// How long the next token is, and its placeholder.
fn token(rest: &str, first: char) -> (usize, Option<&'static str>) {
    if matches!(first, '\'' | '"')
        && let Some(close) = rest.get(1..).and_then(|inner| inner.find(first))
    {
        return (close + 2, Some("'_'"));
    }
    if !is_word(first) {
        return (first.len_utf8(), None);
    }
    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or(rest);
    let has_digit = word.chars().any(|c| c.is_ascii_digit());
    (length, has_digit.then_some("_"))
}

/// A character of a word, a number or an address.
const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_attempts_is_replaced() {
        let shape = |line: &str| super::shape(line.as_bytes()).unwrap();
        assert_eq!(
            shape("00:08:41.978: no gateway is found using address '192.0.2.81' for number '1002'"),
            "no gateway is found using address '_' for number '_'"
        );
        assert_eq!(
            shape(
                "00:08:41.978: Assocaited transport for the device [4] changed from [:0:0] to [192.0.2.1:5090:1]"
            ),
            "Assocaited transport for the device [_] changed from [:_:_] to [_:_:_]"
        );
        assert_eq!(
            shape("Unable to resolve number for DN:1002"),
            "Unable to resolve number for DN:_"
        );
        assert!(super::shape(b"12:00:00.000: ").is_none());
    }

    #[test]
    fn there_is_an_end_to_shapes() {
        let mut shapes = Shapes::default();
        let line = |n: usize| "abc".repeat(n + 1).into_bytes();
        let kept = (0..100).filter(|n| shapes.of(&line(*n)).is_some()).count();
        assert_eq!(kept, 50.max(kept.min(MAX_SHAPES)));
        assert!(shapes.of(&line(0)).is_some());
    }
}
