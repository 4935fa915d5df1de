//! Addresses with display name and parameters, as in To, From and Contact.

use memchr::{memchr, memchr2};

use super::params::Params;
use super::scan::{after_quoted, number, slice, tail, trim, unquote};
use super::uri::Uri;

/// A `name-addr` or `addr-spec` with header parameters (RFC 3261 §20.10, §20.39).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameAddr<'a> {
    /// All of it, without white space around it.
    pub raw: &'a [u8],
    /// The display name without its quotes; escapes inside and folds stay as they are.
    pub display: Option<&'a [u8]>,
    /// The address.
    pub uri: Uri<'a>,
    /// The header parameters: those behind the `>`, or, without brackets, all of them
    /// (RFC 3261 §20).
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one address; `None` when there is no URI in it.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = trim(value);
        let Some(open) = open_bracket(value) else { return Self::without_brackets(value) };
        let display = unquote(trim(slice(value, 0, open)));
        let inner = tail(value, open + 1);
        let (uri, rest) = match memchr(b'>', inner) {
            Some(close) => (slice(inner, 0, close), tail(inner, close + 1)),
            None => (inner, &[][..]),
        };
        Some(Self {
            raw: value,
            display: (!display.is_empty()).then_some(display),
            uri: Uri::parse(uri)?,
            params: Params::after_semicolon(rest),
        })
    }

    /// Reads an address without angle brackets: it ends at the first semicolon or comma.
    fn without_brackets(value: &'a [u8]) -> Option<Self> {
        let end = memchr2(b';', b',', value).unwrap_or(value.len());
        let params = match value.get(end) {
            Some(b';') => Params::after_semicolon(tail(value, end)),
            _ => Params::default(),
        };
        let text = trim(slice(value, 0, end));
        // `Bob sip:5001@host`: a display name that lacks the brackets it needs
        let start = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let display = unquote(trim(slice(text, 0, start)));
        Some(Self {
            raw: value,
            display: (!display.is_empty()).then_some(display),
            uri: Uri::parse(tail(text, start))?,
            params,
        })
    }

    /// The value of the first header parameter `name` (any case); `None` when it is absent or has
    /// none.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.params.get(name).flatten()
    }

    /// Whether there is a header parameter `name`, with or without a value.
    #[must_use]
    pub fn has_param(&self, name: &[u8]) -> bool {
        self.params.get(name).is_some()
    }

    /// The `tag` (RFC 3261 §19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.param(b"tag")
    }

    /// The `expires` of a Contact in seconds (RFC 3261 §20.10).
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.param(b"expires").and_then(number)
    }

    /// The `q` of a Contact as spelled (RFC 3261 §20.10).
    #[must_use]
    pub fn q(&self) -> Option<&'a [u8]> {
        self.param(b"q")
    }

    /// The `+sip.instance` of a Contact without quotes and angle brackets (RFC 5626 §4.1).
    #[must_use]
    pub fn instance(&self) -> Option<&'a [u8]> {
        let value = trim(self.param(b"+sip.instance")?);
        let inner = value.strip_prefix(b"<").and_then(|value| value.strip_suffix(b">"));
        Some(inner.unwrap_or(value))
    }

    /// The `reg-id` of a Contact (RFC 5626 §4.2).
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        self.param(b"reg-id").and_then(number)
    }
}

/// Where the `<` before the URI stands: the first outside quoted strings, or, when a quote is
/// never closed, the first at all.
fn open_bracket(value: &[u8]) -> Option<usize> {
    if value.first() == Some(&b'<') {
        return Some(0);
    }
    let mut at = 0;
    loop {
        let hit = at + memchr2(b'<', b'"', tail(value, at))?;
        if value.get(hit) == Some(&b'<') {
            return Some(hit);
        }
        match after_quoted(value, hit + 1) {
            Some(after) => at = after,
            None => return memchr(b'<', value),
        }
    }
}

/// One element of a Contact header (RFC 3261 §20.10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contact<'a> {
    /// `*`: all bindings, in a REGISTER that removes them (RFC 3261 §10.2.2).
    Star,
    /// An address.
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    /// Reads one element; `None` when it is neither.
    #[must_use]
    pub fn parse(item: &'a [u8]) -> Option<Self> {
        match trim(item) {
            b"*" => Some(Self::Star),
            item => NameAddr::parse(item).map(Self::Address),
        }
    }

    /// The address, if it is one.
    #[must_use]
    pub const fn address(&self) -> Option<&NameAddr<'a>> {
        match self {
            Self::Star => None,
            Self::Address(address) => Some(address),
        }
    }
}
