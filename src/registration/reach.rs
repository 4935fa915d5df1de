//! Tracks whether devices answer what is sent to them: requests without a response, by sender and destination.

use std::collections::hash_map::Entry;
use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};

use super::facts::TransactionKey;
use super::memory::map_bytes;
use super::silence::{T2, TIMER_F};
use super::snapshot::DnView;
use super::store::{Binding, Dn, Registration, Store};
use super::text::Texts;
use super::transaction::SOONEST_REPEAT;
use crate::net::{Endpoint, FrameRef, Origin, Timestamp};
use crate::sip::{Method, Uri};

/// Places remembered that owe a response.
const PLACES: usize = 16_384;
/// A place that owed a response for so long makes room for others, in nanoseconds.
const OLD: i64 = 600_000_000_000;
/// A request this young may be answered yet.
const DUE: i64 = 500_000_000;

/// A destination and a sender whose requests there are unanswered.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered {
    /// The sender.
    pub asker: IpAddr,
    /// Where the requests went.
    pub place: Endpoint,
    /// The method of the latest one.
    pub method: &'static str,
    /// Requests since the last response.
    pub requests: u32,
    /// The same with their retransmissions.
    pub sent: u32,
    /// The first of them.
    pub first: (Timestamp, FrameRef),
    /// The latest of them.
    pub last: (Timestamp, FrameRef),
    /// ICMP type and code that came instead.
    pub icmp: Option<(u8, u8)>,
    /// When the place had sent its latest keep-alive before the first of them.
    pub kept_open: Option<Timestamp>,
    /// Whether the asker got any response in this capture: else its responses may not be in it.
    pub heard: bool,
    /// Over a transport that repeats by itself.
    reliable: bool,
    /// Reported by a HEP agent, which need not report responses.
    hep: bool,
    key: TransactionKey,
}

/// The places that owe a response.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    open: HashMap<(IpAddr, Endpoint), Unanswered>,
    /// Where the latest request of each went: some devices answer from another port.
    keys: HashMap<TransactionKey, (IpAddr, Endpoint)>,
    /// Senders that got a response from any destination.
    heard: HashSet<IpAddr>,
    /// When each place sent its latest keep-alive.
    kept_open: HashMap<Endpoint, Timestamp>,
    /// Places that were too many to remember.
    pub dropped: u64,
}

