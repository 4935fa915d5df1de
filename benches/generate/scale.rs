//! Much of one thing: DNs, attempts of a DN, TCP connections.

use std::io;

use super::fleet::{Fleet, Pace, START};
use super::queue::Queue;
use super::shapes::{SITES, end, send_due};
use super::stream::Connections;
use super::truth::Truth;
use super::wire::Wire;

/// So many DNs with one registration each; every twentieth is unknown to the registrar.
pub(super) fn dns(wire: &mut Wire, count: u64, seed: u64) -> io::Result<Truth> {
    let mut fleet = Fleet::new(count, SITES.max(count / 500), "UDP", seed);
    let mut queue = Queue::default();
    let mut at = START;
    for phone in 0..fleet.phones.len() {
        let code = if fleet.random.per_mille(50) { 404 } else { 200 };
        let pace = Pace::random(at, &mut fleet.random);
        fleet.simple(phone, pace, code, &mut queue);
        at += 20 + fleet.random.below(60);
        send_due(wire, &fleet, &mut queue, at)?;
    }
    end(wire, fleet, queue)
}

/// One DN that registers every few seconds; every tenth attempt meets an error of the server.
pub(super) fn attempts(wire: &mut Wire, count: u64, seed: u64) -> io::Result<Truth> {
    let mut fleet = Fleet::new(1, 1, "UDP", seed);
    let mut queue = Queue::default();
    let mut at = START;
    for _ in 0..count {
        let code = if fleet.random.per_mille(100) { 500 } else { 200 };
        let pace = Pace::random(at, &mut fleet.random);
        fleet.simple(0, pace, code, &mut queue);
        at += 1_000_000 + fleet.random.below(4_000_000);
        send_due(wire, &fleet, &mut queue, at)?;
    }
    end(wire, fleet, queue)
}

/// So many phones, each with a connection of its own that stays open.
pub(super) fn flows(wire: &mut Wire, count: u64, seed: u64) -> io::Result<Truth> {
    let mut fleet = Fleet::new(count, count, "TCP", seed);
    let mut queue = Queue::default();
    let mut connections = Connections::open(wire, &mut fleet, START, 60)?;
    let mut at = wire.last();
    for phone in 0..fleet.phones.len() {
        let pace = Pace::random(at, &mut fleet.random);
        fleet.exchange(phone, pace, &mut queue);
        at += 50 + fleet.random.below(100);
        connections.send_due(wire, &mut fleet, &mut queue, at)?;
    }
    connections.send_due(wire, &mut fleet, &mut queue, u64::MAX)?;
    end(wire, fleet, queue)
}
