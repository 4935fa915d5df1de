//! Via: the hops a request took.

use super::params::Params;
use super::scan::{slice, split_once, tail, trim, trim_start};
use super::uri::{host_port, port_number};

/// One hop (RFC 3261 §20.42).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Via<'a> {
    /// The transport as spelled.
    pub transport: &'a [u8],
    /// The host of the sent-by, without the brackets of an IPv6 address.
    pub host: &'a [u8],
    /// The port of the sent-by.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one hop; `None` when it is none. White space may stand around every separator.
    #[must_use]
    pub fn parse(item: &'a [u8]) -> Option<Self> {
        let (_protocol, rest) = split_once(item, b'/')?;
        let (_version, rest) = split_once(rest, b'/')?;
        let rest = trim_start(rest);
        let end = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b';')?;
        let transport = slice(rest, 0, end);
        let rest = tail(rest, end);
        let sent_by = split_once(rest, b';').map_or(rest, |(sent_by, _)| sent_by);
        let (host, port) = host_port(trim(sent_by));
        if transport.is_empty() || host.is_empty() {
            return None;
        }
        Some(Self { transport, host, port, params: Params::after_semicolon(rest) })
    }

    /// The value of the first parameter `name` (any case); `None` when it is absent or has none.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.params.get(name).flatten()
    }

    /// The `branch` (RFC 3261 §8.1.1.7).
    #[must_use]
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.param(b"branch")
    }

    /// The `received` address (RFC 3261 §18.2.1) as spelled.
    #[must_use]
    pub fn received(&self) -> Option<&'a [u8]> {
        self.param(b"received")
    }

    /// The `rport` (RFC 3581): `Some(None)` when it is asked for and not filled in.
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get(b"rport").map(|value| value.and_then(port_number))
    }
}
