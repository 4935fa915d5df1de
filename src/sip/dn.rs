//! Decides which DN an address names, and when two spellings are one user.

use std::borrow::Cow;

use super::addressee::Addressee;
use super::message::Message;
use super::uri::{Scheme, Uri};

/// The DN of an address-of-record as spelled: its user, or its host where it has none (RFC 3261 §10.2).
fn spelled<'a>(scheme: Scheme, user: Option<&'a [u8]>, host: &'a [u8]) -> Option<&'a [u8]> {
    let is_sip = matches!(scheme, Scheme::Sip | Scheme::Sips);
    user.filter(|user| !user.is_empty()).or_else(|| Some(host).filter(|h| is_sip && !h.is_empty()))
}

/// Undoes `%XX` for characters that need no escape: both spellings are equal (RFC 3261 §19.1.4).
#[must_use]
pub fn unescape(user: &[u8]) -> Cow<'_, [u8]> {
    if !user.contains(&b'%') {
        return Cow::Borrowed(user);
    }
    let mut out = Vec::with_capacity(user.len());
    let mut rest = user;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%'
            && let Some((hex, after)) = tail.split_at_checked(2)
            && let Some(plain) = std::str::from_utf8(hex)
                .ok()
                .and_then(|h| u8::from_str_radix(h, 16).ok())
                .filter(|p| p.is_ascii_alphanumeric() || b"-_.!~*'()+&=$,;?/#".contains(p))
        {
            out.push(plain);
            rest = after;
        } else {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

/// Whether the user name of credentials is a DN, alone or with a domain.
#[must_use]
pub fn is_user_name_of(dn: &[u8], user_name: &[u8]) -> bool {
    let name = unescape(user_name);
    name.strip_prefix(dn).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"@"))
}

impl<'a> Uri<'a> {
    /// The DN it names as an address-of-record: its user, or its host where it has none, escapes undone.
    #[must_use]
    pub fn dn(&self) -> Option<Cow<'a, [u8]>> {
        spelled(self.scheme, self.user, self.host).map(unescape)
    }

    /// The user, escapes undone: the same for every spelling of it.
    #[must_use]
    pub fn user_name(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(unescape)
    }
}

impl<'a> Addressee<'a> {
    /// The DN it names, as [`Uri::dn`] but with its escapes, for callers that undo them only when needed.
    #[must_use]
    pub fn spelled_dn(&self) -> Option<&'a [u8]> {
        spelled(self.scheme, self.user, self.host)
    }
}

impl<'a> Message<'a> {
    /// The DN it is about: the one its To names.
    #[must_use]
    pub fn dn(&self) -> Option<Cow<'a, [u8]>> {
        self.to()?.uri.dn()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_of_plain_characters_are_undone() {
        for (wire, want) in [
            ("5002", "5002"),
            ("%35002", "5002"),
            ("%2b1415", "+1415"),
            ("*12%23", "*12#"),
            ("a%40b", "a%40b"),
            ("50%", "50%"),
            ("50%0a", "50%0a"),
        ] {
            assert_eq!(unescape(wire.as_bytes()), want.as_bytes(), "{wire}");
        }
    }

    #[test]
    fn an_address_names_its_user_or_its_host_and_both_readers_agree() {
        for (address, want) in [
            ("<sip:5001@pbx>", Some("5001")),
            ("<sip:*12%23@pbx>", Some("*12#")),
            ("<sip:%2B4930@pbx>;tag=1", Some("+4930")),
            ("<sip:5001:pw@pbx>", Some("5001")),
            ("sip:pbx.example", Some("pbx.example")),
            ("<sip:@pbx>", Some("pbx")),
            ("<tel:+4930>", Some("+4930")),
            ("<urn:service:sos>", None),
            ("<sip:>", None),
        ] {
            let uri = super::super::NameAddr::parse(address.as_bytes()).map(|read| read.uri);
            let dn = uri.and_then(|uri| uri.dn());
            assert_eq!(dn.as_deref(), want.map(str::as_bytes), "{address}");
            let quick = Addressee::parse(address.as_bytes()).and_then(|read| read.spelled_dn());
            assert_eq!(quick.map(unescape), dn, "{address}");
        }
    }

    #[test]
    fn credentials_name_the_dn_in_any_spelling_with_or_without_a_domain() {
        for name in ["1#", "1%23", "1#@pbx", "1%23@pbx"] {
            assert!(is_user_name_of(b"1#", name.as_bytes()), "{name}");
        }
        for name in ["", "1", "1##", "11#", "1#pbx"] {
            assert!(!is_user_name_of(b"1#", name.as_bytes()), "{name}");
        }
    }
}
