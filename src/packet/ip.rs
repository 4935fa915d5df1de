//! Reads IPv4 and IPv6 headers with their options and extensions, cut captures included.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, ip_number,
};

use super::field::{after, first};
use super::stats::Undecoded;

/// An IP packet up to what its last extension header announces.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpPacket<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) ttl: u8,
    /// IPv4 identification, 0 for IPv6.
    pub(super) id: u16,
    pub(super) protocol: IpNumber,
    /// Set when the packet is one of several.
    pub(super) fragment: Option<FragmentInfo>,
    /// The payload without link-layer padding, as far as it was captured.
    pub(super) payload: &'a [u8],
    /// Bytes of the payload that were not captured.
    pub(super) missing: usize,
}

/// Where a fragment belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FragmentInfo {
    pub(super) id: u32,
    /// In bytes.
    pub(super) offset: usize,
    /// Whether others follow.
    pub(super) more: bool,
}

/// Reads the packet at the start of `bytes`, of which `missing` bytes were not captured.
///
/// A length field of zero (segmentation offload writes none) or one shorter than the header means
/// all bytes there are.
#[inline]
pub(super) fn parse(bytes: &[u8], missing: usize) -> Result<IpPacket<'_>, Undecoded> {
    match bytes.first().map(|byte| byte >> 4) {
        Some(4) => v4(bytes, missing),
        Some(6) => v6(bytes, missing),
        Some(_) => Err(Undecoded::IpVersion),
        None => Err(Undecoded::IpHeader),
    }
}

fn v4(bytes: &[u8], missing: usize) -> Result<IpPacket<'_>, Undecoded> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| Undecoded::IpHeader)?;
    let header_len = header.slice().len();
    let told = usize::from(header.total_len()).checked_sub(header_len);
    let (payload, missing) = trim(after(bytes, header_len), told, missing);
    let offset = usize::from(header.fragments_offset().value()) * 8;
    let more = header.more_fragments();
    let packet = IpPacket {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        ttl: header.ttl(),
        id: header.identification(),
        protocol: header.protocol(),
        fragment: (more || offset > 0).then(|| FragmentInfo {
            id: header.identification().into(),
            offset,
            more,
        }),
        payload,
        missing,
    };
    match (packet.protocol, packet.fragment) {
        (ip_number::AUTH, None) => with_extensions(packet),
        _ => Ok(packet),
    }
}

fn v6(bytes: &[u8], missing: usize) -> Result<IpPacket<'_>, Undecoded> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| Undecoded::IpHeader)?;
    let told = Some(usize::from(header.payload_length())).filter(|len| *len > 0);
    let told = if header.next_header() == ip_number::IPV6_NO_NEXT_HEADER { Some(0) } else { told };
    let (payload, missing) = trim(after(bytes, header.slice().len()), told, missing);
    with_extensions(IpPacket {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        ttl: header.hop_limit(),
        id: 0,
        protocol: header.next_header(),
        fragment: None,
        payload,
        missing,
    })
}

/// Cuts `payload` to the length in its header, or returns how much of it is missing.
fn trim(payload: &[u8], told: Option<usize>, missing: usize) -> (&[u8], usize) {
    match told {
        Some(len) => (first(payload, len), len.saturating_sub(payload.len())),
        None => (payload, missing),
    }
}

fn with_extensions(mut packet: IpPacket<'_>) -> Result<IpPacket<'_>, Undecoded> {
    let chain = extensions(packet.protocol, packet.payload)?;
    packet.protocol = chain.protocol;
    packet.fragment = chain.fragment;
    packet.payload = chain.rest;
    Ok(packet)
}

/// What follows a chain of extension headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'a> {
    pub(super) protocol: IpNumber,
    /// Set when the chain ends in a fragment header that is not atomic (RFC 6946).
    pub(super) fragment: Option<FragmentInfo>,
    pub(super) rest: &'a [u8],
}

