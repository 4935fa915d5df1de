//! The tests that concern several files of this module; each file tests itself as well.

mod accessors;
mod framer;
mod random;
mod shapes;
mod strict;
mod torture;

use super::{Message, datagram};

/// A REGISTER as phones send it, with CR LF line ends.
pub(super) const REGISTER: &str = "REGISTER sip:pbx.example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Front Desk\" <sip:5001@pbx.example.com>;tag=1928301774\r\n\
    To: <sip:5001@pbx.example.com>\r\n\
    Call-ID: a84b4c76e66710@192.0.2.10\r\n\
    CSeq: 314159 REGISTER\r\n\
    Contact: <sip:5001@192.0.2.10:5060;transport=udp>;expires=3600;\
    +sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";reg-id=1\r\n\
    User-Agent: Desk/1.0\r\n\
    Authorization: Digest username=\"5001\", realm=\"pbx\", nonce=\"abc\", \
    uri=\"sip:pbx.example.com\", response=\"00112233445566778899aabbccddeeff\", \
    algorithm=MD5, qop=auth, nc=0000000a, cnonce=\"x\"\r\n\
    Expires: 3600\r\n\
    Content-Length: 0\r\n\r\n";

/// The one message in `text`.
pub(super) fn message(text: &[u8]) -> Message<'_> {
    let mut found = datagram(text, false);
    let message = found.next().expect("a message");
    assert!(found.next().is_none(), "one message only");
    message
}

/// A REGISTER with `lines` as its only headers; each line lacks its line end.
pub(super) fn with_headers(lines: &[&[u8]]) -> Vec<u8> {
    let mut text = b"REGISTER sip:r.example SIP/2.0\r\n".to_vec();
    for line in lines {
        text.extend_from_slice(line);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// Reads everything there is to read of `message`.
pub(super) fn read_all(message: &Message<'_>) {
    let _ = (message.raw(), message.start(), message.is_request(), message.method());
    let _ = (message.code(), message.headers_complete(), message.is_cut(), message.body());
    let _ = (message.body_is_cut(), message.cut_line(), message.request_uri());
    let _ = (message.call_id(), message.cseq(), message.expires(), message.min_expires());
    let _ = (message.retry_after(), message.user_agent(), message.server());
    for header in message.headers() {
        let _ = super::unfold(header.value);
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
