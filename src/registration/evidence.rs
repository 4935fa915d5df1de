//! Takes in what other messages show of a DN: requests to it through its registrar, and `reg` event NOTIFYs.

use std::hash::BuildHasher as _;
use std::net::IpAddr;

use crate::hashing::Keyed;

use super::contact::is_one_place;
use super::describe::is_scanner_agent;
use super::ends::End;
use super::facts::Facts;
use super::reach;
use super::reading::Reading;
use super::reginfo::{self, ContactEvent};
use super::store::{Binding, Called, Dn, NIL, Refusal, Registration};
use super::text::Texts;
use super::tracker::Tracker;
use super::transaction::{Subject, Transaction};
use super::verdict::Verdict;
use crate::net::{Origin, Timestamp, address};
use crate::sip::{HeaderName, Message, Method, NameAddr, Uri};

/// A registrar that looks a DN up and finds nothing answers at once; a later answer is the device's.
const LOOKUP_TIME: i64 = 4_000_000_000;

impl Tracker {
    /// A request that is no REGISTER.
    pub(super) fn other_request(&mut self, origin: &Origin, message: &Message<'_>, read: &Reading) {
        let Some(method) = message.method() else { return };
        let Some(facts) = Facts::of(message, read) else { return };
        if method == Method::Notify {
            self.notify(origin, message, &facts);
        }
        if self.store.dns.is_empty() {
            return;
        }
        if let Some(method) = reach::asks(method).filter(|_| !read.in_dialog && self.is_out(origin))
        {
            self.reach.ask(origin, method, read.key);
        }
        let calls = reach::asks(method).filter(|_| method != Method::Notify && !read.in_dialog);
        let addressed = self.store.dn_at(&facts.user, facts.host);
        self.note_forwarded(origin, &facts, addressed, calls);
        if calls.is_none() {
            return;
        }
        let raw_uri = message.request_uri().unwrap_or_default();
        let uri = Uri::parse(raw_uri);
        let dn = self.called_dn(uri.as_ref(), &facts, addressed);
        let ends = self.ends(origin);
        let known = self.transactions.find(facts.key());
        if known.is_none() {
            let user =
                Keyed.hash_one(uri.and_then(|uri| uri.user_name()).as_deref().unwrap_or(raw_uri));
            let calls = (method != Method::Options).then_some(origin.time);
            self.callers.ask(origin.src.addr, user, dn.is_some(), calls);
        }
        // a scanning tool gets what the server answers to strangers
        let agent = message.first(HeaderName::UserAgent).unwrap_or_default();
        let Some(dn) = dn.filter(|_| !is_scanner_agent(agent)) else { return };
        if let Some(slot) = known {
            if let Some(t) = self.transactions.get_mut(slot) {
                t.see(origin, ends, 0);
            }
            return;
        }
        let call = method == Method::Invite;
        let subject = Subject::Probe { dn, forwarded: false, call };
        let mut t = Transaction::new(*facts.key(), subject, origin, facts.cseq().unwrap_or(0));
        t.see(origin, ends, 0);
        self.transactions.insert(t);
    }

    /// Whether a request goes out to what may be a device.
    fn is_out(&self, origin: &Origin) -> bool {
        let store = &self.store;
        store.sources.contains_key(&origin.dst.addr) || !store.servers.contains_key(&origin.dst)
    }

    /// Whether a server's response to a caller concerns the DN: it may treat strangers differently,
    /// and a device it called meanwhile may have answered in its place.
    fn speaks_for_itself(&self, origin: &Origin, caller: Option<IpAddr>, asked: Timestamp) -> bool {
        let at_home =
            |addr: &IpAddr| self.store.sources.get(addr).is_some_and(|s| s.registered > 0);
        let guesses = caller.is_some_and(|addr| self.callers.guesses(addr) && !at_home(&addr));
        !guesses && !self.callers.called_after(origin.src.addr, asked)
    }

    /// The DN a request to `uri` is for, if it is one of the model's; `addressed` is the one its To names.
    fn called_dn(
        &self,
        uri: Option<&Uri<'_>>,
        facts: &Facts<'_>,
        addressed: Option<u32>,
    ) -> Option<u32> {
        let by_uri = uri.and_then(Uri::user_name);
        let dn = match by_uri {
            Some(user) if user != facts.user => {
                self.store.dn_at(&user, uri.map_or(&[][..], |uri| uri.host))?
            }
            _ => addressed?,
        };
        // the same user of another domain is another user; an address may be the registrar's
        let elsewhere = uri.is_some_and(|uri| {
            !uri.host.is_empty()
                && uri.host_ip().is_none()
                && !self.store.dns.get(dn as usize).is_some_and(|dn| {
                    dn.aors.iter().any(|&aor| {
                        let aor = self.store.texts.get(aor);
                        let host = aor.rsplit(|&c| c == b'@').next().unwrap_or_default();
                        host.eq_ignore_ascii_case(uri.host) || address::parse(host).is_some()
                    })
                })
        });
        (!elsewhere).then_some(dn)
    }

