//! What the latest REGISTER of a DN and its answer say, parsed: the attributes a comparison works on.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::facts::Facts;
use super::reading::Reading;
use super::text::{Sym, Texts};
use super::transaction::Asked;
use crate::net::{FrameRef, HepAgent, Origin};
use crate::sip::{Contact, HeaderName, Message, NameAddr, Via};

/// The latest REGISTER of a DN, next to its device, and the answer it got.
///
/// Texts are as on the wire, without folds; [`Sym::NONE`] where a header or parameter is absent.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The request's frame.
    pub request_frame: FrameRef,
    /// What a refresh has in common with the one before: see [`Reading::same`].
    pub(super) sameness: u64,
    /// The same for the credentials; they are those of an earlier request when this one has none.
    pub(super) auth_same: u64,
    /// The Contacts.
    pub(super) asked: SmallVec<[Asked; 1]>,
    /// The address-of-record.
    pub(super) aor: Sym,
    /// The top Via's sent-by.
    pub(super) sent_by: Sym,
    /// User-Agent.
    pub user_agent: Sym,
    /// The innermost 802.1Q tag.
    pub vlan: Option<u16>,
    /// IPv4 time to live or IPv6 hop limit, as captured.
    pub ttl: u8,
    /// The sender's link-layer address; a router's behind a router.
    pub mac: Option<[u8; 6]>,
    /// The HEP agent that saw it; `None` when it was captured here.
    pub agent: Option<HepAgent>,
    /// The Request-URI.
    pub request_uri: Sym,
    /// The URI of From.
    pub from_uri: Sym,
    /// The URI of To.
    pub to_uri: Sym,
    /// How many Contacts.
    pub contacts: u8,
    /// The first Contact's host.
    pub contact_host: Sym,
    /// The first Contact's port.
    pub contact_port: Option<u16>,
    /// The first Contact's user.
    pub contact_user: Sym,
    /// The parameters inside the first Contact's URI.
    pub contact_uri_params: Sym,
    /// The parameters of the first Contact header value, `expires` left out.
    pub contact_params: Sym,
    /// The instance of the first Contact (RFC 5626 §4.1).
    pub instance: Sym,
    /// The transport of the top Via.
    pub via_transport: Sym,
    /// The host of the top Via's sent-by.
    pub via_host: Sym,
    /// The port of the top Via's sent-by.
    pub via_port: Option<u16>,
    /// Whether the top Via asks for the source port (RFC 3581 §3).
    pub rport_asked: bool,
    /// Vias in the request: more than one behind a proxy.
    pub vias: u8,
    /// The Expires header.
    pub expires_header: Option<u32>,
    /// The first Contact's `expires`.
    pub expires_contact: Option<u32>,
    /// Supported.
    pub supported: Sym,
    /// Require.
    pub require: Sym,
    /// Allow.
    pub allow: Sym,
    /// Path (RFC 3327).
    pub path: Sym,
    /// Max-Forwards.
    pub max_forwards: Sym,
    /// The names of the headers in order, in their canonical spelling where known; those of
    /// credentials left out, for a challenge brings them.
    pub header_order: Sym,
    /// Whether the credentials of the request are for a proxy; `None` without credentials.
    pub credentials_for_proxy: Option<bool>,
    /// The credentials' user name.
    pub auth_username: Sym,
    /// The credentials' realm.
    pub auth_realm: Sym,
    /// The credentials' algorithm.
    pub auth_algorithm: Sym,
    /// The credentials' qop.
    pub auth_qop: Sym,
    /// The credentials' digest URI.
    pub auth_uri: Sym,
    /// The credentials' nonce count.
    pub auth_nc: Option<u32>,
    /// The answer; `None` while there is none.
    pub answer: Option<AnswerDetails>,
}

