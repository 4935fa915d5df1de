//! A transaction: which messages belong to it, which are retransmissions, and what no response means.

use smallvec::SmallVec;

use super::attempt::{Outcome, Purpose};
use super::ends::{End, Host};
use super::excuse::Issuer;
use super::facts::TransactionKey;
use super::few::Few;
use super::memory::spilled;
use super::silence::{MOMENTS, Silence, repeats_within};
use super::store::{Marks, Server};
use super::text::Sym;
use super::verdict::Flag;
use crate::net::{FileId, HepAgent, LogMarks, Origin, Timestamp, Transport};

/// A retransmission earlier than this is the same packet captured again: T1 is at least 0.5 s.
pub(super) const SOONEST_REPEAT: i64 = 150_000_000;
/// A second copy of a packet with the same IP identification arrives within this time.
const COPY_WINDOW: i64 = 2_000_000_000;

/// A Contact of a REGISTER.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub contact: Sym,
    pub device: Sym,
    /// Seconds asked for, by the Contact or else the Expires header.
    pub expires: Option<u32>,
}

/// What a REGISTER asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub purpose: Purpose,
    pub star: bool,
    pub contacts: Few<Asked>,
    pub credentials: SmallVec<[Presented; 1]>,
    /// The request was cut before its headers ended.
    pub cut: bool,
    /// The nonce that was answered with an empty response (AKA); 0 for none.
    pub declined: u64,
    /// Its credentials are blank: an empty nonce, and an empty response or none.
    pub blank: bool,
    /// The server that issued the nonce its credentials answer, as far as the capture knows.
    pub issuer: Option<Issuer>,
}

/// Credentials of a request, as far as the model needs them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presented {
    pub proxy: bool,
    pub nonce: u64,
    pub nc: Option<u32>,
    /// They ask for a new challenge (AKA, `auts`).
    pub step: bool,
    pub realm: Sym,
    pub username: Sym,
}

/// One place where a request was seen: the same packet on another wire, or by another agent, is another
/// view.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub src: End,
    pub dst: End,
    file: FileId,
    agent: Option<HepAgent>,
    /// It is from a log.
    logged: bool,
    /// 0 for a request, else the status code.
    pub code: u16,
    ip_id: u16,
    sends: u16,
    pub last: Timestamp,
}

/// The sender and the receiver of a message.
pub(super) type Ends = (End, End);

/// What a transaction is about.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A REGISTER: the index of its attempt.
    Register { attempt: u32 },
    /// A request to a DN through its registrar, as evidence: the index of the DN, and whether it is a
    /// call.
    Probe { dn: u32, forwarded: bool, call: bool },
}

/// A transaction in flight (RFC 3261 §17).
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the exchange")]
pub(super) struct Transaction {
    pub key: TransactionKey,
    pub parent: Option<Box<TransactionKey>>,
    pub subject: Subject,
    /// What was asked, until the final response.
    pub request: Option<Box<Request>>,
    pub request_seen: bool,
    pub views: SmallVec<[View; 2]>,
    pub transport: Transport,
    pub peer_seen: bool,
    pub first: Timestamp,
    pub last_sent: Timestamp,
    pub sends: u32,
    pub provisional: bool,
    pub final_code: u16,
    pub final_at: Option<Timestamp>,
    /// Repetitions after the final response.
    pub late_repeats: u32,
    /// A later request shows that the client had its response.
    pub acted: bool,
    pub hop: u8,
    pub cseq: u32,
    /// Its top Via's branch, for answers that are cut soon after it.
    pub branch: u64,
    /// Counts up from one transaction to the next.
    pub generation: u32,
}

/// What a message is to the transaction it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sighting {
    /// Not seen before.
    New,
    /// It is a retransmission.
    Retransmission,
    /// The same packet again, from the same or another wire.
    Duplicate,
}

impl Sighting {
    pub(super) const fn marks(self) -> Marks {
        match self {
            Self::New => Marks::NONE,
            Self::Retransmission => Marks::RETRANSMISSION,
            Self::Duplicate => Marks::DUPLICATE,
        }
    }
}

impl Transaction {
    /// Notes a request (`code` 0) or a response between two ends; says whether it is new.
    pub(super) fn see(&mut self, origin: &Origin, (src, dst): Ends, code: u16) -> Sighting {
        let id = origin.path.ip_id;
        let view = self.views.iter_mut().find(|v| {
            v.code == code
                && v.file == origin.frame.file()
                && v.agent == origin.path.hep
                && v.src == src
                && v.dst == dst
        });
        if let Some(view) = view {
            let gap = origin.time.nanos_since(view.last);
            if is_copy(gap, view.ip_id, id, origin.transport) {
                return Sighting::Duplicate;
            }
            view.last = origin.time;
            view.ip_id = id;
            view.sends = view.sends.saturating_add(1);
            let sends = view.sends;
            if code == 0 && u32::from(sends) > self.sends {
                self.sends = u32::from(sends);
                self.last_sent = self.last_sent.max(origin.time);
            }
            // counted already if it was seen sent as often elsewhere
            let most = self.views.iter().filter(|v| v.code == code && v.sends >= sends).count();
            return if most > 1 { Sighting::Duplicate } else { Sighting::Retransmission };
        }
        let seen = self.views.iter().any(|v| v.code == code);
        if self.views.len() < 16 {
            self.views.push(View {
                file: origin.frame.file(),
                agent: origin.path.hep,
                logged: origin.path.log.has(LogMarks::LOGGED),
                src,
                dst,
                code,
                last: origin.time,
                ip_id: id,
                sends: 1,
            });
        }
        if code == 0 && self.sends == 0 {
            self.sends = 1;
            self.last_sent = origin.time;
        }
        if seen { Sighting::Duplicate } else { Sighting::New }
    }

