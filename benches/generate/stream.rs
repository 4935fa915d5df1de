//! SIP over TCP connections, as networks and kernels cut it up.

use std::io;

use super::fleet::{Fleet, Pace, SECOND, START};
use super::queue::{Queue, Sent};
use super::shapes::{SITES, end};
use super::texts::{REGISTRAR, Site};
use super::truth::Truth;
use super::wire::{Segment, Wire};

/// Payload of a full segment on Ethernet, in bytes.
const FULL: usize = 1460;
/// How long it takes until every phone had its turn, in microseconds.
const ROUND: u64 = 8 * SECOND;

/// Next sequence numbers of both directions: the site's and the registrar's.
#[derive(Clone, Copy)]
struct Connection {
    site: u32,
    registrar: u32,
}

/// Connections from sites, all open.
pub(super) struct Connections(Vec<Connection>);

impl Connections {
    /// Opens one for every site, so many microseconds after one another.
    pub(super) fn open(
        wire: &mut Wire,
        fleet: &mut Fleet,
        mut at: u64,
        pause: u64,
    ) -> io::Result<Self> {
        let mut all = Vec::new();
        for Site { end, .. } in &fleet.sites {
            let (site, registrar) = (fleet.random.next() as u32, fleet.random.next() as u32);
            let next =
                Connection { site: site.wrapping_add(1), registrar: registrar.wrapping_add(1) };
            let ask = Segment { seq: site, ack: None, syn: true };
            let say = Segment { seq: registrar, ack: Some(next.site), syn: true };
            let done = Segment { seq: next.site, ack: Some(next.registrar), syn: false };
            wire.tcp(at, *end, REGISTRAR, ask, &[])?;
            wire.tcp(at + pause / 3, REGISTRAR, *end, say, &[])?;
            wire.tcp(at + 2 * pause / 3, *end, REGISTRAR, done, &[])?;
            all.push(next);
            at += pause;
        }
        Ok(Self(all))
    }

    /// Sends what is due before `at`.
    pub(super) fn send_due(
        &mut self,
        wire: &mut Wire,
        fleet: &mut Fleet,
        queue: &mut Queue,
        at: u64,
    ) -> io::Result<()> {
        while let Some(mut sent) = queue.due(at) {
            while let Some(more) = queue.along_with(&sent) {
                sent.text.extend(more.text);
            }
            self.send(wire, fleet, &sent)?;
        }
        Ok(())
    }

    /// Sends bytes in segments, which the other side acknowledges.
    fn send(&mut self, wire: &mut Wire, fleet: &mut Fleet, sent: &Sent) -> io::Result<()> {
        let (Some(connection), Some(site)) =
            (self.0.get_mut(sent.site), fleet.sites.get(sent.site))
        else {
            return Ok(());
        };
        let (from, to) = if sent.asks { (site.end, REGISTRAR) } else { (REGISTRAR, site.end) };
        let Connection { site, registrar } = connection;
        let (next, ack) = if sent.asks { (site, registrar) } else { (registrar, site) };
        let random = &mut fleet.random;
        let (mut parts, mut rest) = (Vec::new(), &sent.text[..]);
        while !rest.is_empty() {
            let most = if random.per_mille(350) { 1 + random.index(FULL - 1) } else { FULL };
            let (part, behind) = rest.split_at(most.min(rest.len()));
            parts.push((Segment { seq: *next, ack: Some(*ack), syn: false }, part));
            *next = next.wrapping_add(part.len() as u32);
            rest = behind;
        }
        if let [.., before, last] = &mut parts[..]
            && random.per_mille(10)
        {
            std::mem::swap(before, last);
            fleet.truth.tcp_out_of_order += 1;
        }
        for ((segment, part), at) in parts.into_iter().zip((sent.at..).step_by(3)) {
            wire.tcp(at, from, to, segment, part)?;
            if random.per_mille(10) {
                wire.tcp(at + 1, from, to, segment, part)?;
                fleet.truth.tcp_retransmitted += 1;
            }
        }
        let reply = Segment { seq: *ack, ack: Some(*next), syn: false };
        wire.tcp(sent.at + 40, to, from, reply, &[])
    }
}

/// Gateways with a connection each, which register one to four of their phones at a time.
pub(super) fn tcp(wire: &mut Wire, bytes: u64, seed: u64) -> io::Result<Truth> {
    let phones = (bytes / 15_000).max(4);
    let mut fleet = Fleet::new(phones, SITES.min(phones / 4), "TCP", seed);
    let mut queue = Queue::default();
    let mut at = START;
    let mut connections = Connections::open(wire, &mut fleet, at, 500)?;
    while wire.bytes() < bytes {
        let site = fleet.random.index(fleet.sites.len());
        let first = fleet.random.index(fleet.phones.len() / fleet.sites.len());
        let pace = Pace::random(at, &mut fleet.random);
        for n in 0..=fleet.random.index(4) {
            let phone = site + fleet.sites.len() * (first + n);
            if !fleet.is_busy(phone, at) {
                fleet.exchange(phone, pace, &mut queue);
            }
        }
        at += ROUND / phones + fleet.random.below(3 * ROUND / phones);
        connections.send_due(wire, &mut fleet, &mut queue, at)?;
    }
    connections.send_due(wire, &mut fleet, &mut queue, u64::MAX)?;
    end(wire, fleet, queue)
}
