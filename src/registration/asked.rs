//! Reads what a REGISTER asks for.

use super::attempt::Purpose;
use super::contact::device_of;
use super::details::Details;
use super::few::Few;
use super::reading::{AuthReading, Reading};
use super::store::Store;
use super::text::{Sym, Texts};
use super::transaction::{Asked, Presented, Request};
use crate::net::password::without_bare_password;
use crate::sip::Message;

/// What a REGISTER asks for. What a refresh has in common with the request before was read then.
pub(super) fn read_request(
    store: &mut Store,
    dn: u32,
    message: &Message<'_>,
    read: &Reading,
) -> Request {
    let (texts, raw) = (&mut store.texts, message.raw());
    let before = store.dns.get(dn as usize).and_then(|dn| dn.details.as_ref());
    let mut request = Request { cut: message.is_cut(), star: read.star, ..Request::default() };
    if let Some(before) = before.filter(|details| details.sameness == read.same) {
        request.contacts.clone_from(&before.asked);
    } else {
        request.contacts = asked(texts, message, read);
    }
    let removes = request.star || request.contacts.iter().all(|c| c.expires == Some(0));
    request.purpose = if request.contacts.is_empty() && !request.star {
        // the Contact may be in the missing part
        if request.cut { Purpose::Unknown } else { Purpose::Query }
    } else if removes {
        Purpose::Remove
    } else {
        Purpose::Register
    };
    let declined = read.auth.iter().find(|c| c.empty);
    request.declined = declined.map_or(0, |c| c.nonce);
    request.blank = read.auth.iter().any(AuthReading::is_blank);
    for c in read.auth.iter().filter(|c| !c.empty).take(8) {
        let known = before.filter(|details| details.auth_same == c.same);
        let known = known.map(|details: &Details| (details.form.auth_realm, details.auth_username));
        let (realm, username) = known
            .unwrap_or_else(|| (texts.intern(c.realm.get(raw)), texts.intern(c.username.get(raw))));
        let AuthReading { proxy, nonce, nc, step, .. } = *c;
        request.credentials.push(Presented { proxy, nonce, nc, step, realm, username });
    }
    request
}

/// The Contacts of a REGISTER.
pub(super) fn asked(texts: &mut Texts, message: &Message<'_>, read: &Reading) -> Few<Asked> {
    let (header, raw) = (message.expires(), message.raw());
    let contacts = read.contacts.iter().take(64).map(|c| Asked {
        contact: texts.intern(&without_bare_password(c.uri.get(raw))),
        device: if c.device { device_of(texts, c.item.get(raw)) } else { Sym::NONE },
        expires: c.expires.or(header),
    });
    contacts.collect()
}
