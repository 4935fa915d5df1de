//! One agent's TCP connection: reads it, cuts it into packets, and judges whether to keep it.

use std::io::{ErrorKind, Read as _};
use std::time::Instant;

use mio::net::TcpStream;

use super::ListenerLimits;
use crate::hep::Framer;
use crate::net::Endpoint;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    pub(super) from: Endpoint,
    framer: Framer,
    /// When bytes came last.
    heard: Instant,
    /// When it was accepted.
    since: Instant,
    /// Whether a packet came.
    greeted: bool,
    /// Bytes passed over since the last packet.
    noise: u64,
}

/// What a look at a connection led to.
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
        let framer = Framer::default();
        Self { stream, from, framer, heard: now, since: now, greeted: false, noise: 0 }
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
        self.heard = now;
        let mut any = false;
        let bytes = buffer.get(..len).unwrap_or_default();
        let skipped = self.framer.push(bytes, &mut |packet| {
            any = true;
            found(packet);
        });
        *lost += skipped;
        self.greeted |= any;
        self.noise = if any { 0 } else { self.noise + skipped };
        // who begins with something else never meant to speak HEP
        if self.noise > limits.noise || skipped > 0 && !self.greeted {
            return Verdict::Hostile;
        }
        Verdict::More
    }

    /// Whether it was silent for too long.
    pub(super) fn is_idle(&self, now: Instant, limits: &ListenerLimits) -> bool {
        now.duration_since(self.heard) >= limits.idle
            || !self.greeted && now.duration_since(self.since) >= limits.greeting
    }

    /// Bytes of an unfinished packet.
    pub(super) fn unfinished(&self) -> u64 {
        self.framer.held() as u64
    }
}
