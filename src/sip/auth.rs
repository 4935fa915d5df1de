//! Challenges and credentials of HTTP authentication in SIP.

use super::scan::{after_quoted, slice, tail, trim, trim_start, unquote};

/// One challenge of a WWW-Authenticate or Proxy-Authenticate (RFC 3261 §22, RFC 8760).
///
/// Values stand as on the wire, without quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Challenge<'a> {
    /// Whether it came from a proxy (Proxy-Authenticate).
    pub proxy: bool,
    /// The scheme as spelled, usually `Digest`.
    pub scheme: &'a [u8],
    /// The realm.
    pub realm: Option<&'a [u8]>,
    /// The nonce.
    pub nonce: Option<&'a [u8]>,
    /// The algorithm; MD5 when absent.
    pub algorithm: Option<&'a [u8]>,
    /// The protections offered, a comma-separated list.
    pub qop: Option<&'a [u8]>,
    /// Whether only the nonce was out of date.
    pub stale: bool,
    /// The opaque.
    pub opaque: Option<&'a [u8]>,
}

impl Challenge<'_> {
    /// Whether the scheme is Digest, in any case.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"Digest")
    }
}

/// The content of one Authorization or Proxy-Authorization (RFC 3261 §22, RFC 8760).
///
/// Values stand as on the wire, without quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Credentials<'a> {
    /// Whether they are for a proxy (Proxy-Authorization).
    pub proxy: bool,
    /// The scheme as spelled, usually `Digest`.
    pub scheme: &'a [u8],
    /// The user name.
    pub username: Option<&'a [u8]>,
    /// The realm.
    pub realm: Option<&'a [u8]>,
    /// The nonce answered.
    pub nonce: Option<&'a [u8]>,
    /// The digest URI.
    pub uri: Option<&'a [u8]>,
    /// The response; `Some(b"")` in an AKA registration's first request (RFC 3310 §3.2).
    pub response: Option<&'a [u8]>,
    /// The algorithm; MD5 when absent.
    pub algorithm: Option<&'a [u8]>,
    /// The protection chosen.
    pub qop: Option<&'a [u8]>,
    /// The nonce count, hexadecimal on the wire.
    pub nc: Option<u32>,
    /// The client's nonce.
    pub cnonce: Option<&'a [u8]>,
    /// The opaque.
    pub opaque: Option<&'a [u8]>,
}

impl Credentials<'_> {
    /// Whether the scheme is Digest, in any case.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"Digest")
    }
}

/// The challenges or credentials of one header value, in order.
#[derive(Clone, Debug)]
pub(super) struct AuthItems<'a> {
    rest: &'a [u8],
    proxy: bool,
    scheme: Option<&'a [u8]>,
}

impl<'a> AuthItems<'a> {
    /// Those in `value`; `proxy` is handed on to each.
    pub(super) const fn new(value: &'a [u8], proxy: bool) -> Self {
        Self { rest: value, proxy, scheme: None }
    }

