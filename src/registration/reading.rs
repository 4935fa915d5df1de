//! Reads what the model asks of every message, once, on the thread that found it: numbers, and the spans of texts.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher as _};
use std::net::IpAddr;
use std::ops::Range;

use crate::hashing::Digest;
use smallvec::SmallVec;

use super::facts::{TransactionKey, has_cookie};
use crate::net::{Origin, address};
use crate::sip::{
    Addressee, CSeq, Challenge, Contact, Credentials, HeaderName, HeaderPlace, Message, Method,
    NameAddr, StartLine, Via, ViaParams, unescape,
};

/// Hops a request may have behind it.
const HOPS: usize = 8;

/// Part of a message: where it starts, and how long it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The span of `part` in `whole`; empty if it is no part of it.
    fn of(whole: &[u8], part: &[u8]) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        if start.checked_add(part.len()).is_some_and(|end| end <= whole.len()) {
            Self { start: start as u32, len: part.len() as u32 }
        } else {
            Self::default()
        }
    }

    /// The bytes of the part.
    pub(super) fn get(self, whole: &[u8]) -> &[u8] {
        let start = self.start as usize;
        whole.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// What `CSeq` says a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum About {
    /// There is no `CSeq`.
    #[default]
    Nothing,
    /// A REGISTER.
    Register,
    /// Another method.
    Other,
}

/// A message as the model takes it in.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the message")]
pub struct Reading {
    pub(super) about: About,
    /// It is itself a REGISTER with a DN.
    pub(super) asks: bool,
    /// Whether its To names a user: without a DN the rest but for `about` is not read.
    pub(super) names_somebody: bool,
    pub(super) key: TransactionKey,
    /// The same request on the hops nearer to the device, the nearest to this one first.
    pub(super) parents: SmallVec<[TransactionKey; 1]>,
    pub(super) cseq: Option<u32>,
    /// The top Via's branch as a number.
    pub(super) branch: Option<u64>,
    /// The DN; escapes are still to be undone.
    pub(super) user: Span,
    /// There may be such in it.
    pub(super) may_be_escaped: bool,
    /// The DN is the user of To, not its host.
    pub(super) has_user: bool,
    /// The host of To.
    pub(super) host: Span,
    /// The same as a number, in any case.
    pub(super) domain: u64,
    pub(super) call_id: Span,
    /// Of a request: what it has in common with a refresh, see [`sameness`]. Of a response:
    /// the same for what is kept of it but the top Via's values and its Contacts.
    pub(super) same: u64,
    /// Of a request that is no REGISTER: its To has a tag, so it belongs to a dialog.
    pub(super) in_dialog: bool,
    /// There is a Path.
    pub(super) path: bool,
    /// A Contact is `*`.
    pub(super) star: bool,
    /// The other Contacts.
    pub(super) contacts: SmallVec<[ContactReading; 1]>,
    /// Credentials of a request, challenges of a response.
    pub(super) auth: SmallVec<[AuthReading; 1]>,
    /// The `received` of the top Via, if it is an address.
    pub(super) received: Option<IpAddr>,
    /// The `rport` of the top Via, if it is filled in.
    pub(super) rport: Option<u16>,
}

/// A Contact that is an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContactReading {
    pub uri: Span,
    /// All of it.
    pub item: Span,
    pub expires: Option<u32>,
    /// It names an instance and a reg-id.
    pub device: bool,
}

/// Credentials or a challenge.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the header")]
pub(super) struct AuthReading {
    /// Credentials alike in all that is kept of them but the nonce count have the same number.
    pub same: u64,
    /// Those alike but for their user name, too.
    pub alike: u64,
    pub nonce: u64,
    pub realm: Span,
    pub username: Span,
    pub nc: Option<u32>,
    pub proxy: bool,
    /// Credentials that answer nothing: an AKA phone names itself with an empty response before it is
    /// asked (RFC 3310 §3.2).
    pub empty: bool,
    /// A challenge that says the nonce is out of date.
    pub stale: bool,
    /// One step of several: credentials that ask for a new challenge (RFC 3310 §3.4, `auts`), or a
    /// challenge that goes on with what came before (`gssapi-data`).
    pub step: bool,
}

