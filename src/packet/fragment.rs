//! Joins IP fragments within bounds, and gives up what stays incomplete as a cut packet.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::hashing::HashMap;
use etherparse::IpNumber;

use super::ip::{FragmentInfo, IpPacket};
use super::limits::Limits;
use super::meta::Meta;
use super::pieces::Pieces;
use super::stats::{Stats, Undecoded};
use crate::net::{Cut, FrameRef, Timestamp};

/// The longest payload an IP packet can have.
const LONGEST: usize = 0xffff;
/// What a waiting packet costs beside its pieces, in tables that are half empty after they grew.
const WAITING: usize = 2 * (size_of::<Key>() + size_of::<Entry>()) + 64;
/// How long a joined packet is remembered: fragments that follow it within this time may be a second
/// capture of its own (bridge, `any`). They are joined if they are whole, and are no loss if not.
/// Shorter than any retransmission under a reused identification.
const REMEMBER: Duration = Duration::from_millis(100);

/// What the fragments of one packet share (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    /// IPv4 only: IPv6 fragments may differ in it and the first one counts.
    protocol: Option<u8>,
}

/// A packet put together again, or what is left of it.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) meta: Meta,
    pub(super) protocol: IpNumber,
    pub(super) bytes: Vec<u8>,
    /// At least how many bytes are missing at the end, and why.
    pub(super) missing: usize,
    pub(super) why: Cut,
    /// The frames of its fragments.
    pub(super) frames: Vec<FrameRef>,
}

#[derive(Debug)]
struct Waiting {
    serial: u64,
    since: Timestamp,
    /// Whether its packet was joined a moment before, so that these may be what is left of a copy.
    echo: bool,
    /// The fragment with offset 0, whose headers count for the packet.
    head: Option<(Meta, IpNumber)>,
    pieces: Pieces<FrameRef>,
    total: Option<u64>,
}

#[derive(Debug)]
enum Entry {
    Waiting(Waiting),
    Joined(Timestamp),
}

/// All packets waiting for fragments.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    entries: HashMap<Key, Entry>,
    /// Oldest first.
    order: BTreeMap<u64, Key>,
    /// Those just joined, oldest first.
    recent: std::collections::VecDeque<(Timestamp, Key)>,
    next_serial: u64,
    bytes: usize,
}

impl Fragments {
    /// Takes a fragment in; hands out the packet it completes. Of overlapping bytes the first win.
    pub(super) fn add(
        &mut self,
        packet: &IpPacket<'_>,
        info: FragmentInfo,
        meta: &Meta,
        stats: &mut Stats,
    ) -> Option<Joined> {
        stats.fragments += 1;
        let length = packet.payload.len() + packet.missing;
        if length == 0 || info.offset + length > LONGEST {
            stats.count(Undecoded::Fragment);
            return None;
        }
        let key = Key {
            src: packet.src,
            dst: packet.dst,
            id: info.id,
            protocol: packet.src.is_ipv4().then_some(packet.protocol.0),
        };
        let waiting = self.waiting(key, meta.time)?;
        let before = if waiting.pieces.is_empty() { 0 } else { waiting.cost() };
        waiting.take(packet, info, meta);
        let after = waiting.cost();
        let joined = waiting.joined(meta);
        self.bytes = self.bytes + after - before;
        if joined.is_some() {
            self.forget(&key);
            self.entries.insert(key, Entry::Joined(meta.time));
            self.recent.push_back((meta.time, key));
            stats.fragmented_joined += 1;
        }
        joined
    }

    /// Hands out, one at a time, packets whose time is over.
    pub(super) fn expired(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        stats: &mut Stats,
    ) -> Option<Joined> {
        while let Some(&(at, key)) = self.recent.front()
            && now.since(at) > REMEMBER
        {
            self.recent.pop_front();
            if matches!(self.entries.get(&key), Some(Entry::Joined(when)) if *when == at) {
                self.entries.remove(&key);
            }
        }
        loop {
            let since = self.oldest()?.since;
            if now.since(since) <= limits.fragment_age {
                return None;
            }
            if let Some(cut) = self.give_up_oldest(&mut stats.fragmented_lost) {
                return Some(cut);
            }
        }
    }

    /// Hands out, one at a time, packets that no longer fit within the limits.
    pub(super) fn evicted(&mut self, limits: &Limits, stats: &mut Stats) -> Option<Joined> {
        while self.order.len() > limits.fragment_datagrams || self.bytes > limits.fragment_bytes {
            if let Some(cut) = self.give_up_oldest(&mut stats.fragmented_evicted) {
                return Some(cut);
            }
        }
        None
    }

