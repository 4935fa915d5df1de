//! The tracker: takes messages in the order of the trace and keeps the model up to date.

use std::net::IpAddr;
use std::sync::Arc;

use crate::net::{Endpoint, FrameRef, LogMarks, Origin, Timestamp};
use crate::packet::DnsMessage;
use crate::sip::{Message, Method, StartLine};

use super::answer::AnswerKept;
use super::attempt::{Attempt, Outcome};
use super::bounds::{Bounds, Forgotten};
use super::callers::Callers;
use super::connections::Connections;
use super::ends::End;
use super::extra::ExtraName;
use super::facts::Facts;
use super::flows::Flows;
use super::forms::{AnswerForm, Forms, Lately};
use super::in_flight::{PathError, Transactions};
use super::live::Live;
use super::lookups::Lookups;
use super::names::Names;
use super::reach::Reach;
use super::reading::{About, Reading};
use super::request_forms::RequestForms;
use super::sealed::Agreements;
use super::store::{MessageRecord, NIL, Recent, Registration, Server, Source, Store};
use super::tally::Tally;
use super::transaction::{Ends, Sighting};
use super::verdict::Flag;

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// SIP messages of any kind.
    pub messages: u64,
    /// REGISTER requests, retransmissions and copies included.
    pub register_requests: u64,
    /// Responses to REGISTERs, retransmissions and copies included.
    pub register_answers: u64,
    /// REGISTERs and responses to them that were cut short in the capture.
    pub cut: u64,
    /// REGISTERs and responses to them that name no DN, cut ones not counted.
    pub without_dn: u64,
    /// Cut messages of which not even the DN is left.
    pub cut_without_dn: u64,
    /// ICMP errors that quote a SIP request of the model.
    pub icmp_joined: u64,
    /// Failed connections, and devices that owed a response, that were too many to keep apart.
    pub connections_dropped: u64,
    /// NOTIFY bodies for the event `reg` that could not be read.
    pub bad_reginfo: u64,
    /// Nanoseconds by which a message was older than what came before it, at most.
    pub clock_back: i64,
    /// How often the clock that stamped packets was set, and by how many nanoseconds at most.
    pub clock_set: (u64, i64),
    /// Statements of logs about registrations.
    pub statements: u64,
    /// Of those, what was too much to keep.
    pub statements_dropped: u64,
    /// Messages in logs that the program says could not be sent.
    pub not_sent: u64,
    /// What was forgotten to stay within the limits.
    pub forgotten: Forgotten,
}

/// What a message was to the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ingested {
    /// It is a REGISTER or a response to one.
    pub register: bool,
    /// It is a retransmission.
    pub retransmission: bool,
    /// It is the same packet, captured before.
    pub duplicate: bool,
}

impl Ingested {
    const OTHER: Self = Self { register: false, retransmission: false, duplicate: false };

    fn register(sighting: Sighting) -> Self {
        Self {
            register: true,
            retransmission: sighting == Sighting::Retransmission,
            duplicate: sighting == Sighting::Duplicate,
        }
    }
}

/// Folds messages into the model.
///
/// Time is what the messages say; the tracker never asks a clock.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    pub(super) store: Store,
    pub(super) transactions: Transactions,
    pub(super) connections: Connections,
    pub(super) callers: Callers,
    pub(super) reach: Reach,
    pub(super) lookups: Lookups,
    pub(super) flows: Flows,
    pub(super) agreements: Agreements,
    pub(super) counts: Counts,
    pub(super) tally: Tally,
    pub(super) first: Option<Timestamp>,
    /// The last packet's time.
    pub(super) last: Timestamp,
    /// The trace's clock: the last packet's time, or what the caller said since.
    pub(super) now: Timestamp,
    /// What changed, once a caller has asked.
    pub(super) live: Option<Box<Live>>,
    /// The names of DNs it forgot.
    pub(super) names: Option<Box<Names>>,
    /// What REGISTERs say alike.
    pub(super) request_forms: RequestForms,
    /// What answers say alike.
    pub(super) answer_forms: Forms<AnswerForm>,
    /// What is kept of answers, of one for all that are alike.
    pub(super) alike: Lately<u64, AnswerKept>,
    /// Headers and Contact parameters that are kept because they were named.
    pub(super) extra_names: Arc<[ExtraName]>,
    /// Its limits, if it has any.
    pub(super) bounds: Option<Box<Bounds>>,
}

impl Tracker {
    /// An empty model.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How attempts ended so far, and the times they took.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Moves the trace's clock on: a packet was captured at `time`, whatever was in it.
    pub fn advance(&mut self, time: Timestamp) {
        self.note_first(time);
        self.last = self.last.max(time);
        self.now = self.now.max(time);
    }

    /// Something was captured or logged at `time`: no time counts as the first only while none is known.
    pub(super) fn note_first(&mut self, time: Timestamp) {
        let known = self.first.and_then(Timestamp::known);
        self.first = Some(known.map_or(time, |first| time.known().map_or(first, |t| first.min(t))));
    }

