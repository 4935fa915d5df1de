//! Messages as JSON, one object a line.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::message::{MessageView, user};
use crate::net::{LogMarks, escape_lossy};
use crate::sip::NameAddr;

/// One line.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "marks that any message may have, each on its own"
)]
struct MessageDoc<'a> {
    file: String,
    /// The frame of a capture, as Wireshark counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    /// The line of a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// None in a log without a clock.
    time: Option<String>,
    transport: &'static str,
    src: IpAddr,
    src_port: u16,
    dst: IpAddr,
    dst_port: u16,
    kind: &'static str,
    method: Option<Cow<'a, str>>,
    status_code: Option<u16>,
    cseq: Option<u32>,
    call_id: Option<Cow<'a, str>>,
    branch: Option<Cow<'a, str>>,
    to_user: Option<Cow<'a, str>>,
    to_host: Option<Cow<'a, str>>,
    from_user: Option<Cow<'a, str>>,
    contacts: Vec<Cow<'a, str>>,
    expires: Option<u32>,
    user_agent: Option<Cow<'a, str>>,
    retransmission: bool,
    duplicate: bool,
    cut: bool,
    /// Addresses and transport that the log left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inferred: Vec<&'static str>,
    /// The program that logged it says that it could not be sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not_sent: bool,
}

/// Writes one message and a line end.
pub fn write(view: &MessageView<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &MessageDoc::new(view)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

impl<'a> MessageDoc<'a> {
    fn new(view: &MessageView<'a>) -> Self {
        let MessageView { origin, message, seen, .. } = *view;
        let (frame, line) = view.place();
        let timed = !origin.path.log.has(LogMarks::UNTIMED);
        let (to, from) = (message.to(), message.from());
        let host = |address: &NameAddr<'a>| {
            Some(address.uri.host).filter(|host| !host.is_empty()).map(escape_lossy)
        };
        Self {
            file: view.file(),
            frame,
            line,
            time: timed.then(|| origin.time.epoch_string()),
            transport: origin.transport.name(),
            src: origin.src.addr,
            src_port: origin.src.port,
            dst: origin.dst.addr,
            dst_port: origin.dst.port,
            kind: if message.is_request() { "request" } else { "response" },
            method: message.method().map(|method| method.name()),
            status_code: message.code(),
            cseq: message.cseq().map(|cseq| cseq.number),
            call_id: message.call_id().map(escape_lossy),
            branch: message.top_via().and_then(|via| via.branch()).map(escape_lossy),
            to_user: to.as_ref().and_then(user),
            to_host: to.as_ref().and_then(host),
            from_user: from.as_ref().and_then(user),
            contacts: view.contacts().collect(),
            expires: view.expires(),
            user_agent: message.user_agent().map(escape_lossy),
            retransmission: seen.retransmission,
            duplicate: seen.duplicate,
            cut: message.is_cut(),
            inferred: view.inferred(),
            not_sent: origin.path.log.has(LogMarks::NOT_SENT),
        }
    }
}
