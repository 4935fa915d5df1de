//! The `;name=value` parameters of URIs, addresses and Via.

use std::iter;

use memchr::memchr;

use super::find;
use super::scan::{after_quoted, slice, tail, trim, unquote};

/// Parameters as they are on the wire (RFC 3261 §7.3.1, §19.1.1), read when asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Params<'a> {
    /// What follows the first semicolon.
    raw: &'a [u8],
}

impl<'a> Params<'a> {
    /// The parameters in `text`, which starts at or before the first semicolon.
    pub(super) fn after_semicolon(text: &'a [u8]) -> Self {
        match text {
            [] => Self::default(),
            [b';', raw @ ..] => Self { raw },
            _ => {
                memchr(b';', text).map_or_else(Self::default, |at| Self { raw: tail(text, at + 1) })
            }
        }
    }

    /// The parameters' text without the first semicolon.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Names and values in order; the value is `None` where there is no `=`, and without its
    /// quotes where it has them (escapes inside stay).
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.raw;
        iter::from_fn(move || {
            while !rest.is_empty() {
                let (name, value, left) = next_param(rest);
                rest = left;
                if !name.is_empty() {
                    return Some((name, value));
                }
            }
            None
        })
    }

    /// The first parameter called `name` (any case): `Some(None)` when it has no value.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<Option<&'a [u8]>> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Name and value of a parameter, and what follows its semicolon.
type Read<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

/// The parameter at the start of `text`.
#[inline]
fn next_param(text: &[u8]) -> Read<'_> {
    plain_param(text).unwrap_or_else(|| any_param(text))
}

/// Reads `name`, `name=value` or `name="value"` without escapes in the quotes or white space at their ends,
/// which most are; `None` for any other.
#[inline]
fn plain_param(text: &[u8]) -> Option<Read<'_>> {
    let len = find::either(text, 0, b'=', b';').unwrap_or(text.len());
    let name = slice(text, 0, len);
    if has_blank_end(name) {
        return None;
    }
    let [b'=', value @ ..] = tail(text, len) else {
        return Some((name, None, tail(text, len + 1)));
    };
    if let [b'"', quoted @ ..] = value {
        let close = find::either(quoted, 0, b'"', b'\\')?;
        return match tail(quoted, close) {
            [b'"'] => Some((name, Some(slice(quoted, 0, close)), &[])),
            [b'"', b';', rest @ ..] => Some((name, Some(slice(quoted, 0, close)), rest)),
            _ => None,
        };
    }
    let end = find::byte(value, 0, b';').unwrap_or(value.len());
    let (value, rest) = (slice(value, 0, end), tail(value, end + 1));
    (!has_blank_end(value)).then_some((name, Some(value), rest))
}

/// Whether a text starts or ends with what may be white space.
#[inline]
fn has_blank_end(text: &[u8]) -> bool {
    matches!((text.first(), text.last()), (Some(first), Some(last)) if *first <= b' ' || *last <= b' ')
}

/// Reads whatever the parameter is.
fn any_param(text: &[u8]) -> Read<'_> {
    let end = text.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(text.len());
    let name = trim(slice(text, 0, end));
    if text.get(end) != Some(&b'=') {
        return (name, None, tail(text, end + 1));
    }
    let value = tail(text, end + 1);
    let ends = |from| find::byte(value, from, b';');
    let quote = value.iter().position(|byte| !byte.is_ascii_whitespace());
    let quoted = quote
        .filter(|at| value.get(*at) == Some(&b'"'))
        .and_then(|at| Some((at, after_quoted(value, at + 1)?)));
    if let Some((start, close)) = quoted {
        let left = ends(close).map_or(&[][..], |at| tail(value, at + 1));
        return (name, Some(unquote(slice(value, start, close))), left);
    }
    let end = ends(0).unwrap_or(value.len());
    (name, Some(trim(slice(value, 0, end))), tail(value, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_form_of_a_parameter() {
        let text =
            b";tag=1; lr ;;Q = 0.5;+sip.instance=\"<urn:uuid:1;2>\";x=\"a\\\"b\" ;y=;z=\"open";
        let read: Vec<_> = Params::after_semicolon(text).iter().collect();
        let expected: [(&[u8], Option<&[u8]>); 7] = [
            (b"tag", Some(b"1")),
            (b"lr", None),
            (b"Q", Some(b"0.5")),
            (b"+sip.instance", Some(b"<urn:uuid:1;2>")),
            (b"x", Some(b"a\\\"b")),
            (b"y", Some(b"")),
            (b"z", Some(b"\"open")),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn plain_parameters_are_read_as_all_are() {
        let mut plain = 0;
        let names =
            ["", "a", "+sip.instance", "reg-id ", " a", "a b", "\"", "a\x0c", "\ta", "a\"b", "é"];
        let values = [
            "",
            "=",
            "=1",
            "=a=b",
            "= 1",
            "=1 ",
            "=\"1;2\"",
            "=\"open",
            "=\"\"",
            "=\"a\\\"b\"",
            "=\"a\" ",
            "=\"a\"b",
            "=a\"b",
            "=\x0c1",
            "=1\x0c",
        ];
        for name in names {
            for value in values {
                for rest in ["", ";", ";b=2", " ;b", "\t"] {
                    let text = format!("{name}{value}{rest}");
                    if let Some(read) = plain_param(text.as_bytes()) {
                        plain += 1;
                        assert_eq!(read, any_param(text.as_bytes()), "{text:?}");
                    }
                }
            }
        }
        assert!(plain > 20, "{plain}");
    }

    #[test]
    fn finds_by_name_in_any_case() {
        let params = Params::after_semicolon(b"ignored;Expires=60;rport");
        assert_eq!(params.get(b"expires"), Some(Some(&b"60"[..])));
        assert_eq!(params.get(b"RPORT"), Some(None));
        assert_eq!(params.get(b"ignored"), None);
        assert_eq!(Params::after_semicolon(b"none").iter().count(), 0);
    }
}
