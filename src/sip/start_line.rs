//! Reads the first line of a message: a request line, a status line, or neither.

use std::borrow::Cow;

use crate::net::escape_bytes;

use super::find;
use super::scan::{is_token, slice, starts_with_ignore_case, tail, trim};

/// The only version there is (RFC 3261 §7.1); compared in any case, as that section asks.
pub(super) const VERSION: &[u8] = b"SIP/2.0";
/// Longer "methods" are other protocols' data.
const MAX_METHOD: usize = 64;

/// A request method (RFC 3261 §7.1). Methods are case-sensitive: `register` is an `Other`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method<'a> {
    /// RFC 3261 §10.
    Register,
    /// RFC 3261 §13.
    Invite,
    /// RFC 3261 §17.1.1.3.
    Ack,
    /// RFC 3261 §15.
    Bye,
    /// RFC 3261 §9.
    Cancel,
    /// RFC 3261 §11.
    Options,
    /// RFC 6665 §3.1.
    Subscribe,
    /// RFC 6665 §3.2.
    Notify,
    /// RFC 3903.
    Publish,
    /// RFC 3428.
    Message,
    /// RFC 6086.
    Info,
    /// RFC 3515.
    Refer,
    /// RFC 3311.
    Update,
    /// RFC 3262.
    Prack,
    /// Any other, as spelled.
    Other(&'a [u8]),
}

/// The methods with a name of their own.
const KNOWN: [Method<'static>; 14] = [
    Method::Register,
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
    Method::Message,
    Method::Info,
    Method::Refer,
    Method::Update,
    Method::Prack,
];

impl<'a> Method<'a> {
    /// The method spelled `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        match bytes {
            b"REGISTER" => Self::Register,
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"OPTIONS" => Self::Options,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"PUBLISH" => Self::Publish,
            b"MESSAGE" => Self::Message,
            b"INFO" => Self::Info,
            b"REFER" => Self::Refer,
            b"UPDATE" => Self::Update,
            b"PRACK" => Self::Prack,
            other => Self::Other(other),
        }
    }

    /// The same method without the wire's spelling; `None` of [`Method::Other`].
    pub(super) const fn known(self) -> Option<Method<'static>> {
        Some(match self {
            Self::Register => Method::Register,
            Self::Invite => Method::Invite,
            Self::Ack => Method::Ack,
            Self::Bye => Method::Bye,
            Self::Cancel => Method::Cancel,
            Self::Options => Method::Options,
            Self::Subscribe => Method::Subscribe,
            Self::Notify => Method::Notify,
            Self::Publish => Method::Publish,
            Self::Message => Method::Message,
            Self::Info => Method::Info,
            Self::Refer => Method::Refer,
            Self::Update => Method::Update,
            Self::Prack => Method::Prack,
            Self::Other(_) => return None,
        })
    }

    /// The method as it is on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Register => b"REGISTER",
            Self::Invite => b"INVITE",
            Self::Ack => b"ACK",
            Self::Bye => b"BYE",
            Self::Cancel => b"CANCEL",
            Self::Options => b"OPTIONS",
            Self::Subscribe => b"SUBSCRIBE",
            Self::Notify => b"NOTIFY",
            Self::Publish => b"PUBLISH",
            Self::Message => b"MESSAGE",
            Self::Info => b"INFO",
            Self::Refer => b"REFER",
            Self::Update => b"UPDATE",
            Self::Prack => b"PRACK",
            Self::Other(bytes) => bytes,
        }
    }

    /// The method as text that is safe to show.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        escape_bytes(self.as_bytes())
    }
}

/// The first line of a message (RFC 3261 §7.1, §7.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartLine<'a> {
    /// A request line.
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as spelled, without the spaces around it.
        uri: &'a [u8],
    },
    /// A status line.
    Response {
        /// The status code, 100 to 999.
        code: u16,
        /// The reason phrase as spelled; often empty.
        reason: &'a [u8],
    },
}