    /// Notes how often the clock that stamped packets was set, and by how many nanoseconds at most; the trace's clock was not.
    pub const fn note_clock_set(&mut self, set: (u64, i64)) {
        self.counts.clock_set = set;
    }

    /// Moves the clock on without a packet: time passes on an idle wire.
    pub fn tick(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
    }

    /// Something was captured: the clock moves on, and what was due before is examined.
    pub(super) fn begin_event(&mut self, origin: &Origin) {
        if !origin.path.log.has(LogMarks::UNTIMED) {
            self.advance(origin.time);
        }
        if self.live.is_some() {
            self.look_before(origin.frame);
        }
    }

    /// Takes in a datagram that only keeps a NAT mapping open.
    pub fn keep_alive(&mut self, origin: &Origin) {
        self.advance(origin.time);
        self.reach.keep_alive(origin);
    }

    /// Takes in a question to a name server, or its reply.
    pub fn dns(&mut self, origin: &Origin, message: &DnsMessage) {
        self.advance(origin.time);
        self.lookups.note(origin, message);
    }

    /// Takes in one SIP message.
    pub fn message(&mut self, origin: &Origin, message: &Message<'_>) -> Ingested {
        self.message_read(origin, message, &Reading::of(origin, message))
    }

    /// Takes in one SIP message of which this reading was made.
    pub fn message_read(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) -> Ingested {
        // a message that lacks fragments comes late, once they are no longer waited for
        if !message.is_cut() && !origin.path.log.has(LogMarks::LOGGED) {
            let back = self.last.nanos_since(origin.time);
            self.counts.clock_back = self.counts.clock_back.max(back);
        }
        self.begin_event(origin);
        self.note_agent_heard(origin);
        if self.bounds.is_some() {
            self.hold_limits();
        }
        self.counts.messages += 1;
        self.forget_old();
        if origin.path.log.has(LogMarks::NOT_SENT) {
            // only an intent: it was not sent, and no response is due
            self.counts.not_sent += 1;
            let register =
                matches!(message.start(), StartLine::Request { method: Method::Register, .. })
                    || read.about == About::Register;
            return Ingested { register, ..Ingested::OTHER };
        }
        match message.start() {
            StartLine::Request { method: Method::Register, .. } => {
                self.counts.register_requests += 1;
                self.counts.cut += u64::from(message.is_cut());
                let Some(facts) = self.facts(message, read) else {
                    return Ingested::register(Sighting::New);
                };
                Ingested::register(self.register_request(origin, message, &facts))
            }
            StartLine::Request { .. } => {
                self.other_request(origin, message, read);
                Ingested::OTHER
            }
            StartLine::Response { code, .. } => self.answer(origin, message, read, *code),
        }
    }

    fn answer(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
        code: u16,
    ) -> Ingested {
        let register = read.about == About::Register;
        let known = match read.about {
            About::Register | About::Nothing => self.find_answered(origin, message, read),
            About::Other => None,
        };
        if register || known.is_some() {
            self.counts.register_answers += 1;
            self.counts.cut += u64::from(message.is_cut());
            let slot = if let Some(slot) = known {
                slot
            } else if let Some(facts) = self.facts(message, read) {
                if self.is_for_a_third_party(origin.dst, message, &facts) {
                    return Ingested::register(Sighting::New);
                }
                self.unasked(origin, message, &facts)
            } else {
                self.note_cut_answer(origin, message);
                return Ingested::register(Sighting::New);
            };
            return Ingested::register(self.register_answer(origin, message, read, slot, code));
        }
        self.reach.answered(origin, &read.key);
        if read.about == About::Other {
            self.probe_answer(origin, message, read, code);
        } else {
            self.note_cut_answer(origin, message);
        }
        Ingested::OTHER
    }

    /// A response cut beyond recognition may have been for any request to its sender.
    fn note_cut_answer(&mut self, origin: &Origin, message: &Message<'_>) {
        if message.is_cut() {
            self.mark_server(origin.src, |server| server.cut = Some(origin.time));
        }
    }

    /// The transaction of a REGISTER a response belongs to.
    fn find_answered(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) -> Option<u32> {
        let exact = read.about == About::Register && read.names_somebody;
        let exact = exact.then(|| self.transactions.find(&read.key)).flatten();
        exact.or_else(|| self.find_odd_answer(origin, message, read))
    }

    fn facts<'m>(&mut self, message: &Message<'m>, read: &'m Reading) -> Option<Facts<'m>> {
        let facts = Facts::of(message, read);
        if facts.is_none() {
            if message.is_cut() {
                self.counts.cut_without_dn += 1;
            } else {
                self.counts.without_dn += 1;
            }
        }
        facts
    }