/// The final answer to the latest REGISTER of a DN.
#[derive(Clone, Debug, Default)]
pub struct AnswerDetails {
    /// Its frame.
    pub frame: FrameRef,
    /// Its status code.
    pub code: u16,
    /// The `received` of its top Via (RFC 3261 §18.2.1).
    pub received: Option<IpAddr>,
    /// The `rport` of its top Via, filled in (RFC 3581 §4).
    pub rport: Option<u16>,
    /// The port it was sent to.
    pub sent_to_port: u16,
    /// Server.
    pub server: Sym,
    /// The realm of its challenge, if it is one.
    pub challenge_realm: Sym,
    /// The algorithms of its challenges.
    pub challenge_algorithms: Sym,
    /// The qop of its challenge.
    pub challenge_qop: Sym,
    /// Whether it calls the nonce stale.
    pub stale: bool,
    /// Its Expires header.
    pub expires_header: Option<u32>,
    /// Contacts it lists.
    pub contacts: u8,
    /// Its Unsupported.
    pub unsupported: Sym,
    /// Its Warning: the text of 399 is worth showing (RFC 3261 §20.43).
    pub warning: Sym,
    /// Its Min-Expires.
    pub min_expires: Option<u32>,
    /// Its Service-Route (RFC 3608).
    pub service_route: Sym,
}

impl Details {
    /// Takes over what differs between two requests that are otherwise the same.
    pub(super) fn renew(
        &mut self,
        texts: &mut Texts,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) {
        self.request_frame = origin.frame;
        (self.vlan, self.ttl, self.mac) = (origin.path.vlan, origin.path.ttl, origin.path.mac);
        self.agent = origin.path.hep;
        self.credentials_for_proxy = None;
        self.read_credentials(texts, message, read);
        self.answer = None;
    }

    /// The details of a request.
    pub(super) fn of(
        texts: &mut Texts,
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
    ) -> Self {
        let mut details = Self {
            request_frame: origin.frame,
            vlan: origin.path.vlan,
            ttl: origin.path.ttl,
            mac: origin.path.mac,
            agent: origin.path.hep,
            request_uri: texts.intern(message.request_uri().unwrap_or_default()),
            from_uri: message.from().map_or(Sym::NONE, |from| texts.intern(from.uri.raw)),
            to_uri: message.to().map_or(Sym::NONE, |to| texts.intern(to.uri.raw)),
            expires_header: message.expires(),
            supported: header(texts, message, HeaderName::Supported),
            require: header(texts, message, HeaderName::Require),
            allow: header(texts, message, HeaderName::Allow),
            path: header(texts, message, HeaderName::Path),
            max_forwards: header(texts, message, HeaderName::MaxForwards),
            header_order: header_order(texts, message),
            vias: message.vias().take(255).count() as u8,
            ..Self::default()
        };
        details.read_via(texts, message.top_via().as_ref());
        details.read_contacts(texts, message);
        details.read_credentials(texts, message, facts.read);
        details
    }

    fn read_via(&mut self, texts: &mut Texts, via: Option<&Via<'_>>) {
        let Some(via) = via else { return };
        self.via_transport = texts.intern(via.transport);
        self.via_host = texts.intern(via.host);
        self.via_port = via.port;
        self.rport_asked = via.rport().is_some();
    }

    fn read_contacts(&mut self, texts: &mut Texts, message: &Message<'_>) {
        let mut contacts = message.contacts();
        let first = contacts.next();
        self.contacts = contacts.take(254).count() as u8 + u8::from(first.is_some());
        match first {
            Some(Contact::Address(contact)) => self.read_contact(texts, &contact),
            Some(Contact::Star) => self.contact_host = texts.intern(b"*"),
            None => {}
        }
    }

    fn read_contact(&mut self, texts: &mut Texts, contact: &NameAddr<'_>) {
        self.contact_host = texts.intern(contact.uri.host);
        self.contact_port = contact.uri.port;
        self.contact_user = texts.intern(contact.uri.user.unwrap_or_default());
        self.contact_uri_params = texts.intern(contact.uri.params.raw());
        self.expires_contact = contact.expires();
        self.instance = texts.intern(contact.instance().unwrap_or_default());
        let mut params = SmallVec::<[u8; 128]>::new();
        for (name, value) in contact.params.iter() {
            if name.eq_ignore_ascii_case(b"expires") || name.eq_ignore_ascii_case(b"+sip.instance")
            {
                continue;
            }
            params.push(b';');
            params.extend_from_slice(name);
            if let Some(value) = value {
                params.push(b'=');
                params.extend_from_slice(value);
            }
        }
        self.contact_params = texts.intern(&params);
    }

