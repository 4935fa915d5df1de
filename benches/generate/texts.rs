//! The SIP messages of the phones and their registrar.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4};

pub(super) const REGISTRAR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 10), 5060);
pub(super) const DOMAIN: &str = "voip.example.net";

const AGENTS: [&str; 12] = [
    "Deskline D40/4.2.11",
    "Deskline D60/4.3.0",
    "Konferenz K1 2.0.8.1",
    "OpenPBX/18.20.0",
    "OpenPBX/20.5.2",
    "Softphone/5.2.1 (linux)",
    "Softphone/5.3.0 (windows 11)",
    "Boxgate M8/7.20A.258",
    "Boxgate M16/7.40A.005",
    "AgentDesk SIP Endpoint 9.0.1",
    "Pocketline (Android 15) 3.1.44",
    "Deskline Base 3.83",
];

/// A phone, or a gateway with many behind it: one address that requests come from.
pub(super) struct Site {
    pub(super) end: SocketAddrV4,
    pub(super) agent: &'static str,
    /// Compact header names (RFC 3261 §7.3.3).
    pub(super) compact: bool,
    /// Requests come through a proxy: a second Via, and Path (RFC 3327).
    pub(super) proxied: bool,
    /// `+sip.instance` and `reg-id` (RFC 5626).
    pub(super) instance: bool,
}

impl Site {
    /// The site of this number; `port` if it is behind a NAT.
    pub(super) fn new(number: usize, port: Option<u16>) -> Self {
        let [b, c, d] = [number / 62_500, number / 250 % 250, number % 250].map(|n| n as u8);
        Self {
            end: SocketAddrV4::new(Ipv4Addr::new(10, 1 + b, c, 1 + d), port.unwrap_or(5060)),
            agent: AGENTS.get(number % AGENTS.len()).copied().unwrap_or_default(),
            compact: number % 40 == 7,
            proxied: number % 10 == 3,
            instance: number.is_multiple_of(3),
        }
    }
}

/// What stays the same in all messages of a phone.
pub(super) struct Phone {
    pub(super) number: u64,
    pub(super) site: usize,
    pub(super) call_id: String,
    pub(super) tag: String,
    pub(super) cseq: u32,
}

impl Phone {
    pub(super) fn name(&self) -> String {
        name(self.number)
    }

    /// What it asks for, in seconds.
    pub(super) fn expires(&self) -> u32 {
        match self.number % 5 {
            0 | 1 => 3600,
            2 => 1800,
            3 => 300,
            _ => 120,
        }
    }
}

/// The DN of this number.
pub(super) fn name(number: u64) -> String {
    format!("{}", 2_000_000 + number)
}

/// Credentials, or a challenge.
pub(super) struct Digest {
    pub(super) nonce: String,
    pub(super) response: String,
}

/// One transaction.
pub(super) struct Turn<'a> {
    pub(super) site: &'a Site,
    pub(super) phone: &'a Phone,
    /// `UDP` or `TCP`.
    pub(super) transport: &'static str,
    pub(super) branch: &'a str,
    /// What is asked for or granted, in seconds; 0 removes.
    pub(super) expires: u32,
    /// With 0: `Contact: *` rather than the binding's own.
    pub(super) all: bool,
}

