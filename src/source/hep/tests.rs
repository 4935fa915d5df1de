//! Sends to a listener on loopback what agents and other programs send.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::Instant;

use super::*;
use crate::hep::{Item, encode};
use crate::net::Transport;

const LOOPBACK: &str = "127.0.0.1:0";
const WAIT: Duration = Duration::from_secs(10);

fn packet(text: &str) -> Vec<u8> {
    let end = Endpoint::new([192, 0, 2, 1].into(), 5060);
    let time = Timestamp::from_parts(1_700_000_000, 0);
    let bytes = text.as_bytes();
    let item = Item { time, src: end, dst: end, transport: Transport::Udp, bytes };
    let mut out = Vec::new();
    assert!(encode(&item, 1, b"", b"", &mut out));
    out
}

fn listener(limits: ListenerLimits) -> Listener {
    Listener::bind(LOOPBACK.parse().unwrap(), limits).unwrap()
}

fn take(listener: &Listener) -> HepPacket {
    listener.packets().recv_timeout(WAIT).unwrap()
}

/// Waits until the counts are as they should be.
fn until(listener: &Listener, done: impl Fn(&ListenerCounts) -> bool) -> ListenerCounts {
    let start = Instant::now();
    while !done(&listener.counts()) {
        assert!(start.elapsed() < WAIT, "{:?}", listener.counts());
        std::thread::sleep(Duration::from_millis(2));
    }
    listener.counts()
}

/// Whether the other side closes the connection, before long.
fn is_closed(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(WAIT)).unwrap();
    match stream.read(&mut [0; 1]) {
        Ok(len) => len == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn both_transports_arrive_at_one_address() {
    let mut listener = listener(ListenerLimits::default());
    assert!(listener.receive_buffer() > 0);
    let udp = UdpSocket::bind(LOOPBACK).unwrap();
    udp.send_to(&packet("one"), listener.address()).unwrap();
    let one = take(&listener);
    assert_eq!(
        (&one.bytes[..], one.from.port),
        (&packet("one")[..], udp.local_addr().unwrap().port())
    );
    let mut tcp = TcpStream::connect(listener.address()).unwrap();
    let both = [packet("two"), packet("three")].concat();
    for part in both.chunks(7) {
        tcp.write_all(part).unwrap();
        tcp.flush().unwrap();
    }
    let (two, three) = (take(&listener), take(&listener));
    assert_eq!((&two.bytes[..], &three.bytes[..]), (&packet("two")[..], &packet("three")[..]));
    assert!(one.time <= two.time && two.time <= three.time);
    assert!(one.time > Timestamp::from_parts(1_700_000_000, 0));
    // a packet that is not finished
    tcp.write_all(&packet("four")[..20]).unwrap();
    drop(tcp);
    let counts = until(&listener, |counts| counts.accepted == 1 && counts.open == 0);
    assert_eq!((counts.datagrams, counts.stream_packets, counts.lost_bytes), (1, 2, 20));
    assert_eq!(listener.stop(), counts);
    assert!(listener.packets().recv_timeout(WAIT).is_err());
    assert!(TcpStream::connect(listener.address()).is_err());
}

#[test]
fn ipv6_takes_ipv4_as_well() {
    let Ok(listener) = Listener::bind("[::]:0".parse().unwrap(), ListenerLimits::default()) else {
        return; // no IPv6 here
    };
    let port = listener.address().port();
    for (from, to) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let udp = UdpSocket::bind(from).unwrap();
        udp.send_to(&packet("x"), (to, port)).unwrap();
        assert_eq!(take(&listener).from.addr.to_string(), to);
    }
}

#[test]
fn what_nobody_takes_is_dropped_and_counted() {
    let listener = listener(ListenerLimits { queue: 3, ..ListenerLimits::default() });
    let mut tcp = TcpStream::connect(listener.address()).unwrap();
    for n in 0..10 {
        tcp.write_all(&packet(&n.to_string())).unwrap();
    }
    let counts = until(&listener, |counts| counts.stream_packets == 10);
    assert_eq!(counts.dropped, 7);
    let kept: Vec<_> = listener.packets().try_iter().map(|packet| packet.bytes.to_vec()).collect();
    assert_eq!(kept, [packet("0"), packet("1"), packet("2")]);
}

