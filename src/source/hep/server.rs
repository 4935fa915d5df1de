//! The listener's thread: waits for its sockets, reads them in turn, and passes packets on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};
use mio::net::{TcpListener, UdpSocket};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};

use super::connection::{Connection, Verdict, source};
use super::drops::KernelDrops;
use super::{HepPacket, ListenerLimits, Shared, Waiting};
use crate::net::{Endpoint, Timestamp};

const WAKE: Token = Token(0);
const UDP: Token = Token(1);
const TCP: Token = Token(2);
const FIRST_CONNECTION: usize = 3;

/// Datagrams or connections taken before the others have their turn.
const TURN: usize = 256;
/// Time between two looks for silent connections, at most.
const ROUND: Duration = Duration::from_secs(1);
/// The longest datagram.
const BUFFER: usize = 64 << 10;
/// Connections the kernel completes before they are accepted.
const BACKLOG: i32 = 128;
/// How often to look for a port that is free for both UDP and TCP.
const TRIES: usize = 16;

/// Everything the thread has.
#[derive(Debug)]
pub(super) struct Server {
    poll: Poll,
    waker: Arc<Waker>,
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
    receive_buffer: usize,
    connections: BTreeMap<Token, Connection>,
    next: usize,
    /// Sockets that may have more to read.
    ready: BTreeSet<Token>,
    rounds: Instant,
    kernel: Option<KernelDrops>,
    desk: Desk,
    limits: ListenerLimits,
}

/// Where packets go.
#[derive(Debug)]
struct Desk {
    shared: Arc<Shared>,
    sender: Sender<HepPacket>,
    latest: Timestamp,
    /// Bytes that may wait.
    queue_bytes: usize,
    /// The receiver of packets is gone.
    deserted: bool,
}

impl Server {
    pub(super) fn bind(
        address: SocketAddr,
        limits: ListenerLimits,
        shared: Arc<Shared>,
        sender: Sender<HepPacket>,
    ) -> io::Result<Self> {
        let (udp, tcp) = sockets(address, &limits)?;
        let receive_buffer = udp.recv_buffer_size()?;
        let kernel = KernelDrops::of(&udp, address.is_ipv6());
        let mut udp = UdpSocket::from_std(udp.into());
        let mut tcp = TcpListener::from_std(tcp.into());
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        poll.registry().register(&mut udp, UDP, Interest::READABLE)?;
        poll.registry().register(&mut tcp, TCP, Interest::READABLE)?;
        let (latest, queue_bytes) = (Timestamp::default(), limits.queue_bytes);
        let desk = Desk { shared, sender, latest, queue_bytes, deserted: false };
        Ok(Self {
            address: udp.local_addr()?,
            poll,
            waker,
            udp,
            tcp,
            receive_buffer,
            connections: BTreeMap::new(),
            next: FIRST_CONNECTION,
            ready: BTreeSet::new(),
            rounds: Instant::now(),
            kernel,
            desk,
            limits,
        })
    }

    /// Where it listens, how much the kernel holds for it, and how to wake it.
    pub(super) fn about(&self) -> (SocketAddr, usize, Arc<Waker>) {
        (self.address, self.receive_buffer, Arc::clone(&self.waker))
    }