/// The requests that ask a device for a response of its own, and are sent without a dialog.
pub(super) const fn asks(method: Method<'_>) -> Option<&'static str> {
    match method {
        Method::Options => Some("OPTIONS"),
        Method::Invite => Some("INVITE"),
        Method::Message => Some("MESSAGE"),
        Method::Notify => Some("NOTIFY"),
        _ => None,
    }
}

impl Reach {
    /// Notes a request outside a dialog to what may be a device.
    pub(super) fn ask(&mut self, origin: &Origin, method: &'static str, key: TransactionKey) {
        let at = (origin.src.addr, origin.dst);
        if self.open.len() >= PLACES && !self.open.contains_key(&at) {
            self.make_room(origin.time);
        }
        let full = self.open.len() >= PLACES;
        let now = (origin.time, origin.frame);
        let kept_open = self.kept_open.get(&at.1).copied();
        match self.open.entry(at) {
            Entry::Vacant(_) if full => {
                self.dropped += 1;
                return;
            }
            Entry::Vacant(entry) => {
                entry.insert(Unanswered {
                    asker: at.0,
                    place: at.1,
                    method,
                    requests: 1,
                    sent: 1,
                    first: now,
                    last: now,
                    icmp: None,
                    kept_open,
                    heard: false,
                    reliable: origin.transport.is_reliable(),
                    hep: origin.path.hep.is_some(),
                    key,
                });
            }
            Entry::Occupied(mut entry) => {
                let open = entry.get_mut();
                if open.key == key && origin.time.nanos_since(open.last.0) < SOONEST_REPEAT {
                    return;
                }
                if open.key != key {
                    self.keys.remove(&open.key);
                    open.requests = open.requests.saturating_add(1);
                }
                open.sent = open.sent.saturating_add(1);
                (open.last, open.method, open.key) = (now, method, key);
                open.reliable = origin.transport.is_reliable();
            }
        }
        self.keys.insert(key, at);
    }

    /// Notes that a device keeps its NAT mapping open.
    pub(super) fn keep_alive(&mut self, origin: &Origin) {
        if self.kept_open.len() < PLACES || self.kept_open.contains_key(&origin.src) {
            self.kept_open.insert(origin.src, origin.time);
        }
    }

    /// Forgets the places that owed a response for long.
    fn make_room(&mut self, now: Timestamp) {
        let keys = &mut self.keys;
        self.open.retain(|_, open| {
            let keep = now.nanos_since(open.last.0) < OLD;
            if !keep {
                keys.remove(&open.key);
            }
            keep
        });
    }

    /// Notes a response: the device at its source is there. `key` names the transaction.
    pub(super) fn answered(&mut self, origin: &Origin, key: &TransactionKey) {
        if self.open.is_empty() {
            return;
        }
        let by_key = self.keys.get(key).copied();
        if by_key.is_some() && self.heard.len() < PLACES {
            self.heard.insert(origin.dst.addr);
        }
        for at in [Some((origin.dst.addr, origin.src)), by_key].into_iter().flatten() {
            if let Some(open) = self.open.remove(&at) {
                self.keys.remove(&open.key);
            }
        }
    }

    /// Notes an ICMP error that came back for something sent from one end to another.
    pub(super) fn refused(&mut self, src: Endpoint, dst: Endpoint, icmp: (u8, u8)) {
        if let Some(open) = self.open.get_mut(&(src.addr, dst)) {
            open.icmp = Some(icmp);
        }
    }

    /// The places that do not answer at `now`, if there are any.
    pub(super) fn silent(&self, now: Timestamp) -> Option<Silent> {
        let silent = self.open.values().filter(|open| open.is_silent(now));
        let silent = silent.map(|open| {
            let heard = self.heard.contains(&open.asker);
            ((open.asker, open.place), Unanswered { heard, ..*open })
        });
        let silent: HashMap<_, _> = silent.filter(|(_, o)| o.heard || !o.hep).collect();
        (!silent.is_empty()).then_some(Silent(silent))
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(&self.open)
            + map_bytes(&self.kept_open)
            + map_bytes(&self.keys)
            + self.heard.capacity() * size_of::<IpAddr>()
    }
}

impl Unanswered {
    /// Whether a response is overdue at `now`.
    fn is_silent(&self, now: Timestamp) -> bool {
        let (since_first, since_last) =
            (now.nanos_since(self.first.0), now.nanos_since(self.last.0));
        if self.icmp.is_some() {
            return true;
        }
        // a round trip takes less than T2
        let enough = if self.reliable { since_first >= TIMER_F } else { self.sent > 1 };
        enough && since_first >= T2 && since_last >= DUE
    }
}

/// The places that do not answer at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Silent(HashMap<(IpAddr, Endpoint), Unanswered>);

impl Silent {
    /// What a registrar sent to a binding without a response since it was last refreshed.
    fn of(&self, texts: &Texts, reg: &Registration, binding: &Binding) -> Option<&Unanswered> {
        let contact = Uri::parse(texts.get(binding.contact)).and_then(|uri| uri.endpoint());
        let source = binding.source.map(|source| source.endpoint(texts));
        let askers = [Some(reg.registrar), reg.edge].into_iter().flatten();
        let asked = askers.flat_map(|asker| {
            let asker = asker.host().addr(texts);
            [source, contact].into_iter().flatten().map(move |place| (asker, place))
        });
        let mut found = asked.filter_map(|at| self.0.get(&at));
        found.find(|open| open.last.0 > binding.renewed)
    }
}

impl Store {
    /// What a DN was sent without a response, where none of its running bindings answers at `at`.
    fn unanswered<'s>(&self, silent: &'s Silent, dn: &Dn, at: Timestamp) -> Option<&'s Unanswered> {
        // the device's own messages must be in the capture, or nothing shows whether it answers
        dn.details.as_ref()?;
        let mut found = None;
        for reg in &dn.registrations {
            for binding in reg.bindings.iter().filter(|b| b.runs_at(at)) {
                found = Some(silent.of(&self.texts, reg, binding)?);
            }
        }
        found
    }
}

