//! The responses of servers nearer to the device than the registrar: a border controller may grant it less time.

use super::answer::Final;
use super::attempt::{Attempt, Outcome, Purpose};
use super::contact::find_listed;
use super::ends::{End, Host};
use super::store::Registration;
use super::tracker::Tracker;
use super::verdict::{Flag, Verdict};
use crate::net::Timestamp;

/// A server nearer to the device that granted it another time than the registrar did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearer {
    pub server: End,
    /// The seconds that it granted.
    pub seconds: u32,
    /// The seconds that the registrar granted.
    pub upstream: u32,
}

impl Nearer {
    /// Whether its time runs out before the registrar's.
    pub(super) const fn is_less(&self) -> bool {
        self.seconds < self.upstream
    }
}

impl Attempt {
    /// Whether the registrar accepted it, and a server nearer to the device refused it to the device.
    pub(super) fn is_refused_nearer(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.refused_nearer)
    }

    /// The server that granted the device another time than the registrar did, if any.
    pub(super) fn nearer(&self) -> Option<Nearer> {
        self.rare.as_ref()?.nearer
    }
}

impl Tracker {
    /// Takes in a response on a hop nearer to the device than the one that decided.
    pub(super) fn answered_nearer(&mut self, attempt: u32, answer: &Final<'_, '_>) {
        if answer.hop == 0 {
            self.note_own_via(attempt, answer);
        }
        let accepted = self.store.attempts.get(attempt as usize).map(|a| a.outcome);
        let refused = answer.hop == 0 && answer.code >= 300 && !matches!(answer.code, 401 | 407);
        if refused && accepted == Some(Outcome::Accepted) {
            if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
                a.rare().refused_nearer = true;
            }
            return;
        }
        let granted = self.seconds_granted(attempt, answer);
        if let Some((seconds, server)) = granted.zip(answer.server) {
            self.limit(attempt, seconds, server, answer.origin.time);
        }
    }

    /// Whether the server the device talks to accepts it on its own, though the one behind it refused: it
    /// is the registrar of that device then.
    pub(super) fn overrules(&mut self, attempt: u32, answer: &Final<'_, '_>) -> bool {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return false };
        let refused = a.outcome == Outcome::Failed(Verdict::Rejected) && !a.is_tentative();
        if answer.hop != 0 || !refused || !(200..300).contains(&answer.code) {
            return false;
        }
        // what is cut of the two may be what it grants
        let is_cut = answer.message.is_cut() || answer.request.as_deref().is_some_and(|r| r.cut);
        if !is_cut && self.seconds_granted(attempt, answer).is_none() {
            return false;
        }
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            a.set_registrar(a.entry());
        }
        true
    }

    /// The registrar behind a nearer server answered after it: what that server granted, if less, counts.
    pub(super) fn limit_to_nearer(&mut self, attempt: u32, seconds: Option<u32>, time: Timestamp) {
        let entry = self.store.attempts.get(attempt as usize).map(Attempt::entry);
        if let Some((seconds, server)) = seconds.zip(entry) {
            self.limit(attempt, seconds, server, time);
        }
    }

    /// Notes the Via of the response that reached the device.
    fn note_own_via(&mut self, attempt: u32, answer: &Final<'_, '_>) {
        let Some(dn) = self.store.attempts.get(attempt as usize).map(|a| a.dn) else { return };
        let (texts, read) = (&mut self.store.texts, answer.read);
        let details = self.store.dns.get_mut(dn as usize).and_then(|dn| dn.details.as_mut());
        if let Some(kept) = details.and_then(|details| details.answer.as_mut())
            && kept.code == answer.code
        {
            kept.take_via(texts, read);
        }
    }

    /// The seconds that a 2xx grants to the Contacts its own request asked for, at most.
    fn seconds_granted(&mut self, attempt: u32, answer: &Final<'_, '_>) -> Option<u32> {
        let request = answer.request.as_deref()?;
        if !(200..300).contains(&answer.code) || request.purpose != Purpose::Register {
            return None;
        }
        let listed = self.listed(answer);
        let ok = self.success(attempt, answer, &listed)?;
        let asked = request.contacts.iter().filter(|c| c.expires != Some(0));
        let places = asked.filter_map(|asked| find_listed(&self.store.texts, &ok, asked));
        let own = places.filter_map(|place| listed.get(place));
        own.filter_map(|l| l.expires.or(ok.expires)).max().filter(|seconds| *seconds > 0)
    }

    /// A server nearer to the device grants it so many seconds: the lesser of its time and the registrar's
    /// counts.
    fn limit(&mut self, attempt: u32, seconds: u32, server: End, time: Timestamp) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let Some(granted) = a.granted().filter(|_| a.outcome == Outcome::Accepted) else { return };
        // one second less is a server that counts what is left
        if seconds.abs_diff(granted) <= 1 {
            return;
        }
        let upstream = a.nearer().map_or(granted, |nearer| nearer.upstream);
        a.rare().nearer = Some(Nearer { server, seconds, upstream });
        if seconds > granted {
            return;
        }
        a.set_granted(Some(seconds));
        let shortened = a.asked().is_some_and(|asked| seconds.saturating_add(1) < asked);
        let (dn, registrar, source, began) = (a.dn, a.registrar, a.source.host(), a.started);
        if shortened {
            self.flag_attempt(attempt, Flag::Shortened);
        }
        if let Some(reg) = self.registration(dn, registrar) {
            reg.limit((source, began), time, seconds);
        }
    }
}

impl Registration {
    /// What a source had granted since it `began` ends no later than so many seconds after `time`.
    fn limit(&mut self, (source, began): (Host, Timestamp), time: Timestamp, seconds: u32) {
        let until = time.known().map(|time| time.plus_secs(seconds));
        let renewed = self
            .bindings
            .iter_mut()
            .filter(|b| b.renewed >= began && b.source.is_some_and(|by| by.host() == source));
        for binding in renewed {
            binding.granted = Some(seconds);
            binding.expires_at = binding.expires_at.into_iter().chain(until).min();
        }
    }
}
