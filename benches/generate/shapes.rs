//! Registrations over UDP, and how every capture ends.

use std::io;

use super::calls;
use super::fleet::{Fleet, Pace, SECOND, START};
use super::queue::Queue;
use super::texts::REGISTRAR;
use super::truth::Truth;
use super::wire::Wire;

pub(super) const SITES: u64 = 200;
/// How long it takes until every phone had its turn, in microseconds.
const ROUND: u64 = 50 * SECOND;
/// Silence before the last packets, longer than anybody waits for an answer.
const SILENCE: u64 = 40 * SECOND;

/// Many phones in turn, in another order each round.
pub(super) fn registrations(wire: &mut Wire, bytes: u64, seed: u64) -> io::Result<Truth> {
    let phones = (bytes / 10_000).max(1);
    let mut fleet = Fleet::new(phones, SITES, "UDP", seed);
    let mut queue = Queue::default();
    let mut order: Vec<usize> = (0..fleet.phones.len()).collect();
    let mut at = START;
    while wire.bytes() < bytes {
        shuffle(&mut order, &mut fleet);
        for &phone in &order {
            if !fleet.is_busy(phone, at) {
                let pace = Pace::random(at, &mut fleet.random);
                fleet.exchange(phone, pace, &mut queue);
            }
            at += ROUND / phones / 2 + fleet.random.below(ROUND / phones);
            send_due(wire, &fleet, &mut queue, at)?;
            if wire.bytes() >= bytes {
                break;
            }
        }
    }
    end(wire, fleet, queue)
}

fn shuffle(order: &mut [usize], fleet: &mut Fleet) {
    for last in (1..order.len()).rev() {
        order.swap(last, fleet.random.index(last + 1));
    }
}

/// Sends over UDP what is due before `at`.
pub(super) fn send_due(
    wire: &mut Wire,
    fleet: &Fleet,
    queue: &mut Queue,
    at: u64,
) -> io::Result<()> {
    while let Some(sent) = queue.due(at) {
        let Some(site) = fleet.sites.get(sent.site) else { continue };
        let (from, to) = if sent.asks { (site.end, REGISTRAR) } else { (REGISTRAR, site.end) };
        wire.udp(sent.at, from, to, &sent.text)?;
    }
    Ok(())
}

/// Sends all that was begun and, after a silence, one more message, so that nothing is pending.
pub(super) fn end(wire: &mut Wire, mut fleet: Fleet, mut queue: Queue) -> io::Result<Truth> {
    send_due(wire, &fleet, &mut queue, u64::MAX)?;
    calls::options(&mut fleet, wire.last() + SILENCE, &mut queue);
    send_due(wire, &fleet, &mut queue, u64::MAX)?;
    Ok(fleet.into_truth(wire.last()))
}
