//! Reads the addresses that envelopes and statements write, in every notation they use.

use std::net::{IpAddr, Ipv6Addr};

use crate::net::{Endpoint, Transport};

/// An address as a log writes it: host and port may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Address {
    /// The address; a name is none.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
}

impl Address {
    /// Reads `192.0.2.1:5060`, `IPV4/UDP/192.0.2.1/5060`, `[2001:db8::1]:5060`, `2001:db8::1:5060`, `192.0.2.1:[5060]`, or a host alone.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim();
        if text.starts_with("IPV") {
            return Self::slashed(text);
        }
        if let Some(inner) = text.strip_prefix('[') {
            let (host, rest) = inner.split_once(']')?;
            return Some(Self { ip: host.parse().ok(), port: port(rest.trim_start_matches(':')) });
        }
        let Some((host, behind)) = text.rsplit_once(':') else {
            return Some(Self { ip: text.parse().ok(), port: None });
        };
        if host.contains(':') {
            return Some(Self::bare_v6(text, host, behind));
        }
        Some(Self { ip: host.parse().ok(), port: port(behind) })
    }

    /// Reads `IPV4/UDP/192.0.2.1/5060`.
    fn slashed(text: &str) -> Option<Self> {
        let mut parts = text.split('/').skip(2);
        Some(Self { ip: parts.next()?.parse().ok(), port: parts.next().and_then(port) })
    }

    /// Reads an IPv6 address without brackets; a last group of four or more decimal digits is a port.
    fn bare_v6(text: &str, host: &str, behind: &str) -> Self {
        let is_port = behind.len() >= 4 && behind.bytes().all(|byte| byte.is_ascii_digit());
        match (is_port, host.parse::<Ipv6Addr>(), text.parse::<Ipv6Addr>()) {
            (true, Ok(ip), _) => Self { ip: Some(ip.into()), port: port(behind) },
            (_, _, Ok(ip)) => Self { ip: Some(ip.into()), port: None },
            (_, Ok(ip), _) => Self { ip: Some(ip.into()), port: port(behind) },
            _ => Self::default(),
        }
    }

    /// Reads a host and the port written apart from it.
    pub(super) fn with_port(mut self, text: &[u8]) -> Self {
        self.port = std::str::from_utf8(text).ok().and_then(port).or(self.port);
        self
    }

    /// Both, where both are known.
    pub(super) fn endpoint(self) -> Option<Endpoint> {
        Some(Endpoint::new(self.ip?, self.port?))
    }
}

/// Reads `5060`, `[5060]`; 0 is none.
fn port(text: &str) -> Option<u16> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    text.parse().ok().filter(|port| *port != 0)
}

/// The transport with that name, in any case.
pub(super) fn transport(name: &[u8]) -> Option<Transport> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"udp" | b"u" => Transport::Udp,
        b"tcp" | b"t" => Transport::Tcp,
        b"tls" | b"tls-tcp" => Transport::Tls,
        b"sctp" => Transport::Sctp,
        b"ws" => Transport::Ws,
        b"wss" => Transport::Wss,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_notation() {
        for (text, wanted) in [
            ("192.0.2.1:5060", "192.0.2.1:5060"),
            ("[192.0.2.1]:5060", "192.0.2.1:5060"),
            ("192.0.2.1:[5060]", "192.0.2.1:5060"),
            ("[2001:db8::1]:5061", "[2001:db8::1]:5061"),
            ("IPV6/TLS/2001:db8::1/5061", "[2001:db8::1]:5061"),
            ("2001:db8::101:5060", "[2001:db8::101]:5060"),
        ] {
            let address = Address::parse(text.as_bytes()).unwrap();
            assert_eq!(address.endpoint().unwrap().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn keeps_what_is_missing_missing() {
        let parse = |text: &str| Address::parse(text.as_bytes()).unwrap();
        assert_eq!(parse("192.0.2.1").port, None);
        assert_eq!(parse("2001:db8::1").ip, "2001:db8::1".parse().ok());
        assert_eq!(parse("2001:db8::1").port, None);
        assert_eq!(parse("pbx.example:5060"), Address { ip: None, port: Some(5060) });
        assert_eq!(parse("0.0.0.0:0").port, None);
        assert_eq!(parse("[email protected]").ip, None);
    }
}
