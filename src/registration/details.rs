//! The latest REGISTER of a DN and its response, parsed: the attributes a comparison works on.

use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use super::ends::Host;
use super::facts::Facts;
use super::few::Few;
use super::forms::{AnswerForm, RequestForm};
use super::reading::Reading;
use super::request_forms::{Parts, RequestForms};
use super::text::{Sym, Texts};
use super::transaction::Asked;
use crate::net::password::without_bare_password;
use crate::net::{FrameRef, HepAgent, LogMarks, Origin};
use crate::sip::{Contact, HeaderName, Message, NameAddr, Via, is_malformed_ipv6};

/// The latest REGISTER of a DN, next to its device, and the response it got.
///
/// Texts are as on the wire, without folds; [`Sym::NONE`] where a header or parameter is absent.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// What others say alike.
    pub form: Arc<RequestForm>,
    /// The request's frame.
    pub request_frame: FrameRef,
    /// What a refresh has in common with the one before: see [`Reading::same`].
    pub(super) sameness: u64,
    /// The same for the credentials; they are those of an earlier request when this one has none.
    pub(super) auth_same: u64,
    /// The Contacts.
    pub(super) asked: Few<Asked>,
    /// The address-of-record.
    pub(super) aor: Sym,
    /// The top Via's sent-by.
    pub(super) sent_by: Sym,
    /// The innermost 802.1Q tag.
    pub vlan: Option<u16>,
    /// IPv4 time to live or IPv6 hop limit, as captured.
    pub ttl: u8,
    /// The sender's link-layer address; a router's behind a router.
    pub mac: Option<[u8; 6]>,
    /// What a log leaves open of it.
    pub log: LogMarks,
    /// The HEP agent that saw it; `None` when it was captured here.
    pub agent: Option<HepAgent>,
    /// The URI of From.
    pub from_uri: Sym,
    /// The URI of To.
    pub to_uri: Sym,
    /// The first Contact's host.
    pub contact_host: Sym,
    /// The first Contact's port.
    pub contact_port: Option<u16>,
    /// The first Contact's user, escapes undone.
    pub contact_user: Sym,
    /// The instance of the first Contact (RFC 5626 §4.1).
    pub instance: Sym,
    /// The host of the top Via's sent-by.
    pub via_host: Sym,
    /// The port of the top Via's sent-by.
    pub via_port: Option<u16>,
    /// Its Via or first Contact has an IPv6 address without brackets, or with a zone.
    pub malformed_host: bool,
    /// Whether the credentials of the request are for a proxy; `None` without credentials.
    pub credentials_for_proxy: Option<bool>,
    /// The credentials' user name.
    pub auth_username: Sym,
    /// The credentials' nonce count.
    pub auth_nc: Option<u32>,
    /// The response; `None` while there is none.
    pub answer: Option<AnswerDetails>,
}

/// The final response to the latest REGISTER of a DN.
#[derive(Clone, Debug)]
pub struct AnswerDetails {
    /// What others say alike.
    pub form: Arc<AnswerForm>,
    /// Its frame.
    pub frame: FrameRef,
    /// Its Via is the device's own, not that of a hop behind.
    pub own_via: bool,
    received: Option<Host>,
    /// The `rport` of its top Via, filled in (RFC 3581 §4).
    pub rport: Option<u16>,
    /// Its status code.
    pub code: u16,
    /// The port it was sent to.
    pub sent_to_port: u16,
    /// Contacts it lists.
    pub contacts: u8,
}

/// Where a request says its device is.
pub(super) struct Hosts<'m> {
    /// The top Via.
    pub via: Option<Via<'m>>,
    /// All Contacts.
    pub contacts: SmallVec<[Contact<'m>; 2]>,
}

impl<'m> Hosts<'m> {
    pub(super) fn of(message: &Message<'m>) -> Self {
        Self { via: message.top_via(), contacts: message.contacts().collect() }
    }
}

impl Details {
    /// Takes over what differs between two requests that are otherwise the same.
    pub(super) fn renew(
        &mut self,
        (texts, forms): (&mut Texts, &mut RequestForms),
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) {
        self.request_frame = origin.frame;
        (self.vlan, self.ttl, self.mac) = (origin.path.vlan, origin.path.ttl, origin.path.mac);
        (self.agent, self.log) = (origin.path.hep, origin.path.log);
        self.credentials_for_proxy = None;
        self.answer = None;
        self.read_credentials((texts, forms), message, read);
    }

    /// The details of a request.
    pub(super) fn of(
        (texts, forms): (&mut Texts, &mut RequestForms),
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
        hosts: &Hosts<'_>,
    ) -> Self {
        let mut details = Self {
            request_frame: origin.frame,
            vlan: origin.path.vlan,
            ttl: origin.path.ttl,
            mac: origin.path.mac,
            agent: origin.path.hep,
            log: origin.path.log,
            from_uri: message
                .from()
                .map_or(Sym::NONE, |from| texts.intern(&without_bare_password(from.uri.raw))),
            to_uri: message
                .to()
                .map_or(Sym::NONE, |to| texts.intern(&without_bare_password(to.uri.raw))),
            ..Self::default()
        };
        let uri = message.request_uri().unwrap_or_default();
        let mut parts = Parts { request_uri: uri, ..Parts::default() };
        details.malformed_host = has_malformed_host(message, &hosts.contacts);
        details.read_via(texts, hosts.via.as_ref(), &mut parts);
        details.read_contacts(texts, &hosts.contacts, &mut parts);
        details.form = forms.plain(texts, message, &parts);
        details.read_credentials((texts, forms), message, facts.read);
        details
    }