    /// Serves until it is stopped or the receiver of packets is gone.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(TURN);
        let mut buffer = vec![0; BUFFER];
        while !self.desk.shared.stop.load(Ordering::Acquire) && !self.desk.deserted {
            let wait = if self.ready.is_empty() { self.pause() } else { Duration::ZERO };
            if self
                .poll
                .poll(&mut events, Some(wait))
                .is_err_and(|error| !is_connection_lost(&error))
            {
                self.desk.shared.count(|counts| counts.errors += 1);
                break;
            }
            // each event comes once: a socket stays here until it has nothing more to read
            self.ready.extend(events.iter().map(mio::event::Event::token));
            for token in std::mem::take(&mut self.ready) {
                let more = match token {
                    WAKE => false,
                    UDP => self.datagrams(&mut buffer),
                    TCP => self.accept(),
                    token => self.read(token, &mut buffer),
                };
                if more {
                    self.ready.insert(token);
                }
            }
            self.round();
        }
        let dropped = self.kernel.as_mut().map_or(0, KernelDrops::look_at_once);
        self.desk.shared.count(|counts| counts.kernel_dropped += dropped);
        for token in self.connections.keys().copied().collect::<Vec<_>>() {
            self.close(token);
        }
    }

    /// Takes datagrams; whether there may be more.
    fn datagrams(&mut self, buffer: &mut [u8]) -> bool {
        for _ in 0..TURN {
            match self.udp.recv_from(buffer) {
                Ok((len, from)) => {
                    self.desk.shared.count(|counts| counts.datagrams += 1);
                    self.desk.pass_on(endpoint(from), buffer.get(..len).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if is_connection_lost(&error) => {}
                // an error about an earlier packet, for example from ICMP
                Err(_) => self.desk.shared.count(|counts| counts.errors += 1),
            }
        }
        true
    }

    /// Takes connections; whether there may be more.
    fn accept(&mut self) -> bool {
        for _ in 0..TURN {
            let (mut stream, from) = match self.tcp.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if is_connection_lost(&error) => continue,
                Err(_) => {
                    // no descriptors left: try again with the next connection
                    self.desk.shared.count(|counts| counts.errors += 1);
                    return false;
                }
            };
            let from = endpoint(from);
            if !self.make_room(source(from.addr), Instant::now()) {
                self.desk.shared.count(|counts| counts.refused += 1);
                continue;
            }
            let token = Token(self.next);
            self.next += 1;
            if self.poll.registry().register(&mut stream, token, Interest::READABLE).is_err() {
                self.desk.shared.count(|counts| counts.errors += 1);
                continue;
            }
            let connection = Connection::new(stream, from, Instant::now());
            self.connections.insert(token, connection);
            self.ready.insert(token);
            self.desk.shared.count(|counts| {
                counts.accepted += 1;
                counts.open += 1;
            });
        }
        true
    }

    /// Makes room for a connection from `source`, out of its own if it has as many as it may; false if
    /// all of them are in use.
    fn make_room(&mut self, source: IpAddr, now: Instant) -> bool {
        let own = self.connections.values().filter(|c| c.source() == source).count();
        let crowded = own >= self.limits.per_source;
        if !crowded && self.connections.len() < self.limits.connections {
            return true;
        }
        let candidates = self.connections.iter().filter(|(_, c)| !crowded || c.source() == source);
        let first = candidates.min_by_key(|(_, c)| c.agent.worth());
        let Some((&token, _)) = first.filter(|(_, c)| c.agent.yields(now, &self.limits)) else {
            return false;
        };
        self.desk.shared.count(|counts| counts.displaced += 1);
        self.close(token);
        true
    }

    /// Reads a connection once; whether there may be more.
    fn read(&mut self, token: Token, buffer: &mut [u8]) -> bool {
        let Some(connection) = self.connections.get_mut(&token) else { return false };
        let (desk, limits, from) = (&mut self.desk, &self.limits, connection.from);
        let (mut lost, mut packets) = (0, 0);
        let verdict = connection.read(buffer, Instant::now(), limits, &mut lost, &mut |packet| {
            packets += 1;
            desk.pass_on(from, packet);
        });
        desk.shared.count(|counts| {
            counts.stream_packets += packets;
            counts.lost_bytes += lost;
            counts.hostile += u64::from(verdict == Verdict::Hostile);
            counts.errors += u64::from(verdict == Verdict::Error);
        });
        match verdict {
            Verdict::More => return true,
            Verdict::Wait => {}
            Verdict::Ended | Verdict::Error | Verdict::Hostile => self.close(token),
        }
        false
    }

    /// Closes connections that are silent, and looks what the kernel dropped, now and then.
    fn round(&mut self) {
        let now = Instant::now();
        let dropped = self.kernel.as_mut().map_or(0, |kernel| kernel.look(now));
        if dropped > 0 {
            self.desk.shared.count(|counts| counts.kernel_dropped += dropped);
        }
        if now.duration_since(self.rounds) < self.pause() {
            return;
        }
        self.rounds = now;
        let idle = self.connections.iter().filter(|(_, c)| c.agent.is_idle(now, &self.limits));
        let idle = idle.map(|(token, connection)| (*token, connection.agent.has_greeted()));
        for (token, greeted) in idle.collect::<Vec<_>>() {
            self.desk.shared.count(|counts| {
                counts.idle += u64::from(greeted);
                counts.never_valid += u64::from(!greeted);
            });
            self.close(token);
        }
    }

    /// Time between two looks for silent connections.
    fn pause(&self) -> Duration {
        ROUND.min(self.limits.greeting).min(self.limits.idle)
    }

    fn close(&mut self, token: Token) {
        let Some(mut connection) = self.connections.remove(&token) else { return };
        self.ready.remove(&token);
        let failed = self.poll.registry().deregister(connection.socket()).is_err();
        self.desk.shared.count(|counts| {
            counts.open -= 1;
            counts.lost_bytes += connection.agent.unfinished() as u64;
            counts.errors += u64::from(failed);
        });
    }
}

impl Desk {
    /// Queues a packet, or drops and counts it.
    fn pass_on(&mut self, from: Endpoint, bytes: &[u8]) {
        // a clock that was set back does not move
        self.latest = self.latest.max(Timestamp::now());
        let Some(waiting) = Waiting::add(&self.shared.waiting, bytes.len(), self.queue_bytes)
        else {
            return self.shared.count(|counts| counts.dropped += 1);
        };
        let (time, bytes) = (self.latest, bytes.into());
        match self.sender.try_send(HepPacket { time, from, bytes, _waiting: waiting }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.shared.count(|counts| counts.dropped += 1),
            Err(TrySendError::Disconnected(_)) => self.deserted = true,
        }
    }
}

/// Whether a peer went away, or a signal came, before a connection was taken: the next one may come.
fn is_connection_lost(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), Interrupted | ConnectionAborted | ConnectionReset)
}

/// An address as captures show it: IPv4 where the socket has it mapped into IPv6.
fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::new(address.ip().to_canonical(), address.port())
}

/// A UDP and a TCP socket on the same address and port.
fn sockets(address: SocketAddr, limits: &ListenerLimits) -> io::Result<(Socket, Socket)> {
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        let udp = socket(address, Type::DGRAM, Protocol::UDP)?;
        // the kernel grants what its administrator allows; the rest is not needed to work
        udp.set_recv_buffer_size(limits.receive_buffer).unwrap_or_default();
        udp.bind(&address.into())?;
        let bound = udp.local_addr()?.as_socket().unwrap_or(address);
        let tcp = socket(bound, Type::STREAM, Protocol::TCP)?;
        tcp.set_reuse_address(true)?;
        match tcp.bind(&bound.into()).and_then(|()| tcp.listen(BACKLOG)) {
            Ok(()) => return Ok((udp, tcp)),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