    /// A request that goes on towards a device: the registrar did find the DN, which is the one `addressed` in
    /// To if it is known.
    fn note_forwarded(
        &mut self,
        origin: &Origin,
        facts: &Facts<'_>,
        addressed: Option<u32>,
        calls: Option<&'static str>,
    ) {
        if let Some(parent) = facts.read.parents.iter().find_map(|key| self.transactions.find(key))
            && let Some(t) = self.transactions.get_mut(parent)
            && let Subject::Probe { forwarded, .. } = &mut t.subject
        {
            *forwarded = true;
        }
        // a back-to-back server calls the device under a Call-ID of its own
        let Some((place, method)) = addressed.zip(calls) else { return };
        let texts = &self.store.texts;
        if let Some(dn) = self.store.dns.get_mut(place as usize)
            && dn.sources.iter().any(|(source, _)| source.addr == origin.dst.addr)
            && !dn.registrations.iter().any(|reg| reg.registrar.endpoint(texts) == origin.dst)
        {
            let Origin { time, frame, .. } = *origin;
            let called = Called { time, frame, by: origin.src.addr, method };
            dn.aside.get_or_insert_default().called = Some(called);
            let mut resumed = false;
            for reg in &mut dn.registrations {
                if reg.registrar.host().addr(texts) == origin.src.addr {
                    resumed |= reg.resume();
                }
            }
            if resumed {
                self.touch(place, Some(origin.frame));
            }
        }
    }

    /// A response to such a request: 480 or 410 from the registrar itself most likely shows that no
    /// binding is left (RFC 3261 §16.5: an empty target set is answered 480).
    pub(super) fn probe_answer(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
        code: u16,
    ) {
        if self.store.dns.is_empty() || !read.names_somebody {
            return;
        }
        let Some(slot) = self.transactions.find(&read.key) else { return };
        let Some(t) = self.transactions.get_mut(slot) else { return };
        let Subject::Probe { dn, forwarded, call } = t.subject else { return };
        t.provisional |= (101..200).contains(&code);
        if code < 200 || t.final_code != 0 {
            return;
        }
        t.final_code = code;
        let asked = t.first;
        let prompt = origin.time.nanos_since(asked) < LOOKUP_TIME;
        let caller = t.ends().map(|(src, _)| src.host());
        let caller_addr = caller.map(|host| host.addr(&self.store.texts));
        if forwarded && (200..300).contains(&code) {
            if let Some(dn) = self.store.dns.get_mut(dn as usize) {
                dn.note_looked_up(origin, true, true);
            }
            return;
        }
        if !matches!(code, 404 | 410 | 480) || forwarded || t.provisional || !prompt {
            return;
        }
        if !self.speaks_for_itself(origin, caller_addr, asked) {
            return;
        }
        self.touch(dn, Some(origin.frame));
        let registrar = self.store.texts.host(origin.src.addr);
        let texts = &self.store.texts;
        let Some(dn) = self.store.dns.get_mut(dn as usize) else { return };
        let delivered = dn.aside.as_ref().and_then(|aside| aside.called);
        if delivered.is_some_and(|delivered| delivered.time >= asked) {
            return;
        }
        // a device's answer names the device, whatever forwards it
        let speaker =
            message.first(HeaderName::Server).or_else(|| message.first(HeaderName::UserAgent));
        if speaker.is_some_and(|name| dn.user_agents.iter().any(|own| texts.get(*own) == name)) {
            return;
        }
        dn.note_looked_up(origin, false, code != 404);
        // a PBX answers 404 to whatever its dial plan does not know
        let looked_for = code != 404 || call && delivered.is_some();
        for reg in &mut dn.registrations {
            // a device that asks for itself is answered by its own dial plan
            let own = reg.bindings.iter().any(|b| b.source.map(End::host) == caller);
            // a server at another port may know other users
            let port = reg.registrar.endpoint(texts).port;
            let here = port == origin.src.port || matches!(origin.src.port, 5060 | 5061);
            if reg.registrar.host() == registrar && here && !own {
                reg.settle(origin.time);
                // one that was granted meanwhile was not there to be found
                let there = |b: &Binding| b.renewed < asked;
                let refusal = Refusal { time: origin.time, frame: origin.frame, code };
                if looked_for {
                    reg.end_in_doubt(refusal, there);
                } else if reg.bindings.iter().any(there) {
                    reg.rare().unrouted = Some(refusal);
                }
            }
        }
    }

