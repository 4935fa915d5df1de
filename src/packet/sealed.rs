//! Reports datagrams that cannot be read and may be SIP: encrypted by `IPsec`, or compressed.

use std::net::IpAddr;

use crate::hashing::HashMap;

use super::Sink;
use super::event::{ConnectionEvent, ConnectionKind, Event, Seal};
use super::meta::Ports;
use crate::net::{Origin, Timestamp};

/// Pairs of hosts remembered; all are forgotten when there are more.
const PAIRS: usize = 1024;
/// A pair of hosts is reported so often at most, in nanoseconds.
const APART: i64 = 1_000_000_000;

/// Whether a datagram is a `SigComp` message on a port of SIP (RFC 3320 §7: it begins with five ones).
#[inline]
pub(super) const fn may_be_sigcomp(first: Option<&u8>, ports: Ports) -> bool {
    let on_sip = matches!(ports.src, 5060 | 5061) || matches!(ports.dst, 5060 | 5061);
    on_sip && matches!(first, Some(0xf8..))
}

/// The Security Parameters Index at the start of an ESP packet (RFC 4303 §2.1); 0, which none has, if that is cut.
pub(super) fn spi(packet: &[u8]) -> u32 {
    packet.first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
}

/// Pairs of hosts that exchange such datagrams, and when each was last reported.
#[derive(Debug, Default)]
pub(super) struct Sealed(HashMap<(IpAddr, IpAddr, Seal), Timestamp>);

impl Sealed {
    /// Reports a datagram, unless its pair was just reported.
    pub(super) fn tell(&mut self, origin: &Origin, seal: Seal, sink: &mut Sink<'_>) {
        let key = (origin.src.addr, origin.dst.addr, seal);
        let told = self.0.get(&key).is_some_and(|at| origin.time.nanos_since(*at) < APART);
        if told {
            return;
        }
        if self.0.len() >= PAIRS {
            self.0.clear();
        }
        self.0.insert(key, origin.time);
        let kind = ConnectionKind::Sealed(seal);
        let event = ConnectionEvent { origin: *origin, since: origin.time, kind, tls: None };
        sink(Event::Connection(event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigcomp_begins_with_five_ones_on_a_port_of_sip() {
        let ports = |src, dst| Ports { src, dst };
        for (case, first, ports, want) in [
            ("SigComp", Some(0xf8), ports(40_000, 5060), true),
            ("its answer", Some(0xff), ports(5060, 40_000), true),
            ("RTP", Some(0x80), ports(5060, 40_000), false),
            ("another port", Some(0xf8), ports(40_000, 40_002), false),
            ("nothing", None, ports(5060, 5060), false),
        ] {
            assert_eq!(may_be_sigcomp(first.as_ref(), ports), want, "{case}");
        }
    }
}
