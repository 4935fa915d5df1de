//! Other SIP beside registrations: calls, and gateways that ask whether the registrar is there.

use super::fleet::Fleet;
use super::queue::{Queue, Sent};
use super::random::Random;
use super::texts::{DOMAIN, REGISTRAR, name};

/// One dialog between a site and the registrar, which is a proxy for it.
struct Dialog<'q> {
    queue: &'q mut Queue,
    site: usize,
    /// `address:port` of the site.
    end: String,
    agent: &'static str,
    from: String,
    to: String,
    uri: String,
    call_id: String,
    to_tag: String,
    messages: u64,
}

impl<'q> Dialog<'q> {
    fn new(fleet: &mut Fleet, queue: &'q mut Queue) -> Option<Self> {
        let site = fleet.random.index(fleet.sites.len());
        let (end, agent) = fleet.sites.get(site).map(|site| (site.end.to_string(), site.agent))?;
        let call_id = fleet.random.hex(28);
        let to_tag = fleet.random.hex(8);
        let (from, to, uri) = (String::new(), String::new(), String::new());
        Some(Self { queue, site, end, agent, from, to, uri, call_id, to_tag, messages: 0 })
    }

    fn send(&mut self, at: u64, asks: bool, text: String) {
        self.messages += 1;
        self.queue.push(Sent { at, site: self.site, asks, text: text.into_bytes() });
    }

    fn request(&mut self, at: u64, cseq: &str, branch: &str, early: bool, body: &str) {
        let Self { end, agent, from, to, uri, call_id, to_tag, .. } = self;
        let method = cseq.split(' ').next_back().unwrap_or_default();
        let tag = if early { String::new() } else { format!(";tag={to_tag}") };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {end};branch={branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq}\r\nContact: <sip:line@{end}>\r\nUser-Agent: {agent}\r\n{}",
            content(body)
        );
        self.send(at, true, text);
    }

    fn answer(&mut self, at: u64, status: &str, cseq: &str, branch: &str, body: &str) {
        let Self { end, from, to, call_id, to_tag, .. } = self;
        let tag = if status.starts_with("100") { String::new() } else { format!(";tag={to_tag}") };
        let text = format!(
            "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP {end};branch={branch};rport=5060\r\n\
             From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\
             Contact: <sip:{REGISTRAR}>\r\nServer: Registrar/7.4.2 (x86_64/linux)\r\n\
             Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO\r\n{}",
            content(body)
        );
        self.send(at, false, text);
    }
}

/// The last header, and the body.
fn content(body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn sdp(host: &str, random: &mut Random) -> String {
    let (session, port) = (random.below(1 << 31), 10_000 + 2 * random.below(20_000));
    format!(
        "v=0\r\no=- {session} 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 8 18 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

fn branch(random: &mut Random) -> String {
    format!("z9hG4bK{}", random.hex(16))
}

/// Plans a call of two DNs that is answered and ended.
pub(super) fn call(fleet: &mut Fleet, at: u64, queue: &mut Queue) {
    let phones = fleet.phones.len() as u64;
    let (a, b) = (name(fleet.random.below(phones)), name(fleet.random.below(phones)));
    let tag = fleet.random.hex(8);
    let Some(mut call) = Dialog::new(fleet, queue) else { return };
    call.from = format!("\"{a}\" <sip:{a}@{DOMAIN}>;tag={tag}");
    call.to = format!("<sip:{b}@{DOMAIN}>");
    call.uri = format!("sip:{b}@{DOMAIN}");
    let random = &mut fleet.random;
    let host = call.end.split(':').next().unwrap_or_default().to_owned();
    let (offer, answer) = (sdp(&host, random), sdp("10.0.0.20", random));
    let invite = branch(random);
    call.request(at, "1 INVITE", &invite, true, &offer);
    call.answer(at + 3000, "100 Trying", "1 INVITE", &invite, "");
    call.answer(at + 203_000, "183 Session Progress", "1 INVITE", &invite, &answer);
    let answered = at + 2_203_000 + random.below(6_000_000);
    call.answer(answered, "200 OK", "1 INVITE", &invite, &answer);
    call.request(answered + 20_000, "1 ACK", &branch(random), false, "");
    let bye = branch(random);
    let ended = answered + 5_020_000 + random.below(60_000_000);
    call.request(ended, "2 BYE", &bye, false, "");
    call.answer(ended + 9000, "200 OK", "2 BYE", &bye, "");
    fleet.truth.sip_messages += call.messages;
}

/// Plans an OPTIONS to the registrar itself, and its answer.
pub(super) fn options(fleet: &mut Fleet, at: u64, queue: &mut Queue) {
    let tag = fleet.random.hex(8);
    let branch = branch(&mut fleet.random);
    let cseq = format!("{} OPTIONS", fleet.random.below(100_000));
    let body = sdp("10.0.0.20", &mut fleet.random);
    let Some(mut ping) = Dialog::new(fleet, queue) else { return };
    ping.from = format!("<sip:ping@{}>;tag={tag}", ping.end);
    ping.to = format!("<sip:{}>", REGISTRAR.ip());
    ping.uri = format!("sip:{}", REGISTRAR.ip());
    ping.request(at, &cseq, &branch, true, "");
    ping.answer(at + 2000, "200 OK", &cseq, &branch, &body);
    fleet.truth.sip_messages += ping.messages;
}
