//! SIP, SIPS and tel URIs: their parts, and when two of them are the same.

use std::net::IpAddr;

use memchr::{memchr, memchr2, memrchr};

use super::find;
use super::params::Params;
use super::scan::{digits, is_lws, slice, split_once, tail, trim};
use crate::net::password::is_scheme;
use crate::net::{Endpoint, Transport, address};

/// The scheme of a URI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// `sip:` (RFC 3261 §19.1).
    Sip,
    /// `sips:` (RFC 3261 §19.1).
    Sips,
    /// `tel:` (RFC 3966).
    Tel,
    /// Any other, or none where something like `user@host` is alone.
    Other,
}

/// A URI cut into its parts (RFC 3261 §19.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uri<'a> {
    /// All of it, without angle brackets.
    pub raw: &'a [u8],
    /// Its scheme.
    pub scheme: Scheme,
    /// The user as spelled, escapes included; the number of a `tel:` URI. Never empty.
    pub user: Option<&'a [u8]>,
    /// What follows the first colon of the user information.
    pub password: Option<&'a [u8]>,
    /// The host without the brackets of an IPv6 address; empty in a `tel:` URI.
    pub host: &'a [u8],
    /// The port; `None` when there is none or it is no port number.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
    /// What follows the `?`.
    pub headers: Option<&'a [u8]>,
}

impl<'a> Uri<'a> {
    /// Reads a URI; `None` when `bytes` is none.
    ///
    /// The user may hold dots, semicolons, colons, question marks and slashes, for it ends at the
    /// `@`; a second `@` before the parameters belongs to the user (`sip:bob@corp@host`).
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let raw = trim(bytes);
        Self::plain(raw).or_else(|| Self::any(raw))
    }

    /// Reads `sip:user@host:port;params` without anything odd in it, which most are, in one go;
    /// `None` for any other.
    fn plain(raw: &'a [u8]) -> Option<Self> {
        let (uri, end) = Self::plain_start(raw)?;
        match tail(raw, end) {
            [] => Some(uri),
            _ => uri.with_params(raw, end),
        }
    }

    /// Reads `sip:user@host:port` at the start of `text`, if nothing about it is odd, and where it ends.
    #[inline]
    pub(super) fn plain_start(text: &'a [u8]) -> Option<(Self, usize)> {
        let Authority { scheme, user, host, end } = Authority::plain(text)?;
        let (port, end) = plain_port(text, end)?;
        let is_whole = matches!(text.get(end), None | Some(b'>'));
        // without a user, an `@` in the parameters would end one
        (user.is_some() || is_whole).then_some(())?;
        let uri = Self {
            raw: slice(text, 0, end),
            scheme,
            user,
            password: None,
            host,
            port,
            params: Params::default(),
            headers: None,
        };
        Some((uri, end))
    }

    /// The URI `raw`, whose part before the parameters is this, up to `end`; `None` if anything
    /// other than parameters follows.
    pub(super) fn with_params(self, raw: &'a [u8], end: usize) -> Option<Self> {
        let params = tail(raw, end);
        let odd = params.first() != Some(&b';')
            || params.last().is_some_and(|last| is_lws(*last))
            || find::byte(params, 0, b'?').is_some();
        (!odd).then(|| Self { raw, params: Params::after_semicolon(params), ..self })
    }

    /// Reads whatever `raw` is.
    fn any(raw: &'a [u8]) -> Option<Self> {
        let (scheme, rest) = scheme(raw);
        if scheme == Scheme::Tel {
            return Self::tel(raw, rest);
        }
        let at = user_end(rest);
        if rest.len() == raw.len() && at.is_none() {
            return None; // neither a scheme nor `user@host`
        }
        let userinfo = at.map(|at| slice(rest, 0, at));
        let (user, password) = match userinfo.map(|info| (info, split_once(info, b':'))) {
            Some((_, Some((user, password)))) => (Some(user), Some(password)),
            Some((user, None)) => (Some(user), None),
            None => (None, None),
        };
        let after = at.map_or(rest, |at| tail(rest, at + 1));
        let host_end = memchr2(b';', b'?', after).unwrap_or(after.len());
        let (host, port) = host_port(slice(after, 0, host_end));
        let (params, headers) = params_headers(tail(after, host_end));
        let user = user.map(trim).filter(|user| !user.is_empty());
        Some(Self { raw, scheme, user, password, host, port, params, headers })
    }

    /// Reads what follows `tel:` (RFC 3966 §3).
    fn tel(raw: &'a [u8], rest: &'a [u8]) -> Option<Self> {
        let end = memchr2(b';', b'?', rest).unwrap_or(rest.len());
        let user = trim(slice(rest, 0, end));
        let (params, headers) = params_headers(tail(rest, end));
        (!user.is_empty()).then_some(Self {
            raw,
            scheme: Scheme::Tel,
            user: Some(user),
            password: None,
            host: &[],
            port: None,
            params,
            headers,
        })
    }

    /// The value of the first parameter `name` (any case); `None` when it is absent or has none.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.params.get(name).flatten()
    }

    /// Whether there is a parameter `name`, with or without a value.
    #[must_use]
    pub fn has_param(&self, name: &[u8]) -> bool {
        self.params.get(name).is_some()
    }

    /// The host as an address; `None` when it is a name.
    #[must_use]
    pub fn host_ip(&self) -> Option<IpAddr> {
        address::parse(self.host)
    }

    /// Where it leads, if its host is an address; the port without one is 5060, and 5061 with TLS
    /// (RFC 3261 §19.1.2).
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        let transport = self.params.get(b"transport").flatten();
        let is_tls = self.scheme == Scheme::Sips
            || transport.is_some_and(|transport| transport.eq_ignore_ascii_case(b"tls"));
        let usual = if is_tls { Transport::Tls } else { Transport::Udp };
        let port = self.port.unwrap_or_else(|| usual.default_port());
        self.host_ip().map(|addr| Endpoint::new(addr, port))
    }

    /// Whether both name the same resource (RFC 3261 §19.1.4; numbers as in RFC 3966 §5).
    #[must_use]
    pub fn same_as(&self, other: &Uri<'_>) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Tel => {
                let (Some(a), Some(b)) = (self.user, other.user) else { return false };
                dialled(a).eq(dialled(b)) && same_params(self.params, other.params)
            }
            Scheme::Other => self.raw == other.raw,
            Scheme::Sip | Scheme::Sips => {
                same_text(self.user, other.user)
                    && same_text(self.password, other.password)
                    && self.same_host(other)
                    && self.port == other.port
                    && same_params(self.params, other.params)
                    && same_headers(self.headers, other.headers)
            }
        }
    }

    fn same_host(&self, other: &Uri<'_>) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            || self.host_ip().is_some_and(|address| other.host_ip() == Some(address))
    }
}