impl Store {
    /// What a DN was sent without a response while its last binding still ran, which has lapsed since.
    fn unanswered_before_lapse<'s>(&self, silent: &'s Silent, dn: &Dn) -> Option<&'s Unanswered> {
        dn.registrations.iter().find_map(|reg| {
            let ended = reg.ended()?;
            let askers = [Some(reg.registrar), reg.edge].into_iter().flatten();
            let asked = askers.flat_map(|asker| {
                let asker = asker.host().addr(&self.texts);
                dn.sources.iter().map(move |(place, _)| (asker, *place))
            });
            let mut found = asked.filter_map(|at| silent.0.get(&at));
            found.find(|open| open.last.0 > ended.renewed && open.first.0 < ended.at)
        })
    }
}

impl<'a> DnView<'a> {
    /// What was sent to `place` from there without a response, whatever is registered now.
    #[must_use]
    pub fn unanswered_at(&self, asker: IpAddr, place: Endpoint) -> Option<&'a Unanswered> {
        self.snapshot.silent.as_ref()?.0.get(&(asker, place))
    }

    /// The same for a DN whose binding has lapsed: what it was sent without a response while it still ran.
    #[must_use]
    pub fn unanswered_before_lapse(&self) -> Option<&'a Unanswered> {
        let silent = self.snapshot.silent.as_ref()?;
        let lapsed = self.state().verdict == super::verdict::Verdict::Expired;
        lapsed
            .then(|| self.snapshot.store.unanswered_before_lapse(silent, self.record()?))
            .flatten()
    }

    /// What its registrar sent to it without a response since it was last registered: none of its bindings
    /// answers. `None` if one does, or nothing was sent.
    #[must_use]
    pub fn unanswered(&self) -> Option<&'a Unanswered> {
        let silent = self.snapshot.silent.as_ref()?;
        self.snapshot.store.unanswered(silent, self.record()?, self.snapshot.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{PathInfo, Transport};
    use crate::registration::testing::{endpoint, seconds};

    fn origin(time: &str, from: &str, to: &str) -> Origin {
        let (frame, path) = (FrameRef::default(), PathInfo::default());
        let (src, dst, transport) = (endpoint(from), endpoint(to), Transport::Udp);
        Origin { time: seconds(time), frame, src, dst, transport, path }
    }

    #[test]
    fn places_without_number_leave_room() {
        let mut reach = Reach::default();
        let key = |n: u32| TransactionKey::parts([b"", b"", b""], n);
        for n in 0..PLACES as u32 + 10 {
            let mut origin = origin("1", "r", "a");
            origin.dst.addr = IpAddr::from(n.to_be_bytes());
            reach.ask(&origin, "OPTIONS", key(n));
        }
        assert_eq!((reach.open.len(), reach.keys.len(), reach.dropped), (PLACES, PLACES, 10));
        reach.ask(&origin("700", "r", "a"), "OPTIONS", key(0));
        assert_eq!((reach.open.len(), reach.keys.len()), (1, 1), "old ones make room");
    }

    #[test]
    fn an_answer_from_another_port_counts() {
        let mut reach = Reach::default();
        let key = TransactionKey::parts([b"1", b"2", b"OPTIONS"], 1);
        reach.ask(&origin("1", "r", "a"), "OPTIONS", key);
        reach.ask(&origin("1.5", "r", "a"), "OPTIONS", key);
        assert!(reach.silent(seconds("10")).is_some());
        let mut answer = origin("10", "a", "r");
        answer.src.port = 49_152;
        reach.answered(&answer, &key);
        assert!(reach.silent(seconds("20")).is_none() && reach.keys.is_empty());
    }
}
