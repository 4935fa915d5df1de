//! Text to look for, without case, in what a person sees of wire text: escaped, passwords masked.

use memchr::memchr2_iter;

use crate::net::escape_bytes;

/// Text to look for or to equal, without case.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Needle {
    typed: String,
    lower: String,
    /// Whether it can be in no text only because of how that is masked or escaped.
    plain: bool,
}

impl Needle {
    /// Looks for this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::of(text, text)
    }

    /// Looks for what a person typed, without the blanks around it.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self::of(text, text.trim())
    }

    fn of(typed: &str, text: &str) -> Self {
        let lower = text.to_lowercase();
        let plain = lower.is_ascii() && !lower.contains('*');
        Self { typed: typed.to_owned(), lower, plain }
    }

    /// The text as it was typed.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// The text in lower case.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.lower
    }

    /// Whether wire text shows it somewhere.
    ///
    /// What is masked is not found: only a hit that is still there in the text as it is shown counts.
    #[must_use]
    pub fn is_in(&self, wire: &[u8]) -> bool {
        // no early end: the compiler looks at many bytes at once
        let odd = wire.iter().fold(false, |odd, b| odd | !(b' '..0x7f).contains(b));
        if !odd && self.plain && !self.is_in_ascii(wire) {
            return false;
        }
        self.is_shown(&escape_bytes(wire))
    }

    /// Whether text that is shown as it is holds it.
    #[must_use]
    pub fn is_shown(&self, text: &str) -> bool {
        if self.lower.is_ascii() && text.is_ascii() {
            return self.is_in_ascii(text.as_bytes());
        }
        text.to_lowercase().contains(&self.lower)
    }

    /// Whether wire text shows just this.
    #[must_use]
    pub fn equals(&self, wire: &[u8]) -> bool {
        let shown = escape_bytes(wire);
        shown.eq_ignore_ascii_case(&self.lower) || shown.to_lowercase() == self.lower
    }

    fn is_in_ascii(&self, text: &[u8]) -> bool {
        let needle = self.lower.as_bytes();
        let Some(&first) = needle.first() else { return true };
        memchr2_iter(first, first.to_ascii_uppercase(), text).any(|at| {
            let part = text.get(at..at + needle.len());
            part.is_some_and(|part| part.eq_ignore_ascii_case(needle))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_as_it_is_shown() {
        for (needle, wire, want) in [
            ("forbidden", &b"403 Forbidden"[..], true),
            ("FORBIDDEN", b"forbidden", true),
            ("", b"anything", true),
            ("\u{fc}nicode", "\u{dc}nicode".as_bytes(), true),
            ("\\x1b", b"a\x1b[31m", false),
            ("\\xff", b"a\xff", true),
            ("den.", b"Forbidden", false),
            // a password is masked wherever it is shown, so it is not found either
            ("geheim", b"sip:5001:geheim@10.0.0.1", false),
            ("***", b"sip:5001:geheim@10.0.0.1", true),
            ("5001", b"sip:5001:geheim@10.0.0.1", true),
        ] {
            assert_eq!(Needle::new(needle).is_in(wire), want, "{needle} in {wire:?}");
        }
    }
}