impl Turn<'_> {
    fn vias(&self, out: &mut String, name: &str, answered: bool) {
        let Self { site, transport, branch, .. } = self;
        let (ip, port) = (site.end.ip(), site.end.port());
        let _ = write!(out, "{name}: SIP/2.0/{transport} {ip}:{port};branch={branch}");
        if answered {
            let _ = write!(out, ";rport={port};received={ip}\r\n");
        } else {
            out.push_str(";rport\r\n");
        }
        if site.proxied {
            let (high, low) = (self.phone.number / 250 % 250, self.phone.number % 250 + 1);
            let _ = write!(
                out,
                "{name}: SIP/2.0/{transport} 192.168.{high}.{low}:5060;branch={branch}in\r\n"
            );
        }
    }

    fn contact(&self) -> String {
        let (name, end) = (self.phone.name(), self.site.end);
        let transport = if self.transport == "TCP" { ";transport=tcp" } else { "" };
        let mut out = format!("<sip:{name}@{end}{transport}>");
        if self.site.instance {
            let number = self.phone.number;
            let _ = write!(
                out,
                ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{number:012x}>\";reg-id=1"
            );
        }
        out
    }

    /// The REGISTER (RFC 3261 §10.2).
    pub(super) fn request(&self, digest: Option<&Digest>) -> Vec<u8> {
        let Self { site, phone, expires, .. } = self;
        let names = if site.compact {
            ["v", "f", "t", "i", "m", "l"]
        } else {
            ["Via", "From", "To", "Call-ID", "Contact", "Content-Length"]
        };
        let [via, from, to, call_id, contact, length] = names;
        let dn = phone.name();
        let (tag, call, cseq) = (&phone.tag, &phone.call_id, phone.cseq);
        let mut out = String::with_capacity(900);
        let _ = write!(out, "REGISTER sip:{DOMAIN} SIP/2.0\r\n");
        self.vias(&mut out, via, false);
        if site.proxied {
            let _ = write!(out, "Path: <sip:{};lr>\r\n", site.end);
        }
        let _ = write!(
            out,
            "Max-Forwards: 70\r\n{from}: \"{dn}\" <sip:{dn}@{DOMAIN}>;tag={tag}\r\n\
             {to}: \"{dn}\" <sip:{dn}@{DOMAIN}>\r\n{call_id}: {call}\r\nCSeq: {cseq} REGISTER\r\n"
        );
        let value = if self.all { "*".to_owned() } else { self.contact() };
        let _ = write!(out, "{contact}: {value}\r\n");
        if let Some(Digest { nonce, response }) = digest {
            let cnonce = response.get(..8).unwrap_or_default();
            let _ = write!(
                out,
                "Authorization: Digest username=\"{dn}\", realm=\"{DOMAIN}\", nonce=\"{nonce}\", \
                 uri=\"sip:{DOMAIN}\", response=\"{response}\", algorithm=MD5, cnonce=\"{cnonce}\", \
                 qop=auth, nc=00000001\r\n"
            );
        }
        let _ = write!(
            out,
            "User-Agent: {}\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, \
             MESSAGE, SUBSCRIBE, UPDATE\r\n",
            site.agent
        );
        if site.instance {
            out.push_str("Supported: path, outbound, gruu\r\n");
        }
        let _ = write!(out, "Expires: {expires}\r\n{length}: 0\r\n\r\n");
        out.into_bytes()
    }

    /// The answer (RFC 3261 §10.3), with the nonce of a challenge.
    pub(super) fn answer(&self, code: u16, to_tag: &str, nonce: &str) -> Vec<u8> {
        let Self { phone, expires, .. } = self;
        let reason = match code {
            100 => "Trying",
            200 => "OK",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            _ => "Server Internal Error",
        };
        let dn = phone.name();
        let (tag, call, cseq) = (&phone.tag, &phone.call_id, phone.cseq);
        let mut out = String::with_capacity(900);
        let _ = write!(out, "SIP/2.0 {code} {reason}\r\n");
        self.vias(&mut out, "Via", true);
        let _ = write!(
            out,
            "From: \"{dn}\" <sip:{dn}@{DOMAIN}>;tag={tag}\r\n\
             To: \"{dn}\" <sip:{dn}@{DOMAIN}>;tag={to_tag}\r\nCall-ID: {call}\r\n\
             CSeq: {cseq} REGISTER\r\n"
        );
        if code == 401 {
            let _ = write!(
                out,
                "WWW-Authenticate: Digest realm=\"{DOMAIN}\", nonce=\"{nonce}\", algorithm=MD5, \
                 qop=\"auth\"\r\n"
            );
        }
        if code == 200 && *expires > 0 {
            let (minute, second) = (phone.number / 60 % 60, phone.number % 60);
            let _ = write!(
                out,
                "Contact: {};expires={expires}\r\n\
                 Date: Tue, 03 Nov 2026 10:{minute:02}:{second:02} GMT\r\n",
                self.contact()
            );
        }
        out.push_str(
            "Server: Registrar/7.4.2 (x86_64/linux)\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, \
             REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH\r\nSupported: replaces, timer\r\n\
             Content-Length: 0\r\n\r\n",
        );
        out.into_bytes()
    }
}