/// The user and host of a URI: the part before port and parameters.
pub(super) struct Authority<'a> {
    pub(super) scheme: Scheme,
    pub(super) user: Option<&'a [u8]>,
    pub(super) host: &'a [u8],
    /// Where the host ends.
    pub(super) end: usize,
}

impl<'a> Authority<'a> {
    /// Reads `sip:user@host` or `sip:host` at the start of `text`, if nothing about it is odd.
    #[inline]
    pub(super) fn plain(text: &'a [u8]) -> Option<Self> {
        let (scheme, start) = match text {
            [b's', b'i', b'p', b':', ..] => (Scheme::Sip, 4),
            [b's', b'i', b'p', b's', b':', ..] => (Scheme::Sips, 5),
            _ => return None,
        };
        let rest = tail(text, start);
        let len = find::user_len(rest);
        let (user, host_at) = match rest.get(len) {
            Some(b'@') if len > 0 => (Some(slice(rest, 0, len)), start + len + 1),
            _ => (None, start),
        };
        let after = tail(text, host_at);
        let host = slice(after, 0, find::host_len(after));
        (!host.is_empty()).then_some(Self { scheme, user, host, end: host_at + host.len() })
    }
}

/// The port behind the host that ends at `end`, if there is one, and where it ends; `None` when it is none.
#[inline]
pub(super) fn plain_port(text: &[u8], end: usize) -> Option<(Option<u16>, usize)> {
    let [b':', behind @ ..] = tail(text, end) else { return Some((None, end)) };
    let (port, len) = digits(behind)?;
    Some((Some(u16::try_from(port).ok()?), end + 1 + len))
}

