//! Walks from the first byte of a frame down to its IP packet, through tags and labels.

use etherparse::ether_type;

use super::field::{after, first, mac_at, u16_at};

// Link types (<https://www.tcpdump.org/linktypes.html>).
pub(super) const NULL: u32 = 0;
pub(super) const ETHERNET: u32 = 1;
pub(super) const PPP: u32 = 9;
pub(super) const RAW_BSD: u32 = 12;
pub(super) const RAW_OPENBSD: u32 = 14;
pub(super) const PPP_HDLC: u32 = 50;
pub(super) const PPP_ETHER: u32 = 51;
pub(super) const RAW: u32 = 101;
pub(super) const C_HDLC: u32 = 104;
pub(super) const LOOP: u32 = 108;
pub(super) const ENC: u32 = 109;
pub(super) const LINUX_SLL: u32 = 113;
pub(super) const IPV4: u32 = 228;
pub(super) const IPV6: u32 = 229;
pub(super) const NFLOG: u32 = 239;
pub(super) const LINUX_SLL2: u32 = 276;

/// `EtherTypes` beside those etherparse names.
pub(super) mod ethertype {
    pub(in crate::packet) const IPV4: u16 = super::ether_type::IPV4.0;
    pub(in crate::packet) const IPV6: u16 = super::ether_type::IPV6.0;
    pub(in crate::packet) const VLAN: u16 = super::ether_type::VLAN_TAGGED_FRAME.0;
    pub(in crate::packet) const VLAN_PROVIDER: u16 = super::ether_type::PROVIDER_BRIDGING.0;
    pub(in crate::packet) const VLAN_DOUBLE: u16 = super::ether_type::VLAN_DOUBLE_TAGGED_FRAME.0;
    pub(in crate::packet) const MPLS: u16 = 0x8847;
    pub(in crate::packet) const MPLS_MULTICAST: u16 = 0x8848;
    pub(in crate::packet) const PPPOE_SESSION: u16 = 0x8864;
    /// Transparent Ethernet bridging (RFC 7637 §3.2).
    pub(in crate::packet) const BRIDGED: u16 = 0x6558;
    /// PPP in GRE (RFC 2637 §4.1).
    pub(in crate::packet) const PPP: u16 = 0x880b;
    /// Cisco metadata: a security group tag before the Ethernet type.
    pub(in crate::packet) const CISCO_METADATA: u16 = 0x8909;
    /// Provider backbone bridging (IEEE 802.1Q §9.7).
    pub(in crate::packet) const BACKBONE: u16 = 0x88e7;
    /// VN-Tag of Cisco's fabric extenders.
    pub(in crate::packet) const VN_TAG: u16 = 0x8926;
    /// Below this a type field is the length of an IEEE 802.3 frame.
    pub(in crate::packet) const LOWEST: u16 = 0x0600;
}

/// SNAP header of an encapsulated Ethernet type: LLC AA-AA-03, OUI zero (RFC 1042).
pub(super) const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];

/// Bytes still to be read, and as what.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    /// An Ethernet header.
    Ethernet(&'a [u8]),
    /// What follows an Ethernet type.
    Network(u16, &'a [u8]),
    /// An IP header of either version.
    Ip(&'a [u8]),
    /// A PPP header, with or without address and control bytes.
    Ppp(&'a [u8]),
}

/// What the link headers told of the sender.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkInfo {
    pub(super) vlan: Option<u16>,
    pub(super) mac: Option<[u8; 6]>,
}

/// Why there is no IP packet at the end of the link headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Descent {
    /// Something else: ARP, LLDP, a control protocol.
    NotIp,
    /// A header is too short or contradicts itself.
    Broken,
    /// The link type is not supported.
    UnknownLink(u32),
}

/// The first layer of a frame.
pub(super) fn outermost<'a>(
    link: u32,
    bytes: &'a [u8],
    info: &mut LinkInfo,
) -> Result<Layer<'a>, Descent> {
    Ok(match link {
        ETHERNET => Layer::Ethernet(bytes),
        LINUX_SLL => return sll(bytes, info).ok_or(Descent::Broken),
        LINUX_SLL2 => return sll2(bytes, info).ok_or(Descent::Broken),
        RAW | RAW_BSD | RAW_OPENBSD | IPV4 | IPV6 => Layer::Ip(bytes),
        NULL | LOOP => return loopback(bytes),
        PPP => Layer::Ppp(bytes),
        PPP_HDLC | C_HDLC => return hdlc(bytes),
        ENC => Layer::Ip(bytes.get(12..).ok_or(Descent::Broken)?),
        NFLOG => return nflog(bytes),
        PPP_ETHER => Layer::Network(ethertype::PPPOE_SESSION, bytes),
        other => return Err(Descent::UnknownLink(other)),
    })
}

