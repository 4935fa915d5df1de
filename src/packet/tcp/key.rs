//! Names a TCP connection by its two ends, whatever the direction of a segment.

use std::net::IpAddr;

use crate::net::Endpoint;

/// One of the two directions of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// From the lower end to the higher.
    Up,
    /// From the higher end to the lower.
    Down,
}

impl Way {
    /// The opposite direction.
    pub(super) const fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// The two ends in order, IPv4 as mapped IPv6 addresses, so that keys compare and hash as integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FlowKey {
    low: u128,
    high: u128,
    ports: u32,
}

impl FlowKey {
    /// The key of the connection between these ends, and the direction in which `src` sends.
    pub(super) fn new(src: Endpoint, dst: Endpoint) -> (Self, Way) {
        let (from, to) = (number(src.addr), number(dst.addr));
        let (low, high, way) = if (from, src.port) <= (to, dst.port) {
            ((from, src.port), (to, dst.port), Way::Up)
        } else {
            ((to, dst.port), (from, src.port), Way::Down)
        };
        let ports = u32::from(low.1) << 16 | u32::from(high.1);
        (Self { low: low.0, high: high.0, ports }, way)
    }
}

fn number(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().to_bits(),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_share_a_key() {
        let a = Endpoint::new([192, 0, 2, 1].into(), 5060);
        let b = Endpoint::new([192, 0, 2, 1].into(), 5061);
        let (there, up) = FlowKey::new(a, b);
        let (back, down) = FlowKey::new(b, a);
        assert_eq!((there, up, down), (back, Way::Up, Way::Down));
        assert_eq!(up.back(), down);
    }
}
