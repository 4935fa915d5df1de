//! Takes in what the network reports instead of SIP: ICMP errors, and connections that failed or are encrypted.

use std::net::IpAddr;
use std::sync::Arc;

use crate::hashing::HashMap;

use super::attempt::Outcome;
use super::flows::FlowEnd;
use super::in_flight::PathError;
use super::reading::Reading;
use super::tracker::Tracker;
use super::transaction::{Subject, Transaction};
use super::verdict::{Flag, Verdict};
use crate::net::{Endpoint, Origin, Timestamp};
use crate::packet::{
    ConnectionEvent, ConnectionKind, IcmpError, IcmpKind, TlsInfo, TlsSign, Unread,
};
use crate::sip::{Message, StartLine};

/// Connections kept apart, at most.
const LIMIT: usize = 4096;

/// One kind of failure of the connections from one address to one server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConnectionFault {
    /// SYNs answered by resets.
    Refused,
    /// SYNs never answered.
    NoAnswer,
    /// TLS handshakes that ended in a fatal alert.
    TlsFailed,
    /// TLS that cannot be read without keys.
    Encrypted,
}

/// How often, and where it is seen first and last.
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    /// The client.
    pub client: IpAddr,
    /// The server.
    pub server: Endpoint,
    /// What is wrong.
    pub fault: ConnectionFault,
    /// Connections.
    pub count: u64,
    /// TLS alert description of the latest failure (RFC 8446 §6), and whether the server sent it.
    pub alert: Option<(u8, bool)>,
    /// What TLS showed of itself in the latest one.
    pub tls: Option<Arc<TlsInfo>>,
    /// Connections by why their TLS could not be read, in the order of [`Unread::ALL`].
    pub unread: [u64; Unread::ALL.len()],
    /// The first one.
    pub first: Origin,
    /// When the latest one was seen.
    pub last: Timestamp,
}

/// The failures of connections, by client, server and fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    records: HashMap<(IpAddr, Endpoint, ConnectionFault), ConnectionRecord>,
    pub dropped: u64,
    /// In a run without an end the oldest make room for new ones.
    pub rotate: bool,
}

impl Connections {
    fn note(&mut self, event: &ConnectionEvent, fault: ConnectionFault, alert: Option<(u8, bool)>) {
        let (client, server) = (event.origin.src.addr, event.origin.dst);
        if self.records.len() >= LIMIT && !self.records.contains_key(&(client, server, fault)) {
            if !self.rotate {
                self.dropped += 1;
                return;
            }
            self.drop_oldest();
        }
        let first = event.origin;
        let record = self.records.entry((client, server, fault)).or_insert(ConnectionRecord {
            client,
            server,
            fault,
            count: 0,
            alert: None,
            tls: None,
            unread: [0; Unread::ALL.len()],
            first,
            last: first.time,
        });
        record.count += 1;
        record.alert = alert.or(record.alert);
        if let Some(tls) = &event.tls {
            record.tls = Some(Arc::clone(tls));
            let counter = tls.unread.and_then(|why| record.unread.get_mut(why as usize));
            if let Some(counter) = counter {
                *counter += 1;
            }
        }
        record.last = record.last.max(event.origin.time);
    }

    /// Drops the quarter that was not seen for longest.
    fn drop_oldest(&mut self) {
        let mut all: Vec<_> = self.records.iter().map(|(key, r)| (r.last, r.count, *key)).collect();
        all.sort_unstable();
        for (.., key) in all.into_iter().take(LIMIT / 4) {
            self.records.remove(&key);
            self.dropped += 1;
        }
    }

    /// All records, in order of their first appearance.
    pub(super) fn sorted(&self) -> Vec<ConnectionRecord> {
        let mut records: Vec<_> = self.records.values().cloned().collect();
        records.sort_by_key(|r| (r.first.time, r.client, r.server, r.fault));
        records
    }
}

impl Tracker {
    /// Takes in an ICMP error.
    pub fn icmp(&mut self, error: &IcmpError<'_>) {
        self.begin_event(error.origin);
        if matches!(error.kind, IcmpKind::TooBig | IcmpKind::Other) {
            return;
        }
        let quoted = Message::parse(error.quoted, true);
        let read = quoted.as_ref().map(|quoted| Reading::of(error.origin, quoted));
        let key = read.filter(|read| read.names_somebody).map(|read| read.key);
        let by_key = key.and_then(|key| self.transactions.find(&key));
        let closed = error.kind == IcmpKind::PortUnreachable;
        let icmp = Some((error.icmp_type, error.icmp_code));
        self.reach.refused(error.quoted_src, error.quoted_dst, (error.icmp_type, error.icmp_code));
        if by_key.is_none() && quoted.as_ref().is_none_or(|q| q.call_id().is_none()) {
            let path = PathError { origin: *error.origin, icmp, port_closed: closed };
            self.note_error(error.quoted_src, error.quoted_dst, path);
        }
        if let Some(StartLine::Response { .. }) = quoted.as_ref().map(Message::start) {
            let port = error.quoted_dst.port;
            self.answer_undelivered(by_key, (error.icmp_type, error.icmp_code, port));
            return;
        }
        let Some(slot) = by_key.or_else(|| {
            let slot = self.find_pair(error.quoted_src, error.quoted_dst)?;
            self.same_call(slot, quoted.as_ref()).then_some(slot)
        }) else {
            return;
        };
        self.unreachable(slot, error.origin, icmp, closed);
    }

