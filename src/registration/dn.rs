//! A DN as it begins, and the lists of what it has, which are bounded.

use smallvec::SmallVec;

use super::ends::End;
use super::few::Few;
use super::store::{Brief, Dn, NIL, Proven, Registration};
use super::text::Sym;
use super::verdict::FlagSet;
use crate::net::Timestamp;

/// Values kept of each kind (sources, Contacts, …) per DN.
const VALUES: usize = 32;
/// Registrars kept per DN.
const REGISTRARS: usize = 64;

impl Dn {
    pub(super) fn new(user: Sym, name: &[u8], time: Timestamp) -> Self {
        Self {
            user,
            brief: Brief::of(name),
            domain: 0,
            aors: Few::new(),
            registrations: Few::new(),
            first_attempt: NIL,
            last_attempt: NIL,
            recent: SmallVec::new(),
            attempts: 0,
            sources: Few::new(),
            contacts: Few::new(),
            vias: Few::new(),
            user_agents: Few::new(),
            aside: None,
            details: None,
            proven: Proven::default(),
            registered: false,
            returned: false,
            flags: FlagSet::EMPTY,
            more_values: 0,
            first_seen: time,
            last_seen: time,
        }
    }

    /// Its registration at a registrar, made if it is new; among very many, those that say nothing
    /// of interest make room.
    pub(super) fn registration(&mut self, registrar: End) -> Option<&mut Registration> {
        if let Some(place) = self.registrations.iter().position(|r| r.registrar == registrar) {
            return self.registrations.get_mut(place);
        }
        if self.registrations.len() >= REGISTRARS {
            let idle = self.registrations.iter().enumerate().filter(|(_, r)| r.bindings.is_empty());
            let oldest = idle.min_by_key(|(_, r)| r.tried.map(|t| t.at))?.0;
            self.registrations.remove(oldest);
        }
        self.registrations.push(Registration::new(registrar));
        self.registrations.last_mut()
    }

    /// What seemed to be held at a server that passes its requests on is held behind it: the capture
    /// lacks the second hop of a request before.
    pub(super) fn pass_on(&mut self, edge: End, registrar: End) {
        if edge == registrar {
            return;
        }
        let is_known = self.registrations.iter().any(|reg| reg.registrar == registrar);
        let held = self.registrations.iter_mut().find(|reg| reg.registrar == edge);
        match held {
            Some(_) if is_known => self.registrations.retain(|reg| reg.registrar != edge),
            Some(reg) => reg.registrar = registrar,
            None => {}
        }
    }

    /// Its latest attempts that are not over for good, in order.
    pub(super) fn unfinished(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.recent.iter().filter(|recent| !recent.is_over()).map(|recent| recent.attempt())
    }

    /// Adds a value to one of the DN's lists if it is new; counts it when the list is full.
    pub(super) fn note<T: PartialEq>(list: &mut Few<T>, more: &mut u32, value: T) -> bool {
        if list.contains(&value) {
            return false;
        }
        if list.len() >= VALUES {
            *more = more.saturating_add(1);
            return false;
        }
        list.push(value);
        true
    }
}
