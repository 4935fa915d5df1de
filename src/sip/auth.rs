//! Challenges and credentials of HTTP authentication in SIP.

use super::find;
use super::scan::{after_quoted, slice, tail, trim, trim_start, unquote};

/// One challenge of a WWW-Authenticate or Proxy-Authenticate (RFC 3261 §22, RFC 8760).
///
/// Values are as on the wire, without quotes.
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
    /// What a scheme of several rounds sends along (`gssapi-data`, RFC 4559 §4.1).
    pub data: Option<&'a [u8]>,
}

impl<'a> Challenge<'a> {
    /// Those in the value of a header, in order; `proxy` is handed on to each.
    pub fn all(value: &'a [u8], proxy: bool) -> impl Iterator<Item = Self> + use<'a> {
        let mut items = AuthItems::new(value, proxy);
        std::iter::from_fn(move || items.challenge())
    }

    /// Whether the scheme is Digest, in any case.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"Digest")
    }
}

/// The content of one Authorization or Proxy-Authorization (RFC 3261 §22, RFC 8760).
///
/// Values are as on the wire, without quotes.
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
    /// The synchronization failure of an AKA phone (RFC 3310 §3.4).
    pub auts: Option<&'a [u8]>,
}

impl<'a> Credentials<'a> {
    /// Those in the value of a header, in order; `proxy` is handed on to each.
    pub fn all(value: &'a [u8], proxy: bool) -> impl Iterator<Item = Self> + use<'a> {
        let mut items = AuthItems::new(value, proxy);
        std::iter::from_fn(move || items.credentials())
    }

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
        read.scheme = self.item(|field, value| {
            let field = match field {
                Field::Realm => &mut read.realm,
                Field::Nonce => &mut read.nonce,
                Field::Algorithm => &mut read.algorithm,
                Field::Qop => &mut read.qop,
                Field::Opaque => &mut read.opaque,
                Field::Data => &mut read.data,
                Field::Stale => {
                    read.stale |= value.eq_ignore_ascii_case(b"true");
                    return;
                }
                _ => return,
            };
            field.get_or_insert(value);
        })?;
        Some(read)
    }

