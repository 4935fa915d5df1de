//! One agent's TCP connection: reads it, cuts it into packets, and judges whether to keep it.

use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::ListenerLimits;
use crate::hep::{Framer, read};
use crate::net::Endpoint;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    pub(super) from: Endpoint,
    pub(super) agent: AgentStream,
}

/// What one agent sends over TCP, and how far it can be trusted. Does no reading itself.
#[derive(Debug)]
pub struct AgentStream {
    framer: Framer,
    /// When bytes came last.
    heard: Instant,
    /// When it was accepted.
    since: Instant,
    /// Whether a packet came that can be read and shows the key, if one is asked for.
    greeted: bool,
    /// Bytes passed over since the last packet.
    noise: u64,
}

/// The result of reading a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// There may be more to read at once.
    More,
    /// Nothing more for now.
    Wait,
    /// The agent closed it.
    Ended,
    /// It failed.
    Error,
    /// It sends something else than HEP.
    Hostile,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, from: Endpoint, now: Instant) -> Self {
        Self { stream, from, agent: AgentStream::new(now) }
    }

    /// The socket, to be watched.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads once; `found` gets the packets, and bytes that belong to none are added to `lost`.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        now: Instant,
        limits: &ListenerLimits,
        lost: &mut u64,
        found: &mut dyn FnMut(&[u8]),
    ) -> Verdict {
        let len = match self.stream.read(buffer) {
            Ok(0) => return Verdict::Ended,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Verdict::Wait,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Verdict::More,
            Err(_) => return Verdict::Error,
        };
        let bytes = buffer.get(..len).unwrap_or_default();
        let (skipped, is_hep) = self.agent.push(bytes, now, limits, found);
        *lost += skipped;
        if is_hep { Verdict::More } else { Verdict::Hostile }
    }

    /// What counts as one sender: an IPv4 address, or an IPv6 network of one site.
    pub(super) fn source(&self) -> IpAddr {
        source(self.from.addr)
    }
}

/// What counts as one sender: the holder of an IPv6 network has 2^64 addresses.
pub(super) fn source(address: IpAddr) -> IpAddr {
    const SITE: u128 = u128::MAX << 64;
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & SITE).into(),
    }
}

impl AgentStream {
    /// A connection accepted at `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { framer: Framer::default(), heard: now, since: now, greeted: false, noise: 0 }
    }

    /// Takes in bytes; `found` gets the packets they complete. Says how many bytes belong to none, and
    /// whether the connection is worth keeping.
    pub fn push(
        &mut self,
        bytes: &[u8],
        now: Instant,
        limits: &ListenerLimits,
        found: &mut dyn FnMut(&[u8]),
    ) -> (u64, bool) {
        self.heard = now;
        let (mut rest, mut lost) = (bytes, 0);
        // a sender that begins with something else never meant to speak HEP, wherever its bytes are cut
        while let Some((first, behind)) = rest.split_at_checked(1).filter(|_| !self.greeted) {
            rest = behind;
            lost += self.feed(first, limits, found);
            if lost > 0 && !self.greeted {
                return (lost + rest.len() as u64, false);
            }
        }
        lost += self.feed(rest, limits, found);
        (lost, self.noise <= limits.noise)
    }

    /// Cuts bytes into packets; says how many belong to none.
    fn feed(&mut self, bytes: &[u8], limits: &ListenerLimits, found: &mut dyn FnMut(&[u8])) -> u64 {
        let (mut any, greeted) = (false, &mut self.greeted);
        let skipped = self.framer.push(bytes, &mut |packet| {
            any = true;
            // the decoder asks every packet for the key: here it is asked until it was shown once
            *greeted = *greeted || limits.is_valid(packet);
            found(packet);
        });
        self.noise = if any { 0 } else { self.noise + skipped };
        skipped
    }

    /// Whether a valid packet came.
    #[must_use]
    pub fn has_greeted(&self) -> bool {
        self.greeted
    }

    /// Whether it was silent for too long.
    #[must_use]
    pub fn is_idle(&self, now: Instant, limits: &ListenerLimits) -> bool {
        self.silence(now) >= limits.idle
            || !self.greeted && now.duration_since(self.since) >= limits.greeting
    }

    /// Whether it has to make room for a newcomer.
    pub(super) fn yields(&self, now: Instant, limits: &ListenerLimits) -> bool {
        !self.greeted || self.silence(now) >= limits.quiet
    }

    /// Orders connections by what they are worth, those first that make room first: one that never
    /// showed a valid packet cannot stay by sending others.
    pub(super) fn worth(&self) -> (bool, Instant) {
        (self.greeted, if self.greeted { self.heard } else { self.since })
    }

    /// Bytes of an unfinished packet.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.framer.held()
    }

    fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard)
    }
}

impl ListenerLimits {
    /// Whether a packet can be read and shows the key that is asked for.
    fn is_valid(&self, packet: &[u8]) -> bool {
        let Some((_, Ok(packet))) = read(packet) else { return false };
        self.key.as_ref().is_none_or(|key| packet.shows(key))
    }
}