/// The scheme and what follows its colon; all of `raw` when it has no scheme.
fn scheme(raw: &[u8]) -> (Scheme, &[u8]) {
    let Some((name, rest)) = split_once(raw, b':') else { return (Scheme::Other, raw) };
    let is_name = || {
        name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    match name {
        _ if name.eq_ignore_ascii_case(b"sip") => (Scheme::Sip, rest),
        _ if name.eq_ignore_ascii_case(b"sips") => (Scheme::Sips, rest),
        _ if name.eq_ignore_ascii_case(b"tel") => (Scheme::Tel, rest),
        // `bob:password@host` lacks its scheme
        _ if is_name() && (memchr(b'@', rest).is_none() || is_scheme(name)) => {
            (Scheme::Other, rest)
        }
        _ => (Scheme::Other, raw),
    }
}

/// The position of the `@` after the user.
///
/// A valid URI has one raw `@` at most; of several, those behind the host's end are not it.
fn user_end(rest: &[u8]) -> Option<usize> {
    let first = memchr(b'@', rest)?;
    let after = tail(rest, first + 1);
    let host = slice(after, 0, memchr2(b';', b'?', after).unwrap_or(after.len()));
    Some(memrchr(b'@', host).map_or(first, |at| first + 1 + at))
}

/// Host and port of `host`, `host:port` or `[IPv6]:port`; an IPv6 address without its brackets is
/// all host.
pub(super) fn host_port(text: &[u8]) -> (&[u8], Option<u16>) {
    let text = trim(text);
    if let Some(inner) = text.strip_prefix(b"[") {
        let Some((host, rest)) = split_once(inner, b']') else { return (inner, None) };
        return (host, split_once(rest, b':').and_then(|(_, port)| port_number(port)));
    }
    match split_once(text, b':') {
        Some((host, port)) if memchr(b':', port).is_none() => (trim(host), port_number(port)),
        Some((host, _)) if address::parse(text).is_none() => (trim(host), None),
        _ => (text, None),
    }
}

/// Whether the host in `host:port` or in a URI is an IPv6 address without its brackets, or has a
/// zone, neither of which RFC 3261 §25.1 allows.
#[must_use]
pub fn is_malformed_ipv6(text: &[u8]) -> bool {
    let without_scheme = split_once(text, b':').filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case(b"sip") || scheme.eq_ignore_ascii_case(b"sips")
    });
    let rest = without_scheme.map_or(text, |(_, rest)| rest);
    let end = rest.iter().position(|b| matches!(b, b';' | b'?' | b'>')).unwrap_or(rest.len());
    let place = slice(rest, 0, end);
    let host = trim(tail(place, memrchr(b'@', place).map_or(0, |at| at + 1)));
    let zone = split_once(host, b']').is_some_and(|(address, _)| address.contains(&b'%'));
    let bare = host.first() != Some(&b'[') && memchr::memchr_iter(b':', host).nth(1).is_some();
    zone || bare
}

/// A port number with white space around it.
pub(super) fn port_number(text: &[u8]) -> Option<u16> {
    let text = trim(text);
    let value = text.iter().try_fold(0_u32, |sum, digit| {
        (digit.is_ascii_digit() && sum <= 0xffff).then(|| sum * 10 + u32::from(digit - b'0'))
    })?;
    if text.is_empty() { None } else { u16::try_from(value).ok() }
}

/// The parameters and headers in what follows the host.
fn params_headers(text: &[u8]) -> (Params<'_>, Option<&[u8]>) {
    if text.is_empty() {
        return (Params::default(), None);
    }
    match split_once(text, b'?') {
        Some((params, headers)) => (Params::after_semicolon(params), Some(headers)),
        None => (Params::after_semicolon(text), None),
    }
}

