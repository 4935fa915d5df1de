//! Finds DNs by their users and domains: two domain names are two DNs, an address is a spelling.

use std::cell::RefCell;

use smallvec::SmallVec;

use super::facts::Facts;
use super::index::{Index, ShortHash};
use super::store::{Dn, NIL, Store};
use super::text::{Sym, Texts};
use super::tracker::Tracker;
use super::transaction::Ends;
use crate::net::{Timestamp, address};

/// DNs of one user kept apart; the domains beyond go with the first.
const TENANTS: usize = 64;

impl Store {
    /// The DN of that user; the first if there are several.
    pub(super) fn dn_called(&self, user: &[u8]) -> Option<u32> {
        self.users.find(ShortHash::of(user), |dn| self.user_of(dn) == user)
    }

    /// The DN of that user and domain; any of that user if none has the domain.
    pub(super) fn dn_at(&self, user: &[u8], host: &[u8]) -> Option<u32> {
        let all = self.dns_called(user);
        let own = all.iter().copied().find(|dn| self.has_domain(*dn, host));
        own.or_else(|| all.first().copied())
    }

    /// All DNs of that user, in the order they came.
    fn dns_called(&self, user: &[u8]) -> SmallVec<[u32; 2]> {
        let all = RefCell::new(SmallVec::<[u32; 2]>::new());
        self.users.find(ShortHash::of(user), |dn| {
            if self.user_of(dn) == user {
                all.borrow_mut().push(dn);
            }
            false
        });
        let mut all = all.into_inner();
        all.sort_unstable();
        all
    }

    /// The hosts of a DN's spellings.
    fn hosts_of(&self, dn: u32) -> impl Iterator<Item = &[u8]> {
        let aors = self.dns.get(dn as usize).into_iter().flat_map(|dn| dn.aors.iter());
        aors.map(|aor| host_of(self.texts.get(*aor)))
    }

    fn has_domain(&self, dn: u32, host: &[u8]) -> bool {
        self.hosts_of(dn).any(|own| own.eq_ignore_ascii_case(host))
    }

    /// The DN whose name hashes alike; the name is not compared.
    pub(super) fn dn_like(&self, name: &[u8]) -> Option<u32> {
        self.users.find(ShortHash::of(name), |_| true)
    }

    /// From now on the DN at `place` is found by its user.
    pub(super) fn note_name(&mut self, place: u32) {
        let hash = ShortHash::of(self.user_of(place));
        self.users.insert(hash, place);
    }

    /// Finds the places of all DNs again after they moved.
    pub(super) fn note_names(&mut self) {
        self.users = Index::default();
        for place in 0..self.dns.len() as u32 {
            self.note_name(place);
        }
    }

    /// The user of a DN.
    fn user_of(&self, dn: u32) -> &[u8] {
        self.dns.get(dn as usize).map_or(&[], |dn| dn.user_name(&self.texts))
    }

    /// The name of a DN: its user, with its domain where several DNs have that user.
    pub(super) fn name_of(&self, dn: u32) -> &[u8] {
        self.dns.get(dn as usize).map_or(&[], |dn| dn.name(&self.texts))
    }
}

impl Tracker {
    /// The DN of the user and the domain in To, made if it is new, between a device and its server.
    pub(super) fn dn(&mut self, facts: &Facts<'_>, time: Timestamp, ends: Ends) -> u32 {
        let (user, host) = (&*facts.user, facts.host);
        let domain = facts.read.domain;
        let at_once = self.store.users.find(ShortHash::of(user), |dn| {
            self.store.dns.get(dn as usize).is_some_and(|dn| dn.domain == domain)
                && self.store.user_of(dn) == user
        });
        if let Some(dn) = at_once {
            return dn;
        }
        let all = self.store.dns_called(user);
        if let Some(dn) = self.known(&all, facts, ends) {
            if !is_numeric(host)
                && let Some(dn) = self.store.dns.get_mut(dn as usize)
            {
                dn.domain = domain;
            }
            return dn;
        }
        let dn = self.new_dn(user, domain, time);
        if !all.is_empty() {
            self.tell_apart(&all, dn, facts);
        }
        dn
    }

    /// A new DN of a user, and of the domain with this number; 0 if none was named.
    pub(super) fn new_dn(&mut self, user: &[u8], domain: u64, time: Timestamp) -> u32 {
        let dn = u32::try_from(self.store.dns.len()).unwrap_or(NIL);
        let mut record = Dn::new(self.store.texts.intern(user), user, time);
        record.domain = domain;
        record.returned = self.names.as_ref().is_some_and(|names| names.has(user));
        self.store.dns.push(record);
        self.store.note_name(dn);
        dn
    }