    /// Reads the next challenge.
    pub(super) fn challenge(&mut self) -> Option<Challenge<'a>> {
        let mut read = Challenge { proxy: self.proxy, ..Challenge::default() };
        read.scheme = self.item(|name, value| {
            let field = match () {
                () if name.eq_ignore_ascii_case(b"realm") => &mut read.realm,
                () if name.eq_ignore_ascii_case(b"nonce") => &mut read.nonce,
                () if name.eq_ignore_ascii_case(b"algorithm") => &mut read.algorithm,
                () if name.eq_ignore_ascii_case(b"qop") => &mut read.qop,
                () if name.eq_ignore_ascii_case(b"opaque") => &mut read.opaque,
                () if name.eq_ignore_ascii_case(b"stale") => {
                    read.stale |= value.eq_ignore_ascii_case(b"true");
                    return;
                }
                () => return,
            };
            field.get_or_insert(value);
        })?;
        Some(read)
    }

    /// Reads the next credentials.
    pub(super) fn credentials(&mut self) -> Option<Credentials<'a>> {
        let mut read = Credentials { proxy: self.proxy, ..Credentials::default() };
        read.scheme = self.item(|name, value| {
            let field = match () {
                () if name.eq_ignore_ascii_case(b"username") => &mut read.username,
                () if name.eq_ignore_ascii_case(b"realm") => &mut read.realm,
                () if name.eq_ignore_ascii_case(b"nonce") => &mut read.nonce,
                () if name.eq_ignore_ascii_case(b"uri") => &mut read.uri,
                () if name.eq_ignore_ascii_case(b"response") => &mut read.response,
                () if name.eq_ignore_ascii_case(b"algorithm") => &mut read.algorithm,
                () if name.eq_ignore_ascii_case(b"qop") => &mut read.qop,
                () if name.eq_ignore_ascii_case(b"cnonce") => &mut read.cnonce,
                () if name.eq_ignore_ascii_case(b"opaque") => &mut read.opaque,
                () if name.eq_ignore_ascii_case(b"nc") => {
                    read.nc = read.nc.or_else(|| hex_number(value));
                    return;
                }
                () => return,
            };
            field.get_or_insert(value);
        })?;
        Some(read)
    }

    /// Reads one scheme with its parameters, handing each of them to `take`.
    fn item(&mut self, mut take: impl FnMut(&'a [u8], &'a [u8])) -> Option<&'a [u8]> {
        let mut scheme = self.scheme.take();
        loop {
            let Some(part) = self.part() else { return scheme };
            match (part, scheme) {
                (Part::Word { text, .. }, None) => scheme = Some(text),
                (Part::Word { text, ends_item: false }, Some(_)) => {
                    self.scheme = Some(text);
                    return scheme;
                }
                // a lone word between commas is no scheme
                (Part::Word { ends_item: true, .. }, Some(_)) => {}
                // parameters without a scheme: read them all the same, as of an unnamed one
                (Part::Param(name, value), found) => {
                    scheme = Some(found.unwrap_or_default());
                    take(name, value);
                }
            }
        }
    }

    /// Reads the next word or `name=value`.
    fn part(&mut self) -> Option<Part<'a>> {
        loop {
            let text = trim_start(self.rest);
            let length = text.iter().position(|b| ends_word(*b)).unwrap_or(text.len());
            if length == 0 {
                let skip = match text.first()? {
                    b'"' => after_quoted(text, 1).unwrap_or(text.len()),
                    _ => 1,
                };
                self.rest = tail(text, skip);
                continue;
            }
            let word = slice(text, 0, length);
            let after = trim_start(tail(text, length));
            let Some(value) = after.strip_prefix(b"=") else {
                self.rest = after;
                let ends_item = matches!(after.first(), None | Some(b','));
                return Some(Part::Word { text: word, ends_item });
            };
            let (value, rest) = auth_value(trim_start(value));
            self.rest = rest;
            return Some(Part::Param(word, value));
        }
    }
}

/// What an authentication header is made of.
enum Part<'a> {
    /// A word without `=`; whether a comma or the end follows.
    Word { text: &'a [u8], ends_item: bool },
    /// A parameter.
    Param(&'a [u8], &'a [u8]),
}

/// Whether a word ends before `byte`.
const fn ends_word(byte: u8) -> bool {
    matches!(byte, b'=' | b',' | b'"' | b' ' | b'\t' | b'\r' | b'\n')
}

/// The value at the start of `text`, quoted or up to the comma, and what follows it.
fn auth_value(text: &[u8]) -> (&[u8], &[u8]) {
    if text.first() == Some(&b'"')
        && let Some(end) = after_quoted(text, 1)
    {
        return (unquote(slice(text, 0, end)), tail(text, end));
    }
    let end = memchr::memchr(b',', text).unwrap_or(text.len());
    (trim(slice(text, 0, end)), tail(text, end))
}

/// A nonce count (RFC 7616 §3.4).
fn hex_number(value: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(trim(value)).ok()?, 16).ok()
}