/// The headers a reading is made of, found in one pass.
#[derive(Default)]
struct Found<'m> {
    to: Option<&'m [u8]>,
    from: Option<&'m [u8]>,
    call_id: Option<&'m [u8]>,
    cseq: Option<&'m [u8]>,
    /// The first Via, and how many there are.
    via: Option<&'m [u8]>,
    vias: usize,
    path: bool,
    contacts: SmallVec<[&'m [u8]; 2]>,
    /// Credentials of a REGISTER and challenges of a response, and whether they are for or from a proxy.
    auth: SmallVec<[(&'m [u8], bool); 2]>,
    /// What a REGISTER has in common with a refresh, or a response with others, as far as these headers say.
    same: Digest,
}

impl<'m> Found<'m> {
    /// Finds them in `message`; nothing was found before.
    fn find(&mut self, message: &Message<'m>) {
        let raw = message.raw();
        let likeness = match message.start() {
            StartLine::Request { method: Method::Register, .. } => Likeness::Refresh,
            StartLine::Request { .. } => Likeness::Nothing,
            StartLine::Response { .. } => Likeness::Answer,
        };
        for place in message.places() {
            likeness.note(&mut self.same, raw, &place);
            let value = raw.get(place.value).unwrap_or_default();
            let single = match place.id {
                HeaderName::To => &mut self.to,
                HeaderName::From => &mut self.from,
                HeaderName::CallId => &mut self.call_id,
                HeaderName::CSeq => &mut self.cseq,
                HeaderName::Via => {
                    self.vias += 1;
                    &mut self.via
                }
                HeaderName::Path => {
                    self.path = true;
                    continue;
                }
                HeaderName::Contact => {
                    self.contacts.push(value);
                    continue;
                }
                id => {
                    self.auth.extend(likeness.auth(id).map(|proxy| (value, proxy)));
                    continue;
                }
            };
            single.get_or_insert(value);
        }
    }

    /// The top Via, and whether there is no other.
    fn top_via(&self, message: &Message<'m>) -> (Option<Via<'m>>, bool) {
        match self.via.filter(|_| self.vias == 1).and_then(Via::alone) {
            Some(via) => (Some(via), true),
            None => (message.top_via(), false),
        }
    }
}

/// What of the headers says whether a message is like others.
#[derive(Clone, Copy)]
enum Likeness {
    /// All but what differs in every request: the values of Via, `CSeq` and Call-ID, and credentials.
    Refresh,
    /// Those of a response of which something is kept, challenges aside.
    Answer,
    Nothing,
}

impl Likeness {
    #[inline]
    fn note(self, same: &mut Digest, raw: &[u8], place: &HeaderPlace) {
        let mut note = |part: Range<usize>| same.write(raw.get(part).unwrap_or_default());
        let HeaderPlace { id, name, value } = place;
        match self {
            Self::Refresh => match id {
                HeaderName::Via | HeaderName::CSeq | HeaderName::CallId => note(name.clone()),
                HeaderName::Authorization | HeaderName::ProxyAuthorization => {}
                _ => note(name.start..value.end.max(name.end)),
            },
            Self::Answer => {
                if let HeaderName::Server
                | HeaderName::Expires
                | HeaderName::Unsupported
                | HeaderName::Warning
                | HeaderName::Reason
                | HeaderName::PRegistrarError
                | HeaderName::ErrorInfo
                | HeaderName::MinExpires
                | HeaderName::ServiceRoute = id
                {
                    note(value.clone());
                    id.hash(same);
                }
            }
            Self::Nothing => {}
        }
    }

    /// Whether a header has to do with authentication and is read, and if so, whether with a proxy's.
    fn auth(self, id: HeaderName) -> Option<bool> {
        match self {
            Self::Refresh => id.of_credentials(),
            Self::Answer => id.of_challenges(),
            Self::Nothing => None,
        }
    }
}

impl Reading {
    /// Reads a message.
    #[must_use]
    pub fn of(origin: &Origin, message: &Message<'_>) -> Self {
        let mut reading = Self::default();
        reading.fill(origin, message);
        reading
    }

    /// Reads a message into a reading of nothing.
    pub fn fill(&mut self, origin: &Origin, message: &Message<'_>) {
        let mut found = Found::default();
        found.find(message);
        let cseq = found.cseq.and_then(CSeq::parse);
        self.about = match cseq.map(|cseq| cseq.method) {
            None => About::Nothing,
            Some(Method::Register) => About::Register,
            Some(_) => About::Other,
        };
        self.path = found.path;
        let to = found.to.and_then(Addressee::parse);
        if let Some((to, name)) = to.and_then(|to| Some((to, to.spelled_dn()?))) {
            self.read(origin, message, &found, cseq, &to, name);
        }
    }

    /// Reads what belongs to a DN called `name`, as To spells it.
    fn read<'m>(
        &mut self,
        origin: &Origin,
        message: &Message<'m>,
        found: &Found<'m>,
        cseq: Option<CSeq<'m>>,
        to: &Addressee<'m>,
        name: &'m [u8],
    ) {
        let raw = message.raw();
        let call_id = found.call_id.unwrap_or_default();
        self.names_somebody = true;
        self.cseq = cseq.map(|cseq| cseq.number);
        self.user = Span::of(raw, name);
        self.has_user = to.user.is_some_and(|user| !user.is_empty());
        self.host = Span::of(raw, to.host);
        self.domain = domain_of(to.host);
        self.call_id = Span::of(raw, call_id);
        // the method of the CSeq, for answers carry it too
        let method = cseq.map(|cseq| cseq.method).or_else(|| message.method());
        self.may_be_escaped = to.may_be_escaped;
        let user = self.name(raw);
        let own = TransactionKey::parts(
            [call_id, &user, method.as_ref().map_or(&[], Method::as_bytes)],
            self.cseq.unwrap_or(0),
        );
        let key = |branch: Option<&'m [u8]>| {
            let tag = || {
                let from = found.from.and_then(NameAddr::parse);
                from.and_then(|from| from.tag()).unwrap_or_default()
            };
            own.with(branch.filter(|branch| has_cookie(branch)).unwrap_or_else(tag))
        };
        let (via, is_alone) = found.top_via(message);
        let top = via.map(|via| via.known()).unwrap_or_default();
        self.key = key(top.branch);
        if !is_alone {
            let parents = message.vias().skip(1).take(HOPS).map(|via| key(via.branch()));
            self.parents = parents.filter(|parent| *parent != self.key).collect();
        }
        self.branch = top.branch.map(Digest::of);
        match message.start() {
            StartLine::Request { method: Method::Register, uri } => {
                self.asks = true;
                self.same = sameness(origin, found.same.clone(), via.as_ref().zip(Some(&top)), uri);
                self.read_contacts(raw, &found.contacts);
                for (value, proxy) in &found.auth {
                    for credentials in Credentials::all(value, *proxy) {
                        self.auth.push(AuthReading::given(raw, &credentials));
                    }
                }
            }
            // of what is provisional, or about something else, nothing but its transaction counts
            StartLine::Response { code, reason } if *code >= 200 && self.about != About::Other => {
                self.received = top.received.and_then(address::parse);
                self.rport = top.rport.flatten();
                self.read_contacts(raw, &found.contacts);
                let mut like = found.same.clone();
                like.write(reason);
                for (value, proxy) in &found.auth {
                    for c in Challenge::all(value, *proxy) {
                        (c.realm, c.algorithm, c.qop, c.stale).hash(&mut like);
                        self.auth.push(AuthReading::asked(raw, &c));
                    }
                }
                self.same = like.finish();
            }
            StartLine::Request { .. } => self.in_dialog = to.has_tag,
            StartLine::Response { .. } => {}
        }
    }

    fn read_contacts(&mut self, raw: &[u8], values: &[&[u8]]) {
        for value in values {
            for contact in Contact::outlines(value) {
                let Some(address) = contact else {
                    self.star = true;
                    continue;
                };
                let params = address.contact_params();
                self.contacts.push(ContactReading {
                    uri: Span::of(raw, address.uri),
                    item: Span::of(raw, address.raw),
                    expires: params.expires,
                    device: params.reg_id.is_some() && params.has_instance,
                });
            }
        }
    }

    /// The DN, of a message with the bytes `raw`.
    pub(super) fn name<'m>(&self, raw: &'m [u8]) -> Cow<'m, [u8]> {
        let user = self.user.get(raw);
        if self.may_be_escaped { unescape(user) } else { Cow::Borrowed(user) }
    }

    /// Whether it has credentials that answer something.
    pub(super) fn has_credentials(&self) -> bool {
        self.auth.iter().any(|auth| !auth.empty)
    }

    /// How many Contacts, at most 255.
    pub(super) fn contact_count(&self) -> u8 {
        (self.contacts.len() + usize::from(self.star)).min(255) as u8
    }
}

