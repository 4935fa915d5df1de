//! Lists the addresses of this host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

/// The addresses of all interfaces, loopback included; none if the system does not tell.
#[must_use]
pub fn local_addresses() -> BTreeSet<IpAddr> {
    let entries = getifaddrs().into_iter().flatten();
    entries
        .filter_map(|entry| {
            let address = entry.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn an_address_a_socket_can_be_bound_to_is_local() {
        let local = local_addresses();
        for address in &local {
            // those of a link need a scope
            let is_of_link = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
            assert!(is_of_link || UdpSocket::bind((*address, 0)).is_ok(), "{address}");
        }
        let other: IpAddr = "203.0.113.77".parse().unwrap();
        assert!(!local.contains(&other));
    }
}