    /// Hands out, one at a time, what still waits at the end of the capture.
    pub(super) fn left_over(&mut self, stats: &mut Stats) -> Option<Joined> {
        while !self.order.is_empty() {
            if let Some(cut) = self.give_up_oldest(&mut stats.fragmented_lost) {
                return Some(cut);
            }
        }
        None
    }

    /// Whether nothing waits and nothing is remembered.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is held, in bytes.
    pub(super) fn held(&self) -> usize {
        self.bytes
    }

    /// The entry for `key`, which is begun if there is none.
    fn waiting(&mut self, key: Key, now: Timestamp) -> Option<&mut Waiting> {
        let mut echo = false;
        match self.entries.get(&key) {
            Some(Entry::Joined(at)) => {
                echo = now.since(*at) <= REMEMBER;
                self.entries.remove(&key);
            }
            Some(Entry::Waiting(old)) if old.echo && now.since(old.since) > REMEMBER => {
                self.forget(&key);
            }
            _ => {}
        }
        let (serials, order) = (&mut self.next_serial, &mut self.order);
        let entry = self.entries.entry(key).or_insert_with(|| {
            *serials += 1;
            order.insert(*serials, key);
            Entry::Waiting(Waiting {
                serial: *serials,
                since: now,
                echo,
                head: None,
                pieces: Pieces::default(),
                total: None,
            })
        });
        match entry {
            Entry::Waiting(waiting) => Some(waiting),
            Entry::Joined(_) => None,
        }
    }

    fn oldest(&self) -> Option<&Waiting> {
        let (_, key) = self.order.first_key_value()?;
        match self.entries.get(key)? {
            Entry::Waiting(waiting) => Some(waiting),
            Entry::Joined(_) => None,
        }
    }

    fn forget(&mut self, key: &Key) -> Option<Waiting> {
        let Some(Entry::Waiting(waiting)) = self.entries.remove(key) else { return None };
        self.order.remove(&waiting.serial);
        self.bytes -= waiting.cost();
        Some(waiting)
    }

    /// Forgets the oldest and counts it in `losses`; what is left of a copy is none.
    fn give_up_oldest(&mut self, losses: &mut u64) -> Option<Joined> {
        let (_, key) = self.order.pop_first()?;
        let oldest = self.forget(&key).filter(|oldest| !oldest.echo)?;
        *losses += 1;
        oldest.prefix()
    }
}

impl Waiting {
    fn cost(&self) -> usize {
        WAITING + self.pieces.memory()
    }

    fn take(&mut self, packet: &IpPacket<'_>, info: FragmentInfo, meta: &Meta) {
        if info.offset == 0 && self.head.is_none() {
            self.head = Some((*meta, packet.protocol));
        }
        let missing = packet.missing as u64;
        self.pieces.insert(info.offset as u64, packet.payload, missing, &meta.frame);
        if !info.more {
            let end = (info.offset + packet.payload.len()) as u64 + missing;
            self.total.get_or_insert(end);
        }
    }

    /// The whole packet, under the headers of the fragment that completed it.
    fn joined(&self, meta: &Meta) -> Option<Joined> {
        let total = self.total?;
        if self.pieces.covered() < total {
            return None;
        }
        let mut reached = 0;
        for piece in self.pieces.iter().take_while(|piece| piece.start < total) {
            if piece.start != reached {
                return None;
            }
            reached = piece.end();
        }
        if reached < total {
            return None;
        }
        let (_, protocol) = self.head?;
        Some(self.assemble(Meta { fragmented: true, ..*meta }, protocol, Cut::Snaplen))
    }

    /// The bytes before the first hole, under the headers of the first fragment.
    fn prefix(&self) -> Option<Joined> {
        let (meta, protocol) = self.head?;
        let meta = Meta { fragmented: true, ..meta };
        let mut joined = self.assemble(meta, protocol, Cut::LostFragments);
        joined.missing = joined.missing.max(1);
        Some(joined)
    }

    fn assemble(&self, meta: Meta, protocol: IpNumber, why: Cut) -> Joined {
        let total = self.total.unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(self.pieces.bytes());
        for piece in self.pieces.iter() {
            if piece.start != bytes.len() as u64 || piece.start >= total {
                break;
            }
            bytes.extend_from_slice(&piece.bytes);
        }
        bytes.truncate(usize::try_from(total).unwrap_or(usize::MAX));
        let known = self.total.or_else(|| self.pieces.iter().last().map(super::pieces::Piece::end));
        let missing =
            usize::try_from(known.unwrap_or(0)).unwrap_or(usize::MAX).saturating_sub(bytes.len());
        let frames = self.pieces.iter().map(|piece| piece.tag).collect();
        Joined { meta, protocol, bytes, missing, why, frames }
    }
}

#[cfg(test)]
mod tests;