impl<'a> StartLine<'a> {
    /// Reads `line`, which has no line end; `None` when it does not start a SIP message.
    ///
    /// Spaces and tabs may be doubled, trail, or be inside the Request-URI; the version must be
    /// `SIP/2.0`, so that HTTP and RTSP are never taken for SIP.
    #[must_use]
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        Self::plain(line).or_else(|| Self::any(line))
    }

    /// Reads a line as it should be: one space between its words, none at its ends, and a method that has a
    /// name here; `None` for any other.
    #[inline]
    fn plain(line: &'a [u8]) -> Option<Self> {
        let framed =
            |text: &[u8]| matches!(text, [first, .., last] if *first > b' ' && *last > b' ');
        if let Some(status) = line.strip_prefix(b"SIP/2.0 ") {
            let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', reason @ ..] = status
            else {
                return None;
            };
            let code = [a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(**digit - b'0'));
            return framed(reason).then_some(Self::Response { code, reason });
        }
        let (method, rest) = if let Some(rest) = line.strip_prefix(b"REGISTER ") {
            (Method::Register, rest)
        } else {
            let end = find::byte(line, 0, b' ')?;
            (Method::from_bytes(slice(line, 0, end)), tail(line, end + 1))
        };
        let uri = rest.strip_suffix(b" SIP/2.0").filter(|uri| framed(uri))?;
        (!matches!(method, Method::Other(_))).then_some(Self::Request { method, uri })
    }

    /// Reads whatever the line is.
    fn any(line: &'a [u8]) -> Option<Self> {
        if starts_with_ignore_case(line, VERSION) {
            return Self::response(line.get(VERSION.len()..)?);
        }
        let method_end = line.iter().take(MAX_METHOD + 1).position(|byte| !is_token(*byte))?;
        let (method, rest) = line.split_at_checked(method_end)?;
        let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t"))?;
        let rest = trim(rest);
        let (uri, version) = rest.split_at_checked(rest.len().checked_sub(VERSION.len())?)?;
        if method.is_empty() || !version.eq_ignore_ascii_case(VERSION) {
            return None;
        }
        if !matches!(uri.last(), Some(b' ' | b'\t')) {
            return None;
        }
        let uri = trim(uri);
        (!uri.is_empty()).then_some(Self::Request { method: Method::from_bytes(method), uri })
    }

    /// Reads what follows the version of a status line.
    fn response(rest: &'a [u8]) -> Option<Self> {
        if !matches!(rest.first(), Some(b' ' | b'\t')) {
            return None;
        }
        let rest = trim(rest);
        let (digits, reason) = rest.split_at_checked(3)?;
        let code = digits.iter().try_fold(0_u16, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0'))
        })?;
        if code < 100 || !matches!(reason.first(), None | Some(b' ' | b'\t')) {
            return None;
        }
        Some(Self::Response { code, reason: trim(reason) })
    }

    /// Whether this may start a message where none was due: in the midst of headers, of a body or
    /// of unknown data. Only methods that have a name here count, and a Request-URI with a scheme.
    pub(super) fn is_plausible(&self) -> bool {
        match self {
            Self::Request { method: Method::Other(_), .. } => false,
            Self::Request { uri, .. } => uri.contains(&b':'),
            Self::Response { .. } => true,
        }
    }
}

/// Whether `line`, whose end is not there yet, may become a start line.
pub(super) fn may_become_start_line(line: &[u8]) -> bool {
    if shares_prefix(line, b"SIP/2.0 ") {
        return true;
    }
    let method = line.iter().take(MAX_METHOD + 1).take_while(|byte| is_token(**byte)).count();
    (1..=MAX_METHOD).contains(&method) && matches!(line.get(method), None | Some(b' ' | b'\t'))
}

/// Whether `line`, whose end is not there yet, may become a plausible start line.
pub(super) fn may_become_plausible_start_line(line: &[u8]) -> bool {
    shares_prefix(line, b"SIP/2.0 ")
        || KNOWN.iter().any(|method| {
            let method = method.as_bytes();
            shares_prefix(line, method)
                && matches!(line.get(method.len()), None | Some(b' ' | b'\t'))
        })
}

/// Whether one of the two starts with the other.
fn shares_prefix(line: &[u8], prefix: &[u8]) -> bool {
    line.iter().zip(prefix).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_read_as_all_are() {
        let starts = [
            "REGISTER", "OPTIONS", "register", "FOO", "SIP/2.0", "sip/2.0", "SIP/2.0 ", "", " ACK",
            "A\tCK",
        ];
        let middles = [
            "", "sip:a@b", "sip:a b", " sip:a", "sip:a ", "\tsip:a", "200", "200 ", "099", "1000",
            "600 x", "20x",
        ];
        let ends = ["SIP/2.0", "OK", "", "Not Found", "sip/2.0", "SIP/2.0 ", "SIP/2.0\t", "x\x0c"];
        let mut plain = 0;
        for start in starts {
            for middle in middles {
                for end in ends {
                    for between in [" ", "  ", "\t", ""] {
                        let text = format!("{start} {middle}{between}{end}");
                        if let Some(line) = StartLine::plain(text.as_bytes()) {
                            plain += 1;
                            assert_eq!(Some(line), StartLine::any(text.as_bytes()), "{text:?}");
                        }
                    }
                }
            }
        }
        assert!(plain > 10, "{plain}");
    }
}
