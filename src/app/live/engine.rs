//! Folds what the sources deliver into the model, at once and on one thread.

use super::budget::Budget;
#[cfg(feature = "tui")]
use super::kept::Shared;
use crate::app::batch::{Batch, Found};
use crate::app::finder::Finder;
#[cfg(feature = "live")]
use crate::app::hosts::Lookup;
use crate::app::logs::Entry;
use crate::app::nodes;
use crate::capture::{Capture, Hosts, PacketCounts};
use crate::cli::LogSettings;
#[cfg(feature = "live")]
use crate::hep::{Item, Sender};
#[cfg(feature = "live")]
use crate::net::Frame;
#[cfg(feature = "hep")]
use crate::net::FrameRef;
use crate::net::Timestamp;
#[cfg(feature = "live")]
use crate::packet::sieve;
use crate::packet::{HepStats, KeyLog};
use crate::registration::{
    DnChange, DnView, ExtraName, Limits, Snapshot, SnapshotOptions, Tracker,
};
#[cfg(feature = "live")]
use crate::sip::Method;

/// Finder and model.
pub(super) struct Engine {
    finder: Finder,
    tracker: Tracker,
    batch: Batch,
    clock: Timestamp,
    /// When the latest packet was captured.
    last_packet: Option<Timestamp>,
    packets: PacketCounts,
    /// Packets of HEP agents so far.
    #[cfg(feature = "hep")]
    hep_packets: u64,
    #[cfg(feature = "live")]
    out: Option<Sender>,
    /// Knows what is behind addresses.
    #[cfg(feature = "live")]
    pub(super) lookup: Option<Lookup>,
    /// What is kept for viewing.
    #[cfg(feature = "tui")]
    kept: Option<Shared>,
}

impl Engine {
    /// Finder and model within their parts of the memory; TLS is opened with the secrets of `keys`.
    pub(super) fn new(budget: &Budget, keys: KeyLog) -> Self {
        let mut tracker = Tracker::with_limits(Limits::within(budget.model));
        // from now on it notes what changes
        drop(tracker.changes(Timestamp::default()));
        Self {
            finder: Finder::within(budget.decoder, budget.streams, keys),
            tracker,
            batch: Batch::default(),
            clock: Timestamp::default(),
            last_packet: None,
            packets: PacketCounts::default(),
            #[cfg(feature = "hep")]
            hep_packets: 0,
            #[cfg(feature = "live")]
            out: None,
            #[cfg(feature = "live")]
            lookup: None,
            #[cfg(feature = "tui")]
            kept: None,
        }
    }

    /// Keeps these headers and Contact parameters from now on.
    pub(super) fn keep_extras(&mut self, names: &[ExtraName]) {
        self.tracker.keep_extras(names);
    }

    /// Names the nodes of the logs that are read.
    pub(super) fn name_logs(&mut self, capture: &Capture, known: &LogSettings) {
        nodes::name(&mut self.tracker, capture, known);
    }

    /// Names the nodes of a cluster that the user gives by their addresses or agents.
    pub(super) fn name_nodes(&mut self, known: &LogSettings) {
        nodes::announce(&mut self.tracker, known);
    }

    /// Keeps the latest frames and messages there.
    #[cfg(feature = "tui")]
    pub(super) fn keep(&mut self, kept: Shared) {
        self.kept = Some(kept);
    }

    #[cfg(feature = "hep")]
    pub(super) fn require_hep_key(&mut self, key: &str) {
        self.finder.require_hep_key(key);
    }

    /// Sends REGISTERs and their answers captured here on to a collector.
    #[cfg(feature = "live")]
    pub(super) fn send_to(&mut self, out: Option<Sender>) {
        self.out = out;
    }

