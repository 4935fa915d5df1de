//! Reads IP addresses as SIP writes them, and classifies from where they can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Transport;

/// Reads a host that is an address, an IPv6 one without brackets; `None` when it is a name.
///
/// A zone, as in `fe80::1%eth0`, means something on one host only and is left out.
#[must_use]
pub fn parse(host: &[u8]) -> Option<IpAddr> {
    match host.first()? {
        b'0'..=b'9' => plain_ipv4(host).map(IpAddr::V4).or_else(|| ipv6(host)),
        b':' | b'a'..=b'f' | b'A'..=b'F' => ipv6(host),
        _ => None,
    }
}

/// Reads `1.2.3.4`; `None` for any other.
fn plain_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut rest = text;
    let mut octets = [0; 4];
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let (mut value, mut digits) = (0, 0);
        while let [digit @ b'0'..=b'9', after @ ..] = rest
            && digits < 3
        {
            (value, digits, rest) = (value * 10 + u16::from(digit - b'0'), digits + 1, after);
        }
        // a zero in front is no address, or an octal one
        let odd = digits == 0 || digits == 3 && value < 100 || digits == 2 && value < 10;
        *octet = u8::try_from(value).ok().filter(|_| !odd)?;
    }
    rest.is_empty().then(|| Ipv4Addr::from(octets))
}

fn ipv6(host: &[u8]) -> Option<IpAddr> {
    let end = memchr::memchr(b'%', host).unwrap_or(host.len());
    let address = std::str::from_utf8(host.get(..end)?).ok()?;
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// Whether an address cannot be reached from another network (RFC 6890).
#[must_use]
pub const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Whether an address is a private one of a device that is seen at a public address.
#[must_use]
pub const fn is_hidden(ip: IpAddr, source: IpAddr) -> bool {
    is_private(ip) && !is_private(source) && !source.is_loopback()
}

/// Whether requests reach the address in a Contact from where its device is seen at `source`.
///
/// A WebSocket client is reached over its connection, whatever its Contact says (RFC 7118 §5).
#[must_use]
pub const fn is_routable(contact: IpAddr, source: IpAddr, transport: Transport) -> bool {
    let dead = contact.is_loopback() || contact.is_unspecified() || contact.is_multicast();
    let by_connection = matches!(transport, Transport::Ws | Transport::Wss);
    by_connection || source.is_loopback() || !dead && !is_hidden(contact, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_read_as_all_are() {
        let octets =
            ["", "0", "1", "00", "01", "10", "99", "001", "099", "100", "255", "256", "1000", "a"];
        for first in octets {
            for last in octets {
                for text in [
                    format!("{first}.2.3.{last}"),
                    format!("1.{first}.{last}.4"),
                    format!("{first}.{last}"),
                ] {
                    assert_eq!(parse(text.as_bytes()), text.parse().ok(), "{text}");
                }
            }
        }
        assert_eq!(parse(b"1.2.3.4.5"), None);
    }

    #[test]
    fn a_zone_is_no_part_of_an_address_and_makes_none() {
        for (text, want) in [
            ("fe80::1%eth0", Some("fe80::1")),
            ("fe80::1%25eth0", Some("fe80::1")),
            ("FE80::A", Some("fe80::a")),
            ("::", Some("::")),
            ("::ffff:192.0.2.1", Some("::ffff:192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("192.0.2.1%eth0", None),
            ("%eth0", None),
            ("fe80", None),
            ("face.example", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()), want.map(|ip| ip.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_contact_is_routable_from_its_own_network_and_over_its_own_connection() {
        use Transport::{Tls, Udp, Ws, Wss};
        for (contact, source, transport, want) in [
            ("10.0.0.5", "10.0.0.5", Udp, true),
            ("10.0.0.5", "172.16.0.1", Udp, true),
            ("10.0.0.5", "203.0.113.5", Udp, false),
            ("100.64.0.5", "203.0.113.5", Udp, false),
            ("100.128.0.5", "203.0.113.5", Udp, true),
            ("169.254.1.1", "203.0.113.5", Tls, false),
            ("10.0.0.5", "203.0.113.5", Ws, true),
            ("127.0.0.1", "203.0.113.5", Wss, true),
            ("127.0.0.1", "203.0.113.5", Udp, false),
            ("0.0.0.0", "10.0.0.5", Udp, false),
            ("127.0.0.1", "127.0.0.1", Udp, true),
            ("10.0.0.5", "127.0.0.1", Udp, true),
            ("224.0.0.1", "10.0.0.5", Udp, false),
            ("fd00::5", "2001:db8::5", Udp, false),
            ("fe80::5", "fe80::5", Udp, true),
            ("2001:db8::6", "fe80::5", Udp, true),
        ] {
            let [contact, source]: [IpAddr; 2] = [contact, source].map(|ip| ip.parse().unwrap());
            assert_eq!(is_routable(contact, source, transport), want, "{contact} {source}");
        }
    }
}
