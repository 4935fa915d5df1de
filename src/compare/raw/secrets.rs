//! Finds the parts of a header's value on the wire that must not be shown.

use std::ops::Range;

use super::{is_credentials, is_secret, outside_quotes};
use crate::net::password::{address_passwords, joined, passwords};
use crate::sip::HeaderName;

/// The parts of a header's value that are a password or that one could be guessed from, in order: passwords
/// in URIs, digest responses and what may hold one by being spelled wrong, and all of any other scheme than
/// Digest.
///
/// The value may hold folds; the ranges are of its bytes.
#[must_use]
pub fn secrets(id: HeaderName, value: &[u8]) -> Vec<Range<usize>> {
    let in_uris = if holds_addresses(id) { address_passwords(value) } else { passwords(value) };
    let of_digest = digest_secrets(id, value);
    if of_digest.is_empty() { in_uris } else { joined([in_uris, of_digest].concat()) }
}

/// Whether a header holds addresses, which may lack their scheme.
const fn holds_addresses(id: HeaderName) -> bool {
    matches!(
        id,
        HeaderName::To
            | HeaderName::From
            | HeaderName::Contact
            | HeaderName::Via
            | HeaderName::Path
            | HeaderName::Route
            | HeaderName::RecordRoute
            | HeaderName::ServiceRoute
            | HeaderName::ReferTo
            | HeaderName::ReferredBy
            | HeaderName::PAssertedIdentity
            | HeaderName::PPreferredIdentity
            | HeaderName::PAssociatedUri
    )
}

fn digest_secrets(id: HeaderName, value: &[u8]) -> Vec<Range<usize>> {
    let begin = value.len() - value.trim_ascii_start().len();
    if id == HeaderName::AuthenticationInfo {
        // the server's own digest is made from the same password (RFC 7616 §3.5)
        let harmless = |name: &[u8], _: &[u8]| !name.eq_ignore_ascii_case(b"rspauth");
        return items(value, begin, harmless);
    }
    if !is_credentials(id) {
        return Vec::new();
    }
    let rest = value.get(begin..).unwrap_or_default();
    let scheme = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let end = begin + value.trim_ascii().len();
    match rest.get(..scheme).unwrap_or_default() {
        name if name.eq_ignore_ascii_case(b"digest") => {
            items(value, begin + scheme, |name, value| !is_secret(name, value))
        }
        name if [&b"basic"[..], b"bearer"].iter().any(|k| name.eq_ignore_ascii_case(k)) => {
            let after = rest.get(scheme..).unwrap_or_default();
            let blanks = after.len() - after.trim_ascii_start().len();
            some(begin + scheme + blanks..end)
        }
        _ => some(begin..end),
    }
}

fn some(range: Range<usize>) -> Vec<Range<usize>> {
    if range.is_empty() { Vec::new() } else { vec![range] }
}

/// The values in a list of parameters that are not harmless; a parameter that is not known is
/// hidden with its name.
fn items(text: &[u8], from: usize, harmless: impl Fn(&[u8], &[u8]) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = from;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let end = at + outside_quotes(rest, b',').unwrap_or(rest.len());
        let item = text.get(at..end).unwrap_or_default();
        let start = at + item.len() - item.trim_ascii_start().len();
        let stop = start + item.trim_ascii().len();
        at = end + 1;
        let item = text.get(start..stop).unwrap_or_default();
        let equals = item.iter().position(|byte| *byte == b'=');
        let name = item.get(..equals.unwrap_or(item.len())).unwrap_or_default();
        let name = name.trim_ascii().to_ascii_lowercase();
        let value = equals.and_then(|at| item.get(at + 1..)).unwrap_or_default();
        if item.is_empty() || harmless(&name, value) {
            continue;
        }
        // a parameter known by name hides its value; another one may hold a secret in its name
        let known = matches!(name.as_slice(), b"response" | b"rspauth") || harmless(&name, b"");
        let value_at = start + equals.filter(|_| known).map_or(0, |at| at + 1);
        found.extend(some(unquoted(text, value_at..stop)));
    }
    found
}

/// The range without white space and one pair of quotes around it.
fn unquoted(text: &[u8], range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let start = range.start + value.len() - value.trim_ascii_start().len();
    let value = value.trim_ascii();
    let end = start + value.len();
    if value.len() >= 2 && value.starts_with(b"\"") && value.ends_with(b"\"") {
        return start + 1..end - 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(id: HeaderName, value: &str) -> String {
        let mut out = value.as_bytes().to_vec();
        for range in secrets(id, value.as_bytes()).into_iter().rev() {
            out.splice(range, *b"***");
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_a_password_could_be_guessed_from_is_left() {
        for (value, want) in [
            (
                "Digest username=\"5002\", realm=\"r\", response=\"abc\", qop=auth",
                "Digest username=\"5002\", realm=\"r\", response=\"***\", qop=auth",
            ),
            ("digest\r\n response = abc", "digest\r\n response = ***"),
            ("Digest Response=\"a,b\",nc=1", "Digest Response=\"***\",nc=1"),
            ("Digest uri=\"5002:pw@h\", qop=auth", "Digest uri=\"***\", qop=auth"),
            ("Digest uri=\"sip:5002@h:5060\"", "Digest uri=\"sip:5002@h:5060\""),
            ("Digest respons=\"abc\"", "Digest ***"),
            ("Digest realm=\"r response=\"abc\"", "Digest realm=\"***\""),
            ("Digest username=\"u, response=\"abc", "Digest username=***"),
            ("Basic dXNlcjpwYXNz", "Basic ***"),
            ("  Sesame abc", "  ***"),
            ("Digest", "Digest"),
            ("", ""),
        ] {
            assert_eq!(shown(HeaderName::Authorization, value), want);
            assert_eq!(shown(HeaderName::ProxyAuthorization, value), want);
        }
        let info = "nextnonce=\"1\", rspauth=\"abc\"";
        assert_eq!(shown(HeaderName::AuthenticationInfo, info), info.replace("abc", "***"));
        assert_eq!(shown(HeaderName::WwwAuthenticate, "Digest nonce=\"1\""), "Digest nonce=\"1\"");
    }
}
