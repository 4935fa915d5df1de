//! Decides which Contacts are one binding.

use smallvec::SmallVec;

use super::ends::Host;
use super::success::{Listed, Success};
use super::text::{Sym, Texts};
use super::transaction::Asked;
use crate::sip::{NameAddr, Uri};

/// The listed Contact that answers an asked one.
///
/// First by URI or instance; else the same place in another spelling; else by an address the
/// request was seen to come from, for registrars and gateways that write a translated Contact.
pub(super) fn find_listed(texts: &Texts, ok: &Success<'_>, asked: &Asked) -> Option<usize> {
    let find = |matches: &dyn Fn(&Listed) -> bool| ok.listed.iter().position(matches);
    find(&|l| same_contact(texts, asked, l.contact, l.device))
        .or_else(|| find(&|l| same_place(texts, asked.contact, l.contact)))
        .or_else(|| {
            find(&|l| {
                let host = contact_host(texts, l.contact);
                let seen = |host| ok.received == Some(host) || ok.senders.contains(&host);
                host.is_some_and(seen) && same_user(texts, asked.contact, l.contact)
            })
        })
}

/// Whether two Contacts name one user at one host and port, whatever their parameters.
fn same_place(texts: &Texts, a: Sym, b: Sym) -> bool {
    let uris = Uri::parse(texts.get(a)).zip(Uri::parse(texts.get(b)));
    uris.is_some_and(|(a, b)| is_one_place(&a, &b))
}

/// Whether two URIs name one user at one host and port.
pub(super) fn is_one_place(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    let same_host = a.host.eq_ignore_ascii_case(b.host)
        || a.host_ip().is_some_and(|host| b.host_ip() == Some(host));
    same_host && a.user_name() == b.user_name() && a.port.unwrap_or(5060) == b.port.unwrap_or(5060)
}

fn contact_host(texts: &Texts, contact: Sym) -> Option<Host> {
    let addr = Uri::parse(texts.get(contact)).and_then(|uri| uri.host_ip())?;
    texts.find_host(addr)
}

fn same_user(texts: &Texts, a: Sym, b: Sym) -> bool {
    let user = |s| Uri::parse(texts.get(s)).and_then(|uri| uri.user_name());
    user(a) == user(b)
}

pub(super) fn same_contact(texts: &Texts, asked: &Asked, contact: Sym, device: Sym) -> bool {
    same(texts, (asked.contact, asked.device), (contact, device))
}

pub(super) fn same_listed(texts: &Texts, listed: &Listed, contact: Sym, device: Sym) -> bool {
    same(texts, (listed.contact, listed.device), (contact, device))
}

/// Whether two Contacts are one binding: the same instance and reg-id (RFC 5626 §6), else equal
/// URIs (RFC 3261 §19.1.4). Two flows of one device have one URI.
fn same(texts: &Texts, a: (Sym, Sym), b: (Sym, Sym)) -> bool {
    if !a.1.is_none() && !b.1.is_none() {
        return a.1 == b.1;
    }
    if a.0 == b.0 {
        return true;
    }
    match (Uri::parse(texts.get(a.0)), Uri::parse(texts.get(b.0))) {
        (Some(a), Some(b)) => a.same_as(&b),
        _ => false,
    }
}

/// The device a Contact names: its instance and reg-id (RFC 5626 §4.1); empty without an instance.
pub(super) fn device_of(texts: &mut Texts, contact: &[u8]) -> Sym {
    let Some(contact) = NameAddr::parse(contact) else { return Sym::NONE };
    let Some((instance, id)) = contact.instance().zip(contact.reg_id()) else {
        return Sym::NONE;
    };
    let mut name = SmallVec::<[u8; 96]>::from_slice(instance);
    name.make_ascii_lowercase();
    name.extend_from_slice(b";reg-id=");
    name.extend_from_slice(itoa::Buffer::new().format(id).as_bytes());
    texts.intern(&name)
}

/// Whether two devices are flows of one instance (RFC 5626 §4.2).
pub(super) fn is_one_instance(texts: &Texts, a: Sym, b: Sym) -> bool {
    let instance = |device: Sym| {
        let name = texts.get(device);
        name.iter().rposition(|&c| c == b';').and_then(|end| name.get(..end))
    };
    !a.is_none() && !b.is_none() && instance(a) == instance(b)
}
