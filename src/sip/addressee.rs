//! The user and host in a To or From, without the rest of the address.

use super::find;
use super::name_addr::{NameAddr, plain_display};
use super::scan::{tail, trim};
use super::uri::{Authority, Scheme, plain_port};

/// User and host of an address (RFC 3261 §20.39).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addressee<'a> {
    /// See [`Uri::scheme`](super::Uri::scheme).
    pub scheme: Scheme,
    /// See [`Uri::user`](super::Uri::user).
    pub user: Option<&'a [u8]>,
    /// See [`Uri::host`](super::Uri::host).
    pub host: &'a [u8],
    /// Whether there is a [`NameAddr::tag`].
    pub has_tag: bool,
    /// Whether there may be escapes in the user.
    pub may_be_escaped: bool,
}

impl<'a> Addressee<'a> {
    /// Reads what [`NameAddr::parse`] reads; `None` where that gives `None`.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = trim(value);
        Self::plain(value).or_else(|| Self::any(value))
    }

    /// Reads `"name" <sip:user@host:port;params>;tag=…` without anything odd in it, which most are; `None`
    /// for any other.
    fn plain(value: &'a [u8]) -> Option<Self> {
        let (_, uri_at) = plain_display(value)?;
        let inner = tail(value, uri_at);
        let Authority { scheme, user, host, end } = Authority::plain(inner)?;
        let (_, end) = plain_port(inner, end)?;
        let close = match inner.get(end)? {
            b'>' => end,
            // without a user, an `@` in the parameters would end one
            b';' if user.is_some() => find::byte(inner, end, b'>')?,
            _ => return None,
        };
        let behind = tail(inner, close + 1);
        let has_tag = behind.starts_with(b";tag=");
        let plain = Self { scheme, user, host, has_tag, may_be_escaped: false };
        (has_tag || behind.is_empty()).then_some(plain)
    }

    /// Reads whatever `value` is.
    fn any(value: &'a [u8]) -> Option<Self> {
        let address = NameAddr::parse(value)?;
        let NameAddr { uri, .. } = address;
        Some(Self {
            scheme: uri.scheme,
            user: uri.user,
            host: uri.host,
            has_tag: address.tag().is_some(),
            may_be_escaped: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_read_as_all_are() {
        let mut plain = 0;
        let before = ["", "\"A B\" ", "\"a\"", "\"a\\\"\" ", "a ", "\"<\" "];
        let uris = [
            "sip:5001@h",
            "sips:a_b.c@10.0.0.1:5061",
            "sip:h",
            "sip:h.x:5060",
            "sip:h_x",
            "sip:h;x=a@b",
            "sip:a@h;lr",
            "sip:a@h;x=b@c",
            "sip:a@b@c",
            "sip:a:b@c",
            "sip:a:1@c",
            "sip:a@h;lr?x@y",
            "sip:a@h?b",
            "sip:@h",
            "tel:1",
            "sip:a@h:0",
            "sip:a@h:65536",
            "sip:a@h:",
            "sip:a%40@h",
            "sip:a@[::1]",
            "SIP:a@h",
            "",
        ];
        let after = ["", ";tag=1", ";tag=", ";tag", ";x;tag=1", " ;tag=1", ";TAG=1", "x", ";x=1"];
        for before in before {
            for uri in uris {
                for after in after {
                    for close in [">", ""] {
                        let text = format!("{before}<{uri}{close}{after}");
                        if let Some(read) = Addressee::plain(text.as_bytes()) {
                            plain += 1;
                            let may_be_escaped = true;
                            let same = Addressee { may_be_escaped, ..read };
                            assert_eq!(Some(same), Addressee::any(text.as_bytes()), "{text}");
                            assert!(!read.user.unwrap_or_default().contains(&b'%'));
                        }
                    }
                }
            }
        }
        assert!(plain > 50, "{plain}");
    }
}
