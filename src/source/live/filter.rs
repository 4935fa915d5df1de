//! Holds the kernel filter that keeps SIP on any port and sheds what cannot be SIP, media above all.
//!
//! The filter says what is shed; all else is kept. Of a host full of calls 95 % of the packets are RTP,
//! and each of them that the kernel drops is one that is neither copied nor waited for.
//!
//! | traffic | | why |
//! |---|---|---|
//! | UDP, first byte from 0x80 | shed | RTP, RTCP, SRTP (version 2 in the upper bits, RFC 3550 §5.1); a SIP message begins with a token, CRLF or blanks (RFC 3261 §25.1), HEP with `HEP3` or a byte below 3 |
//! | UDP, first byte from 0xf8, port 5060 or 5061 | kept | `SigComp` (RFC 3320 §7): that SIP goes on compressed is worth knowing |
//! | UDP, other first bytes | kept | ASCII may be SIP on any port; behind a control byte the sieve searches, which no kernel filter can. STUN and DTLS go through here: some packets a call, not fifty a second |
//! | UDP in tunnels (VXLAN, Geneve, GTP-U, L2TP, GRE, MPLS, `IPsec`) | kept | what they hold is decoded; media inside them comes along. Other tunnels (TZSP, CAPWAP, Teredo, debug recording) begin with bytes that are kept anyway |
//! | UDP port 53 | kept | a look-up that fails is why a REGISTER never comes |
//! | UDP with IP options or IPv6 extension headers | kept | the payload is elsewhere; such media is rare |
//! | IP fragments | kept | the first one holds the ports, the later ones the rest of a long REGISTER |
//! | TCP | kept | in mid-stream a segment begins anywhere, so no byte distinguishes SIP, TLS or WebSocket from a download |
//! | TCP port 22, 445, 873 | shed | ssh, SMB, rsync: bulk, or the terminal that shows the very packets. Being below 1024 no client gets them by chance; ports above may be a phone's |
//! | SCTP, ICMP, ICMPv6, GRE, IP in IP, ESP, other protocols | kept | SIP, errors in answer to SIP, packets within packets |
//! | not IP: VLAN tags left in the frame, MPLS, `PPPoE`, ARP | kept | tags in the frame move all offsets; on Linux the first tag is no part of what the filter sees, so tagged media is shed as well |
//!
//! A load beyond the end of a packet makes a BPF program drop the packet. Each part therefore asks for a
//! length first that is in bounds with the longest of the link headers (20 bytes, `LINUX_SLL2`), and also
//! where `len` counts no link header at all, as in the kernel for cooked devices. Shorter packets are kept.

/// The filter a live source uses unless it is given another; see the module for what it sheds.
pub const DEFAULT_FILTER: &str = concat!(
    // IPv4 without options, not a fragment, with a payload
    "not (ip and len >= 49 and ip[0] = 0x45 and ip[9] = 17 and ip[6:2] & 0x3fff = 0",
    " and ip[2:2] >= 29 and ip[28] >= 0x80",
    " and not (",
    "ip[20:2] = 1701 or ip[20:2] = 2152 or ip[20:2] = 4789 or ip[20:2] = 4790",
    " or ip[20:2] = 6081 or ip[20:2] = 8472",
    " or ip[20:2] = 4500 or ip[20:2] = 4754 or ip[20:2] = 6635 or ip[20:2] = 53",
    " or ip[22:2] = 1701 or ip[22:2] = 2152 or ip[22:2] = 4789 or ip[22:2] = 4790",
    " or ip[22:2] = 6081 or ip[22:2] = 8472",
    " or ip[22:2] = 4500 or ip[22:2] = 4754 or ip[22:2] = 6635 or ip[22:2] = 53",
    // compressed SIP
    " or (ip[28] >= 0xf8 and (ip[20:2] = 5060 or ip[20:2] = 5061",
    " or ip[22:2] = 5060 or ip[22:2] = 5061))))",
    // IPv6 without extension headers, with a payload
    " and not (ip6 and len >= 69 and ip6[0] & 0xf0 = 0x60 and ip6[6] = 17",
    " and ip6[4:2] >= 9 and ip6[48] >= 0x80",
    " and not (",
    "ip6[40:2] = 1701 or ip6[40:2] = 2152 or ip6[40:2] = 4789 or ip6[40:2] = 4790",
    " or ip6[40:2] = 6081 or ip6[40:2] = 8472",
    " or ip6[40:2] = 4500 or ip6[40:2] = 4754 or ip6[40:2] = 6635 or ip6[40:2] = 53",
    " or ip6[42:2] = 1701 or ip6[42:2] = 2152 or ip6[42:2] = 4789 or ip6[42:2] = 4790",
    " or ip6[42:2] = 6081 or ip6[42:2] = 8472",
    " or ip6[42:2] = 4500 or ip6[42:2] = 4754 or ip6[42:2] = 6635 or ip6[42:2] = 53",
    " or (ip6[48] >= 0xf8 and (ip6[40:2] = 5060 or ip6[40:2] = 5061",
    " or ip6[42:2] = 5060 or ip6[42:2] = 5061))))",
    // TCP of ssh, SMB and rsync
    " and not (ip and len >= 44 and ip[0] = 0x45 and ip[9] = 6 and ip[6:2] & 0x1fff = 0",
    " and (ip[20:2] = 22 or ip[22:2] = 22 or ip[20:2] = 445 or ip[22:2] = 445",
    " or ip[20:2] = 873 or ip[22:2] = 873))",
    " and not (ip6 and len >= 64 and ip6[0] & 0xf0 = 0x60 and ip6[6] = 6",
    " and (ip6[40:2] = 22 or ip6[42:2] = 22 or ip6[40:2] = 445 or ip6[42:2] = 445",
    " or ip6[40:2] = 873 or ip6[42:2] = 873))",
);

/// Whether a filter takes packets by their ports and so loses all fragments but the first.
#[must_use]
pub fn loses_fragments(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
    let by_port = words().any(|word| matches!(word, "port" | "portrange"));
    let by_fragment = text.contains("ip[6") || words().any(|word| matches!(word, "frag"));
    by_port && !by_fragment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_by_port_loses_fragments() {
        assert!(loses_fragments("udp port 5060"));
        assert!(loses_fragments("host a and (portrange 5060-5070)"));
        assert!(!loses_fragments("host 192.0.2.1"));
        assert!(!loses_fragments("port 5060 or ip[6:2] & 0x1fff != 0"));
        assert!(!loses_fragments(DEFAULT_FILTER));
    }
}