    /// The latest request between two endpoints.
    pub(super) fn find_pair(&mut self, src: Endpoint, dst: Endpoint) -> Option<u32> {
        let texts = &self.store.texts;
        self.transactions.find_pair(texts.find_end(src).zip(texts.find_end(dst))?)
    }

    /// Whether a quoted request, as far as it is quoted, is the transaction's.
    fn same_call(&self, slot: u32, quoted: Option<&Message<'_>>) -> bool {
        let Some(call_id) = quoted.and_then(Message::call_id) else { return true };
        let Some(Subject::Register { attempt }) =
            self.transactions.get(slot).map(|t| t.subject.clone())
        else {
            return false;
        };
        self.store
            .attempts
            .get(attempt as usize)
            .is_some_and(|a| self.store.texts.get(a.call_id) == call_id)
    }

    /// The device's host refused a response: the device did not get it.
    fn answer_undelivered(&mut self, slot: Option<u32>, error: (u8, u8, u16)) {
        let Some(t) = slot.and_then(|slot| self.transactions.get(slot)) else { return };
        let Subject::Register { attempt } = t.subject else { return };
        self.counts.icmp_joined += 1;
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            a.rare().undelivered = Some(error);
        }
        self.flag_attempt(attempt, Flag::AnswerLost);
    }

    fn unreachable(&mut self, slot: u32, origin: &Origin, icmp: Option<(u8, u8)>, closed: bool) {
        let Some(t) = self.transactions.get(slot) else { return };
        let Subject::Register { attempt } = t.subject else { return };
        if t.answered() {
            return;
        }
        self.conclude_unreachable(attempt, origin, icmp, closed);
    }

    fn conclude_unreachable(
        &mut self,
        attempt: u32,
        origin: &Origin,
        icmp: Option<(u8, u8)>,
        closed: bool,
    ) {
        self.counts.icmp_joined += u64::from(icmp.is_some());
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        if icmp.is_some() {
            a.rare().icmp = icmp;
        }
        a.code = 0;
        self.conclude(attempt, Outcome::Failed(Verdict::Unreachable), origin, closed);
    }

    /// Takes in the fate of a connection.
    pub fn connection(&mut self, event: &ConnectionEvent) {
        self.begin_event(&event.origin);
        match event.kind {
            ConnectionKind::Refused => {
                self.connections.note(event, ConnectionFault::Refused, None);
            }
            ConnectionKind::NoAnswer { .. } => {
                self.connections.note(event, ConnectionFault::NoAnswer, None);
            }
            ConnectionKind::Tls(TlsSign::Encrypted) => {
                self.connections.note(event, ConnectionFault::Encrypted, None);
                self.goes_on_in_tls(&event.origin);
            }
            ConnectionKind::Tls(TlsSign::Failed { alert, by_server }) => {
                self.connections.note(event, ConnectionFault::TlsFailed, Some((alert, by_server)));
            }
            ConnectionKind::Closed { by_server } => {
                if by_server {
                    self.closed_unanswered(event);
                }
                self.flow_ended(event, false);
            }
            ConnectionKind::Reset { by_server: false } => self.flow_ended(event, true),
            ConnectionKind::Reset { by_server: true } => {
                self.flow_ended(event, true);
                let (client, server) = (event.origin.src, event.origin.dst);
                let path = PathError { origin: event.origin, icmp: None, port_closed: false };
                self.note_error(client, server, path);
                if let Some(slot) = self.find_pair(client, server) {
                    self.unreachable(slot, &event.origin, None, false);
                }
            }
            ConnectionKind::Missed => self.answer_missed(event),
            ConnectionKind::Joined => self.peer_joined(event),
            ConnectionKind::Sealed(seal) => self.sealed(&event.origin, seal),
        }
    }

    /// A connection over which a device may be registered has ended.
    fn flow_ended(&mut self, event: &ConnectionEvent, reset: bool) {
        let Origin { time, frame, src, dst, .. } = event.origin;
        let registers =
            |addr: &IpAddr| self.store.sources.get(addr).is_some_and(|s| s.registered > 0);
        if registers(&src.addr) {
            self.flows.note((src, dst), FlowEnd { time, frame, reset });
        }
    }

    /// The server closes the connection while a request waits for its answer there.
    fn closed_unanswered(&mut self, event: &ConnectionEvent) {
        let Some(slot) = self.find_pair(event.origin.src, event.origin.dst) else { return };
        let waits = self.transactions.get(slot).filter(|t| t.final_code == 0);
        let Some(attempt) = waits.and_then(Transaction::attempt) else { return };
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            a.rare().closed = Some((event.origin.time, event.origin.frame));
        }
    }

    /// The client got bytes that were not captured while its request waits: most likely the response.
    fn answer_missed(&mut self, event: &ConnectionEvent) {
        let slot = self.find_pair(event.origin.src, event.origin.dst);
        let Some(t) = slot.and_then(|slot| self.transactions.get_mut(slot)) else { return };
        if let (0, Some(attempt)) = (t.final_code, t.attempt()) {
            t.acted = true;
            self.touch_attempt(attempt, Some(event.origin.frame));
        }
    }

    /// The capture has both directions of a connection that it begins amid: that no response comes means something.
    fn peer_joined(&mut self, event: &ConnectionEvent) {
        let (client, server) = (event.origin.src, event.origin.dst);
        // who opened the connection is a guess
        let slot = self.find_pair(client, server).or_else(|| self.find_pair(server, client));
        let Some(t) = slot.and_then(|slot| self.transactions.get_mut(slot)) else { return };
        t.peer_seen = true;
        if let Some(attempt) = t.attempt() {
            self.touch_attempt(attempt, Some(event.origin.frame));
        }
    }
}
