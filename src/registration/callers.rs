//! Hosts that ask servers for users: strangers that guess numbers, and servers that call a user meanwhile.

use std::net::IpAddr;

use crate::hashing::HashMap;

use super::memory::map_bytes;
use crate::net::Timestamp;

/// Hosts remembered.
const HOSTS: usize = 4096;
/// A host guesses if it asks for at least this many unregistered users, and for fewer registered ones.
const GUESSES: u32 = 3;

/// The hosts that ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers(HashMap<IpAddr, Caller>);

/// What one host asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Caller {
    /// When it last called any user.
    called: Timestamp,
    /// The number of the user it asked for last.
    user: u64,
    /// How often it asked for another user: a registered one, and an unregistered one.
    known: u32,
    unknown: u32,
}

impl Callers {
    /// Notes that a host asks for a user, whose name hashes to this number, and when it calls any user.
    pub(super) fn ask(&mut self, host: IpAddr, user: u64, known: bool, calls: Option<Timestamp>) {
        if self.0.len() >= HOSTS && !self.0.contains_key(&host) {
            self.0.clear();
        }
        let caller = self.0.entry(host).or_default();
        if let Some(time) = calls {
            caller.called = caller.called.max(time);
        }
        if caller.user != user {
            caller.user = user;
            let count = if known { &mut caller.known } else { &mut caller.unknown };
            *count = count.saturating_add(1);
        }
    }

    /// Whether a host seems to try numbers: a server's response to it says little about one of them.
    pub(super) fn guesses(&self, host: IpAddr) -> bool {
        self.0.get(&host).is_some_and(|c| c.unknown >= GUESSES && c.unknown > c.known)
    }

    /// Whether a host called any user after that moment.
    pub(super) fn called_after(&self, host: IpAddr, time: Timestamp) -> bool {
        self.0.get(&host).is_some_and(|caller| caller.called > time)
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_many_that_nobody_knows_guesses() {
        let host = IpAddr::from([192, 0, 2, 66]);
        let mut callers = Callers::default();
        for user in 1..GUESSES.into() {
            callers.ask(host, user, false, None);
            callers.ask(host, user, false, None);
            assert!(!callers.guesses(host), "the same user again is no other");
        }
        callers.ask(host, 100, false, None);
        assert!(callers.guesses(host));
        for user in 101..=103 {
            callers.ask(host, user, true, None);
        }
        assert!(!callers.guesses(host), "a trunk that calls as many DNs that are there");
    }

    #[test]
    fn hosts_without_number_leave_room() {
        let mut callers = Callers::default();
        for host in 0..3 * HOSTS as u32 {
            callers.ask(IpAddr::from(host.to_be_bytes()), 1, false, None);
            assert!(callers.0.len() <= HOSTS);
        }
    }
}
