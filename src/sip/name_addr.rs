//! Addresses with display name and parameters, as in To, From and Contact.

use memchr::{memchr, memchr2};

use super::find;
use super::params::Params;
use super::scan::{after_quoted, list_items, number, slice, tail, trim, unquote};
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
        Self::plain(value).or_else(|| Self::any(value))
    }

    /// Reads `"name" <sip:user@host:port;params>;params` without anything odd in it, which most are,
    /// in one go; `None` for any other.
    fn plain(value: &'a [u8]) -> Option<Self> {
        let (display, uri_at) = plain_display(value)?;
        let inner = tail(value, uri_at);
        let (mut uri, mut end) = Uri::plain_start(inner)?;
        if inner.get(end) == Some(&b';') {
            let close = find::byte(inner, end, b'>')?;
            uri = uri.with_params(slice(inner, 0, close), end)?;
            end = close;
        }
        let rest = tail(inner, end).strip_prefix(b">")?;
        Some(Self { raw: value, display, uri, params: Params::after_semicolon(rest) })
    }

    /// Reads whatever `value` is.
    fn any(value: &'a [u8]) -> Option<Self> {
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

/// The display name of `"name" <…` or `<…`, and where the URI begins; `None` when anything else
/// is there.
pub(super) fn plain_display(value: &[u8]) -> Option<(Option<&[u8]>, usize)> {
    match value {
        [b'<', ..] => Some((None, 1)),
        [b'"', ..] => {
            let close = find::either(value, 1, b'"', b'\\')?;
            let uri_at = match tail(value, close) {
                [b'"', b'<', ..] => close + 2,
                [b'"', b' ', b'<', ..] => close + 3,
                _ => return None,
            };
            Some((Some(slice(value, 1, close)).filter(|display| !display.is_empty()), uri_at))
        }
        _ => None,
    }
}

/// An address of which the URI is not read, only found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outline<'a> {
    /// See [`NameAddr::raw`].
    pub raw: &'a [u8],
    /// See [`Uri::raw`].
    pub uri: &'a [u8],
    /// See [`NameAddr::params`].
    pub params: Params<'a>,
}

impl<'a> Outline<'a> {
    /// Finds the parts of one address; `None` when there is no URI in it.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = trim(value);
        Self::plain(value).or_else(|| {
            let NameAddr { raw, uri, params, .. } = NameAddr::parse(value)?;
            Some(Self { raw, uri: uri.raw, params })
        })
    }

    /// What starts with `sip:` or `sips:` is a URI whatever follows.
    fn plain(value: &'a [u8]) -> Option<Self> {
        let (_, uri_at) = plain_display(value)?;
        let close = find::byte(value, uri_at, b'>')?;
        let uri = slice(value, uri_at, close);
        let is_sip = uri.starts_with(b"sip:") || uri.starts_with(b"sips:");
        let is_plain = is_sip && uri.last().is_some_and(|last| *last > b' ');
        is_plain.then(|| Self {
            raw: value,
            uri,
            params: Params::after_semicolon(tail(value, close + 1)),
        })
    }

    /// The known parameters of a Contact, in one pass.
    #[must_use]
    pub fn contact_params(&self) -> ContactParams {
        let (mut expires, mut instance, mut reg_id) = (None, None, None);
        for (name, value) in self.params.iter() {
            let place = match name.len() {
                7 if name.eq_ignore_ascii_case(b"expires") => &mut expires,
                13 if name.eq_ignore_ascii_case(b"+sip.instance") => &mut instance,
                6 if name.eq_ignore_ascii_case(b"reg-id") => &mut reg_id,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        ContactParams {
            expires: expires.flatten().and_then(number),
            has_instance: instance.flatten().is_some(),
            reg_id: reg_id.flatten().and_then(number),
        }
    }
}

/// What the known parameters of a Contact say; the first of each name counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ContactParams {
    /// See [`NameAddr::expires`].
    pub expires: Option<u32>,
    /// Whether there is a [`NameAddr::instance`].
    pub has_instance: bool,
    /// See [`NameAddr::reg_id`].
    pub reg_id: Option<u32>,
}

/// The position of the `<` before the URI: the first outside quoted strings, or, when a quote is
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
    /// Those in the value of a header, in order; `None` is [`Contact::Star`].
    pub fn outlines(value: &'a [u8]) -> impl Iterator<Item = Option<Outline<'a>>> + use<'a> {
        list_items(value).filter_map(|item| match item {
            b"*" => Some(None),
            item => Outline::parse(item).map(Some),
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_read_as_all_are() {
        let mut plain = 0;
        let before =
            ["", "\"\" ", "\"A B\" ", "\"a\"", "\"a\\\"\" ", "\"a ", "a ", "\"<\" ", "\"a\"  "];
        let uris = [
            "sip:5001@h",
            "sips:a.b@10.0.0.1:5061",
            "sip:a@h;lr",
            "sip:a@h;lr ",
            "sip:a@h?b",
            "sip:@h",
            "sip:a@h;x=?",
            "tel:1",
            "sip:a@h:0",
            "sip:a@h:x",
            "sip:a%40@h",
            "sip:a@h ",
            "SIP:a@h",
            "",
        ];
        let after = [
            "",
            ";tag=1",
            " ;tag=1",
            ";expires=5;expires=6",
            ";Reg-Id=1;+sip.instance=\"<a>\";reg-id",
            ";+sip.instance",
            "x;tag=1",
            ";a=\"<\"",
            ";",
            ",<sip:b@h>",
            " ",
        ];
        for before in before {
            for uri in uris {
                for after in after {
                    for text in
                        [format!("{before}<{uri}>{after}"), format!("{before}<{uri}{after}")]
                    {
                        let value = trim(text.as_bytes());
                        if let Some(outline) = Outline::plain(value) {
                            let whole = NameAddr::any(value).unwrap();
                            assert_eq!((outline.raw, outline.uri), (whole.raw, whole.uri.raw));
                            assert_eq!(outline.params, whole.params, "{text}");
                            let params = outline.contact_params();
                            assert_eq!(params.expires, whole.expires());
                            assert_eq!(params.reg_id, whole.reg_id());
                            assert_eq!(params.has_instance, whole.instance().is_some());
                        }
                        if let Some(address) = NameAddr::plain(value) {
                            plain += 1;
                            assert_eq!(Some(address), NameAddr::any(value), "{text}");
                        }
                    }
                }
            }
        }
        assert!(plain > 100, "{plain}");
    }
}
