//! Finds passwords in URIs, so that no output shows them.
//!
//! A URI may carry a password (`sip:user:password@host`, RFC 3261 §19.1.1). It is looked for wherever text
//! from the wire goes, with no regard to what header it is in: in a text that is cut, behind escapes
//! (`%3A`, `%40`), and in a URI inside another.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memrchr};

use super::address;

/// What is shown in place of a secret.
pub const MASK: &[u8] = b"***";

/// Schemes of which a colon ends no user.
const SCHEMES: [&[u8]; 27] = [
    b"sip", b"sips", b"tel", b"http", b"https", b"ws", b"wss", b"im", b"pres", b"mailto", b"xmpp",
    b"h323", b"ftp", b"urn", b"cid", b"mid", b"data", b"callto", b"fax", b"modem", b"msrp",
    b"msrps", b"stun", b"turn", b"ldap", b"ldaps", b"geo",
];

/// Those that have no users with passwords.
const OPAQUE: [&[u8]; 8] = [b"urn", b"cid", b"mid", b"data", b"tel", b"fax", b"modem", b"geo"];

/// How often one URI may be escaped inside another.
const NESTED: usize = 3;

/// Where passwords are in a text, in order: in URIs with a scheme, and in addresses in angle brackets.
#[must_use]
pub fn passwords(text: &[u8]) -> Vec<Range<usize>> {
    found(text, false)
}

/// Where passwords are in a text that holds addresses, in order: also in `user:password@host` alone.
#[must_use]
pub fn address_passwords(text: &[u8]) -> Vec<Range<usize>> {
    found(text, true)
}

/// Whether a name is that of a scheme, so that a colon behind it ends no user.
#[must_use]
pub fn is_scheme(name: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(name))
}

/// A URI with its password masked if it lacks its scheme: alone it can no longer be recognized as a URI.
#[must_use]
pub fn without_bare_password(uri: &[u8]) -> Cow<'_, [u8]> {
    if uri.starts_with(b"sip") {
        return Cow::Borrowed(uri);
    }
    masked(uri, &address_passwords(uri))
}

/// The text with passwords masked.
#[must_use]
pub fn without_passwords(text: &[u8]) -> Cow<'_, [u8]> {
    masked(text, &passwords(text))
}

/// The text with some of its parts masked; they are in order.
#[must_use]
pub fn masked<'t>(text: &'t [u8], parts: &[Range<usize>]) -> Cow<'t, [u8]> {
    if parts.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    for part in parts {
        out.extend_from_slice(text.get(at..part.start).unwrap_or_default());
        out.extend_from_slice(MASK);
        at = part.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

fn found(text: &[u8], addresses: bool) -> Vec<Range<usize>> {
    let is_escaped = memchr(b'%', text).is_some();
    if !is_escaped && !may_hold_one(text, addresses) {
        return Vec::new();
    }
    let mut all = Search::new(text, addresses).all();
    if is_escaped {
        let mut decoded = Decoded::of(text);
        for _ in 0..NESTED {
            let own = Search::new(&decoded.text, addresses).all();
            all.extend(
                own.into_iter().map(|part| decoded.place(part.start)..decoded.place(part.end)),
            );
            if !decoded.again() {
                break;
            }
        }
        all = joined(all);
    }
    all
}

/// Whether a text without escapes has colons enough for a scheme and a password, before its last `@` or behind
/// it, where a host may have been cut: most texts of a message are passed over by that.
fn may_hold_one(text: &[u8], addresses: bool) -> bool {
    let least = if addresses || memchr(b'<', text).is_some() { 1 } else { 2 };
    let (before, behind) = text.split_at(memrchr(b'@', text).unwrap_or(text.len()));
    let has_enough = |part: &[u8]| memchr_iter(b':', part).take(least).count() == least;
    has_enough(before) || has_enough(behind)
}

/// The ranges in order, those that overlap made one.
#[must_use]
pub fn joined(mut all: Vec<Range<usize>>) -> Vec<Range<usize>> {
    all.sort_unstable_by_key(|part| part.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(all.len());
    for part in all {
        match out.last_mut().filter(|last| part.start <= last.end) {
            Some(last) => last.end = last.end.max(part.end),
            None => out.push(part),
        }
    }
    out
}

/// A text with its escapes undone.
struct Decoded {
    text: Vec<u8>,
    /// Where each byte is in the original text, and where that ends.
    places: Vec<usize>,
}

impl Decoded {
    fn of(text: &[u8]) -> Self {
        let mut decoded = Self { text: text.to_vec(), places: (0..=text.len()).collect() };
        decoded.again();
        decoded
    }

    /// Undoes escapes once more; whether there were any.
    fn again(&mut self) -> bool {
        let (mut text, mut places) = (Vec::with_capacity(self.text.len()), Vec::new());
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            let digit = |place: usize| char::from(*self.text.get(place)?).to_digit(16);
            places.push(self.place(at));
            let hex = if byte == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
            if let Some((high, low)) = hex {
                text.push((high << 4 | low) as u8);
                at += 3;
            } else {
                text.push(byte);
                at += 1;
            }
        }
        places.push(self.place(at));
        let changed = text.len() < self.text.len();
        (self.text, self.places) = (text, places);
        changed
    }

    /// Where a byte is in the original text.
    fn place(&self, at: usize) -> usize {
        self.places.get(at).or_else(|| self.places.last()).copied().unwrap_or(0)
    }
}

/// A search for the passwords of one text.
struct Search<'t> {
    text: &'t [u8],
    addresses: bool,
    found: Vec<Range<usize>>,
    /// How far the text was examined; a URI may follow only from here.
    done: usize,
    /// How far what is in brackets goes, and what is not, as found last.
    ends: [usize; 2],
    /// How far there is no `@`, as found last.
    bare: usize,
}

