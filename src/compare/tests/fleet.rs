//! Makes phones, lets them register through the real tracker, and says what the registrar answers.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::compare::stats::Random;
use crate::net::{Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
use crate::registration::{Snapshot, SnapshotOptions, Tracker};
use crate::sip::Message;

/// A phone and what it sends.
#[derive(Clone)]
pub(crate) struct Phone {
    pub dn: String,
    pub source: Endpoint,
    pub transport: Transport,
    pub agent: String,
    pub expires: u32,
    pub realm: Option<String>,
    pub ttl: u8,
    pub mac: [u8; 6],
    /// The host of its Contact, if that is not the source's.
    pub contact_host: Option<IpAddr>,
    pub contact_port: u16,
    /// The final answer.
    pub code: u16,
    pub vlan: Option<u16>,
    /// The request is captured too.
    pub request_seen: bool,
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A phone with random noise in everything.
pub(crate) fn phone(number: usize, random: &mut Random) -> Phone {
    let subnet = random.below(6);
    let mac = random.next().to_be_bytes();
    Phone {
        dn: (1000 + number).to_string(),
        source: Endpoint::new(
            ip(&format!("10.1.{subnet}.{}", 1 + number % 250)),
            (1024 + random.below(60_000)) as u16,
        ),
        transport: Transport::Udp,
        agent: ["Alpha 1.0", "Alpha 1.1", "Beta 7", "Gamma 2.2.1"][random.below(4)].to_owned(),
        expires: [60, 300, 600, 1800, 3000][random.below(5)],
        realm: Some(["lab", "north", "south", "west"][random.below(4)].to_owned()),
        ttl: [61, 62, 63, 64][random.below(4)],
        mac: [2, mac[1], mac[2], mac[3], mac[4], mac[5]],
        contact_host: None,
        contact_port: (1024 + random.below(60_000)) as u16,
        code: 200,
        vlan: [None, Some(10), Some(20)][random.below(3)],
        request_seen: true,
    }
}

pub(crate) fn registrar() -> Endpoint {
    Endpoint::new(ip("10.9.9.9"), 5060)
}

struct Round<'a> {
    phone: &'a Phone,
    cseq: u32,
    credentials: bool,
}

impl Round<'_> {
    fn head(&self) -> String {
        let Phone { dn, source, transport, .. } = self.phone;
        let via = transport.name().to_uppercase();
        let cseq = self.cseq;
        format!(
            "Via: SIP/2.0/{via} {};branch=z9hG4bK-{dn}-{cseq};rport\r\n\
             From: <sip:{dn}@lab>;tag=t\r\nTo: <sip:{dn}@lab>\r\nCall-ID: {dn}@{}\r\n\
             CSeq: {cseq} REGISTER\r\n",
            source.addr, source.addr
        )
    }

    fn request(&self) -> String {
        let Phone { dn, source, agent, expires, contact_port, contact_host, realm, .. } =
            self.phone;
        let mut text = format!(
            "REGISTER sip:lab SIP/2.0\r\n{}Max-Forwards: 70\r\n\
             Contact: <sip:{dn}@{}:{contact_port}>\r\nExpires: {expires}\r\nUser-Agent: {agent}\r\n",
            self.head(),
            contact_host.unwrap_or(source.addr)
        );
        if self.credentials {
            let realm = realm.as_deref().unwrap_or_default();
            let _ = write!(
                text,
                "Authorization: Digest username=\"{dn}\", realm=\"{realm}\", nonce=\"n\", uri=\"sip:lab\", response=\"0\"\r\n"
            );
        }
        text + "Content-Length: 0\r\n\r\n"
    }

    fn answer(&self, code: u16) -> String {
        let Phone { dn, source, expires, contact_port, contact_host, realm, .. } = self.phone;
        let mut text = format!("SIP/2.0 {code} Whatever\r\n{}", self.head());
        if code == 200 {
            let _ = write!(
                text,
                "Contact: <sip:{dn}@{}:{contact_port}>;expires={expires}\r\n",
                contact_host.unwrap_or(source.addr)
            );
        }
        if code == 401 {
            let realm = realm.as_deref().unwrap_or_default();
            let _ = write!(text, "WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"n\"\r\n");
        }
        text + "Content-Length: 0\r\n\r\n"
    }
}

/// Lets every phone register once and reads the model.
pub(crate) fn play(phones: &[Phone], registrar: Endpoint) -> Snapshot {
    let mut tracker = Tracker::new();
    let (mut frame, mut time) = (0, 1_700_000_000_000_000_000_i64);
    for phone in phones {
        let rounds: &[bool] = if phone.realm.is_some() { &[false, true] } else { &[false] };
        for (cseq, credentials) in (1..).zip(rounds) {
            let round = Round { phone, cseq, credentials: *credentials };
            let challenge = phone.realm.is_some() && !credentials;
            let code = if challenge { 401 } else { phone.code };
            for (answer, text) in [(false, round.request()), (true, round.answer(code))] {
                frame += 1;
                time += 1_000_000;
                if !answer && !phone.request_seen {
                    continue;
                }
                let (src, dst) =
                    if answer { (registrar, phone.source) } else { (phone.source, registrar) };
                let origin = Origin {
                    time: Timestamp::from_nanos(time),
                    frame: FrameRef::new(FileId::default(), frame),
                    src,
                    dst,
                    transport: phone.transport,
                    path: PathInfo {
                        ttl: phone.ttl,
                        mac: Some(phone.mac),
                        vlan: phone.vlan,
                        peer_seen: true,
                        ip_id: frame as u16,
                        ..PathInfo::default()
                    },
                };
                tracker.message(&origin, &Message::parse(text.as_bytes(), false).unwrap());
            }
        }
    }
    tracker.finish(&SnapshotOptions::default())
}

/// The incident: gateway `.54` refused, softphones on the SIP Server's own host accepted.
pub(crate) fn incident(with_5008: bool) -> Snapshot {
    let server = Endpoint::new(ip("192.168.210.81"), 5060);
    let one = |dn: &str, host: &str, port: u16, agent: &str, code: u16, expires: u32| Phone {
        dn: dn.to_owned(),
        source: Endpoint::new(ip(host), port),
        transport: Transport::Udp,
        agent: agent.to_owned(),
        expires,
        realm: None,
        ttl: 64,
        mac: [2, 0, 0, 0, 0, if host.ends_with("54") { 1 } else { 2 }],
        contact_host: None,
        contact_port: port,
        code,
        vlan: None,
        request_seen: true,
    };
    let mut phones = vec![
        one("1002", "192.168.210.81", 5090, "PhonerLite", 200, 1800),
        one("1003", "192.168.210.81", 5090, "PhonerLite", 200, 1800),
        one("5001", "192.168.210.54", 5060, "Asterisk PBX 16", 403, 120),
        one("5002", "192.168.210.54", 5060, "Asterisk PBX 16", 403, 120),
    ];
    if with_5008 {
        phones.push(one("5008", "192.168.210.54", 5060, "Asterisk PBX 16", 404, 120));
    }
    play(&phones, server)
}
