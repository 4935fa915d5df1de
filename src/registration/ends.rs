//! Endpoints and hosts in eight bytes: IPv4 as it is, IPv6 as a text kept with the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::{Sym, Texts};
use crate::net::Endpoint;

/// An address, as records keep it. Two are equal when the addresses are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Host {
    V4([u8; 4]),
    V6(Sym),
}

/// An address and a port, as records keep them. Two are equal when the endpoints are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum End {
    V4 { port: u16, addr: [u8; 4] },
    V6 { port: u16, addr: Sym },
}

impl Texts {
    /// The host with this address.
    pub(super) fn host(&mut self, addr: IpAddr) -> Host {
        match addr {
            IpAddr::V4(addr) => Host::V4(addr.octets()),
            IpAddr::V6(addr) => Host::V6(self.intern(&addr.octets())),
        }
    }

    /// The host with this address, if it is known.
    pub(super) fn find_host(&self, addr: IpAddr) -> Option<Host> {
        Some(match addr {
            IpAddr::V4(addr) => Host::V4(addr.octets()),
            IpAddr::V6(addr) => Host::V6(self.lookup(&addr.octets())?),
        })
    }

    /// The end that is this endpoint, if it is known.
    pub(super) fn find_end(&self, end: Endpoint) -> Option<End> {
        Some(self.find_host(end.addr)?.at(end.port))
    }

    /// The end that is this endpoint.
    pub(super) fn end(&mut self, end: Endpoint) -> End {
        self.host(end.addr).at(end.port)
    }
}

impl Host {
    /// A port of it.
    const fn at(self, port: u16) -> End {
        match self {
            Self::V4(addr) => End::V4 { port, addr },
            Self::V6(addr) => End::V6 { port, addr },
        }
    }

    /// The address.
    pub(super) fn addr(self, texts: &Texts) -> IpAddr {
        match self {
            Self::V4(addr) => IpAddr::V4(Ipv4Addr::from(addr)),
            Self::V6(sym) => {
                let octets: Option<[u8; 16]> = texts.get(sym).try_into().ok();
                IpAddr::V6(octets.map_or(Ipv6Addr::UNSPECIFIED, Ipv6Addr::from))
            }
        }
    }

    /// The text it is kept as.
    pub(super) const fn sym_mut(&mut self) -> Option<&mut Sym> {
        match self {
            Self::V4(_) => None,
            Self::V6(sym) => Some(sym),
        }
    }
}

impl End {
    /// The address.
    pub(super) const fn host(self) -> Host {
        match self {
            Self::V4 { addr, .. } => Host::V4(addr),
            Self::V6 { addr, .. } => Host::V6(addr),
        }
    }

    /// The endpoint.
    pub(super) fn endpoint(self, texts: &Texts) -> Endpoint {
        let (Self::V4 { port, .. } | Self::V6 { port, .. }) = self;
        Endpoint::new(self.host().addr(texts), port)
    }

    /// The text its address is kept as.
    pub(super) const fn sym_mut(&mut self) -> Option<&mut Sym> {
        match self {
            Self::V4 { .. } => None,
            Self::V6 { addr, .. } => Some(addr),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_comes_back_as_it_was() {
        let mut texts = Texts::default();
        let ends = [
            "192.0.2.1:5060",
            "[2001:db8::1]:5060",
            "[2001:db8::1]:5061",
            "[::ffff:192.0.2.1]:5060",
        ];
        let ends = ends.map(|end| {
            let end: std::net::SocketAddr = end.parse().unwrap();
            Endpoint::new(end.ip(), end.port())
        });
        let places = ends.map(|end| texts.end(end));
        for (n, (end, place)) in ends.into_iter().zip(places).enumerate() {
            assert_eq!(place.endpoint(&texts), end);
            assert_eq!(texts.end(end), place);
            assert_eq!(place.host().addr(&texts), end.addr);
            assert_eq!(places.iter().position(|other| *other == place), Some(n));
        }
        assert_eq!(places[1].host(), places[2].host());
        assert_ne!(places[0].host(), places[3].host());
        assert_eq!((size_of::<End>(), size_of::<Option<Host>>()), (8, 8));
    }
}