    /// Begins an attempt of a DN and links it.
    pub(super) fn begin(&mut self, attempt: Attempt) -> u32 {
        let index = u32::try_from(self.store.attempts.len()).unwrap_or(NIL);
        if index == NIL {
            return NIL;
        }
        if let Some(dn) = self.store.dns.get_mut(attempt.dn as usize) {
            let last = dn.last_attempt;
            dn.last_attempt = index;
            dn.attempts += 1;
            if dn.recent.len() >= 4 {
                dn.recent.remove(0);
            }
            dn.recent.push(Recent::new(index));
            if let Some(last) = self.store.attempts.get_mut(last as usize) {
                last.next = index;
                // its response came, or the device would have repeated itself
                let came = last.outcome == Outcome::Accepted;
                if came && !last.flags.contains(Flag::AnswerLost) {
                    dn.flags.remove(Flag::AnswerLost);
                    for recent in &dn.recent {
                        let before = self.store.attempts.get_mut(recent.attempt() as usize);
                        if let Some(before) = before {
                            before.flags.remove(Flag::AnswerLost);
                        }
                    }
                }
            } else {
                dn.first_attempt = index;
            }
        }
        self.store.attempts.push(attempt);
        index
    }

    /// Keeps one message as evidence of an attempt.
    pub(super) fn record(&mut self, attempt: u32, message: &MessageRecord) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        a.last = a.last.max(message.time);
        a.started = a.started.min(message.time);
        if let Some(dn) = self.store.dns.get_mut(a.dn as usize) {
            dn.last_seen = dn.last_seen.max(message.time);
            dn.first_seen = dn.first_seen.min(message.time);
        }
        let before = a.log.heap_bytes();
        a.log.push(message);
        self.store.messages += 1;
        self.store.message_bytes += a.log.heap_bytes() - before;
        let dn = a.dn;
        if let Some(live) = &mut self.live {
            live.touch(dn, self.now, live.frame);
        }
    }

    /// A message, a statement or a timer concerns a DN.
    pub(super) fn touch(&mut self, dn: u32, frame: Option<FrameRef>) {
        if let Some(live) = &mut self.live {
            live.touch(dn, self.now, frame);
        }
    }

    /// The same for an attempt, and so for its DN and its source.
    pub(super) fn touch_attempt(&mut self, attempt: u32, frame: Option<FrameRef>) {
        if let Some(live) = &mut self.live
            && let Some(a) = self.store.attempts.get(attempt as usize)
        {
            live.touch(a.dn, self.now, frame);
            live.touch_source(a.source.host().addr(&self.store.texts), self.now);
        }
    }

    /// The totals of a source change.
    pub(super) fn touch_source(&mut self, source: IpAddr) {
        if let Some(live) = &mut self.live {
            live.touch_source(source, self.now);
        }
    }

    /// A transaction of a DN begins.
    pub(super) fn note_open(&mut self, dn: u32, slot: u32) {
        if let Some(live) = &mut self.live {
            live.note_open(dn, slot);
        }
    }

    /// Notes what is known of a server.
    pub(super) fn mark_server(&mut self, endpoint: Endpoint, mark: impl FnOnce(&mut Server)) {
        let server = self.store.servers.entry(endpoint).or_default();
        let before = *server;
        mark(server);
        if let Some(live) = self.live.as_mut().filter(|_| before != *server) {
            live.touch_server(endpoint, self.now);
        }
    }

    /// Keeps an error that concerns all requests in flight between two endpoints.
    pub(super) fn note_error(&mut self, src: Endpoint, dst: Endpoint, error: PathError) {
        self.transactions.note_error(src, dst, error);
        if let Some(live) = &mut self.live {
            live.touch_path((src, dst), self.now);
        }
    }

    /// Remarks on a DN.
    pub(super) fn flag(&mut self, dn: u32, flag: Flag) {
        if let Some(dn) = self.store.dns.get_mut(dn as usize) {
            dn.flags.insert(flag);
        }
        if let Some(live) = &mut self.live {
            live.touch(dn, self.now, live.frame);
        }
    }

    /// The registration of a DN at a registrar, made if it is new.
    pub(super) fn registration(&mut self, dn: u32, registrar: End) -> Option<&mut Registration> {
        self.store.dns.get_mut(dn as usize)?.registration(registrar)
    }

    /// The registrar behind a server: itself, or the one it was seen to pass this DN's requests to.
    pub(super) fn registrar_behind(&self, dn: u32, server: End) -> End {
        let registrations = self.store.dns.get(dn as usize).map(|dn| &dn.registrations);
        let behind = registrations.and_then(|all| all.iter().find(|r| r.edge == Some(server)));
        behind.map_or(server, |reg| reg.registrar)
    }

    /// The record of a source, made if it is new.
    pub(super) fn source(&mut self, addr: IpAddr) -> &mut Source {
        self.touch_source(addr);
        self.store.sources.entry(addr).or_default()
    }

    /// The ends a message went between.
    pub(super) fn ends(&mut self, origin: &Origin) -> Ends {
        (self.store.texts.end(origin.src), self.store.texts.end(origin.dst))
    }
}
