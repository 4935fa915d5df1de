//! The `;name=value` parameters of URIs, addresses and Via.

use std::iter;

use memchr::{memchr, memchr2};

use super::scan::{after_quoted, slice, tail, trim, unquote};

/// Parameters as they stand on the wire (RFC 3261 §7.3.1, §19.1.1), read when asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Params<'a> {
    /// What follows the first semicolon.
    raw: &'a [u8],
}

impl<'a> Params<'a> {
    /// The parameters in `text`, which starts at or before the first semicolon.
    pub(super) fn after_semicolon(text: &'a [u8]) -> Self {
        memchr(b';', text).map_or_else(Self::default, |at| Self { raw: tail(text, at + 1) })
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

/// The parameter at the start of `text`, and what follows its semicolon.
fn next_param(text: &[u8]) -> (&[u8], Option<&[u8]>, &[u8]) {
    let end = memchr2(b'=', b';', text).unwrap_or(text.len());
    let name = trim(slice(text, 0, end));
    if text.get(end) != Some(&b'=') {
        return (name, None, tail(text, end + 1));
    }
    let value = tail(text, end + 1);
    let quote = value.iter().position(|byte| !byte.is_ascii_whitespace());
    let quoted = quote
        .filter(|at| value.get(*at) == Some(&b'"'))
        .and_then(|at| Some((at, after_quoted(value, at + 1)?)));
    if let Some((start, close)) = quoted {
        let left =
            memchr(b';', tail(value, close)).map_or(&[][..], |at| tail(value, close + at + 1));
        return (name, Some(unquote(slice(value, start, close))), left);
    }
    let end = memchr(b';', value).unwrap_or(value.len());
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
    fn finds_by_name_in_any_case() {
        let params = Params::after_semicolon(b"ignored;Expires=60;rport");
        assert_eq!(params.get(b"expires"), Some(Some(&b"60"[..])));
        assert_eq!(params.get(b"RPORT"), Some(None));
        assert_eq!(params.get(b"ignored"), None);
        assert_eq!(Params::after_semicolon(b"none").iter().count(), 0);
    }
}