impl AuthReading {
    /// Of credentials in a message with the bytes `raw`.
    fn given(raw: &[u8], c: &Credentials<'_>) -> Self {
        let mut same = Digest::default();
        (c.realm, c.algorithm, c.qop, c.uri).hash(&mut same);
        let alike = same.finish();
        (c.proxy, c.username).hash(&mut same);
        Self {
            same: same.finish().max(1),
            alike,
            nonce: nonce_of(c.nonce.unwrap_or_default()),
            realm: Span::of(raw, c.realm.unwrap_or_default()),
            username: Span::of(raw, c.username.unwrap_or_default()),
            nc: c.nc,
            proxy: c.proxy,
            empty: c.is_digest() && c.response.is_none_or(<[u8]>::is_empty) && c.auts.is_none(),
            stale: false,
            step: c.auts.is_some(),
        }
    }

    /// Of a challenge.
    fn asked(raw: &[u8], c: &Challenge<'_>) -> Self {
        Self {
            same: 0,
            alike: 0,
            nonce: c.nonce.map_or(0, nonce_of),
            realm: Span::of(raw, c.realm.unwrap_or_default()),
            username: Span::default(),
            nc: None,
            proxy: c.proxy,
            empty: false,
            stale: c.stale,
            step: !c.is_digest() && c.data.is_some_and(|data| !data.is_empty()),
        }
    }

