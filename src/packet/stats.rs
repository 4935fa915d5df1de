//! Counts what was decoded, and everything that was skipped, cut, dropped or not understood.

use std::collections::BTreeMap;

use super::hep::HepStats;
use super::link::Descent;
use super::tls::{KeyLogCounts, Outcome, Unread};

/// Why a packet, or the packet inside it, could not be decoded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Undecoded {
    /// A link header is too short or contradicts itself.
    LinkHeader,
    /// The version field is neither 4 nor 6.
    IpVersion,
    /// The IP header is too short or its length field is wrong.
    IpHeader,
    /// An IPv6 extension or authentication header is too short, or fragments are nested.
    IpExtension,
    /// A fragment reaches beyond the longest possible packet.
    Fragment,
    /// The UDP header is too short.
    UdpHeader,
    /// The TCP header is too short or its length field is wrong.
    TcpHeader,
    /// The SCTP header or a chunk is too short.
    SctpHeader,
    /// The ICMP header or the packet it quotes is too short.
    IcmpHeader,
    /// A GRE or ERSPAN header is too short, or carries something unknown.
    TunnelHeader,
    /// Packets are nested deeper than the limit.
    TunnelDepth,
    /// Encrypted by `IPsec` (ESP): what is inside cannot be read.
    Esp,
    /// Encrypted on a wireless link: what is inside cannot be read.
    Wireless,
}

impl Undecoded {
    /// All kinds, in the order they are reported.
    pub const ALL: [Self; 13] = [
        Self::LinkHeader,
        Self::IpVersion,
        Self::IpHeader,
        Self::IpExtension,
        Self::Fragment,
        Self::UdpHeader,
        Self::TcpHeader,
        Self::SctpHeader,
        Self::IcmpHeader,
        Self::TunnelHeader,
        Self::TunnelDepth,
        Self::Esp,
        Self::Wireless,
    ];

    /// A short name for outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinkHeader => "link header",
            Self::IpVersion => "IP version",
            Self::IpHeader => "IP header",
            Self::IpExtension => "IP extension header",
            Self::Fragment => "IP fragment",
            Self::UdpHeader => "UDP header",
            Self::TcpHeader => "TCP header",
            Self::SctpHeader => "SCTP header",
            Self::IcmpHeader => "ICMP header",
            Self::TunnelHeader => "tunnel header",
            Self::TunnelDepth => "too many tunnels",
            Self::Esp => "IPsec ESP",
            Self::Wireless => "encrypted WLAN",
        }
    }
}

/// What the decoder saw, in plain counters.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Frames given to the decoder.
    pub frames: u64,
    /// IP packets, those inside tunnels included.
    pub ip_packets: u64,
    /// Frames, outer or inner, that carry something other than IP.
    pub not_ip: u64,
    /// IP packets of a protocol that cannot carry SIP.
    pub other_protocols: u64,
    /// Frames per link type that is not supported.
    pub unknown_links: BTreeMap<u32, u64>,
    /// IP packets, tunnels counted as one, of which the capture kept fewer bytes than they had.
    pub snaplen_cut: u64,
    /// UDP and SCTP payloads handed on.
    pub datagrams: u64,
    /// UDP and SCTP payloads whose first bytes rule SIP out.
    pub datagrams_not_sip: u64,
    /// IP fragments.
    pub fragments: u64,
    /// Packets joined from their fragments.
    pub fragmented_joined: u64,
    /// Fragmented packets given up because fragments never came.
    pub fragmented_lost: u64,
    /// Fragmented packets given up to stay within the limits.
    pub fragmented_evicted: u64,
    /// SCTP user messages in several chunks, given up because chunks never came.
    pub sctp_fragmented: u64,
    /// TCP segments.
    pub tcp_segments: u64,
    /// TCP segments that came before bytes preceding them.
    pub tcp_out_of_order: u64,
    /// TCP segments that bring nothing new: retransmissions, keep-alives, packets captured twice.
    pub tcp_retransmitted: u64,
    /// Bytes of TCP streams that were never captured.
    pub tcp_lost_bytes: u64,
    /// TCP connections.
    pub flows: u64,
    /// TCP connections forgotten to stay within the limits.
    pub flows_evicted: u64,
    /// Holes in TCP connections given up early to stay within the limits.
    pub holes_evicted: u64,
    /// Directions of TCP connections ignored because nothing in them is like SIP.
    pub streams_ignored: u64,
    /// TCP connections with TLS application data or a fatal TLS alert.
    pub flows_tls: u64,
    /// What became of TLS connections.
    pub tls: TlsStats,
    /// TCP connections with WebSocket frames, those inside TLS included.
    pub flows_websocket: u64,
    /// WebSocket messages handed on.
    pub websocket_messages: u64,
    /// WebSocket messages whose first bytes rule SIP out, and those of nothing but line ends.
    pub websocket_not_sip: u64,
    /// WebSocket messages given up to stay within the limits.
    pub websocket_too_long: u64,
    /// WebSocket messages that cannot be read: their beginning was not captured, or they are
    /// compressed in a way that cannot be undone, or against bytes that were not captured.
    pub websocket_unreadable: u64,
    /// Bytes of WebSocket connections passed over in search of the next frame.
    pub websocket_skipped_bytes: u64,
    /// ICMP and ICMPv6 errors handed on.
    pub icmp_errors: u64,
    /// ICMP and ICMPv6 errors that quote a later fragment or another protocol.
    pub icmp_unusable: u64,
    /// What came from HEP agents.
    pub hep: HepStats,
    undecoded: [u64; Undecoded::ALL.len()],
}

