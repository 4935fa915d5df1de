//! Recognizes REGISTERs that a server sends for a user: they register no device (3GPP TS 24.229 §5.4.1.7).

use super::facts::Facts;
use super::tracker::Tracker;
use crate::net::Endpoint;
use crate::sip::{Contact, Message};

impl Tracker {
    /// Whether a REGISTER, or the response to one, is between servers: one informs another, for
    /// instance an application server, that a user is registered. From is then the server, not the user.
    pub(super) fn is_for_a_third_party(
        &self,
        sender: Endpoint,
        message: &Message<'_>,
        facts: &Facts<'_>,
    ) -> bool {
        let Some(from) = message.from() else { return false };
        let user = from.uri.user_name().filter(|user| !user.is_empty());
        if !facts.read.has_user || user.as_ref() == Some(&facts.user) {
            return false;
        }
        let is_registrar = || {
            let dn = self
                .store
                .dn_at(&facts.user, facts.host)
                .and_then(|dn| self.store.dns.get(dn as usize));
            dn.is_some_and(|dn| {
                dn.registrations
                    .iter()
                    .any(|reg| reg.registrar.host().addr(&self.store.texts) == sender.addr)
            })
        };
        // a person who registers another user names that user's device
        let names_nobody = || {
            message.contacts().all(|contact| match contact {
                Contact::Address(address) => address.uri.user.is_none_or(<[u8]>::is_empty),
                Contact::Star => false,
            })
        };
        is_registrar() || user.is_none() && names_nobody()
    }
}
