//! Sends messages to a HEP collector over UDP, without ever waiting for it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::{Item, encode};

/// The most a UDP datagram carries over IPv4 (RFC 768, RFC 791).
const LONGEST: usize = 65_507;

/// A socket towards a collector.
#[derive(Debug)]
pub struct Sender {
    socket: UdpSocket,
    capture_id: u32,
    node: Box<[u8]>,
    key: Box<[u8]>,
    packet: Vec<u8>,
    counts: SenderCounts,
}

/// What became of the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SenderCounts {
    /// Handed to the network.
    pub sent: u64,
    /// Dropped because the socket's buffer was full.
    pub full: u64,
    /// Dropped because the network refused: no route, or no listener.
    pub refused: u64,
    /// Dropped because they do not fit into a datagram.
    pub too_long: u64,
}

impl Sender {
    /// A sender to `collector` that calls itself `capture_id` and `node`, and shows `key`; both may be
    /// empty. Fails when no socket can be had.
    pub fn new(collector: SocketAddr, capture_id: u32, node: &str, key: &str) -> io::Result<Self> {
        let any: SocketAddr = match collector {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(collector)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            capture_id,
            node: node.as_bytes().into(),
            key: key.as_bytes().into(),
            packet: Vec::new(),
            counts: SenderCounts::default(),
        })
    }

    /// Sends one message, or drops and counts it; never waits.
    pub fn send(&mut self, item: &Item<'_>) {
        self.packet.clear();
        let fits = encode(item, self.capture_id, &self.node, &self.key, &mut self.packet);
        if !fits || self.packet.len() > LONGEST {
            self.counts.too_long += 1;
            return;
        }
        let mut outcome = self.socket.send(&self.packet);
        if outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            // this is the answer to an earlier packet (RFC 1122 §4.1.3.3): this one is not sent yet
            outcome = self.socket.send(&self.packet);
        }
        match outcome {
            Ok(_) => self.counts.sent += 1,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.counts.full += 1,
            Err(_) => self.counts.refused += 1,
        }
    }

    /// What became of the messages so far.
    #[must_use]
    pub fn counts(&self) -> SenderCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Payload, read};
    use super::*;
    use crate::net::{Endpoint, Timestamp, Transport};

    fn item(bytes: &[u8]) -> Item<'_> {
        let end = |last| Endpoint::new([192, 0, 2, last].into(), 5060);
        Item {
            time: Timestamp::from_parts(1_700_000_000, 123_456_000),
            src: end(10),
            dst: end(1),
            transport: Transport::Tcp,
            bytes,
        }
    }

    #[test]
    fn a_collector_gets_the_message() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(collector) = UdpSocket::bind(any) else { continue };
            collector.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let to = collector.local_addr().unwrap();
            let mut sender = Sender::new(to, 7, "lab", "secret").unwrap();
            sender.send(&item(b"OPTIONS sip:a SIP/2.0\r\n\r\n"));
            let mut buffer = [0; 2000];
            let len = collector.recv(&mut buffer).unwrap();
            let (all, packet) = read(&buffer[..len]).unwrap();
            let packet = packet.unwrap();
            assert_eq!((all, packet.capture_id, packet.node), (len, Some(7), &b"lab"[..]));
            assert_eq!(packet.key, Some(&b"secret"[..]));
            assert_eq!(packet.payload, Payload::Plain(b"OPTIONS sip:a SIP/2.0\r\n\r\n"));
            assert_eq!(sender.counts(), SenderCounts { sent: 1, ..SenderCounts::default() });
        }
    }

    #[test]
    fn what_cannot_go_is_counted() {
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut sender = Sender::new(gone, 7, "", "").unwrap();
        for _ in 0..3 {
            sender.send(&item(b"x"));
        }
        sender.send(&item(&vec![b'x'; 65_535]));
        sender.send(&item(&vec![b'x'; 65_440]));
        let counts = sender.counts();
        assert_eq!((counts.too_long, counts.sent + counts.refused), (2, 3));
    }
}