/// Walks down to the IP packet; every step takes bytes off, so the walk ends.
pub(super) fn descend<'a>(mut layer: Layer<'a>, info: &mut LinkInfo) -> Result<&'a [u8], Descent> {
    loop {
        layer = match layer {
            Layer::Ip(bytes) => return Ok(bytes),
            Layer::Ethernet(bytes) => ethernet(bytes, info).ok_or(Descent::Broken)?,
            Layer::Network(kind, bytes) => network(kind, bytes, info)?,
            Layer::Ppp(bytes) => ppp(bytes)?,
        };
    }
}

/// Destination, source, type (IEEE 802.3 §3.1).
fn ethernet<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    const SOURCE: usize = 6;
    const TYPE: usize = 12;
    let (header, rest) = bytes.split_first_chunk::<14>()?;
    info.mac = Some(mac_at(header, SOURCE));
    Some(Layer::Network(u16_at(header, TYPE), rest))
}

fn network<'a>(kind: u16, bytes: &'a [u8], info: &mut LinkInfo) -> Result<Layer<'a>, Descent> {
    match kind {
        ethertype::IPV4 | ethertype::IPV6 => Ok(Layer::Ip(bytes)),
        ethertype::VLAN | ethertype::VLAN_PROVIDER | ethertype::VLAN_DOUBLE => {
            const VLAN_ID: u16 = 0x0fff;
            let (tag, rest) = bytes.split_first_chunk::<4>().ok_or(Descent::Broken)?;
            info.vlan = Some(u16_at(tag, 0) & VLAN_ID);
            Ok(Layer::Network(u16_at(tag, 2), rest))
        }
        ethertype::MPLS | ethertype::MPLS_MULTICAST => mpls(bytes),
        ethertype::PPPOE_SESSION => pppoe(bytes),
        ethertype::BRIDGED => Ok(Layer::Ethernet(bytes)),
        // priority and service identifier, then the customer's frame
        ethertype::BACKBONE => Ok(Layer::Ethernet(after(bytes, 4))),
        ethertype::VN_TAG => typed(bytes, 4),
        ethertype::CISCO_METADATA => typed(bytes, 6),
        ethertype::PPP => Ok(Layer::Ppp(bytes)),
        0..ethertype::LOWEST => snap(bytes),
        _ => Err(Descent::NotIp),
    }
}

/// A tag of `len` bytes and an Ethernet type.
fn typed(bytes: &[u8], len: usize) -> Result<Layer<'_>, Descent> {
    let (kind, rest) = after(bytes, len).split_first_chunk::<2>().ok_or(Descent::Broken)?;
    Ok(Layer::Network(u16_at(kind, 0), rest))
}

fn snap(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    let rest = bytes.strip_prefix(&SNAP).ok_or(Descent::NotIp)?;
    let (kind, rest) = rest.split_first_chunk::<2>().ok_or(Descent::Broken)?;
    match u16_at(kind, 0) {
        0..ethertype::LOWEST => Err(Descent::NotIp),
        kind => Ok(Layer::Network(kind, rest)),
    }
}

/// Skips the label stack (RFC 3032 §2.1); what follows shows by its first nibble what it is
/// (RFC 4928 §3), zero being the control word of an Ethernet pseudowire (RFC 4448 §4.6).
fn mpls(mut bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    const BOTTOM: u8 = 1;
    loop {
        let (label, rest) = bytes.split_first_chunk::<4>().ok_or(Descent::Broken)?;
        bytes = rest;
        if label[2] & BOTTOM != 0 {
            break;
        }
    }
    match bytes.first().map(|byte| byte >> 4) {
        Some(4 | 6) => Ok(Layer::Ip(bytes)),
        Some(0) => Ok(Layer::Ethernet(after(bytes, 4))),
        Some(_) => Err(Descent::NotIp),
        None => Err(Descent::Broken),
    }
}

