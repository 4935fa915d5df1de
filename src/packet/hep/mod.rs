//! Opens HEP packets: what an agent saw becomes an event as if it had been captured here.
//!
//! The time of a message is that of the frame that carried it, not the one its agent reports. All
//! verdicts compare times (was it repeated, did a response come within 32 s, has the granted time run
//! out), so all must come from one clock, and agents on several hosts have several, some of them
//! wrong by minutes; the same message may also be in the capture itself. An agent sends at once,
//! so the two differ by its transit time; where they do not agree, that is counted and shown.

mod agents;
mod inflate;
mod stats;
#[cfg(test)]
mod tests;

use crate::hashing::HashSet;

use super::Sink;
use super::event::Event;
use super::limits::{self, Limits};
use super::payload::may_be_sip;
use crate::hep::{self, MAGIC, Packet, Payload, TYPE_SIP};
use crate::net::{Cut, Endpoint, Origin, PathInfo, Transport};
use agents::Agents;
use inflate::inflate;
pub use stats::HepStats;

/// What is remembered between HEP packets.
#[derive(Debug, Default)]
pub(super) struct Hep {
    agents: Agents,
    key: Option<Box<[u8]>>,
    /// Senders and receivers of messages over TCP.
    pairs: HashSet<(Endpoint, Endpoint)>,
    inflated: Vec<u8>,
}

/// What a packet needs of its surroundings.
struct Desk<'d, 's> {
    /// The frame that carried it.
    carrier: &'d Origin,
    limits: &'d Limits,
    stats: &'d mut HepStats,
    sink: &'d mut Sink<'s>,
}

impl Hep {
    /// Whether a payload is worth a closer look; false for nearly all.
    #[inline]
    pub(super) fn may_be(bytes: &[u8]) -> bool {
        matches!(bytes, [b'H', b'E', b'P', b'3', ..] | [1 | 2, ..])
    }

    pub(super) fn require_key(&mut self, key: &[u8]) {
        self.key = Some(key.into());
    }

    /// Opens the packets in something captured; false if it does not begin with one.
    #[cold]
    pub(super) fn packets(
        &mut self,
        bytes: &[u8],
        carrier: &Origin,
        limits: &Limits,
        stats: &mut HepStats,
        sink: &mut Sink<'_>,
    ) -> bool {
        self.open(bytes, None, &mut Desk { carrier, limits, stats, sink })
    }

    /// About what is remembered, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.agents.len() * limits::AGENT + self.pairs.len() * limits::PAIR
    }

    /// Opens a packet that a listener received.
    pub(super) fn received(
        &mut self,
        bytes: &[u8],
        carrier: &Origin,
        limits: &Limits,
        stats: &mut HepStats,
        sink: &mut Sink<'_>,
    ) {
        let key = self.key.take();
        if !self.open(bytes, key.as_deref(), &mut Desk { carrier, limits, stats, sink }) {
            stats.broken += 1;
        }
        self.key = key;
    }

    /// Opens all packets in `bytes`; false if they do not begin with one.
    fn open(&mut self, mut bytes: &[u8], key: Option<&[u8]>, desk: &mut Desk<'_, '_>) -> bool {
        let mut any = false;
        while let Some((len, packet)) = hep::read(bytes) {
            any = true;
            desk.stats.packets += 1;
            match packet {
                Ok(packet) if key.is_some_and(|key| !packet.shows(key)) => {
                    desk.stats.wrong_key += 1;
                }
                Ok(packet) => self.packet(&packet, desk),
                Err(_) => desk.stats.broken += 1,
            }
            bytes = match bytes.get(len..) {
                Some(rest) if rest.starts_with(MAGIC) => rest,
                _ => break,
            };
        }
        any
    }

    fn packet(&mut self, packet: &Packet<'_>, desk: &mut Desk<'_, '_>) {
        if let Some(kind) = packet.kind.filter(|kind| *kind != TYPE_SIP) {
            *desk.stats.other_types.entry(kind).or_default() += 1;
            return;
        }
        let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
            desk.stats.broken += 1;
            return;
        };
        let mut inflated = std::mem::take(&mut self.inflated);
        let payload = match packet.payload {
            Payload::Plain(bytes) => Some(bytes),
            Payload::Compressed(bytes) => inflate(bytes, desk.limits.hep_inflated, &mut inflated)
                .then_some(inflated.as_slice()),
        };
        match payload {
            None => desk.stats.not_inflated += 1,
            Some(bytes) if !may_be_sip(bytes) => desk.stats.not_sip += 1,
            Some(bytes) => {
                let src = Endpoint::new(src, packet.src_port);
                let dst = Endpoint::new(dst, packet.dst_port);
                self.tell(packet, (src, dst), bytes, desk);
            }
        }
        self.inflated = inflated;
    }

    fn tell(
        &mut self,
        packet: &Packet<'_>,
        (src, dst): (Endpoint, Endpoint),
        bytes: &[u8],
        desk: &mut Desk<'_, '_>,
    ) {
        let carrier = desk.carrier;
        if let Some(told) = packet.time {
            desk.stats.note_clock(told, carrier.time);
        }
        let (agent, news) = self.agents.find(carrier.src.addr, packet, desk.limits);
        match agent {
            Some(agent) if news => {
                desk.stats.agents += 1;
                (desk.sink)(Event::Agent(agents::introduce(agent, carrier.src.addr, packet)));
            }
            Some(_) => {}
            None => desk.stats.agents_not_told += 1,
        }
        let transport = packet.transport();
        let over_tcp = !matches!(transport, Transport::Udp | Transport::Sctp);
        // versions 1 and 2 do not say how long the message was: it is as whole as its carrier
        let cut = packet.cut || packet.version < 3 && carrier.path.cut.is_some();
        let origin = Origin {
            time: carrier.time,
            frame: carrier.frame,
            src,
            dst,
            transport,
            path: PathInfo {
                vlan: packet.vlan,
                mac: packet.mac,
                cut: cut.then_some(carrier.path.cut.unwrap_or(Cut::Snaplen)),
                peer_seen: over_tcp && self.peer_seen(src, dst, desk.limits),
                hep: agent,
                ..PathInfo::default()
            },
        };
        desk.stats.messages += 1;
        (desk.sink)(Event::Datagram { origin: &origin, bytes });
    }

    /// Whether the other direction of a TCP connection was seen, as far as is remembered: when there
    /// are too many, memory starts over.
    fn peer_seen(&mut self, src: Endpoint, dst: Endpoint, limits: &Limits) -> bool {
        if self.pairs.len() >= limits.hep_pairs {
            self.pairs.clear();
        }
        self.pairs.insert((src, dst));
        self.pairs.contains(&(dst, src))
    }
}