    /// What is behind the addresses of a DN, as far as it is known.
    #[cfg_attr(
        not(feature = "live"),
        expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "nobody is asked")
    )]
    pub(super) fn hosts_of(&mut self, dn: DnView<'_>) -> Option<&Hosts> {
        #[cfg(feature = "live")]
        let hosts = self.lookup.as_mut().map(|lookup| lookup.look_at_one(dn));
        #[cfg(not(feature = "live"))]
        let hosts = None.filter(|_| dn.record().is_some());
        hosts
    }

    /// Uses this lookup for what is behind addresses.
    #[cfg(feature = "live")]
    pub(super) fn ask(&mut self, lookup: Lookup) {
        self.lookup = Some(lookup);
    }

    #[cfg(feature = "live")]
    pub(super) fn out(&self) -> Option<&Sender> {
        self.out.as_ref()
    }

    /// Takes in a frame of the device.
    #[cfg(feature = "live")]
    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        self.packets.read += 1;
        self.clock = self.clock.max(frame.time);
        self.last_packet = self.last_packet.max(Some(frame.time));
        if sieve(frame.link, frame.bytes) {
            #[cfg(feature = "tui")]
            if let Some(kept) = &self.kept {
                kept.lock().frame(frame);
            }
            self.finder.packet(self.clock, frame, &mut self.batch);
            self.fold();
        } else {
            self.packets.not_sip += 1;
        }
    }

    /// What the next packet of a HEP agent is called, as one of input `file`.
    #[cfg(feature = "hep")]
    pub(super) const fn next_hep(&self, file: crate::net::FileId) -> FrameRef {
        FrameRef::new(file, self.hep_packets + 1)
    }

    /// Takes in a packet of a HEP agent.
    #[cfg(feature = "hep")]
    pub(super) fn hep(&mut self, packet: &crate::source::hep::HepPacket, at: FrameRef) {
        self.packets.read += 1;
        self.hep_packets += 1;
        self.clock = self.clock.max(packet.time);
        self.last_packet = self.last_packet.max(Some(packet.time));
        #[cfg(feature = "tui")]
        if let Some(kept) = &self.kept {
            kept.lock().hep(packet, at);
        }
        self.finder.hep(self.clock, packet, at, &mut self.batch);
        self.fold();
    }

    /// Takes in what a log says.
    pub(super) fn log(&mut self, entry: Entry) {
        // a log whose zone is wrong must not move the clock far ahead
        if let Some(clock) = entry.clock.known() {
            self.clock = self.clock.max(clock.min(Timestamp::now()));
        }
        entry.put(self.clock, &mut self.batch);
        self.fold();
        self.tracker.tick(self.clock);
    }

    /// Lets time pass: what expires or is not answered is so on the second.
    pub(super) fn pass_time(&mut self, clock: Timestamp) {
        self.clock = self.clock.max(clock);
        self.finder.pass_time(self.clock, &mut self.batch);
        self.fold();
        self.tracker.tick(self.clock);
    }

    /// Notes how often the clock of this host was set, and by how many nanoseconds at most.
    pub(super) const fn note_clock_set(&mut self, set: (u64, i64)) {
        self.tracker.note_clock_set(set);
    }

    fn fold(&mut self) {
        let tracker = &mut self.tracker;
        #[cfg(feature = "live")]
        let out = &mut self.out;
        #[cfg(feature = "tui")]
        let kept = &self.kept;
        self.batch.take(|clock, found| {
            tracker.tick(clock);
            match found {
                Found::Message(origin, message, read) => {
                    #[cfg(feature = "live")]
                    if let (Some(out), None, Some(Method::Register)) =
                        (&mut *out, origin.path.hep, message.method())
                    {
                        // what agents sent is not sent on: this program's own packets come by here
                        out.send(&Item {
                            time: origin.time,
                            src: origin.src,
                            dst: origin.dst,
                            transport: origin.transport,
                            bytes: message.raw(),
                        });
                    }
                    #[cfg(feature = "tui")]
                    if let Some(kept) = kept {
                        kept.lock().message(origin, &message);
                    }
                    tracker.message_read(origin, &message, read);
                }
                Found::Icmp(error) => tracker.icmp(&error),
                Found::Connection(event) => tracker.connection(event),
                Found::Dns(origin, message) => tracker.dns(origin, message),
                Found::KeepAlive(origin) => tracker.keep_alive(origin),
                Found::Agent(agent) => tracker.hep_agent(&agent),
                Found::Statement(at, time, statement) => tracker.statement(at, time, statement),
                Found::Said(at, said) => tracker.said(at, said),
            }
        });
    }

    /// What changed since the last call.
    pub(super) fn changes(&mut self) -> Vec<DnChange> {
        self.tracker.changes(self.clock)
    }

    /// The latest time that was taken in.
    pub(super) const fn clock(&self) -> Timestamp {
        self.clock
    }

    /// When the latest packet was captured.
    #[cfg(feature = "metrics")]
    pub(super) const fn last_packet(&self) -> Option<Timestamp> {
        self.last_packet
    }

    /// The model, to be asked for its numbers.
    #[cfg(feature = "metrics")]
    pub(super) const fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// About what is held for now, by what for; costs little but for the model.
    #[cfg(feature = "metrics")]
    pub(super) fn memory(&self) -> [(&'static str, usize); 3] {
        let (decoder, streams) = self.finder.memory();
        [("model", self.tracker.memory()), ("decoder", decoder), ("streams", streams)]
    }

    /// What was counted of packets.
    pub(super) const fn packets(&self) -> PacketCounts {
        self.packets
    }

    /// How many packets came from the device and from HEP agents.
    pub(super) const fn packets_by_origin(&self) -> [u64; 2] {
        #[cfg(feature = "hep")]
        let of_agents = self.hep_packets;
        #[cfg(not(feature = "hep"))]
        let of_agents = 0;
        [self.packets.read - of_agents, of_agents]
    }

    /// SIP messages so far.
    pub(super) fn messages(&self) -> u64 {
        self.tracker.counts().messages
    }

    /// Counts of HEP packets.
    pub(super) fn hep_stats(&self) -> &HepStats {
        &self.finder.stats().hep
    }

    /// The model at this moment.
    pub(super) fn snapshot(&mut self, expected: &[String]) -> Snapshot {
        let options = SnapshotOptions { at: None, expected: expected.to_vec() };
        self.tracker.snapshot(&options)
    }

    /// What was read, and what of it could not be used.
    pub(super) fn capture(&self) -> Capture {
        Capture {
            files: Vec::new(),
            logs: Vec::new(),
            warnings: Vec::new(),
            losses: Vec::new(),
            hosts: Hosts::default(),
            packets: self.packets,
            decoded: self.finder.stats().clone(),
            streams: self.finder.stream_counts(),
        }
    }
}