/// A number without its visual separators, in lower case (RFC 3966 §5).
fn dialled(number: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    let digits = number.iter().filter(|b| !matches!(b, b'-' | b'.' | b'(' | b')'));
    digits.map(u8::to_ascii_lowercase)
}

/// The characters of `text` with escapes read, except those of reserved characters, which differ
/// from the characters themselves (RFC 3261 §19.1.4).
fn unescaped(text: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (first, left) = rest.split_first()?;
        if let (b'%', [high, low, left @ ..]) = (first, left)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = left;
            let byte = high << 4 | low;
            let plain = byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
            return Some(if plain { u16::from(byte) } else { 0x100 | u16::from(byte) });
        }
        rest = left;
        Some(u16::from(*first))
    })
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Equality of user parts: case counts, unneeded escapes do not.
fn same_text(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || unescaped(a).eq(unescaped(b)),
        (None, None) => true,
        _ => false,
    }
}

/// Equality of parameter and header values: neither case nor unneeded escapes count.
fn same_value(a: &[u8], b: &[u8]) -> bool {
    let lower = |c: u16| u8::try_from(c).map_or(c, |c| u16::from(c.to_ascii_lowercase()));
    unescaped(a).map(lower).eq(unescaped(b).map(lower))
}

/// Whether a parameter counts even when only one URI has it.
fn is_significant(name: &[u8]) -> bool {
    [&b"transport"[..], b"user", b"ttl", b"method", b"maddr"]
        .iter()
        .any(|significant| significant.eq_ignore_ascii_case(name))
}

/// Equality of parameters in any order.
fn same_params(a: Params<'_>, b: Params<'_>) -> bool {
    let covers = |a: Params<'_>, b: Params<'_>| {
        a.iter().all(|(name, value)| match b.get(name) {
            Some(other) => {
                same_value(value.unwrap_or_default(), other.unwrap_or_default())
                    && value.is_some() == other.is_some()
            }
            None => !is_significant(name),
        })
    };
    covers(a, b) && covers(b, a)
}

/// Equality of the `?` headers: the same ones, in any order.
fn same_headers(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    let covers = |a: &[u8], b: &[u8]| {
        a.split(|c| *c == b'&').all(|one| b.split(|c| *c == b'&').any(|two| same_value(one, two)))
    };
    match (a, b) {
        (Some(a), Some(b)) => covers(a, b) && covers(b, a),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_uris_are_read_as_all_are() {
        let mut plain = 0;
        let parts = [
            "", "sip:", "sips:", "SIP:", "5001", "+1", "a b", "@", "h.x", "a_b", "10.0.0.1",
            "[::1]",
        ];
        let ends =
            ["", ":5060", ":0", ":65536", ":x", ":", ";lr", ";a=b;c", ";x=@", "?a=b", ";a?b", ">"];
        let count = parts.len();
        for place in 0..count.pow(4) {
            let part = |digit: u32| parts[place / count.pow(digit) % count];
            let [a, b, c, d] = [part(0), part(1), part(2), part(3)];
            for end in ends {
                let text = format!("{a}{b}{c}{d}{end}");
                let raw = trim(text.as_bytes());
                if let Some(uri) = Uri::plain(raw) {
                    plain += 1;
                    assert_eq!(Some(uri), Uri::any(raw), "{text}");
                }
            }
        }
        assert!(plain > 100, "{plain}");
    }

    #[test]
    fn a_uri_leads_to_a_port_of_its_own_or_the_usual_one() {
        for (uri, endpoint) in [
            ("sip:5001@192.0.2.1:5070", Some("192.0.2.1:5070")),
            ("sip:5001@192.0.2.1", Some("192.0.2.1:5060")),
            ("sip:5001@192.0.2.1;transport=tcp", Some("192.0.2.1:5060")),
            ("sip:5001@192.0.2.1;transport=TLS", Some("192.0.2.1:5061")),
            ("sips:5001@[2001:db8::1]", Some("[2001:db8::1]:5061")),
            ("sip:5001@example.org", None),
        ] {
            let found = Uri::parse(uri.as_bytes()).unwrap().endpoint();
            assert_eq!(found.map(|found| found.to_string()).as_deref(), endpoint, "{uri}");
        }
    }
}
