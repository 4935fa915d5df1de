//! Sends messages as HEP and listens for them: what comes out must be what went in.

#![cfg(feature = "hep")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use regscope::hep::{Item, Sender, encode};
use regscope::net::{Endpoint, FrameRef, Origin, Transport};
use regscope::packet::{Decoder, Event, Limits};
use regscope::source::hep::{HepPacket, Listener, ListenerLimits};
use regscope::source::{CaptureSet, OpenOptions};

/// A message and where it was seen.
struct Seen {
    origin: Origin,
    bytes: Vec<u8>,
}

impl Seen {
    fn item(&self) -> Item<'_> {
        let Origin { time, src, dst, transport, .. } = self.origin;
        Item { time, src, dst, transport, bytes: &self.bytes }
    }

    /// What of it goes through HEP unchanged.
    fn essence(&self) -> (Endpoint, Endpoint, Transport, &[u8]) {
        (self.origin.src, self.origin.dst, self.origin.transport, &self.bytes)
    }
}

fn keep<'s>(
    seen: &'s mut Vec<Seen>,
    agents: &'s mut Vec<(Option<u32>, Vec<u8>)>,
) -> impl FnMut(Event<'_>) + 's {
    |event| match event {
        Event::Datagram { origin, bytes } => {
            seen.push(Seen { origin: *origin, bytes: bytes.to_vec() });
        }
        Event::Agent(agent) => agents.push((agent.capture_id, agent.node.to_vec())),
        Event::Stream(_)
        | Event::Icmp(_)
        | Event::Dns { .. }
        | Event::Connection(_)
        | Event::Joined { .. }
        | Event::Segment { .. } => {}
    }
}

/// The messages over UDP of a capture case.
fn messages(case: &str) -> Vec<Seen> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case).join("input.pcap");
    let mut set = CaptureSet::open(&[path], OpenOptions::default()).unwrap();
    let mut decoder = Decoder::new(Limits::default());
    let (mut seen, mut agents) = (Vec::new(), Vec::new());
    while let Some(frame) = set.next_frame() {
        decoder.decode(&frame, &mut keep(&mut seen, &mut agents));
    }
    seen
}

fn take(listener: &Listener, count: usize) -> Vec<HepPacket> {
    let wait = Duration::from_secs(10);
    (0..count).map(|_| listener.packets().recv_timeout(wait).unwrap()).collect()
}

#[test]
fn what_is_sent_arrives() {
    for case in ["incident", "ipv6", "scanner"] {
        let limits = ListenerLimits { queue: 10_000, ..ListenerLimits::default() };
        let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
        let sent = messages(case);
        let mut sender = Sender::new(listener.address(), 77, "edge", "secret").unwrap();
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        let mut decoder = Decoder::new(Limits::default());
        decoder.require_hep_key(b"secret");
        let (mut seen, mut agents) = (Vec::new(), Vec::new());
        // over UDP in portions no buffer is too small for, then the same over TCP
        for portion in sent.chunks(20) {
            for message in portion {
                sender.send(&message.item());
            }
            for packet in take(&listener, portion.len()) {
                let HepPacket { time, from, bytes, .. } = packet;
                let at = FrameRef::default();
                decoder.hep(&bytes, time, from, at, &mut keep(&mut seen, &mut agents));
            }
        }
        let mut all = Vec::new();
        for message in &sent {
            assert!(encode(&message.item(), 77, b"edge", b"secret", &mut all));
        }
        all.chunks(777).for_each(|part| stream.write_all(part).unwrap());
        for packet in take(&listener, sent.len()) {
            let HepPacket { time, from, bytes, .. } = packet;
            let at = FrameRef::default();
            decoder.hep(&bytes, time, from, at, &mut keep(&mut seen, &mut agents));
        }
        assert!(sent.len() > 3, "{case}");
        let essence = |seen: &'_ Seen| format!("{:?}", seen.essence());
        let twice: Vec<_> = sent.iter().chain(&sent).map(essence).collect();
        assert_eq!(seen.iter().map(essence).collect::<Vec<_>>(), twice, "{case}");
        // one address with one capture id and one name is one agent, whatever it sends over
        assert_eq!(agents, [(Some(77), b"edge".to_vec())]);
        assert_eq!(sender.counts().sent, sent.len() as u64);
        let counts = listener.stop();
        assert_eq!((counts.dropped, counts.lost_bytes, counts.hostile), (0, 0, 0));
        assert_eq!(decoder.stats().hep.messages, 2 * sent.len() as u64);
        assert_eq!(
            decoder.stats().hep.clock_off,
            2 * sent.len() as u64,
            "captures are from the past"
        );
    }
}
