//! Opens anything as HEP: packets to the listener, and a stream cut into packets.
//!
//! Input: the size of the parts the stream comes in (1 byte), then the bytes. Every byte of the stream
//! must be in a packet, passed over or held; each agent must be reported once, in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::hep::{Framer, read};
use regscope::net::{Endpoint, FrameRef, Timestamp};
use regscope::packet::{Decoder, Event, Limits};

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let mut decoder = Decoder::new(Limits::default());
    let from = Endpoint::new([192, 0, 2, 1].into(), 9060);
    let mut agents = 0;
    let mut open = |packet: &[u8]| {
        decoder.hep(packet, Timestamp::default(), from, FrameRef::default(), &mut |event| {
            match event {
                Event::Agent(agent) => {
                    assert_eq!(agent.agent.index(), agents);
                    agents += 1;
                }
                Event::Datagram { origin, bytes } => {
                    assert!(!bytes.is_empty());
                    assert!(origin.path.hep.is_some_and(|agent| agent.index() < agents));
                }
                _ => panic!("an event no HEP packet gives"),
            }
        });
    };
    open(bytes);
    if let Some((len, Ok(_))) = read(bytes) {
        assert!(len > 0);
    }
    let mut framer = Framer::default();
    let (mut taken, mut skipped) = (0, 0);
    for part in bytes.chunks(usize::from(*size).max(1)) {
        skipped += framer.push(part, &mut |packet| {
            taken += packet.len();
            open(packet);
        });
    }
    assert_eq!(taken + skipped as usize + framer.held(), bytes.len());
});
