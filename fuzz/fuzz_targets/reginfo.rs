//! Reads arbitrary XML as the registrations in a NOTIFY (RFC 3680), through the model: nothing may panic
//! or run on.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use regscope::net::{Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
use regscope::registration::{SnapshotOptions, Tracker};
use regscope::sip::datagram;

const REGISTER: &str = "REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
    From: <sip:5001@example.net>;tag=a\r\nTo: <sip:5001@example.net>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n\
    Contact: <sip:5001@192.0.2.1>;expires=3600\r\nContent-Length: 0\r\n\r\n";
const OK: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
    From: <sip:5001@example.net>;tag=a\r\nTo: <sip:5001@example.net>;tag=b\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n\
    Contact: <sip:5001@192.0.2.1>;expires=3600\r\nContent-Length: 0\r\n\r\n";
const NOTIFY: &str = "NOTIFY sip:5001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bKn\r\n\
    From: <sip:5001@example.net>;tag=b\r\nTo: <sip:5001@example.net>;tag=a\r\nCall-ID: n\r\nCSeq: 2 NOTIFY\r\n\
    Event: reg\r\nSubscription-State: active\r\nContent-Type: application/reginfo+xml\r\n";

fuzz_target!(|data: &[u8]| {
    let mut tracker = Tracker::new();
    let end = |host| Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), 5060);
    let (device, registrar) = (end(1), end(20));
    let mut place = 0;
    let mut take = |bytes: &[u8], src, dst| {
        place += 1;
        let origin = Origin {
            time: Timestamp::from_parts(1_763_505_000 + i64::from(place), 0),
            frame: FrameRef::new(FileId(0), u64::from(place)),
            src,
            dst,
            transport: Transport::Udp,
            path: PathInfo::default(),
        };
        for message in datagram(bytes, false) {
            tracker.advance(origin.time);
            tracker.message(&origin, &message);
        }
        place
    };
    take(REGISTER.as_bytes(), device, registrar);
    take(OK.as_bytes(), registrar, device);
    let head = format!("{NOTIFY}Content-Length: {}\r\n\r\n", data.len());
    let _: u32 = take(&[head.as_bytes(), data].concat(), registrar, device);
    let snapshot = tracker.finish(&SnapshotOptions::default());
    assert!(snapshot.dns().any(|dn| dn.name() == b"5001"));
});
