//! Media with a little signalling in between.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::calls;
use super::fleet::{Fleet, Pace, START};
use super::queue::Queue;
use super::shapes::{SITES, end, send_due};
use super::truth::Truth;
use super::wire::Wire;

const MEDIA_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 20);
/// Time between two packets of a stream, in microseconds, and samples in one.
const TICK: u64 = 20_000;
const SAMPLES: usize = 160;
const HEADER: usize = 12;
/// Bytes of a packet of media in a file.
const ON_DISK: u64 = 230;

/// One direction of a call (RFC 3550 §5.1).
struct Stream {
    from: SocketAddrV4,
    to: SocketAddrV4,
    kind: u8,
    sequence: u16,
    timestamp: u32,
    source: u32,
    /// Packets to come.
    left: u64,
}

impl Stream {
    fn new(fleet: &mut Fleet) -> Option<Self> {
        let site = fleet.random.index(fleet.sites.len());
        let mut port = || 16_384 + 2 * fleet.random.below(24_000) as u16;
        let far = SocketAddrV4::new(*fleet.sites.get(site)?.end.ip(), port());
        let near = SocketAddrV4::new(MEDIA_SERVER, port());
        let random = &mut fleet.random;
        let (from, to) = if random.per_mille(500) { (far, near) } else { (near, far) };
        Some(Self {
            from,
            to,
            kind: if random.per_mille(500) { 0 } else { 8 },
            sequence: random.next() as u16,
            timestamp: random.next() as u32,
            source: random.next() as u32,
            left: 1500 + random.below(7500),
        })
    }

    /// Its next packet.
    fn packet(&mut self, samples: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend([0x80, self.kind]);
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.timestamp.to_be_bytes());
        out.extend(self.source.to_be_bytes());
        out.extend_from_slice(samples);
        debug_assert_eq!(out.len(), HEADER + SAMPLES, "20 ms at 8 kHz");
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
        self.left = self.left.saturating_sub(1);
    }
}

/// 95 % of the packets are media, 4 % calls and OPTIONS, 1 % registrations.
pub(super) fn mixed(wire: &mut Wire, bytes: u64, seed: u64) -> io::Result<Truth> {
    let mut fleet = Fleet::new((bytes / 100_000).max(10), SITES, "UDP", seed);
    let noise: Vec<u8> = (0..1 << 16).map(|_| fleet.random.next() as u8).collect();
    let together = (bytes / ON_DISK / 100).clamp(4, 500) as usize;
    let (mut queue, mut streams, mut shares) = (Queue::default(), Vec::new(), Shares::default());
    let (mut packet, mut at) = (Vec::new(), START);
    while wire.bytes() < bytes {
        while streams.len() < together {
            streams.extend(Stream::new(&mut fleet));
        }
        let step = TICK / together as u64;
        for (stream, now) in streams.iter_mut().zip((at..).step_by(step as usize)) {
            send_due(wire, &fleet, &mut queue, now)?;
            let from = fleet.random.index(noise.len() - SAMPLES);
            stream.packet(noise.get(from..from + SAMPLES).unwrap_or_default(), &mut packet);
            wire.udp(now, stream.from, stream.to, &packet)?;
            fleet.truth.rtp += 1;
        }
        streams.retain(|stream| stream.left > 0);
        at += TICK;
        shares.keep(&mut fleet, &mut queue, at);
    }
    end(wire, fleet, queue)
}

/// How many messages were planned of a kind.
#[derive(Default)]
struct Shares {
    registrations: u64,
    others: u64,
}

impl Shares {
    /// Plans signalling until it has its share of the packets.
    fn keep(&mut self, fleet: &mut Fleet, queue: &mut Queue, at: u64) {
        while self.registrations * 95 < fleet.truth.rtp {
            let now = at + fleet.random.below(TICK);
            let phone = fleet.random.index(fleet.phones.len());
            if fleet.is_busy(phone, now) {
                break;
            }
            let before = queue.planned();
            let pace = Pace::random(now, &mut fleet.random);
            fleet.exchange(phone, pace, queue);
            self.registrations += queue.planned() - before;
        }
        while self.others * 95 < fleet.truth.rtp * 4 {
            let now = at + fleet.random.below(TICK);
            let before = queue.planned();
            if fleet.random.per_mille(222) {
                calls::call(fleet, now, queue);
            } else {
                calls::options(fleet, now, queue);
            }
            self.others += queue.planned() - before;
        }
    }
}