impl<'t> Search<'t> {
    const fn new(text: &'t [u8], addresses: bool) -> Self {
        Self { text, addresses, found: Vec::new(), done: 0, ends: [0; 2], bare: 0 }
    }

    fn all(mut self) -> Vec<Range<usize>> {
        if self.addresses {
            self.address(0, false);
        }
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                _ if at < self.done => {}
                b'<' => self.address(at + 1, true),
                b' ' | b'\t' | b'"' if self.addresses && !self.is_blank(at + 1) => {
                    self.address(at + 1, false);
                }
                b':' => self.after_colon(at),
                _ => {}
            }
            // what was examined is passed over
            at = (at + 1).max(self.done);
        }
        self.found
    }

    fn is_blank(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(u8::is_ascii_whitespace)
    }

    /// Examines a URI whose scheme may end at a colon.
    fn after_colon(&mut self, colon: usize) {
        let before = self.text.get(self.done..colon).unwrap_or_default();
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let length = before.iter().rev().take(12).take_while(|b| is_name(b)).count();
        let start = colon - length;
        if self.scheme_at(start) == Some(colon) {
            let bracketed = self.text.get(..start).and_then(<[u8]>::last) == Some(&b'<');
            self.uri(start, colon, bracketed);
        }
    }

    /// Examines an address that may be without a scheme.
    fn address(&mut self, start: usize, bracketed: bool) {
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if start < self.done {
            return;
        }
        if let Some(colon) = self.scheme_at(start) {
            self.uri(start, colon, bracketed);
        } else {
            let end = self.end(start, bracketed);
            self.user_information(start..end);
        }
    }

    /// Where the scheme that begins at `start` ends, if it is one that is known or `//` follows.
    fn scheme_at(&self, start: usize) -> Option<usize> {
        let rest = self.text.get(start..)?;
        let length = memchr(b':', rest.get(..rest.len().min(13))?)?;
        let (name, after) = rest.split_at(length);
        (is_scheme(name) || !name.is_empty() && after.starts_with(b"://")).then_some(start + length)
    }

    /// Examines the URI whose scheme ends at `colon`.
    fn uri(&mut self, start: usize, colon: usize, bracketed: bool) {
        let scheme = self.text.get(start..colon).unwrap_or_default();
        let is = |names: &[&[u8]]| names.iter().any(|name| name.eq_ignore_ascii_case(scheme));
        if is(&OPAQUE) {
            self.done = colon + 1;
            return;
        }
        let end = self.end(colon, bracketed);
        let rest = self.text.get(colon + 1..end).unwrap_or_default();
        if rest.starts_with(b"//") {
            let authority = rest.get(2..).unwrap_or_default();
            let length =
                authority.iter().position(|b| b"/?#".contains(b)).unwrap_or(authority.len());
            self.user_information(colon + 3..colon + 3 + length);
        } else if !self.user_information(colon + 1..end) && is(&[b"sip", b"sips"]) {
            self.cut(colon + 1..end);
        }
    }

    /// Masks what follows the first colon of the user information in `range`; whether there is any.
    fn user_information(&mut self, range: Range<usize>) -> bool {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let known = self.bare.clamp(range.start, range.end) - range.start;
        let Some(first) = memchr(b'@', text.get(known..).unwrap_or_default()) else {
            self.bare = self.bare.max(range.end);
            return false;
        };
        let first = known + first;
        // of several, the last before the parameters: a password may hold one, too
        let after = text.get(first + 1..).unwrap_or_default();
        let host = after.get(..memchr2(b';', b'?', after).unwrap_or(after.len()));
        let last = memrchr(b'@', host.unwrap_or_default()).map_or(first, |at| first + 1 + at);
        if let Some(colon) = text.get(..last).and_then(|info| memchr(b':', info))
            && colon + 1 < last
            && !is_port(text.get(colon + 1..last).unwrap_or_default())
        {
            self.found.push(range.start + colon + 1..range.start + last);
        }
        self.done = range.start + last + 1;
        true
    }

    /// Masks what is in the place of a port and is none: the rest of a user with its password, cut before the `@`.
    fn cut(&mut self, range: Range<usize>) {
        self.done = range.end;
        let text = self.text.get(range.clone()).unwrap_or_default();
        let text = text.get(..memchr2(b';', b'?', text).unwrap_or(text.len())).unwrap_or_default();
        let Some(colon) = memchr(b':', text).filter(|_| !text.starts_with(b"[")) else { return };
        let port = text.get(colon + 1..).unwrap_or_default();
        let odd = port.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii());
        if odd && address::parse(text).is_none() {
            self.found.push(range.start + colon + 1..range.start + text.len());
        }
    }

    /// Where a URI ends at the latest that begins at `start`: at the closing bracket, or where there is none
    /// to close, at white space, a quote, or a comma before another URI.
    fn end(&mut self, start: usize, bracketed: bool) -> usize {
        let [known, known_bracketed] = self.ends;
        let known = if bracketed { known_bracketed } else { known };
        if start < known {
            return known;
        }
        let rest = self.text.get(start..).unwrap_or_default();
        let ends = |(at, byte): (usize, &u8)| match byte {
            b'>' => true,
            b'\n' => !matches!(rest.get(at + 1), Some(b' ' | b'\t')),
            _ if bracketed => false,
            b',' => {
                let after = rest.get(at + 1..).unwrap_or_default();
                let blanks = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
                self.scheme_at(start + at + 1 + blanks).is_some()
                    || after.get(blanks) == Some(&b'<')
            }
            byte => byte.is_ascii_whitespace() || matches!(byte, b'<' | b'"'),
        };
        let length = rest.iter().enumerate().position(ends).unwrap_or(rest.len());
        if let Some(end) = self.ends.get_mut(usize::from(bracketed)) {
            *end = start + length;
        }
        start + length
    }
}