    fn read_credentials(&mut self, texts: &mut Texts, message: &Message<'_>, read: &Reading) {
        let Some(last) = read.auth.last() else { return };
        self.credentials_for_proxy = Some(last.proxy);
        self.auth_nc = last.nc;
        if self.auth_same == last.same {
            return;
        }
        let Some(c) = message.credentials().last() else { return };
        self.auth_same = last.same;
        self.auth_username = texts.intern(c.username.unwrap_or_default());
        self.auth_realm = texts.intern(c.realm.unwrap_or_default());
        self.auth_algorithm = texts.intern(c.algorithm.unwrap_or_default());
        self.auth_qop = texts.intern(c.qop.unwrap_or_default());
        self.auth_uri = texts.intern(c.uri.unwrap_or_default());
    }
}

impl AnswerDetails {
    /// What the headers of a final answer say; of its Via and its Contacts nothing.
    pub(super) fn read(texts: &mut Texts, message: &Message<'_>) -> Self {
        let mut challenges = message.challenges();
        let challenge = challenges.next();
        let mut algorithms = SmallVec::<[u8; 32]>::new();
        for c in challenge.iter().copied().chain(challenges) {
            if !algorithms.is_empty() {
                algorithms.extend_from_slice(b", ");
            }
            algorithms.extend_from_slice(c.algorithm.unwrap_or(b"MD5"));
        }
        Self {
            server: header(texts, message, HeaderName::Server),
            challenge_realm: texts.intern(challenge.and_then(|c| c.realm).unwrap_or_default()),
            challenge_algorithms: texts.intern(&algorithms),
            challenge_qop: texts.intern(challenge.and_then(|c| c.qop).unwrap_or_default()),
            stale: challenge.is_some_and(|c| c.stale),
            expires_header: message.expires(),
            unsupported: header(texts, message, HeaderName::Unsupported),
            warning: header(texts, message, HeaderName::Warning),
            min_expires: message.min_expires(),
            service_route: header(texts, message, HeaderName::ServiceRoute),
            ..Self::default()
        }
    }

    /// The details of a final answer whose headers say this.
    pub(super) fn of(self, origin: &Origin, code: u16, read: &Reading) -> Self {
        Self {
            frame: origin.frame,
            code,
            received: read.received,
            rport: read.rport,
            sent_to_port: origin.dst.port,
            contacts: read.contact_count(),
            ..self
        }
    }
}

/// The values of a header, joined by commas when there are several (RFC 3261 §7.3.1).
fn header(texts: &mut Texts, message: &Message<'_>, id: HeaderName) -> Sym {
    let mut values = message.all(id);
    let Some(first) = values.next() else { return Sym::NONE };
    let Some(second) = values.next() else { return texts.intern(&crate::sip::unfold(first)) };
    let mut all = crate::sip::unfold(first).into_owned();
    for value in std::iter::once(second).chain(values) {
        all.extend_from_slice(b", ");
        all.extend_from_slice(&crate::sip::unfold(value));
    }
    texts.intern(&all)
}

const fn is_credentials(id: HeaderName) -> bool {
    matches!(id, HeaderName::Authorization | HeaderName::ProxyAuthorization)
}

fn header_order(texts: &mut Texts, message: &Message<'_>) -> Sym {
    let mut order = SmallVec::<[u8; 256]>::new();
    for header in message.headers().filter(|h| !is_credentials(h.id)) {
        if !order.is_empty() {
            order.push(b' ');
        }
        let name = header.id.canonical().map_or(header.name, str::as_bytes);
        order.extend_from_slice(name);
    }
    texts.intern(&order)
}
