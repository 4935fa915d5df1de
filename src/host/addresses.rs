//! Lists the addresses of this host.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv6Addr};

use nix::ifaddrs::getifaddrs;

/// The addresses of all interfaces, loopback included; none if the system does not list them.
///
/// On Linux they are read from `/proc/net`: asking the kernel takes a netlink socket, and there are no
/// new ones once rights are dropped.
#[must_use]
pub fn local_addresses() -> BTreeSet<IpAddr> {
    listed().unwrap_or_else(asked)
}

/// What `/proc/net` lists.
fn listed() -> Option<BTreeSet<IpAddr>> {
    let v4 = fs::read_to_string("/proc/net/fib_trie").ok()?;
    // there is none where IPv6 is turned off
    let v6 = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    Some(of_trie(&v4).chain(of_interfaces(&v6)).collect())
}

/// The addresses of this host in the kernel's routing table: each is on the line above its type.
fn of_trie(trie: &str) -> impl Iterator<Item = IpAddr> {
    let mut last = None;
    trie.lines().filter_map(move |line| {
        if let Some((_, address)) = line.split_once("|-- ") {
            last = address.trim().parse().ok();
            return None;
        }
        if line.contains("/32 host LOCAL") { last } else { None }
    })
}

/// The addresses of interfaces, in 32 digits each.
fn of_interfaces(list: &str) -> impl Iterator<Item = IpAddr> {
    list.lines().filter_map(|line| {
        let digits = line.split_whitespace().next().filter(|digits| digits.len() == 32)?;
        u128::from_str_radix(digits, 16).ok().map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
    })
}

/// What the kernel answers.
fn asked() -> BTreeSet<IpAddr> {
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
    fn what_is_listed_is_what_the_kernel_answers() {
        let Some(listed) = listed() else { return };
        // an interface that is down has its addresses, and takes no packets for them
        assert!(listed.is_subset(&asked()), "{listed:?} {:?}", asked());
    }

    #[test]
    fn only_addresses_of_this_host_are_taken_from_the_routing_table() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.0\n        /24 link UNICAST\n     \
                    |-- 192.0.2.1\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n";
        let own: Vec<_> = of_trie(trie).collect();
        assert_eq!(own, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
        let list = "fe8000000000000000505600fec00001 02 40 20 80 eth0\nshort 01\n";
        let own: Vec<_> = of_interfaces(list).collect();
        assert_eq!(own, ["fe80::50:5600:fec0:1".parse::<IpAddr>().unwrap()]);
    }

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