/// Whether a text is a port with parameters behind it, one of which holds the `@`.
fn is_port(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=5).contains(&digits) && text.get(digits) == Some(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        String::from_utf8(without_passwords(text.as_bytes()).into_owned()).unwrap()
    }

    fn address(text: &str) -> String {
        let parts = address_passwords(text.as_bytes());
        String::from_utf8(masked(text.as_bytes(), &parts).into_owned()).unwrap()
    }

    #[test]
    fn passwords_are_masked_wherever_a_uri_is() {
        for (text, want) in [
            ("sip:5001:pw@h", "sip:5001:***@h"),
            ("SIPS:5001:pw@h:5061;lr", "SIPS:5001:***@h:5061;lr"),
            ("<sip:5001:p w@h>;tag=1", "<sip:5001:***@h>;tag=1"),
            (
                "\"A\" <sip:5001:pw@h;x=a@b>, <sip:2:qw@h>",
                "\"A\" <sip:5001:***@h;x=a@b>, <sip:2:***@h>",
            ),
            ("sip:1:pw@h,sip:2:qw@h", "sip:1:***@h,sip:2:***@h"),
            ("m:sip:5001:pw@h", "m:sip:5001:***@h"),
            ("Contact=sip:5001:pw@h", "Contact=sip:5001:***@h"),
            ("uri=\"sip:5001:pw@h\"", "uri=\"sip:5001:***@h\""),
            ("sip:5001:p@ss@h", "sip:5001:***@h"),
            ("sip:5001:a:b@h", "sip:5001:***@h"),
            ("sip:5001:p;w@h", "sip:5001:***@h"),
            ("sip:5001:p%40w@h", "sip:5001:***@h"),
            ("sip:5001%3Apw@h", "sip:5001%3A***@h"),
            (
                "<sip:a@b?Route=%3Csip%3A5001%3Apw%40h%3E>",
                "<sip:a@b?Route=%3Csip%3A5001%3A***%40h%3E>",
            ),
            ("<sip:a@b?x=sip%253A1%253Apw%2540h>", "<sip:a@b?x=sip%253A1%253A***%2540h>"),
            ("<5001:pw@h>", "<5001:***@h>"),
            ("<sip:5001:pw\r\n @h>", "<sip:5001:***@h>"),
            ("http://u:pw@h/a:b@c", "http://u:***@h/a:b@c"),
            ("odd://u:pw@h", "odd://u:***@h"),
            // cut before the host
            ("<sip:5001:pw", "<sip:5001:***"),
            ("sip:5001:pw;x", "sip:5001:***;x"),
            ("sip:sip:5001:pw@h", "sip:sip:***@h"),
            ("pässe sip:ü:gehéim@h ü", "pässe sip:ü:***@h ü"),
        ] {
            assert_eq!(shown(text), want);
        }
    }

    #[test]
    fn what_is_no_password_stays() {
        for text in [
            "sip:5001@h:5060",
            "sip:h:5060",
            "sip:[2001:db8::1]:5060;lr",
            "sip:2001:db8::a",
            "sip:5001:@h",
            "<sip:5001@h>, <sip:h:5060>",
            "sip:10.0.0.1:5060, sip:5001@h",
            "sip:h:5060;x=a@b",
            "12:34@10.0.0.1",
            "a:b@c",
            "<urn:uuid:f81d@x>",
            "<cid:a:b@c>",
            "tel:+4930",
            "http://h:80/a@b",
            "time: 12:00, see me@home",
            "REGISTER sip:pbx:5060 SIP/2.0",
            "sip:pbx:5060.",
            "5001%40pbx",
            "100%",
            "%",
            "",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn an_address_needs_no_scheme() {
        for (text, want) in [
            ("5001:pw@h", "5001:***@h"),
            ("SIP/2.0/UDP 5001:pw@h:5060;branch=z", "SIP/2.0/UDP 5001:***@h:5060;branch=z"),
            ("\"A B\" 5001:pw@h", "\"A B\" 5001:***@h"),
            ("5001@h:5060", "5001@h:5060"),
            ("SIP/2.0/UDP h:5060;branch=a@b", "SIP/2.0/UDP h:5060;branch=a@b"),
        ] {
            assert_eq!(address(text), want);
        }
    }

    #[test]
    fn a_long_hostile_text_takes_no_more_than_its_length() {
        for piece in [
            "sip:", "<", "sip:a@", "sip:a@b;", ",", "a:b@", "%3a", "%40", "<sip:", " ", "< ",
            "a:<", "\"sip:a ",
        ] {
            let text = piece.repeat(200_000);
            let _ = (passwords(text.as_bytes()), address_passwords(text.as_bytes()));
        }
    }
}
