//! Finds the form of a REGISTER by the bytes that make it: of a thousand phones alike one is read.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use crate::hashing::Digest;
use smallvec::SmallVec;

use super::details::{header, header_order};
use super::forms::{Changed, Forms, Lately, RequestForm};
use super::reading::AuthReading;
use super::syms::Visit;
use super::text::Texts;
use crate::net::password::without_bare_password;
use crate::sip::{HeaderName, Message};

/// The forms of REGISTERs, and how they are found again.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestForms {
    forms: Forms<RequestForm>,
    /// Without credentials, by what makes them.
    plain: Lately<u64, Arc<RequestForm>>,
    /// By the place of the form without credentials, and what these add; the two forms.
    given: Lately<(usize, u64), [Arc<RequestForm>; 2]>,
}

/// What of a form is read along with what is not alike.
#[derive(Default, Hash)]
pub(super) struct Parts<'m> {
    pub request_uri: &'m [u8],
    pub via_transport: &'m [u8],
    pub rport_asked: bool,
    pub contacts: u8,
    pub contact_uri_params: &'m [u8],
    pub contact_params: SmallVec<[u8; 128]>,
    pub expires_contact: Option<u32>,
}

impl RequestForms {
    /// The form of a REGISTER, its credentials left out.
    pub(super) fn plain(
        &mut self,
        texts: &mut Texts,
        message: &Message<'_>,
        parts: &Parts<'_>,
    ) -> Arc<RequestForm> {
        let likeness = likeness(message, parts);
        if let Some(known) = likeness.and_then(|likeness| self.plain.get(&likeness)) {
            return Arc::clone(known);
        }
        let form = self.forms.keep(RequestForm::read(texts, message, parts));
        if let Some(likeness) = likeness {
            self.plain.insert(likeness, Arc::clone(&form));
        }
        form
    }

    /// Adds the credentials of a REGISTER, of which `read` was made, to a form; whether there are any.
    pub(super) fn add_credentials(
        &mut self,
        texts: &mut Texts,
        message: &Message<'_>,
        form: &mut Arc<RequestForm>,
        read: &AuthReading,
    ) -> bool {
        let likeness = (Arc::as_ptr(form).addr(), read.alike);
        let known = self.given.get(&likeness).map(|[_, known]| Arc::clone(known));
        let Some(given) = known.or_else(|| self.give(texts, message, form, likeness)) else {
            return false;
        };
        *form = given;
        true
    }

    fn give(
        &mut self,
        texts: &mut Texts,
        message: &Message<'_>,
        form: &Arc<RequestForm>,
        likeness: (usize, u64),
    ) -> Option<Arc<RequestForm>> {
        let c = message.credentials().last()?;
        let given = self.forms.keep(RequestForm {
            auth_realm: texts.intern(c.realm.unwrap_or_default()),
            auth_algorithm: texts.intern(c.algorithm.unwrap_or_default()),
            auth_qop: texts.intern(c.qop.unwrap_or_default()),
            auth_uri: texts.intern(c.uri.unwrap_or_default()),
            ..(**form).clone()
        });
        // held as well: nothing else may take its place
        self.given.insert(likeness, [Arc::clone(form), Arc::clone(&given)]);
        Some(given)
    }

    /// Forgets those that no record refers to, and how the others are found.
    pub(super) fn forget(&mut self) {
        self.plain.clear();
        self.given.clear();
        self.forms.forget();
    }

    /// The bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.forms.bytes()
    }

    /// Visits the symbols of all of them.
    pub(super) fn visit(&self, visit: &mut Visit<'_>) {
        self.forms.visit(visit);
    }

    /// Changes the symbols of all of them, once they are forgotten by their bytes; says what became of each.
    pub(super) fn change(&mut self, visit: &mut Visit<'_>) -> Changed<RequestForm> {
        self.forget();
        self.forms.change(visit)
    }
}

impl RequestForm {
    fn read(texts: &mut Texts, message: &Message<'_>, parts: &Parts<'_>) -> Self {
        Self {
            user_agent: texts.intern(message.user_agent().unwrap_or_default()),
            request_uri: texts.intern(&without_bare_password(parts.request_uri)),
            contacts: parts.contacts,
            contact_uri_params: texts.intern(parts.contact_uri_params),
            contact_params: texts.intern(&parts.contact_params),
            via_transport: texts.intern(parts.via_transport),
            rport_asked: parts.rport_asked,
            vias: message.vias().take(255).count() as u8,
            expires_header: message.expires(),
            expires_contact: parts.expires_contact,
            supported: header(texts, message, HeaderName::Supported),
            require: header(texts, message, HeaderName::Require),
            allow: header(texts, message, HeaderName::Allow),
            path: header(texts, message, HeaderName::Path),
            max_forwards: header(texts, message, HeaderName::MaxForwards),
            header_order: header_order(texts, message),
            ..Self::default()
        }
    }
}

