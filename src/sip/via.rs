//! Via: the hops a request took.

use super::find;
use super::params::Params;
use super::scan::{has_comma, slice, split_once, tail, trim, trim_start};
use super::uri::{host_port, plain_port, port_number};

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

/// The parameters of a hop that are known; the first of each name counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ViaParams<'a> {
    /// See [`Via::branch`].
    pub branch: Option<&'a [u8]>,
    /// See [`Via::received`].
    pub received: Option<&'a [u8]>,
    /// See [`Via::rport`].
    pub rport: Option<Option<u16>>,
}

impl<'a> Via<'a> {
    /// Reads one hop; `None` when it is none. White space is allowed around every separator.
    #[must_use]
    pub fn parse(item: &'a [u8]) -> Option<Self> {
        Self::plain(item).or_else(|| Self::any(item))
    }

    /// Reads the one hop of a header; `None` when there may be several in it, or it is none.
    #[must_use]
    pub fn alone(value: &'a [u8]) -> Option<Self> {
        if has_comma(value) { None } else { Self::parse(value) }
    }

    /// Reads `SIP/2.0/UDP host:port;params` without anything odd in it, which most are, in one go;
    /// `None` for any other.
    fn plain(item: &'a [u8]) -> Option<Self> {
        let rest = item.strip_prefix(b"SIP/2.0/")?;
        let transport = match rest {
            [b'U', b'D', b'P', b' ', ..] => 3,
            _ => find::host_len(rest),
        };
        let sent_by = tail(rest, transport).strip_prefix(b" ")?;
        let host = find::host_len(sent_by);
        let (port, end) = plain_port(sent_by, host)?;
        let params = tail(sent_by, end);
        let is_plain = transport > 0 && host > 0 && matches!(params.first(), None | Some(b';'));
        is_plain.then(|| Self {
            transport: slice(rest, 0, transport),
            host: slice(sent_by, 0, host),
            port,
            params: Params::after_semicolon(params),
        })
    }

    /// Reads whatever `item` is.
    fn any(item: &'a [u8]) -> Option<Self> {
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

    /// The parameters that are known, in one pass.
    #[must_use]
    pub fn known(&self) -> ViaParams<'a> {
        let (mut branch, mut received, mut rport) = (None, None, None::<Option<&[u8]>>);
        for (name, value) in self.params.iter() {
            let place = match name.len() {
                6 if name.eq_ignore_ascii_case(b"branch") => &mut branch,
                8 if name.eq_ignore_ascii_case(b"received") => &mut received,
                5 if name.eq_ignore_ascii_case(b"rport") => &mut rport,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        let rport = rport.map(|value| value.and_then(port_number));
        ViaParams { branch: branch.flatten(), received: received.flatten(), rport }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_hops_are_read_as_all_are() {
        let mut plain = 0;
        let starts = [
            "SIP/2.0/UDP ",
            "SIP/2.0/TLS-SCTP ",
            "SIP / 2.0 / UDP ",
            "SIP/2.0/UDP\t",
            "SIP/2.0/ ",
            "",
        ];
        let hosts = ["h.x-1", "10.0.0.1", "[::1]", "::1", "", "a b", "a_b", "a=b"];
        let ports = ["", ":5060", ":", ":0", ":65536", ": 5060", ":5060 ", ":5060x", ":1:2"];
        let ends = [
            "",
            ";branch=z9hG4bK1",
            ";rport;branch=a",
            ";RPORT=5;received=1;rport=6",
            " ;a=b",
            ";",
            ";a=\"x;y\"",
            "x;a",
            " (comment)",
        ];
        for start in starts {
            for host in hosts {
                for port in ports {
                    for end in ends {
                        let text = format!("{start}{host}{port}{end}");
                        let item = trim(text.as_bytes());
                        if let Some(via) = Via::plain(item) {
                            plain += 1;
                            assert_eq!(Some(via), Via::any(item), "{text}");
                            let known = via.known();
                            assert_eq!(known.branch, via.branch());
                            assert_eq!(known.received, via.received());
                            assert_eq!(known.rport, via.rport());
                        }
                    }
                }
            }
        }
        assert!(plain > 50, "{plain}");
    }
}
