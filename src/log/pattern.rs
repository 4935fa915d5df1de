//! Patterns of the dialects' tables: regular expressions over bytes, with names for what all of them need.

use std::sync::OnceLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// The names in patterns for the shapes that every dialect writes.
const NAMES: [(&str, &str); 4] = [
    // an address and its port
    ("{AP}", r#"(?:\[[^\]\s]+\]|[^\s\[\],;|<>"'()/]+):\d{1,5}"#),
    // an address alone
    ("{A}", r#"(?:\[[^\]\s]+\]|[^\s\[\],;|<>"'()/]+)"#),
    // a time of day
    ("{TOD}", r"\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?"),
    // the user of the address of record in a quoted From: `'"Name" <sip:1001@host>'`
    ("{AOR}", r"'[^']*?sips?:(?P<dn>[^@>';]+)[^']*'"),
];

/// The most bytes of a line that a pattern searches.
const MAX_LOOK: usize = 8 * 1024;

/// A pattern that is compiled when it is first tried on a line.
#[derive(Debug)]
pub(super) struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern written `source`.
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// What it finds in `text`.
    pub(super) fn find<'t>(&self, text: &'t [u8]) -> Option<Captures<'t>> {
        self.regex()?.captures(text.get(..MAX_LOOK).unwrap_or(text))
    }

    /// Where it begins in `text`.
    pub(super) fn begins(&self, text: &[u8]) -> Option<usize> {
        Some(self.regex()?.find(text.get(..MAX_LOOK).unwrap_or(text))?.start())
    }

    /// The expression; `None` when it is none, which the tests of the tables rule out.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(self.source)).as_ref()
    }
}

/// Compiles `source` with its names replaced.
fn compile(source: &str) -> Option<Regex> {
    let mut text = source.to_owned();
    for (name, expression) in NAMES {
        text = text.replace(name, expression);
    }
    RegexBuilder::new(&text).unicode(false).size_limit(1 << 20).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_expressions() {
        let pattern = Pattern::new(r"from (?P<peer>{AP}) at (?P<time>{TOD})");
        let found = pattern.find(b"from [2001:db8::1]:5060 at 12:00:00.123456:").unwrap();
        assert_eq!(&found["peer"], b"[2001:db8::1]:5060");
        assert_eq!(&found["time"], b"12:00:00.123456");
        assert!(pattern.find(b"from nowhere at 12:00:00").is_none());
    }
}
