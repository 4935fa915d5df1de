//! Reads arbitrary bytes by every function of the SIP module: nothing may panic or run on.
//!
//! The first two bytes say where the stream framer's input is split and what was lost there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regscope::sip::{Message, StreamFramer, datagram, strict_conformance, unfold};

fn read_all(message: &Message<'_>) {
    assert!(message.body().len() <= message.raw().len());
    let _ = (message.start(), message.method(), message.code(), message.request_uri());
    let _ = (message.headers_complete(), message.is_cut(), message.cut_line());
    let _ = (message.call_id(), message.cseq(), message.expires(), message.min_expires());
    let _ = (message.retry_after(), message.user_agent(), message.server());
    let _ = (message.body_is_cut(), message.ended_without_blank_line());
    for header in message.headers() {
        let _ = (header.id.canonical(), unfold(header.value));
    }
    for address in [message.to(), message.from()].into_iter().flatten() {
        let _ = (address.tag(), address.uri.host_ip(), address.uri.same_as(&address.uri));
    }
    for address in message.contacts().filter_map(|contact| contact.address().copied()) {
        let _ = (address.expires(), address.q(), address.instance(), address.reg_id());
        let _ = address.uri.same_as(&address.uri);
    }
    for via in message.vias() {
        let _ = (via.branch(), via.received(), via.rport());
    }
    let _ = (message.challenges().count(), message.credentials().count());
}

fuzz_target!(|data: &[u8]| {
    let [at, lost, data @ ..] = data else { return };
    for cut in [false, true] {
        if let Some(message) = Message::parse(data, cut) {
            let _ = strict_conformance(&message);
        }
        let mut total = 0;
        for message in datagram(data, cut) {
            read_all(&message);
            total += message.raw().len();
        }
        assert!(total <= data.len());
    }
    let (head, tail) = data.split_at(data.len() * usize::from(*at) / 255);
    let mut framer = StreamFramer::new();
    let mut total = 0;
    let mut sink = |message: Message<'_>| {
        read_all(&message);
        total += message.raw().len();
    };
    framer.push(head, 0, &mut sink);
    framer.push(tail, u64::from(*lost % 4), &mut sink);
    framer.end(&mut sink);
    assert!(total as u64 + framer.stats().bytes_skipped <= data.len() as u64);
});