/// A number that REGISTERs of one form share; `None` where the Vias would have to be read for it.
fn likeness(message: &Message<'_>, parts: &Parts<'_>) -> Option<u64> {
    let (raw, mut vias) = (message.raw(), 0);
    let mut hasher = Digest::default();
    for place in message.places() {
        let part = |range| raw.get(range).unwrap_or_default();
        match place.id {
            HeaderName::Authorization | HeaderName::ProxyAuthorization => continue,
            HeaderName::Other => hasher.write(part(place.name)),
            HeaderName::UserAgent
            | HeaderName::Expires
            | HeaderName::Supported
            | HeaderName::Require
            | HeaderName::Allow
            | HeaderName::Path
            | HeaderName::MaxForwards => hasher.write(part(place.value)),
            HeaderName::Via => {
                vias += usize::from(!part(place.value).contains(&b','));
            }
            _ => {}
        }
        place.id.hash(&mut hasher);
    }
    parts.hash(&mut hasher);
    (vias == 1 && !parts.via_transport.is_empty()).then(|| hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Endpoint, FrameRef, Origin, PathInfo, Timestamp, Transport};

    const PHONE: &str = "REGISTER sip:r SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        From: <sip:5000@r>;tag=1\r\nTo: <sip:5000@r>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\
        X-Site: a\r\nContact: <sip:5000@192.0.2.1>\r\nExpires: 60\r\nSupported: path\r\n\r\n";

    fn origin() -> Origin {
        let end = Endpoint::new(std::net::Ipv4Addr::LOCALHOST.into(), 5060);
        Origin {
            time: Timestamp::from_nanos(0),
            frame: FrameRef::default(),
            src: end,
            dst: end,
            transport: Transport::Udp,
            path: PathInfo::default(),
        }
    }

    /// The forms of two requests, and how many were read.
    fn forms(first: &str, second: &str) -> ([Arc<RequestForm>; 2], usize) {
        use super::super::reading::Reading;
        let (mut texts, mut forms) = (Texts::default(), RequestForms::default());
        let form = [first, second].map(|text| {
            let message = Message::parse(text.as_bytes(), false).unwrap();
            let parts = Parts {
                request_uri: message.request_uri().unwrap(),
                via_transport: message.top_via().unwrap().transport,
                ..Parts::default()
            };
            let plain = forms.plain(&mut texts, &message, &parts);
            let read = Reading::of(&origin(), &message);
            let Some(auth) = read.auth.last() else { return plain };
            let mut given = plain;
            assert!(forms.add_credentials(&mut texts, &message, &mut given, auth));
            given
        });
        (form, forms.plain.len() + forms.given.len())
    }

    #[test]
    fn phones_alike_share_a_form_that_is_read_once() {
        let other = PHONE.replace("5000", "5001").replace("Call-ID: 1", "Call-ID: 2");
        let ([first, second], read) = forms(PHONE, &other);
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(read, 1);
    }

    #[test]
    fn whatever_a_form_tells_sets_it_apart() {
        for (from, to) in [
            ("X-Site: a\r\n", "X-Town: a\r\n"),
            ("X-Site: a\r\n", ""),
            ("Expires: 60", "Expires: 61"),
            ("Supported: path", "Supported: gruu"),
            ("sip:r SIP", "sip:s SIP"),
            ("/UDP", "/TCP"),
            ("Call-ID: 1\r\nCSeq: 1 REGISTER\r\n", "CSeq: 1 REGISTER\r\nCall-ID: 1\r\n"),
            ("bK1\r\n", "bK1, SIP/2.0/UDP 192.0.2.2\r\n"),
        ] {
            let ([first, second], _) = forms(PHONE, &PHONE.replace(from, to));
            assert_ne!(*first, *second, "{from} {to}");
        }
    }

    #[test]
    fn credentials_alike_are_read_once() {
        let given = |user: &str, realm: &str| {
            let header = format!(
                "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{user}\", \
                 uri=\"sip:r\", response=\"0\"\r\nExpires"
            );
            PHONE.replace("Expires", &header)
        };
        let ([first, second], read) = forms(&given("5000", "r"), &given("5001", "r"));
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(read, 2, "one without and one with");
        let ([first, second], _) = forms(&given("5000", "r"), &given("5000", "s"));
        assert_ne!(*first, *second);
    }
}