    /// Whether these credentials have neither nonce nor response.
    pub(super) fn is_blank(&self) -> bool {
        self.empty && self.nonce == nonce_of(b"")
    }
}

/// The branch of a message's top Via as a number.
pub(super) fn branch_of(message: &Message<'_>) -> Option<u64> {
    message.top_via().as_ref().and_then(Via::branch).map(Digest::of)
}

/// The digest of a nonce; 0 for none.
fn nonce_of(text: &[u8]) -> u64 {
    Digest::of(text).max(1)
}

/// The digest of a host, in any case.
fn domain_of(host: &[u8]) -> u64 {
    let lower: SmallVec<[u8; 64]> = host.iter().map(u8::to_ascii_lowercase).collect();
    nonce_of(&lower)
}

/// A number that two REGISTERs share when they differ only in what differs in every request:
/// branch, CSeq, Call-ID and credentials.
///
/// Most REGISTERs of a capture are refreshes; what they say was read before.
fn sameness(
    origin: &Origin,
    mut headers: Digest,
    via: Option<(&Via<'_>, &ViaParams<'_>)>,
    uri: &[u8],
) -> u64 {
    origin.src.hash(&mut headers);
    if let Some((via, top)) = via {
        (via.transport, via.host, via.port, top.rport.is_some()).hash(&mut headers);
    }
    headers.write(uri);
    headers.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_leads_back_to_its_bytes_and_to_no_others() {
        let whole = b"REGISTER sip:r SIP/2.0";
        let part = whole.get(9..14).unwrap();
        assert_eq!(Span::of(whole, part).get(whole), b"sip:r");
        assert_eq!(Span::of(part, whole).get(part), b"");
        assert_eq!(Span::of(whole, b"sip:r").get(whole), b"");
    }
}