    /// Whether any answer was captured.
    pub(super) const fn answered(&self) -> bool {
        self.final_code != 0 || self.provisional
    }

    /// Whether its end changes nothing: its final response asked the client for nothing.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self.final_code, 200..=299 | 400..) && !matches!(self.final_code, 401 | 407 | 423)
    }

    /// The bytes it owns beside its record.
    pub(super) fn heap_bytes(&self) -> usize {
        let request = self.request.as_ref().map_or(0, |request| {
            size_of::<Request>() + request.contacts.heap_bytes() + spilled(&request.credentials)
        });
        request + spilled(&self.views)
    }

    /// The attempt it belongs to, if it is a REGISTER's.
    pub(super) const fn attempt(&self) -> Option<u32> {
        match self.subject {
            Subject::Register { attempt } => Some(attempt),
            Subject::Probe { .. } => None,
        }
    }

    /// When time alone may change what the lack of a response means.
    pub(super) fn moments(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let after =
            |time: Timestamp, wait| Timestamp::from_nanos(time.nanos().saturating_add(wait));
        let (first, last) = (self.first, self.last_sent);
        let over = after(last, repeats_within(self.sends).saturating_add(1));
        MOMENTS.into_iter().map(move |wait| after(first, wait)).chain([over])
    }

    /// What the lack of a final response means at `now`.
    pub(super) fn unanswered(&self, now: Timestamp, server: Server) -> Outcome {
        let facts = Silence {
            acted: self.acted,
            reliable: self.transport.is_reliable(),
            peer_seen: self.peer_seen,
            sends: self.sends,
            lasted: self.last_sent.nanos_since(self.first),
            paused: now.nanos_since(self.last_sent),
            provisional: self.provisional,
            unasked: !self.request_seen,
            cut: self.request.as_ref().is_some_and(|r| r.cut),
            unread: server.cut.is_some_and(|at| at >= self.first),
            nanos: now.nanos_since(self.first),
            server,
        };
        facts.meaning()
    }
}

/// Whether a message on the same path is a copy of the last one and no retransmission.
const fn is_copy(gap: i64, last_id: u16, id: u16, transport: Transport) -> bool {
    if transport.is_reliable() {
        return false;
    }
    if last_id != 0 && id != 0 {
        // a router keeps the identification, a sender counts it up
        return last_id == id && gap < COPY_WINDOW;
    }
    gap < SOONEST_REPEAT
}

impl Transaction {
    /// A transaction just begun by a message seen at `origin`.
    pub(super) fn new(key: TransactionKey, subject: Subject, origin: &Origin, cseq: u32) -> Self {
        Self {
            key,
            parent: None,
            subject,
            request: None,
            request_seen: false,
            views: SmallVec::new(),
            transport: origin.transport,
            peer_seen: origin.path.peer_seen,
            first: origin.time,
            last_sent: origin.time,
            sends: 0,
            provisional: false,
            final_code: 0,
            final_at: None,
            late_repeats: 0,
            acted: false,
            hop: 0,
            cseq,
            branch: 0,
            generation: 0,
        }
    }

    /// What to remark when it was seen twice: a log beside another input is no second capture.
    pub(super) fn twice(&self) -> Flag {
        if self.views.iter().any(|view| view.logged) {
            Flag::SeenTwice
        } else {
            Flag::CapturedTwice
        }
    }

    /// Everywhere it was seen.
    pub(super) fn views_mut(&mut self) -> &mut [View] {
        &mut self.views
    }

    /// The places where the request was seen.
    pub(super) fn requests(&self) -> impl DoubleEndedIterator<Item = &View> {
        self.views.iter().filter(|v| v.code == 0)
    }

    /// The addresses the request was seen to come from.
    pub(super) fn senders(&self) -> SmallVec<[Host; 2]> {
        self.requests().map(|v| v.src.host()).collect()
    }

    /// The sender and receiver of the request, where it was seen first and farthest.
    pub(super) fn ends(&self) -> Option<Ends> {
        let mut requests = self.requests();
        let first = requests.next()?;
        Some((first.src, requests.next_back().unwrap_or(first).dst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_told_from_a_repetition() {
        let ms = |n: i64| n * 1_000_000;
        for (case, gap, last, id, want) in [
            ("same identification", ms(40), 7, 7, true),
            ("other identification, however soon", ms(1), 7, 8, false),
            ("no identification, soon", ms(3), 0, 0, true),
            ("no identification, after T1", ms(500), 0, 0, false),
            ("identification comes round again", ms(4000), 7, 7, false),
        ] {
            assert_eq!(is_copy(gap, last, id, Transport::Udp), want, "{case}");
        }
        assert!(!is_copy(0, 0, 0, Transport::Tcp), "TCP removes copies by itself");
    }
}