#[test]
fn the_bytes_that_wait_are_bounded_until_their_packets_are_dropped() {
    let size = packet("0").len();
    let limits = ListenerLimits { queue_bytes: 2 * size, ..ListenerLimits::default() };
    let listener = listener(limits);
    let mut tcp = TcpStream::connect(listener.address()).unwrap();
    let mut send = |n: u8| tcp.write_all(&packet(&n.to_string())).unwrap();
    (0..4).for_each(&mut send);
    assert_eq!(until(&listener, |counts| counts.stream_packets == 4).dropped, 2);
    let taken = take(&listener);
    send(4);
    assert_eq!(until(&listener, |counts| counts.stream_packets == 5).dropped, 3);
    drop(taken);
    send(5);
    assert_eq!(until(&listener, |counts| counts.stream_packets == 6).dropped, 3);
}

#[test]
fn hostile_streams_are_closed() {
    let listener = listener(ListenerLimits { noise: 1000, ..ListenerLimits::default() });
    // never HEP
    let mut web = TcpStream::connect(listener.address()).unwrap();
    web.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(is_closed(&web));
    // HEP, then noise without end
    let mut turned = TcpStream::connect(listener.address()).unwrap();
    turned.write_all(&packet("one")).unwrap();
    turned.write_all(&[b'x'; 900]).unwrap();
    turned.write_all(&packet("two")).unwrap();
    assert_eq!(
        (take(&listener).bytes.len(), take(&listener).bytes.len()),
        (packet("one").len(), packet("two").len())
    );
    while turned.write_all(&[b'x'; 900]).is_ok() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let counts = until(&listener, |counts| counts.hostile == 2);
    assert_eq!((counts.accepted, counts.open, counts.stream_packets), (2, 0, 2));
    assert!(counts.lost_bytes >= 1900);
}

#[test]
fn connections_are_bounded_in_number_and_silence() {
    let limits = ListenerLimits {
        connections: 2,
        idle: Duration::from_millis(1500),
        greeting: Duration::from_millis(100),
        ..ListenerLimits::default()
    };
    let listener = listener(limits);
    let mut one = TcpStream::connect(listener.address()).unwrap();
    one.write_all(&packet("one")).unwrap();
    take(&listener);
    let start = Instant::now();
    let silent = TcpStream::connect(listener.address()).unwrap();
    until(&listener, |counts| counts.accepted == 2);
    let third = TcpStream::connect(listener.address()).unwrap();
    assert!(is_closed(&silent) && is_closed(&third));
    assert!(start.elapsed() < Duration::from_millis(1400));
    assert!(is_closed(&one));
    let counts = until(&listener, |counts| counts.idle == 1);
    assert_eq!((counts.open, counts.hostile, counts.refused), (0, 0, 0));
    assert_eq!(counts.displaced + counts.never_valid, 2);
}

/// A packet with a key.
fn keyed(text: &str, key: &[u8]) -> Vec<u8> {
    let end = Endpoint::new([192, 0, 2, 1].into(), 5060);
    let time = Timestamp::from_parts(1_700_000_000, 0);
    let bytes = text.as_bytes();
    let item = Item { time, src: end, dst: end, transport: Transport::Udp, bytes };
    let mut out = Vec::new();
    assert!(encode(&item, 1, b"", key, &mut out));
    out
}

/// A connection from an address of the loopback network.
fn connect_from(host: u8, listener: &Listener) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, host], 0)).into()).unwrap();
    socket.connect(&listener.address().into()).unwrap();
    socket.into()
}

