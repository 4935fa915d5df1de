//! Keeps the TCP connections of a capture, within bounds.

mod flow;
mod hep;
mod interest;
mod key;
mod opening;
mod outlet;
mod reader;
mod reassembly;
#[cfg(test)]
mod tests;
mod tls;
mod totals;
mod waiting;

use std::collections::VecDeque;

use crate::hashing::HashMap;

use super::Sink;
use super::hep::Hep;
use super::limits::Limits;
use super::stats::Stats;
use super::tls::KeyLog;
pub(super) use reader::Desk;
pub(super) use reassembly::Run;

use crate::net::{Endpoint, Origin, Timestamp};
use flow::Flow;
use key::FlowKey;
use totals::Totals;
use waiting::Waiting;

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) seq: u32,
    pub(super) ack: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) bytes: &'a [u8],
    /// Bytes at its end that were not captured.
    pub(super) missing: u64,
}

impl Segment<'_> {
    /// How many bytes of data it had on the wire.
    fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.missing
    }

    /// Whether it shows a connection worth following; stragglers of a closed one do not.
    fn opens(&self) -> bool {
        !self.rst && (self.syn || !self.fin || self.len() > 0)
    }
}

/// A connection to revisit.
#[derive(Clone, Copy, Debug)]
struct Appointment {
    at: Timestamp,
    key: FlowKey,
    serial: u64,
}

/// All connections known.
#[derive(Debug, Default)]
pub(super) struct Streams {
    flows: HashMap<FlowKey, Box<Flow>>,
    /// Connections with a hole, by when it appeared.
    holes: VecDeque<Appointment>,
    /// Connections that are over, by when they ended.
    over: VecDeque<Appointment>,
    next_serial: u64,
    next_stream: u64,
    /// What all connections together hold.
    held: Totals,
    /// What opens TLS, and the connections that wait for more of it.
    keys: KeyLog,
    waiting: Waiting,
    now: Timestamp,
    /// What is known of HEP agents, those that send datagrams included.
    pub(super) hep: Hep,
}