/// Walks the extension headers (RFC 8200 §4, RFC 4302) in front of a payload.
///
/// The walk stops at a fragment header: what follows is only whole once joined.
pub(super) fn extensions(mut protocol: IpNumber, mut rest: &[u8]) -> Result<Chain<'_>, Undecoded> {
    loop {
        let (next, len) = match protocol {
            ip_number::IPV6_HOP_BY_HOP
            | ip_number::IPV6_ROUTE
            | ip_number::IPV6_DEST_OPTIONS
            | ip_number::MOBILITY
            | ip_number::HIP
            | ip_number::SHIM6 => {
                let header =
                    Ipv6RawExtHeaderSlice::from_slice(rest).map_err(|_| Undecoded::IpExtension)?;
                (header.next_header(), header.slice().len())
            }
            ip_number::AUTH => {
                let header =
                    IpAuthHeaderSlice::from_slice(rest).map_err(|_| Undecoded::IpExtension)?;
                (header.next_header(), header.slice().len())
            }
            ip_number::IPV6_FRAG => {
                let header = Ipv6FragmentHeaderSlice::from_slice(rest)
                    .map_err(|_| Undecoded::IpExtension)?;
                let info = FragmentInfo {
                    id: header.identification(),
                    offset: usize::from(header.fragment_offset().value()) * 8,
                    more: header.more_fragments(),
                };
                if info.more || info.offset > 0 {
                    let rest = after(rest, header.slice().len());
                    return Ok(Chain {
                        protocol: header.next_header(),
                        fragment: Some(info),
                        rest,
                    });
                }
                (header.next_header(), header.slice().len())
            }
            _ => return Ok(Chain { protocol, fragment: None, rest }),
        };
        protocol = next;
        rest = after(rest, len);
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    fn v4_packet(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 63)
            .udp(5060, 5060)
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    #[test]
    fn padding_is_trimmed() {
        let mut bytes = v4_packet(b"hello");
        bytes.extend_from_slice(&[0; 13]);
        let packet = parse(&bytes, 0).unwrap();
        assert_eq!((packet.payload.len(), packet.missing, packet.ttl), (13, 0, 63));
    }

    #[test]
    fn total_length_zero_means_all_there_is() {
        let mut bytes = v4_packet(b"hello");
        bytes[2..4].fill(0);
        assert_eq!(parse(&bytes, 0).unwrap().payload.len(), 13);
        assert_eq!(parse(&bytes, 7).unwrap().missing, 7);
    }

    #[test]
    fn cut_packet_tells_how_much_is_missing() {
        let bytes = v4_packet(b"hello");
        let packet = parse(&bytes[..30], 3).unwrap();
        assert_eq!((packet.payload.len(), packet.missing), (10, 3));
    }

    #[test]
    fn bad_headers_are_told_apart() {
        assert_eq!(parse(&[], 0).unwrap_err(), Undecoded::IpHeader);
        assert_eq!(parse(&[0x55; 40], 0).unwrap_err(), Undecoded::IpVersion);
        assert_eq!(parse(&[0x44; 40], 0).unwrap_err(), Undecoded::IpHeader);
        assert_eq!(parse(&[0x60; 39], 0).unwrap_err(), Undecoded::IpHeader);
    }

    #[test]
    fn extension_chain_is_walked_to_the_transport() {
        // hop-by-hop, destination options, atomic fragment, then UDP
        let mut chain = vec![60, 0, 1, 4, 0, 0, 0, 0];
        chain.extend_from_slice(&[44, 0, 1, 4, 0, 0, 0, 0]);
        chain.extend_from_slice(&[17, 0, 0, 0, 0, 0, 0, 9]);
        chain.extend_from_slice(b"udp");
        let end = extensions(ip_number::IPV6_HOP_BY_HOP, &chain).unwrap();
        assert_eq!((end.protocol, end.fragment, end.rest), (ip_number::UDP, None, &b"udp"[..]));
    }

    #[test]
    fn later_fragment_is_not_read_as_headers() {
        let chain = [60, 0, 0, 8, 0, 0, 0, 9, 1, 2, 3];
        let end = extensions(ip_number::IPV6_FRAG, &chain).unwrap();
        assert_eq!(end.fragment, Some(FragmentInfo { id: 9, offset: 8, more: false }));
        assert_eq!(end.rest, [1, 2, 3]);
    }
}