/// What became of TLS connections that are over, in plain counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TlsStats {
    /// Connections of which application data was opened.
    pub opened: u64,
    unread: [u64; Unread::ALL.len()],
    /// Losses behind which records could be opened again.
    pub resumed: u64,
    /// Directions given up behind a loss.
    pub given_up: u64,
    /// Bytes of 0-RTT data passed over.
    pub early_bytes: u64,
    /// Connections that waited for keys and were given up to stay within the limits.
    pub evicted: u64,
    /// What was in the key logs.
    pub keys: KeyLogCounts,
}

impl TlsStats {
    /// How many connections were not read, or not to their end, for this reason.
    #[must_use]
    pub fn unread(&self, why: Unread) -> u64 {
        self.unread.get(why as usize).copied().unwrap_or(0)
    }

    /// How many connections were not read, or not to their end, for any reason.
    #[must_use]
    pub fn unread_total(&self) -> u64 {
        self.unread.iter().sum()
    }

    pub(super) fn count(&mut self, outcome: &Outcome) {
        self.opened += u64::from(outcome.opened);
        self.resumed += outcome.resumed;
        self.given_up += outcome.given_up;
        self.early_bytes += outcome.early;
        if let Some(counter) = outcome.unread.and_then(|why| self.unread.get_mut(why as usize)) {
            *counter += 1;
        }
    }
}

impl Stats {
    /// How many packets could not be decoded for this reason.
    #[must_use]
    pub fn undecoded(&self, why: Undecoded) -> u64 {
        self.undecoded.get(why as usize).copied().unwrap_or(0)
    }

    /// How many packets could not be decoded, for any reason.
    #[must_use]
    pub fn undecoded_total(&self) -> u64 {
        self.undecoded.iter().sum()
    }

    pub(super) fn count(&mut self, why: Undecoded) {
        if let Some(counter) = self.undecoded.get_mut(why as usize) {
            *counter += 1;
        }
    }

    pub(super) fn count_descent(&mut self, why: Descent) {
        match why {
            Descent::NotIp => self.not_ip += 1,
            Descent::Broken => self.count(Undecoded::LinkHeader),
            Descent::Encrypted => self.count(Undecoded::Wireless),
            Descent::UnknownLink(link) => *self.unknown_links.entry(link).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_counter_and_name() {
        let mut stats = Stats::default();
        for (place, kind) in Undecoded::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            stats.count(kind);
            assert_eq!(stats.undecoded(kind), 1, "{}", kind.name());
        }
        assert_eq!(stats.undecoded_total(), Undecoded::ALL.len() as u64);
    }
}