    fn read_via<'m>(&mut self, texts: &mut Texts, via: Option<&Via<'m>>, parts: &mut Parts<'m>) {
        let Some(via) = via else { return };
        self.via_host = texts.intern(via.host);
        self.via_port = via.port;
        parts.via_transport = via.transport;
        parts.rport_asked = via.rport().is_some();
    }

    fn read_contacts<'m>(
        &mut self,
        texts: &mut Texts,
        contacts: &[Contact<'m>],
        parts: &mut Parts<'m>,
    ) {
        parts.contacts = contacts.len().min(255) as u8;
        match contacts.first() {
            Some(Contact::Address(contact)) => self.read_contact(texts, contact, parts),
            Some(Contact::Star) => self.contact_host = texts.intern(b"*"),
            None => {}
        }
    }

    fn read_contact<'m>(
        &mut self,
        texts: &mut Texts,
        contact: &NameAddr<'m>,
        parts: &mut Parts<'m>,
    ) {
        self.contact_host = texts.intern(contact.uri.host);
        self.contact_port = contact.uri.port;
        self.contact_user = texts.intern(&contact.uri.user_name().unwrap_or_default());
        self.instance = texts.intern(contact.instance().unwrap_or_default());
        parts.contact_uri_params = contact.uri.params.raw();
        parts.expires_contact = contact.expires();
        for (name, value) in contact.params.iter() {
            if name.eq_ignore_ascii_case(b"expires") || name.eq_ignore_ascii_case(b"+sip.instance")
            {
                continue;
            }
            parts.contact_params.push(b';');
            parts.contact_params.extend_from_slice(name);
            if let Some(value) = value {
                parts.contact_params.push(b'=');
                parts.contact_params.extend_from_slice(value);
            }
        }
    }

    /// Reads credentials, when they are not those known.
    fn read_credentials(
        &mut self,
        (texts, forms): (&mut Texts, &mut RequestForms),
        message: &Message<'_>,
        read: &Reading,
    ) {
        let Some(last) = read.auth.last() else { return };
        self.credentials_for_proxy = Some(last.proxy);
        self.auth_nc = last.nc;
        if self.auth_same == last.same {
            return;
        }
        if forms.add_credentials(texts, message, &mut self.form, last) {
            self.auth_same = last.same;
            self.auth_username = texts.intern(last.username.get(message.raw()));
        }
    }
}

impl AnswerForm {
    /// What the headers of a final response say; of its Via and its Contacts nothing.
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
        }
    }
}

impl AnswerDetails {
    /// The details of a final response of this form.
    pub(super) fn of(
        form: Arc<AnswerForm>,
        texts: &mut Texts,
        origin: &Origin,
        code: u16,
        read: &Reading,
        own_via: bool,
    ) -> Self {
        Self {
            form,
            own_via,
            frame: origin.frame,
            code,
            received: read.received.map(|addr| texts.host(addr)),
            rport: read.rport,
            sent_to_port: origin.dst.port,
            contacts: read.contact_count(),
        }
    }

    /// Takes over from another response where the device's own request came from.
    pub(super) fn take_via(&mut self, texts: &mut Texts, read: &Reading) {
        self.received = read.received.map(|addr| texts.host(addr));
        (self.rport, self.own_via) = (read.rport, true);
    }

    /// The `received` of its top Via (RFC 3261 §18.2.1).
    #[must_use]
    pub fn received(&self, texts: &Texts) -> Option<IpAddr> {
        self.received.map(|host| host.addr(texts))
    }

    /// The text `received` is kept as.
    pub(super) fn sym_mut(&mut self) -> Option<&mut Sym> {
        self.received.as_mut().and_then(Host::sym_mut)
    }
}

/// Whether the top Via or a Contact names a malformed IPv6 address.
fn has_malformed_host(message: &Message<'_>, contacts: &[Contact<'_>]) -> bool {
    let via = message.first(HeaderName::Via).unwrap_or_default();
    // the sent-by follows the protocol
    let sent_by = via.iter().position(u8::is_ascii_whitespace);
    let sent_by = sent_by.and_then(|at| via.get(at..)).unwrap_or_default();
    let by_contact = |contact: &Contact<'_>| match contact {
        Contact::Address(address) => is_malformed_ipv6(address.uri.raw),
        Contact::Star => false,
    };
    is_malformed_ipv6(sent_by.trim_ascii()) || contacts.iter().any(by_contact)
}

/// The values of a header, joined by commas when there are several (RFC 3261 §7.3.1).
pub(super) fn header(texts: &mut Texts, message: &Message<'_>, id: HeaderName) -> Sym {
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

/// The names of the headers in order.
pub(super) fn header_order(texts: &mut Texts, message: &Message<'_>) -> Sym {
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