    /// Reads the next credentials.
    pub(super) fn credentials(&mut self) -> Option<Credentials<'a>> {
        let mut read = Credentials { proxy: self.proxy, ..Credentials::default() };
        read.scheme = self.item(|field, value| {
            let field = match field {
                Field::Username => &mut read.username,
                Field::Realm => &mut read.realm,
                Field::Nonce => &mut read.nonce,
                Field::Uri => &mut read.uri,
                Field::Response => &mut read.response,
                Field::Algorithm => &mut read.algorithm,
                Field::Qop => &mut read.qop,
                Field::Cnonce => &mut read.cnonce,
                Field::Opaque => &mut read.opaque,
                Field::Auts => &mut read.auts,
                Field::Nc => {
                    read.nc = read.nc.or_else(|| hex_number(value));
                    return;
                }
                Field::Stale | Field::Data | Field::Other => return,
            };
            field.get_or_insert(value);
        })?;
        Some(read)
    }

    /// Reads one scheme with its parameters, handing each of them to `take`.
    fn item(&mut self, mut take: impl FnMut(Field, &'a [u8])) -> Option<&'a [u8]> {
        let mut scheme = self.scheme.take();
        loop {
            if scheme.is_some()
                && let Some((field, value, rest)) = plain_param(self.rest)
            {
                self.rest = rest;
                take(field, value);
                continue;
            }
            let Some(part) = self.part() else { return scheme };
            match (part, scheme) {
                (Part::Word { text, .. }, None) => scheme = Some(text),
                (Part::Word { text, ends_item: false }, Some(_)) => {
                    self.scheme = Some(text);
                    return scheme;
                }
                // a lone word between commas is no scheme, but may be data (RFC 7235 §2.1, token68)
                (Part::Word { text, ends_item: true }, Some(_)) => take(Field::Data, text),
                // parameters without a scheme: read as those of an unnamed one
                (Part::Param(name, value), found) => {
                    scheme = Some(found.unwrap_or_default());
                    match Field::of(name) {
                        // the padding of such data
                        Field::Other if value.iter().all(|byte| *byte == b'=') => {
                            take(Field::Data, name);
                        }
                        field => take(field, value),
                    }
                }
            }
        }
    }

    /// Reads the next word or `name=value`.
    fn part(&mut self) -> Option<Part<'a>> {
        loop {
            let text = trim_start(self.rest);
            let length = text.iter().position(|byte| ends_word(*byte)).unwrap_or(text.len());
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

/// Reads `name="value"` or `name=value`, behind commas and spaces, without anything odd in it and with a
/// name that is known, as nearly all are, and what follows; `None` for any other.
#[inline]
fn plain_param(text: &[u8]) -> Option<(Field, &[u8], &[u8])> {
    let text = match text {
        [b',', b' ', text @ ..] => text,
        text => tail(text, text.iter().take_while(|byte| matches!(byte, b',' | b' ')).count()),
    };
    let len = find::byte(text, 0, b'=')?;
    let field = Field::in_lower_case(slice(text, 0, len));
    if matches!(field, Field::Other) {
        return None;
    }
    let value = tail(text, len + 1);
    let (value, rest) = if let Some(quoted) = value.strip_prefix(b"\"") {
        let close = find::either(quoted, 0, b'"', b'\\')?;
        (slice(quoted, 0, close), tail(quoted, close).strip_prefix(b"\"")?)
    } else {
        let end = find::byte(value, 0, b',').unwrap_or(value.len());
        let (value, rest) = (slice(value, 0, end), tail(value, end));
        let odd = |byte: Option<&u8>| byte.is_some_and(|byte| *byte <= b' ');
        if odd(value.first()) || odd(value.last()) {
            return None;
        }
        (value, rest)
    };
    Some((field, value, rest))
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

/// The parameters that are read (RFC 7616 §3.3, §3.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Username,
    Realm,
    Nonce,
    Uri,
    Response,
    Algorithm,
    Qop,
    Nc,
    Cnonce,
    Opaque,
    Stale,
    Auts,
    Data,
    Other,
}

impl Field {
    /// The parameter called `name`, in any case.
    #[inline]
    fn of(name: &[u8]) -> Self {
        match Self::in_lower_case(name) {
            Self::Other if name.len() <= LONGEST_FIELD => Self::in_any_case(name),
            known => known,
        }
    }

    #[cold]
    fn in_any_case(name: &[u8]) -> Self {
        let mut lower = [0; LONGEST_FIELD];
        let lower = lower.get_mut(..name.len()).unwrap_or_default();
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Self::in_lower_case(lower)
    }

    #[inline]
    fn in_lower_case(name: &[u8]) -> Self {
        match name {
            b"username" => Self::Username,
            b"realm" => Self::Realm,
            b"nonce" => Self::Nonce,
            b"uri" => Self::Uri,
            b"response" => Self::Response,
            b"algorithm" => Self::Algorithm,
            b"qop" => Self::Qop,
            b"nc" => Self::Nc,
            b"cnonce" => Self::Cnonce,
            b"opaque" => Self::Opaque,
            b"stale" => Self::Stale,
            b"auts" => Self::Auts,
            b"gssapi-data" => Self::Data,
            _ => Self::Other,
        }
    }
}

/// As long as `gssapi-data`.
const LONGEST_FIELD: usize = 11;

/// The value at the start of `text`, quoted or up to the comma, and what follows it.
fn auth_value(text: &[u8]) -> (&[u8], &[u8]) {
    if text.first() == Some(&b'"')
        && let Some(end) = after_quoted(text, 1)
    {
        return (unquote(slice(text, 0, end)), tail(text, end));
    }
    let end = find::byte(text, 0, b',').unwrap_or(text.len());
    (trim(slice(text, 0, end)), tail(text, end))
}

/// A nonce count (RFC 7616 §3.4).
fn hex_number(value: &[u8]) -> Option<u32> {
    plain_hex(value).or_else(|| any_hex(value))
}

/// Reads eight digits, as it should be.
fn plain_hex(value: &[u8]) -> Option<u32> {
    let digits: &[u8; 8] = value.try_into().ok()?;
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// Reads whatever number it is.
fn any_hex(value: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(trim(value)).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_counts_are_read_as_all_are() {
        for text in ["00000001", "0000000a", "DEADbeef", "ffffffff", "7fffffff"] {
            let plain = plain_hex(text.as_bytes());
            assert!(plain.is_some() && plain == any_hex(text.as_bytes()), "{text}");
        }
        for text in ["", "1", "000000001", "0000000g", "+0000001", " 0000001", "\u{e9}000000"] {
            assert_eq!(plain_hex(text.as_bytes()), None, "{text}");
        }
        assert_eq!(hex_number(b" 1f "), Some(0x1f));
    }

    #[test]
    fn plain_parameters_are_read_as_all_are() {
        let mut plain = 0;
        let befores = ["", ",", ", ,  ", "\t", "\r\n "];
        let names = ["qop", "nonce", "NC", "", "a", "a b", "\"uri\"", "qop ", "a;b", "\x01", "é"];
        let values = [
            "",
            "=",
            "=1",
            "=a=b",
            "= 1",
            "=1 ",
            "=\"1,2\"",
            "=\"open",
            "=a\"b\"",
            "=\"\\\"\"",
            "=\"\"",
        ];
        for before in befores {
            for name in names {
                for value in values {
                    for rest in ["", ",", ", b=2", " ,b", " c=3", "x", "\""] {
                        let text = format!("{before}{name}{value}{rest}");
                        let Some((field, value, rest)) = plain_param(text.as_bytes()) else {
                            continue;
                        };
                        plain += 1;
                        let mut items = AuthItems::new(text.as_bytes(), false);
                        let Some(Part::Param(name, any_value)) = items.part() else {
                            panic!("{text:?}");
                        };
                        let any = (Field::of(name), any_value, items.rest);
                        assert_eq!((field, value, rest), any, "{text:?}");
                    }
                }
            }
        }
        assert!(plain > 50, "{plain}");
    }
}
