//! Two SIP messages side by side, header by header.
//!
//! Headers are aligned by what they are, compact or long, in any order: the second Via of one
//! belongs to the second Via of the other. Digest responses and passwords never leave this
//! module.

use super::pair::Kind;
use super::params::{self, ParamRow, Part};
use crate::net::password;
use crate::sip::{HeaderName, Message, NameAddr, StartLine, Via, unfold};

mod secrets;

pub use secrets::secrets;

pub use crate::net::password::MASK;

/// One header of two messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawRow {
    /// Its name in the canonical spelling, as bytes from the wire where there is none.
    pub name: Vec<u8>,
    /// Left, unfolded, secrets masked; `None` when it is not there.
    pub left: Option<Vec<u8>>,
    /// Right.
    pub right: Option<Vec<u8>>,
    /// How they compare.
    pub kind: Kind,
    /// Of Contact, Via, To, From and credentials: each part alone.
    pub params: Vec<ParamRow>,
}

/// Two messages side by side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawPair {
    /// The start line, then the headers in the order of the left message.
    pub rows: Vec<RawRow>,
    /// Whether the headers both have are in the same order.
    pub same_order: bool,
}

/// Compares two messages; `None` when one of them is no SIP message.
#[must_use]
pub fn raw(left: &[u8], right: &[u8]) -> Option<RawPair> {
    let (left, right) = (Message::parse(left, false)?, Message::parse(right, false)?);
    let dns = [user_of(&left), user_of(&right)];
    let mut rows = vec![start_row(&left, &right, &dns)];
    let (l, r) = (headers(&left), headers(&right));
    let same_order = common_names(&l, &r).eq(&common_names(&r, &l));
    for (name, [left, right]) in params::align(l, r) {
        rows.push(row(name, left, right, &dns));
    }
    Some(RawPair { rows, same_order })
}

/// The names both have, in the order of `a`.
fn common_names(a: &[Part], b: &[Part]) -> Vec<Vec<u8>> {
    let has = |name: &Vec<u8>| b.iter().any(|(other, _)| other == name);
    let mut names: Vec<_> = a.iter().map(|(name, _)| name.clone()).filter(has).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The user of To as spelled, to be found again in other headers.
fn user_of(message: &Message<'_>) -> Vec<u8> {
    message.to().and_then(|to| to.uri.user).unwrap_or_default().to_vec()
}

/// Names in their canonical spelling and unfolded values.
fn headers(message: &Message<'_>) -> Vec<Part> {
    let name = |id: HeaderName, name: &[u8]| match id.canonical() {
        Some(canonical) => canonical.as_bytes().to_vec(),
        None => name.to_ascii_lowercase(),
    };
    message.headers().map(|h| (name(h.id, h.name), unfold(h.value).into_owned())).collect()
}

fn start_row(left: &Message<'_>, right: &Message<'_>, dns: &[Vec<u8>; 2]) -> RawRow {
    let text = |message: &Message<'_>| match message.start() {
        StartLine::Request { method, uri, .. } => {
            [method.as_bytes(), b" ", &password::without_bare_password(uri)].concat()
        }
        StartLine::Response { code, reason, .. } => {
            [code.to_string().as_bytes(), b" ", reason].concat()
        }
    };
    let (l, r) = (text(left), text(right));
    let kind = Kind::of(Some(&l), Some(&r), |l, r| same_but_dn(l, r, dns));
    RawRow { name: b"start line".to_vec(), left: Some(l), right: Some(r), kind, params: Vec::new() }
}