/// Version and type 0x11, code 0 for session data (RFC 2516 §4).
fn pppoe(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    const VERSION_TYPE: u8 = 0x11;
    const SESSION_DATA: u8 = 0;
    let (header, rest) = bytes.split_first_chunk::<6>().ok_or(Descent::Broken)?;
    match *header {
        [VERSION_TYPE, SESSION_DATA, ..] => Ok(Layer::Ppp(rest)),
        _ => Err(Descent::NotIp),
    }
}

/// Protocol in one or two bytes (RFC 1661 §2, §6.5), address and control perhaps before (RFC 1662).
fn ppp(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];
    let bytes = bytes.strip_prefix(&ADDRESS_CONTROL).unwrap_or(bytes);
    match *bytes {
        [0x00, 0x21 | 0x57, ref rest @ ..] | [0x21 | 0x57, ref rest @ ..] => Ok(Layer::Ip(rest)),
        [0x02, 0x81 | 0x83, ref rest @ ..] => Ok(Layer::Network(ethertype::MPLS, rest)),
        [_, _, ..] => Err(Descent::NotIp),
        _ => Err(Descent::Broken),
    }
}

/// PPP in HDLC framing, or Cisco HDLC: address 0x0f or 0x8f, control, Ethernet type (RFC 1547 §4.3).
fn hdlc(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    match *bytes {
        [0x0f | 0x8f, _, high, low, ref rest @ ..] => {
            Ok(Layer::Network(u16::from_be_bytes([high, low]), rest))
        }
        [_, _, _, _, ..] => Ok(Layer::Ppp(bytes)),
        _ => Err(Descent::Broken),
    }
}

/// An address family in the byte order of the capturing host, or of the network for `LOOP`.
fn loopback(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    let (family, rest) = bytes.split_first_chunk::<4>().ok_or(Descent::Broken)?;
    let family = u32::from_be_bytes(*family).min(u32::from_le_bytes(*family));
    match family {
        // AF_INET everywhere; AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS
        2 | 10 | 24 | 28 | 30 => Ok(Layer::Ip(rest)),
        _ => Err(Descent::NotIp),
    }
}

/// Four bytes, then attributes, each with length and type in the byte order of the capturing host
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>).
fn nflog(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    const PAYLOAD: u16 = 9;
    const HEADER: usize = 4;
    for order in [u16::from_le_bytes, u16::from_be_bytes] {
        let mut rest = after(bytes, 4);
        while let Some((&[a, b, c, d], _)) = rest.split_first_chunk::<HEADER>() {
            let (len, kind) = (usize::from(order([a, b])), order([c, d]));
            if kind == PAYLOAD && len >= HEADER {
                return Ok(Layer::Ip(first(after(rest, HEADER), len - HEADER)));
            }
            rest = after(rest, len.max(HEADER).next_multiple_of(4));
        }
    }
    Err(Descent::Broken)
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html>
fn sll<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    const ADDRESS_LENGTH: usize = 4;
    const ADDRESS: usize = 6;
    const PROTOCOL: usize = 14;
    let (header, rest) = bytes.split_first_chunk::<16>()?;
    if u16_at(header, ADDRESS_LENGTH) == 6 {
        info.mac = Some(mac_at(header, ADDRESS));
    }
    Some(Layer::Network(u16_at(header, PROTOCOL), rest))
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>
fn sll2<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    const PROTOCOL: usize = 0;
    const ADDRESS_LENGTH: usize = 11;
    const ADDRESS: usize = 12;
    let (header, rest) = bytes.split_first_chunk::<20>()?;
    if header[ADDRESS_LENGTH] == 6 {
        info.mac = Some(mac_at(header, ADDRESS));
    }
    Some(Layer::Network(u16_at(header, PROTOCOL), rest))
}
