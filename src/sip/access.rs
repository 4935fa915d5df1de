//! The typed readings of a message's headers.

use super::auth::{Challenge, Credentials};
use super::header::HeaderName;
use super::message::Message;
use super::name_addr::{Contact, NameAddr};
use super::scan::{digits, list_items, long_number, number, slice, tail, trim};
use super::start_line::Method;
use super::via::Via;

/// A `CSeq` (RFC 3261 §20.16).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CSeq<'a> {
    /// The sequence number, `u32::MAX` when it is larger.
    pub number: u32,
    /// The method; `Other(b"")` when none is given.
    pub method: Method<'a>,
}

impl<'a> CSeq<'a> {
    /// Reads a `CSeq`; `None` when it does not start with a number.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (number, count) = digits(value)?;
        let method = trim(tail(value, count));
        let end = method.iter().position(u8::is_ascii_whitespace).unwrap_or(method.len());
        let method = Method::from_bytes(slice(method, 0, end));
        Some(Self { number: u32::try_from(number).unwrap_or(u32::MAX), method })
    }
}

impl<'a> Message<'a> {
    /// The Call-ID (RFC 3261 §20.8); `None` when it is absent or empty.
    #[must_use]
    pub fn call_id(&self) -> Option<&'a [u8]> {
        self.first(HeaderName::CallId).filter(|value| !value.is_empty())
    }

    /// The `CSeq` (RFC 3261 §20.16).
    #[must_use]
    pub fn cseq(&self) -> Option<CSeq<'a>> {
        self.first(HeaderName::CSeq).and_then(CSeq::parse)
    }

    /// The To (RFC 3261 §20.39): in a REGISTER the address-of-record (§10.2).
    #[must_use]
    pub fn to(&self) -> Option<NameAddr<'a>> {
        self.first(HeaderName::To).and_then(NameAddr::parse)
    }

    /// The From (RFC 3261 §20.20).
    #[must_use]
    pub fn from(&self) -> Option<NameAddr<'a>> {
        self.first(HeaderName::From).and_then(NameAddr::parse)
    }

    /// The first Via: the hop that sent this request, or that this response is for.
    #[must_use]
    pub fn top_via(&self) -> Option<Via<'a>> {
        self.all(HeaderName::Via).find_map(|value| list_items(value).find_map(Via::parse))
    }

    /// Every Via, top first, from comma lists and repeated headers alike (RFC 3261 §20.42).
    pub fn vias(&self) -> impl Iterator<Item = Via<'a>> + '_ {
        self.all(HeaderName::Via).flat_map(list_items).filter_map(Via::parse)
    }

    /// The elements of all headers of a name whose value is a list (RFC 3261 §7.3.1).
    pub(crate) fn elements(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(list_items)
    }

    /// Every Contact, from comma lists and repeated headers alike (RFC 3261 §20.10).
    pub fn contacts(&self) -> impl Iterator<Item = Contact<'a>> + '_ {
        self.all(HeaderName::Contact).flat_map(list_items).filter_map(Contact::parse)
    }

    /// The Expires in seconds (RFC 3261 §20.19); `None` when it is absent or no number.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.first(HeaderName::Expires).and_then(number)
    }

    /// The Min-Expires in seconds (RFC 3261 §20.23).
    #[must_use]
    pub fn min_expires(&self) -> Option<u32> {
        self.first(HeaderName::MinExpires).and_then(number)
    }

    /// The Retry-After in seconds (RFC 3261 §20.33).
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.first(HeaderName::RetryAfter).and_then(number)
    }

    /// The User-Agent (RFC 3261 §20.41).
    #[must_use]
    pub fn user_agent(&self) -> Option<&'a [u8]> {
        self.first(HeaderName::UserAgent)
    }

    /// The Server (RFC 3261 §20.35).
    #[must_use]
    pub fn server(&self) -> Option<&'a [u8]> {
        self.first(HeaderName::Server)
    }

    /// The Content-Length (RFC 3261 §20.14).
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.first(HeaderName::ContentLength).and_then(long_number)
    }

    /// Every challenge, in wire order, several of one header line included (RFC 3261 §22).
    pub fn challenges(&self) -> impl Iterator<Item = Challenge<'a>> + '_ {
        self.headers()
            .filter_map(|header| header.id.of_challenges().map(|proxy| (proxy, header)))
            .flat_map(|(proxy, header)| Challenge::all(header.value, proxy))
    }

    /// Every set of credentials, in wire order (RFC 3261 §22).
    pub fn credentials(&self) -> impl Iterator<Item = Credentials<'a>> + '_ {
        self.headers()
            .filter_map(|header| header.id.of_credentials().map(|proxy| (proxy, header)))
            .flat_map(|(proxy, header)| Credentials::all(header.value, proxy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_number_is_digits_and_the_method_what_follows() {
        for (text, number, method) in [
            ("1 REGISTER", 1, "REGISTER"),
            ("00017\tREGISTER", 17, "REGISTER"),
            ("4294967296 REGISTER", u32::MAX, "REGISTER"),
            ("99999999999999999999999 INVITE x", u32::MAX, "INVITE"),
            ("7\r\n OPTIONS\t", 7, "OPTIONS"),
            ("7register", 7, "register"),
            ("7", 7, ""),
        ] {
            let method = Method::from_bytes(method.as_bytes());
            assert_eq!(CSeq::parse(text.as_bytes()), Some(CSeq { number, method }), "{text:?}");
        }
        for text in ["", "x", "-1 REGISTER", " REGISTER"] {
            assert_eq!(CSeq::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