    /// The one of these DNs of one user that a domain belongs to.
    fn known(&self, all: &[u32], facts: &Facts<'_>, (device, server): Ends) -> Option<u32> {
        let host = facts.host;
        let first = all.first().copied()?;
        let texts = &self.store.texts;
        let is_there = |dn: &&u32| {
            self.store.dns.get(**dn as usize).is_some_and(|dn| {
                let address = device.host().addr(texts);
                dn.sources.iter().any(|(source, _)| source.addr == address)
                    && dn.registrations.iter().any(|reg| {
                        reg.registrar.host() == server.host()
                            || reg.edge.is_some_and(|edge| edge.host() == server.host())
                    })
            })
        };
        if is_numeric(host) || !facts.read.has_user {
            return all.iter().find(is_there).copied().or(Some(first));
        }
        if let Some(own) = all.iter().copied().find(|dn| self.store.has_domain(*dn, host)) {
            return Some(own);
        }
        let nameless = |dn: &u32| self.store.hosts_of(*dn).all(is_numeric);
        if let Some(dn) = all.iter().copied().find(nameless) {
            return Some(dn);
        }
        let same_call = |dn: &u32| {
            let dn = self.store.dns.get(*dn as usize);
            let last = dn.and_then(|dn| self.store.attempts.get(dn.last_attempt as usize));
            last.is_some_and(|last| texts.get(last.call_id) == facts.call_id)
        };
        let spelled = |dn: &u32| self.store.hosts_of(*dn).any(|own| is_spelling(own, host));
        let alias = all.iter().filter(is_there).copied().find(|dn| same_call(dn) || spelled(dn));
        alias.or_else(|| (all.len() >= TENANTS).then_some(first))
    }

    /// The user alone names none of its DNs any more: from now on each is called with its domain.
    fn tell_apart(&mut self, before: &[u32], new: u32, facts: &Facts<'_>) {
        for &dn in before {
            let Some(record) = self.store.dns.get(dn as usize) else { continue };
            if record.aside.as_ref().is_some_and(|aside| !aside.shown.is_none()) {
                continue;
            }
            let named = record
                .aors
                .iter()
                .copied()
                .find(|aor| !is_numeric(host_of(self.store.texts.get(*aor))));
            let Some(shown) = named else { continue };
            let name = record.name(&self.store.texts).to_vec();
            if let Some(live) = &mut self.live {
                live.rename(dn, name, self.now);
            }
            self.show_as(dn, shown);
            self.touch(dn, None);
        }
        let mut shown = facts.user.to_vec();
        shown.push(b'@');
        shown.extend_from_slice(facts.host);
        let shown = self.store.texts.intern(&shown);
        self.show_as(new, shown);
    }

    fn show_as(&mut self, dn: u32, shown: Sym) {
        if let Some(dn) = self.store.dns.get_mut(dn as usize) {
            dn.aside.get_or_insert_default().shown = shown;
        }
    }
}

impl Dn {
    /// Its user, as on the wire.
    pub(super) fn user_name<'s>(&'s self, texts: &'s Texts) -> &'s [u8] {
        self.brief.get().unwrap_or_else(|| texts.get(self.user))
    }

    /// Its name: its user, with its domain where several DNs have that user.
    pub(super) fn name<'s>(&'s self, texts: &'s Texts) -> &'s [u8] {
        match &self.aside {
            Some(aside) if !aside.shown.is_none() => texts.get(aside.shown),
            _ => self.user_name(texts),
        }
    }
}

/// The host of `user@host`.
fn host_of(aor: &[u8]) -> &[u8] {
    aor.iter().rposition(|&c| c == b'@').and_then(|at| aor.get(at + 1..)).unwrap_or_default()
}

/// Whether a host is an address, or none: no domain of its own.
pub(super) fn is_numeric(host: &[u8]) -> bool {
    let bare = host.strip_prefix(b"[").map_or(host, |host| host.strip_suffix(b"]").unwrap_or(host));
    host.is_empty() || address::parse(bare).is_some()
}

/// Whether two names are probably spellings of one: one is the other with labels before or behind.
fn is_spelling(a: &[u8], b: &[u8]) -> bool {
    let [a, b] = [a, b].map(|name| name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase());
    let (long, short) = if a.len() > b.len() { (a, b) } else { (b, a) };
    if long.len() == short.len() {
        return long == short;
    }
    let before = long.strip_suffix(&*short).is_some_and(|rest| rest.ends_with(b"."));
    let behind = long.strip_prefix(&*short).is_some_and(|rest| rest.starts_with(b"."));
    (before && short.contains(&b'.') || behind) && !short.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_more_labels_may_be_a_spelling() {
        for (a, b, want) in [
            ("example.org", "Example.ORG.", true),
            ("sip.example.org", "example.org", true),
            ("pbx", "pbx.example.org", true),
            ("a.example.org", "b.example.org", false),
            ("one.example", "two.example", false),
            ("example", "one.example", false),
            ("xample.org", "example.org", false),
        ] {
            assert_eq!(is_spelling(a.as_bytes(), b.as_bytes()), want, "{a} {b}");
            assert_eq!(is_spelling(b.as_bytes(), a.as_bytes()), want, "{b} {a}");
        }
    }
}
