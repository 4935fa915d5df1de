//! Listens for HEP agents over UDP and TCP, and hands their packets on unread.
//!
//! One thread of its own does it all. Whatever agents send, it holds no more than
//! [`ListenerLimits`] allow; what does not fit is dropped and counted.

mod connection;
mod drops;
mod server;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Receiver;
use mio::Waker;

use crate::net::{Endpoint, Timestamp};
#[doc(hidden)]
pub use connection::AgentStream;
use server::Server;

/// A HEP packet as it came.
#[derive(Debug)]
pub struct HepPacket {
    /// When it arrived; never earlier than the one before.
    pub time: Timestamp,
    /// The sender.
    pub from: Endpoint,
    /// Its bytes: of UDP whatever the datagram held, of TCP a packet of version 3.
    pub bytes: Box<[u8]>,
    /// Its part of the bytes that wait, given back when it is dropped.
    _waiting: Waiting,
}

/// A part of the bytes that wait to be taken.
#[derive(Debug)]
struct Waiting {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Waiting {
    /// Adds `own` bytes, unless the sum would exceed `most`.
    fn add(all: &Arc<AtomicUsize>, own: usize, most: usize) -> Option<Self> {
        // one thread adds: others only take away meanwhile
        if all.load(Ordering::Relaxed) + own > most {
            return None;
        }
        all.fetch_add(own, Ordering::Relaxed);
        Some(Self { all: Arc::clone(all), own })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// How much is held, and for how long.
#[derive(Clone, Debug)]
pub struct ListenerLimits {
    /// Packets that wait to be taken.
    pub queue: usize,
    /// Their bytes together.
    pub queue_bytes: usize,
    /// TCP connections at a time. Another one takes the place of the one silent longest, those first
    /// that never showed a valid packet.
    pub connections: usize,
    /// TCP connections of one IPv4 address, or of one IPv6 network of 64 bits.
    pub per_source: usize,
    /// How long a connection may stay silent.
    pub idle: Duration,
    /// How long a connection is silent before it makes room for another.
    pub quiet: Duration,
    /// How long a connection may last before its first valid packet.
    pub greeting: Duration,
    /// Bytes in which no packet begins after which a connection is closed.
    pub noise: u64,
    /// Bytes the kernel is asked to hold for the UDP socket; it may grant fewer.
    pub receive_buffer: usize,
    /// The key a packet has to show to be valid. Packets without it are handed on like all others.
    pub key: Option<Key>,
}

/// A key that HEP agents have to show; not shown itself.
#[derive(Clone)]
pub struct Key(Box<[u8]>);

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            // some seconds of a busy site: nothing is taken while a snapshot is judged
            queue: 32_768,
            queue_bytes: 32 << 20,
            connections: 256,
            per_source: 64,
            quiet: Duration::from_secs(60),
            // agents speak seldom at night, and lose a message when they find the connection closed
            idle: Duration::from_secs(3600),
            greeting: Duration::from_secs(10),
            noise: 64 << 10,
            receive_buffer: 8 << 20,
            key: None,
        }
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Self {
        Self(key.as_bytes().into())
    }
}

impl std::ops::Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

/// What came, and what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListenerCounts {
    /// UDP datagrams.
    pub datagrams: u64,
    /// Packets in TCP streams.
    pub stream_packets: u64,
    /// Packets dropped because too many waited to be taken.
    pub dropped: u64,
    /// UDP datagrams the kernel dropped because its buffer was full.
    pub kernel_dropped: u64,
    /// Bytes of TCP streams that belong to no whole packet.
    pub lost_bytes: u64,
    /// TCP connections accepted.
    pub accepted: u64,
    /// TCP connections open.
    pub open: u64,
    /// TCP connections closed at once because there were too many.
    pub refused: u64,
    /// TCP connections closed to make room for another.
    pub displaced: u64,
    /// TCP connections closed for being silent.
    pub idle: u64,
    /// TCP connections closed because no valid packet came in time.
    pub never_valid: u64,
    /// TCP connections closed for sending something else than HEP.
    pub hostile: u64,
    /// Errors of sockets; a connection that has one is closed.
    pub errors: u64,
}

/// What the listener and its thread share.
#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    counts: Mutex<ListenerCounts>,
    /// Bytes of packets that were taken and not dropped yet.
    waiting: Arc<AtomicUsize>,
}

impl Shared {
    fn count(&self, change: impl FnOnce(&mut ListenerCounts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Sockets for HEP agents that are not read yet; the kernel collects.
pub struct Bound {
    server: Server,
    packets: Receiver<HepPacket>,
    shared: Arc<Shared>,
}

impl Bound {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.about().0
    }

    /// Starts the thread that reads.
    pub fn start(self) -> io::Result<Listener> {
        let Self { server, packets, shared } = self;
        let (address, receive_buffer, waker) = server.about();
        let thread = std::thread::Builder::new()
            .name("hep-listener".to_owned())
            .spawn(move || server.run())?;
        Ok(Listener { address, receive_buffer, packets, shared, waker, thread: Some(thread) })
    }
}

/// A listener for HEP agents; dropping it ends it.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    receive_buffer: usize,
    packets: Receiver<HepPacket>,
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens at one address for both UDP and TCP; `[::]` takes IPv4 as well. Port 0 picks one.
    /// Fails when either socket cannot be had.
    pub fn bind(address: SocketAddr, limits: ListenerLimits) -> io::Result<Self> {
        Self::open(address, limits)?.start()
    }

    /// Opens the sockets only, as [`Self::bind`] does: rights can be dropped before anything is read.
    pub fn open(address: SocketAddr, limits: ListenerLimits) -> io::Result<Bound> {
        let shared = Arc::new(Shared::default());
        let (sender, packets) = crossbeam_channel::bounded(limits.queue.max(1));
        let server = Server::bind(address, limits, Arc::clone(&shared), sender)?;
        Ok(Bound { server, packets, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes the kernel holds for the UDP socket, by its own account.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// Where the packets come out, in order of arrival; ends when the listener does.
    #[must_use]
    pub fn packets(&self) -> &Receiver<HepPacket> {
        &self.packets
    }

    /// What came so far.
    #[must_use]
    pub fn counts(&self) -> ListenerCounts {
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of packets that were taken and not dropped yet.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Closes all sockets and waits for the thread; what waits to be taken can still be taken. Says
    /// what came in all.
    pub fn stop(&mut self) -> ListenerCounts {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && self.waker.wake().is_ok()
        {
            // a thread that panicked has nothing left to close
            thread.join().unwrap_or_default();
        }
        self.counts()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}