#[test]
fn wrong_keys_shut_nobody_out() {
    let limits = ListenerLimits {
        connections: 12,
        per_source: 8,
        key: Some(Key::from("secret")),
        ..ListenerLimits::default()
    };
    assert!(!format!("{limits:?}").contains("secret"));
    let listener = listener(limits);
    let crowd = |count: usize| -> Vec<TcpStream> {
        let mut strangers: Vec<_> =
            (0..count).map(|n| connect_from(2 + (n % 3) as u8, &listener)).collect();
        for stranger in &mut strangers {
            // the listener may have closed it already, for the next one
            stranger.write_all(&keyed("stranger", b"wrong!")).unwrap_or_default();
        }
        strangers
    };
    let _first = crowd(40);
    until(&listener, |counts| counts.accepted == 40);
    let mut agent = connect_from(9, &listener);
    agent.write_all(&keyed("agent", b"secret")).unwrap();
    let heard = |text: &str| {
        let start = Instant::now();
        while take(&listener).bytes[..] != keyed(text, b"secret")[..] {
            assert!(start.elapsed() < WAIT);
        }
    };
    heard("agent");
    let _second = crowd(40);
    let counts = until(&listener, |counts| counts.accepted == 81);
    assert_eq!((counts.refused, counts.open), (0, 12));
    agent.write_all(&keyed("still here", b"secret")).unwrap();
    heard("still here");
}

#[test]
fn agents_that_speak_are_not_displaced_but_silent_ones_are() {
    let limits =
        ListenerLimits { connections: 3, quiet: Duration::from_millis(300), ..Default::default() };
    let listener = listener(limits);
    let mut agents: Vec<_> = (0..3).map(|_| connect_from(2, &listener)).collect();
    for (n, agent) in agents.iter_mut().enumerate() {
        agent.write_all(&packet(&n.to_string())).unwrap();
        take(&listener);
    }
    assert!(is_closed(&connect_from(3, &listener)));
    assert_eq!(until(&listener, |counts| counts.refused == 1).displaced, 0);
    std::thread::sleep(Duration::from_millis(350));
    for agent in &mut agents[1..] {
        agent.write_all(&packet("again")).unwrap();
        take(&listener);
    }
    let mut newcomer = connect_from(3, &listener);
    newcomer.write_all(&packet("new")).unwrap();
    assert_eq!(take(&listener).bytes[..], packet("new")[..]);
    assert!(is_closed(&agents[0]));
    let counts = listener.counts();
    assert_eq!((counts.refused, counts.displaced, counts.open), (1, 1, 3));
}

#[test]
fn one_source_does_not_take_all_connections() {
    let limits = ListenerLimits { connections: 9, per_source: 4, ..Default::default() };
    let listener = listener(limits);
    let mut crowd: Vec<_> = (0..20).map(|_| connect_from(2, &listener)).collect();
    let counts = until(&listener, |counts| counts.accepted == 20);
    assert_eq!((counts.open, counts.displaced), (4, 16));
    // its own oldest made room
    assert!(is_closed(&crowd[0]));
    crowd[19].write_all(&packet("last")).unwrap();
    assert_eq!(take(&listener).bytes[..], packet("last")[..]);
}

#[test]
fn an_ipv6_network_is_one_source() {
    use super::connection::source;
    let [a, b, c] = ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"];
    let source = |text: &str| source(text.parse().unwrap());
    assert_eq!(source(a), source(b));
    assert_ne!(source(a), source(c));
    assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_drops_is_counted() {
    const SENT: u64 = 2000;
    let limits = ListenerLimits { receive_buffer: 4096, ..ListenerLimits::default() };
    for address in [LOOPBACK, "[::1]:0"] {
        let Ok(bound) = Listener::open(address.parse().unwrap(), limits.clone()) else {
            continue; // no IPv6 here
        };
        // the socket is not read yet
        let udp = UdpSocket::bind(address).unwrap();
        for _ in 0..SENT {
            udp.send_to(&packet("x"), bound.address()).unwrap();
        }
        let mut listener = bound.start().unwrap();
        let counts = until(&listener, |counts| counts.kernel_dropped + counts.datagrams == SENT);
        assert!(counts.kernel_dropped > 0 && counts.datagrams > 0, "{counts:?}");
        assert_eq!(listener.stop(), counts, "counted once");
    }
}

#[test]
fn an_address_in_use_is_an_error() {
    let first = listener(ListenerLimits::default());
    let second = Listener::bind(first.address(), ListenerLimits::default());
    assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AddrInUse);
}