fn row(name: Vec<u8>, left: Option<Vec<u8>>, right: Option<Vec<u8>>, dns: &[Vec<u8>; 2]) -> RawRow {
    let id = HeaderName::lookup(&name);
    let ephemeral = [&left, &right].iter().all(|v| v.as_deref().is_some_and(is_reliable_via));
    let rows = match (&left, &right) {
        (Some(l), Some(r)) => {
            let expected = |part: &[u8], l: &[u8], r: &[u8]| {
                is_expected(id, part, ephemeral) || same_but_dn(l, r, dns)
            };
            params::compare(parts(id, l), parts(id, r), expected)
        }
        _ => Vec::new(),
    };
    let mut kind = Kind::of(left.as_deref(), right.as_deref(), |l, r| {
        is_expected_header(id, l, r) || same_but_dn(l, r, dns)
    });
    if kind == Kind::Differs && !rows.is_empty() {
        // spelling and order of parts aside, the parts decide
        kind = match () {
            () if rows.iter().any(|row| row.kind.is_difference()) => Kind::Differs,
            () if rows.iter().any(|row| row.kind == Kind::Expected) => Kind::Expected,
            () => Kind::Same,
        };
    }
    let params = if kind == Kind::Same { Vec::new() } else { rows };
    let params = params.into_iter().map(|row| mask_row(id, row)).collect();
    let masked = |value: Option<Vec<u8>>| value.map(|value| masked(id, &value));
    RawRow { name, left: masked(left), right: masked(right), kind, params }
}

const fn is_credentials(id: HeaderName) -> bool {
    matches!(id, HeaderName::Authorization | HeaderName::ProxyAuthorization)
}

/// The parts of a header whose parts are compared.
fn parts(id: HeaderName, value: &[u8]) -> Vec<Part> {
    match id {
        HeaderName::Via => Via::parse(value).map_or_else(Vec::new, |via| {
            let mut parts = vec![
                (b"transport".to_vec(), via.transport.to_ascii_uppercase()),
                (b"host".to_vec(), via.host.to_ascii_lowercase()),
            ];
            let port = via.port.map(|port| (b"port".to_vec(), port.to_string().into_bytes()));
            parts.extend(port);
            parts.extend(params::parts(";", via.params.iter()));
            parts
        }),
        HeaderName::Contact | HeaderName::To | HeaderName::From => {
            NameAddr::parse(value).map_or_else(Vec::new, |address| address_parts(&address))
        }
        _ if is_credentials(id) => credentials(value),
        _ => Vec::new(),
    }
}

fn address_parts(address: &NameAddr<'_>) -> Vec<Part> {
    let uri = &address.uri;
    let port = uri.port.map(|port| port.to_string().into_bytes());
    let named = [
        ("display", address.display.map(<[u8]>::to_vec)),
        ("user", uri.user.map(<[u8]>::to_vec)),
        ("host", (!uri.host.is_empty()).then(|| uri.host.to_ascii_lowercase())),
        ("port", port),
    ];
    let mut parts: Vec<Part> =
        named.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect();
    parts.extend(params::parts("uri;", uri.params.iter()));
    parts.extend(params::parts(";", address.params.iter()));
    parts
}

/// The scheme and the parameters of credentials, unknown ones included.
fn credentials(value: &[u8]) -> Vec<Part> {
    let value = value.trim_ascii();
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, mut rest) = value.split_at(end);
    let known = [&b"digest"[..], b"basic", b"bearer"];
    let scheme = known.into_iter().find(|k| scheme.eq_ignore_ascii_case(k)).unwrap_or(MASK);
    let mut parts = vec![(b"scheme".to_vec(), scheme.to_vec())];
    while !rest.is_empty() {
        let item_end = outside_quotes(rest, b',').unwrap_or(rest.len());
        let (item, after) = rest.split_at(item_end);
        rest = after.get(1..).unwrap_or_default();
        let item = item.trim_ascii();
        if item.is_empty() {
            continue;
        }
        let at = item.iter().position(|b| *b == b'=').unwrap_or(item.len());
        let (name, value) = item.split_at(at);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let value = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        parts.push((name.trim_ascii().to_ascii_lowercase(), value.to_vec()));
    }
    parts
}

fn outside_quotes(text: &[u8], wanted: u8) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte => return !quoted && *byte == wanted,
        }
        false
    })
}

/// Parts that differ between any two requests.
fn is_expected(id: HeaderName, part: &[u8], ephemeral: bool) -> bool {
    let parts: &[&[u8]] = match id {
        HeaderName::Via if ephemeral => &[b";branch", b";rport", b"port"],
        HeaderName::Via => &[b";branch"],
        HeaderName::To | HeaderName::From => &[b";tag"],
        HeaderName::Authorization | HeaderName::ProxyAuthorization => {
            &[b"nonce", b"response", b"cnonce", b"nc", b"opaque"]
        }
        _ => &[],
    };
    parts.contains(&part)
}