    /// A NOTIFY for the event `reg` (RFC 3680 §5).
    fn notify(&mut self, origin: &Origin, message: &Message<'_>, facts: &Facts<'_>) {
        let is_reg = message.first(HeaderName::Event).is_some_and(|event| {
            let package = event.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
            package.eq_ignore_ascii_case(b"reg")
        });
        if !is_reg || message.body().is_empty() {
            return;
        }
        if self.transactions.find(facts.key()).is_some() {
            // a retransmission, and perhaps outdated
            return;
        }
        let subject = Subject::Probe { dn: NIL, forwarded: true, call: false };
        let mut t = Transaction::new(*facts.key(), subject, origin, facts.cseq().unwrap_or(0));
        t.see(origin, self.ends(origin), 0);
        self.transactions.insert(t);
        let Ok(mut registrations) = reginfo::parse(message.body()) else {
            self.counts.bad_reginfo += 1;
            return;
        };
        let whole = !message.is_cut() && !message.body_is_cut();
        for info in &mut registrations {
            info.full &= whole;
            let named = NameAddr::parse(info.aor.as_bytes());
            let dn =
                named.and_then(|named| self.store.dn_at(&named.uri.user_name()?, named.uri.host));
            let Some(dn) = dn else {
                continue;
            };
            self.touch(dn, Some(origin.frame));
            let Some(dn) = self.store.dns.get_mut(dn as usize) else { continue };
            apply_reginfo(dn, &self.store.texts, info, origin);
        }
    }
}

fn apply_reginfo(dn: &mut Dn, texts: &Texts, info: &reginfo::Registration, origin: &Origin) {
    let one = dn.registrations.len() == 1;
    for reg in &mut dn.registrations {
        if !one && reg.registrar.host().addr(texts) != origin.src.addr {
            continue;
        }
        reg.settle(origin.time);
        let meant = |b: &Binding| is_about(texts.get(b.aor), info.aor.as_bytes());
        if info.terminated && info.contacts.is_empty() {
            end_by_notice(reg, origin, meant, ContactEvent::Other);
        }
        if info.full {
            let listed = |b: &Binding| {
                info.contacts.iter().any(|c| {
                    let uri = c.uri.as_bytes();
                    uri.is_empty() || names(texts, b, uri) || is_where_it_came_from(texts, b, uri)
                })
            };
            end_by_notice(reg, origin, |b| meant(b) && !listed(b), ContactEvent::Other);
        }
        for contact in info.contacts.iter().filter(|c| c.terminated) {
            let uri = contact.uri.as_bytes();
            end_by_notice(reg, origin, |b| meant(b) && names(texts, b, uri), contact.event);
        }
    }
}

/// Whether news of an address-of-record concerns that of a binding, `user@host`: two names are two
/// domains, and a number without a domain is equal to one with it (RFC 3680 §5.2).
fn is_about(own: &[u8], told: &[u8]) -> bool {
    if own.is_empty() {
        return true;
    }
    let own = own.rsplit(|&c| c == b'@').next().filter(|host| !host.is_empty());
    let told = NameAddr::parse(told).map(|told| told.uri.host).filter(|host| !host.is_empty());
    let is_ip = |host: &[u8]| address::parse(host).is_some();
    match (own, told) {
        (Some(own), Some(told)) => own.eq_ignore_ascii_case(told) || is_ip(own) || is_ip(told),
        (own, told) => own.is_some() == told.is_some(),
    }
}

fn names(texts: &Texts, binding: &Binding, uri: &[u8]) -> bool {
    let own = texts.get(binding.contact);
    own == uri
        || Uri::parse(own)
            .zip(Uri::parse(uri))
            .is_some_and(|(own, told)| own.same_as(&told) || is_one_place(&own, &told))
}

/// Whether a Contact is the address a binding was registered from: a registrar may list that.
fn is_where_it_came_from(texts: &Texts, binding: &Binding, uri: &[u8]) -> bool {
    let own = Uri::parse(texts.get(binding.contact));
    own.zip(Uri::parse(uri)).is_some_and(|(own, told)| {
        let source = binding.source.map(|source| source.host().addr(texts));
        own.user_name() == told.user_name() && source.is_some() && told.host_ip() == source
    })
}

fn end_by_notice(
    reg: &mut Registration,
    origin: &Origin,
    gone: impl Fn(&Binding) -> bool,
    event: ContactEvent,
) {
    reg.end(origin.time, origin.frame, gone, |b| {
        if event == ContactEvent::Expired || b.ran_out(origin.time) {
            Verdict::Expired
        } else {
            Verdict::Terminated
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_record_is_about_its_domain() {
        for (own, told, want) in [
            ("5002@example.org", "sip:5002@Example.ORG", true),
            ("5002@example.org", "sip:5002@other.example", false),
            ("5002@192.0.2.114", "sip:5002@example.org", true),
            ("5002@example.org", "sip:5002@[2001:db8::1]", true),
            ("5002@example.org", "tel:5002", false),
            ("5002@", "tel:5002", true),
            ("5002@", "sip:5002@example.org", false),
            ("", "sip:5002@example.org", true),
        ] {
            assert_eq!(is_about(own.as_bytes(), told.as_bytes()), want, "{own} {told}");
        }
    }
}
