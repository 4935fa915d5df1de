//! Headers and Contact parameters of REGISTERs that are kept because a filter or a column names them.

use std::fmt;

use smallvec::SmallVec;

use super::snapshot::{DnView, Snapshot};
use super::text::Sym;
use super::tracker::Tracker;
use crate::sip::{Contact, HeaderName, Message, unfold};

/// How many are kept, at most.
const MOST: usize = 8;
/// Bytes of a value that are kept, at most.
const LONGEST: usize = 256;

/// Names a header, as `hdr.X-Site`, or a parameter of the first Contact, as `contact.param.ob`.
#[derive(Clone, Debug)]
pub struct ExtraName {
    /// As it was typed, without what says which of the two it is.
    name: String,
    of_contact: bool,
}

/// What a DN's latest REGISTER says there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extra<'a> {
    /// No such request was seen since it is kept, or it was cut before it could be there.
    Unknown,
    /// It is not there.
    Absent,
    /// Its value, or its beginning; `yes` for a parameter without one.
    Value(&'a [u8]),
}

/// The values of a DN, by the places of their names: unknown, absent ([`Sym::NONE`]), or the text.
pub(super) type Extras = Box<[Option<Sym>]>;

impl ExtraName {
    /// What begins the name of a header.
    pub const HEADER: &'static str = "hdr.";
    /// What begins the name of a parameter of the Contact.
    pub const CONTACT: &'static str = "contact.param.";

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let after = |prefix: &str| {
            let (start, name) = text.split_at_checked(prefix.len())?;
            let token = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
            let is_name = !name.is_empty() && name.len() <= 64 && name.chars().all(token);
            (start.eq_ignore_ascii_case(prefix) && is_name).then(|| name.to_owned())
        };
        let header = after(Self::HEADER).map(|name| Self { name, of_contact: false });
        header.or_else(|| after(Self::CONTACT).map(|name| Self { name, of_contact: true }))
    }

    /// Which header it is in: what in its value is a secret depends on that.
    #[must_use]
    pub fn header(&self) -> HeaderName {
        if self.of_contact { HeaderName::Contact } else { HeaderName::lookup(self.name.as_bytes()) }
    }

    /// Whether a header is the one that is named; compact forms are the same header.
    fn is_header(&self, id: HeaderName, name: &[u8]) -> bool {
        match self.header() {
            HeaderName::Other => name.eq_ignore_ascii_case(self.name.as_bytes()),
            own => own == id,
        }
    }

    /// Its value in a request; `None` if it is not there.
    fn read(&self, message: &Message<'_>) -> Option<Vec<u8>> {
        if self.of_contact {
            let contact = message.contacts().find_map(|contact| match contact {
                Contact::Address(address) => Some(address),
                Contact::Star => None,
            })?;
            let name = self.name.as_bytes();
            let value = contact.params.get(name).or_else(|| contact.uri.params.get(name))?;
            return Some(value.unwrap_or(b"yes").to_vec());
        }
        let mut named = message.headers().filter(|header| self.is_header(header.id, header.name));
        let mut value = unfold(named.next()?.value).into_owned();
        // several credentials are no list that could be masked as one
        if self.header().of_credentials().is_none() {
            for more in named {
                value.extend_from_slice(b", ");
                value.extend_from_slice(&unfold(more.value));
            }
        }
        Some(value)
    }
}

impl PartialEq for ExtraName {
    fn eq(&self, other: &Self) -> bool {
        self.of_contact == other.of_contact && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Eq for ExtraName {}

impl fmt::Display for ExtraName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.of_contact { Self::CONTACT } else { Self::HEADER };
        write!(f, "{prefix}{}", self.name)
    }
}

impl Tracker {
    /// Keeps these of every REGISTER from now on, the first few of them.
    pub fn keep_extras(&mut self, names: &[ExtraName]) {
        let names: SmallVec<[ExtraName; MOST]> = names.iter().take(MOST).cloned().collect();
        self.extra_names = names.as_slice().into();
    }

    /// Notes what a request says there.
    pub(super) fn note_extras(&mut self, attempt: u32, message: &Message<'_>) {
        let dn = self.store.attempts.get(attempt as usize).map(|attempt| attempt.dn);
        let Some(dn) = dn.and_then(|dn| self.store.dns.get_mut(dn as usize)) else { return };
        let texts = &mut self.store.texts;
        let values = self.extra_names.iter().map(|name| match name.read(message) {
            Some(value) => Some(texts.intern(value.get(..LONGEST).unwrap_or(&value))),
            None => (!message.is_cut()).then_some(Sym::NONE),
        });
        let values: Extras = values.collect();
        dn.aside.get_or_insert_default().extras = values;
    }
}

impl Snapshot {
    /// The headers and parameters that were kept.
    #[must_use]
    pub fn extra_names(&self) -> &[ExtraName] {
        &self.extra_names
    }
}

impl<'a> DnView<'a> {
    /// What its latest REGISTER says there.
    #[must_use]
    pub fn extra(&self, name: &ExtraName) -> Extra<'a> {
        let place = self.snapshot.extra_names.iter().position(|kept| kept == name);
        let aside = self.record().and_then(|dn| dn.aside.as_deref());
        let value = place.zip(aside).and_then(|(place, aside)| *aside.extras.get(place)?);
        match value {
            None => Extra::Unknown,
            Some(Sym::NONE) => Extra::Absent,
            Some(sym) => Extra::Value(self.snapshot.texts().get(sym)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for (text, want) in [
            ("hdr.X-Site", Some("hdr.X-Site")),
            ("HDR.x-site", Some("hdr.x-site")),
            ("contact.param.+sip.instance", Some("contact.param.+sip.instance")),
            ("hdr.", None),
            ("hdr.X Site", None),
            ("hdr.\u{1b}[31m", None),
            ("header.X", None),
        ] {
            let name = ExtraName::parse(text);
            assert_eq!(name.map(|name| name.to_string()).as_deref(), want, "{text}");
        }
        assert_eq!(ExtraName::parse("hdr.X-Site"), ExtraName::parse("HDR.x-SITE"));
        assert_ne!(ExtraName::parse("hdr.ob"), ExtraName::parse("contact.param.ob"));
    }

    #[test]
    fn headers_and_contact_parameters_are_read() {
        let bytes = b"REGISTER sip:h SIP/2.0\r\nv: SIP/2.0/UDP a\r\nX-Site: berlin\r\nx-site:  b\r\n  c\r\n\
            m: <sip:1@a;ob;x=1>;reg-id=2;+sip.instance=\"<urn:x>\"\r\n\r\n";
        let message = Message::parse(bytes, false).unwrap();
        for (name, want) in [
            ("hdr.X-SITE", Some("berlin, b c")),
            ("hdr.Via", Some("SIP/2.0/UDP a")),
            ("hdr.l", None),
            ("contact.param.ob", Some("yes")),
            ("contact.param.X", Some("1")),
            ("contact.param.reg-id", Some("2")),
            ("contact.param.+sip.instance", Some("<urn:x>")),
            ("contact.param.q", None),
        ] {
            let value = ExtraName::parse(name).unwrap().read(&message);
            assert_eq!(value.as_deref(), want.map(str::as_bytes), "{name}");
        }
    }
}