fn is_expected_header(id: HeaderName, left: &[u8], right: &[u8]) -> bool {
    let method = |cseq: &[u8]| {
        let start = cseq.iter().position(u8::is_ascii_alphabetic).unwrap_or(cseq.len());
        cseq.get(start..).unwrap_or_default().to_vec()
    };
    match id {
        HeaderName::CallId | HeaderName::Date | HeaderName::Timestamp => true,
        HeaderName::CSeq => method(left) == method(right),
        _ => false,
    }
}

fn is_reliable_via(value: &[u8]) -> bool {
    Via::parse(value).is_some_and(|via| !via.transport.eq_ignore_ascii_case(b"UDP"))
}

/// Whether two texts are equal once each one's own DN is taken out.
fn same_but_dn(left: &[u8], right: &[u8], [l, r]: &[Vec<u8>; 2]) -> bool {
    let (left, l) = without_dn(left, l);
    let (right, r) = without_dn(right, r);
    l && r && left == right
}

/// `text` with each separate occurrence of the DN (before `@`, or between quotes or ends) replaced by a NUL,
/// and whether there was one.
fn without_dn(text: &[u8], dn: &[u8]) -> (Vec<u8>, bool) {
    let (mut out, mut rest, mut found) = (Vec::with_capacity(text.len()), text, false);
    while let Some((&byte, tail)) = rest.split_first() {
        let starts = out.last().is_none_or(|b: &u8| matches!(b, b':' | b'"' | b'<'));
        let after = rest.strip_prefix(dn).filter(|_| starts && !dn.is_empty());
        match after {
            Some(after) if matches!(after.first(), None | Some(b'@' | b'"')) => {
                out.push(0);
                (rest, found) = (after, true);
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    (out, found)
}

/// A header value fit to be shown: passwords, digest responses, and all of any other scheme, masked.
fn masked(id: HeaderName, value: &[u8]) -> Vec<u8> {
    if !is_credentials(id) {
        return password::masked(value, &secrets(id, value)).into_owned();
    }
    let parts = credentials(value);
    let scheme = parts.first().map(|p| p.1.clone()).unwrap_or_default();
    if scheme != b"digest" {
        return [scheme.as_slice(), b" ", MASK].concat();
    }
    let mut out = b"Digest".to_vec();
    for (place, (name, value)) in parts.iter().skip(1).enumerate() {
        out.extend_from_slice(if place == 0 { b" " } else { b", " });
        let name: &[u8] = if is_secret(name, b"") && name != b"response" { MASK } else { name };
        let shown: &[u8] = if is_secret(name, value) { MASK } else { value };
        out.extend_from_slice(&[name, b"=\"", shown, b"\""].concat());
    }
    out
}

/// A parameter that a password could be guessed from, or that may hold one by being spelled wrong.
fn is_secret(name: &[u8], value: &[u8]) -> bool {
    const HARMLESS: [&[u8]; 10] = [
        b"username",
        b"realm",
        b"nonce",
        b"uri",
        b"algorithm",
        b"qop",
        b"nc",
        b"cnonce",
        b"opaque",
        b"scheme",
    ];
    let lower = value.to_ascii_lowercase();
    !HARMLESS.contains(&name)
        || memchr::memmem::find(&lower, b"response").is_some()
        || name == b"uri" && has_bare_password(value)
}

/// Whether a quoted URI without its scheme has a password.
fn has_bare_password(value: &[u8]) -> bool {
    let uri = value.trim_ascii();
    let uri = uri.strip_prefix(b"\"").and_then(|uri| uri.strip_suffix(b"\"")).unwrap_or(uri);
    *password::without_bare_password(uri) != *uri
}

fn mask_row(id: HeaderName, mut row: ParamRow) -> ParamRow {
    if !is_credentials(id) {
        return row;
    }
    for value in [&mut row.left, &mut row.right].into_iter().flatten() {
        if is_secret(&row.name, value) {
            *value = MASK.to_vec();
        }
    }
    // a name that holds a secret itself, as in `Basic dXNlcjpwYXNz`
    if is_secret(&row.name, b"") && row.name != b"response" {
        row.name = MASK.to_vec();
    }
    row
}

#[cfg(test)]
mod tests;
