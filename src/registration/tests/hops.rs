//! A request that loops through proxies: more hops than a byte counts.

use crate::net::{Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
use crate::registration::{SnapshotOptions, Tracker};
use crate::sip::Message;

#[test]
fn three_hundred_hops_are_one_attempt() {
    let mut tracker = Tracker::new();
    let vias = |count: usize| -> String {
        let via = |n| format!("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{n}\r\n");
        (0..count).rev().map(via).collect()
    };
    let end = |n: u16| {
        let [high, low] = n.to_be_bytes();
        Endpoint::new([10, 0, high, low].into(), 5060)
    };
    for hop in 1..300_u16 {
        let text = format!(
            "REGISTER sip:r SIP/2.0\r\n{}From: <sip:5001@r>;tag=1\r\nTo: <sip:5001@r>\r\n\
             Call-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:5001@192.0.2.10>\r\n\
             Content-Length: 0\r\n\r\n",
            vias(usize::from(hop))
        );
        let origin = Origin {
            time: Timestamp::from_parts(1000, i64::from(hop) * 1_000_000),
            frame: FrameRef::new(FileId::default(), u64::from(hop)),
            src: end(hop),
            dst: end(hop + 1),
            transport: Transport::Udp,
            path: PathInfo::default(),
        };
        tracker.advance(origin.time);
        tracker.message(&origin, &Message::parse(text.as_bytes(), false).unwrap());
    }
    let snapshot = tracker.finish(&SnapshotOptions::default());
    let dn = snapshot.find(b"5001").unwrap();
    assert_eq!(dn.attempts().count(), 1);
}