impl Streams {
    /// Connections whose TLS is opened with the secrets of `keys`.
    pub(super) fn new(keys: KeyLog) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Takes in a segment; `sink` gets the bytes it makes available and what it shows of its connection.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        mut origin: Origin,
        limits: &Limits,
        stats: &mut Stats,
        sink: &mut Sink<'_>,
    ) {
        stats.tcp_segments += 1;
        let (key, way) = FlowKey::new(origin.src, origin.dst);
        let mut is_new = false;
        loop {
            let Self { flows, holes, over, next_stream, held, keys, waiting, hep, .. } = self;
            if let Some(flow) = flows.get_mut(&key)
                && (is_new || !flow.is_succeeded_by(way, segment))
            {
                let was_over = flow.over;
                let mut desk = Desk { limits, stats, next_stream, hep, keys, sink };
                flow.segment(way, segment, &mut origin, &mut desk);
                held.keep_within_limits(flow, &mut desk);
                waiting.note(key, flow);
                let appointment = Appointment { at: origin.time, key, serial: flow.serial };
                if flow.over && !was_over {
                    over.push_back(appointment);
                } else if !flow.queued && flow.waiting().is_some() {
                    flow.queued = true;
                    holes.push_back(appointment);
                }
                return self.keep_within_limits(limits, stats, sink);
            }
            self.forget(&key, limits, stats, sink);
            if is_new || !segment.opens() {
                return;
            }
            if self.flows.len() >= limits.flows {
                self.make_room(limits, stats, sink);
            }
            stats.flows += 1;
            self.next_serial += 1;
            let flow = Flow::new(self.next_serial, way, segment, &origin);
            self.flows.insert(key, Box::new(flow));
            is_new = true;
        }
    }

    /// Gives up holes that were open too long and forgets connections that ended.
    #[inline]
    pub(super) fn expire(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        stats: &mut Stats,
        sink: &mut Sink<'_>,
    ) {
        self.now = self.now.max(now);
        if self.waiting.is_due(now) {
            self.refresh_keys(limits, stats, sink);
        }
        if !self.holes.is_empty() {
            self.expire_holes(now, limits, stats, sink);
        }
        while let Some(due) = self.over.front().filter(|due| now.since(due.at) > limits.linger) {
            let (key, serial) = (due.key, due.serial);
            self.over.pop_front();
            if self.flows.get(&key).is_some_and(|flow| flow.serial == serial)
                && let Some(flow) = self.flows.remove(&key)
            {
                self.held.forget(&flow);
            }
        }
    }

    /// Bytes of unfinished messages.
    #[cfg(test)]
    pub(super) fn unfinished(&self) -> usize {
        self.held.unfinished()
    }

    /// Notes an ICMP error that quotes a segment from `src` to `dst`.
    pub(super) fn answered_by_icmp(&mut self, src: Endpoint, dst: Endpoint) {
        if let Some(flow) = self.flows.get_mut(&FlowKey::new(src, dst).0) {
            flow.answered_by_icmp();
        }
    }

    /// Ends all connections, in the order they appeared.
    pub(super) fn finish(&mut self, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        let mut flows: Vec<Box<Flow>> =
            std::mem::take(&mut self.flows).into_values().filter(|flow| !flow.over).collect();
        flows.sort_unstable_by_key(|flow| flow.serial);
        let Self { next_stream, keys, hep, .. } = self;
        let mut desk = Desk { limits, stats, next_stream, hep, keys, sink };
        for mut flow in flows {
            flow.finish(self.now, &mut desk);
        }
        stats.tls.keys = self.keys.counts();
        self.holes.clear();
        self.over.clear();
        self.held = Totals::default();
        self.waiting = Waiting::default();
    }

    /// Takes in a key log, and opens what waited for it.
    pub(super) fn add_secrets(
        &mut self,
        log: &[u8],
        limits: &Limits,
        stats: &mut Stats,
        sink: &mut Sink<'_>,
    ) {
        self.keys.add(log);
        self.retry_tls(limits, stats, sink);
    }

    /// Reads on in the key logs; what cannot be read of them is not there yet.
    #[cold]
    fn refresh_keys(&mut self, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        let Self { flows, waiting, .. } = self;
        waiting.retain(|key, serial| {
            let flow = flows.get_mut(key).filter(|flow| flow.serial == serial);
            flow.is_some_and(|flow| flow.stays_listed())
        });
        if self.keys.refresh().unwrap_or(false) {
            self.retry_tls(limits, stats, sink);
        }
    }

    /// Tries again to open what waits for keys.
    #[cold]
    fn retry_tls(&mut self, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        let Self { flows, next_stream, held, keys, waiting, hep, .. } = self;
        let mut desk = Desk { limits, stats, next_stream, hep, keys, sink };
        for (key, serial) in waiting.take() {
            if let Some(flow) = flows.get_mut(&key).filter(|flow| flow.serial == serial) {
                flow.retry_tls(&mut desk);
                held.book(flow);
                waiting.note(key, flow);
            }
        }
    }

    fn expire_holes(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        stats: &mut Stats,
        sink: &mut Sink<'_>,
    ) {
        while self.holes.front().is_some_and(|due| now.since(due.at) > limits.hold) {
            self.give_up_oldest_hole(limits, stats, sink);
        }
    }

    /// Gives up the holes of the connection whose hole is the oldest, as far as they are as old; false
    /// if it is gone or its holes were filled.
    fn give_up_oldest_hole(
        &mut self,
        limits: &Limits,
        stats: &mut Stats,
        sink: &mut Sink<'_>,
    ) -> bool {
        let Self { flows, holes, next_stream, held, keys, waiting, hep, .. } = self;
        let Some(due) = holes.pop_front() else { return false };
        let flow = flows.get_mut(&due.key).filter(|flow| flow.serial == due.serial);
        let Some(flow) = flow else { return false };
        flow.queued = false;
        let mut desk = Desk { limits, stats, next_stream, hep, keys, sink };
        let origin = flow.waiting().copied();
        if let Some(origin) = origin {
            flow.skip_holes(due.at, &origin, &mut desk);
            held.keep_within_limits(flow, &mut desk);
            waiting.note(due.key, flow);
        }
        if let Some(origin) = flow.waiting() {
            // a hole that appeared later; at most one appointment late
            let at = origin.time.max(due.at);
            flow.queued = true;
            holes.push_back(Appointment { at, ..due });
        }
        origin.is_some()
    }

    /// Drops appointments with connections that are gone, when there are more of them than others.
    #[inline]
    fn tidy(&mut self) {
        /// This many more are no reason to search.
        const FEW: usize = 4096;
        let Self { flows, holes, over, .. } = self;
        for appointments in [holes, over] {
            if appointments.len() > 2 * flows.len() + FEW {
                appointments.retain(|due| {
                    flows.get(&due.key).is_some_and(|flow| flow.serial == due.serial)
                });
            }
        }
    }

    /// Gives up what all connections together hold too much of.
    #[inline]
    fn keep_within_limits(&mut self, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        while self.held.behind_holes() > limits.held_total && !self.holes.is_empty() {
            let given_up = self.give_up_oldest_hole(limits, stats, sink);
            stats.holes_evicted += u64::from(given_up);
        }
        while self.held.states() > limits.flow_bytes && !self.flows.is_empty() {
            self.make_room(limits, stats, sink);
        }
        self.tidy();
    }

    /// About what all connections take.
    pub(super) fn memory(&self) -> usize {
        self.held.all() + self.hep.memory()
    }

    fn forget(&mut self, key: &FlowKey, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        let Some(mut flow) = self.flows.remove(key) else { return };
        self.held.forget(&flow);
        if !flow.over {
            let Self { next_stream, keys, hep, .. } = self;
            let mut desk = Desk { limits, stats, next_stream, hep, keys, sink };
            flow.finish(self.now, &mut desk);
        }
    }

    /// Evicts a sixteenth of all connections, so that the search for them is rare: those of least
    /// interest, and of these the ones silent longest.
    #[cold]
    fn make_room(&mut self, limits: &Limits, stats: &mut Stats, sink: &mut Sink<'_>) {
        let mut oldest: Vec<_> =
            self.flows.iter().map(|(key, f)| ((f.interest(), f.last, f.serial), *key)).collect();
        let count = (oldest.len() / 16).max(1).min(oldest.len());
        if count < oldest.len() {
            oldest.select_nth_unstable_by_key(count, |(order, _)| *order);
            oldest.truncate(count);
        }
        oldest.sort_unstable_by_key(|(order, _)| *order);
        for (_, key) in oldest {
            stats.flows_evicted += 1;
            self.forget(&key, limits, stats, sink);
        }
    }
}
