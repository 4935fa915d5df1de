//! Walks from the first byte of a frame down to its IP packet, through tags and labels.

use etherparse::ether_type;

use super::field::{after, first, mac_at, u16_at};
use super::wlan;

mod local;
mod wrapper;

// Link types (<https://www.tcpdump.org/linktypes.html>).
pub(super) const NULL: u32 = 0;
pub(super) const ETHERNET: u32 = 1;
pub(super) const PPP: u32 = 9;
pub(super) const ATM_RFC1483: u32 = 11;
pub(super) const RAW_BSD: u32 = 12;
pub(super) const RAW_OPENBSD: u32 = 14;
pub(super) const PPP_HDLC: u32 = 50;
pub(super) const PPP_ETHER: u32 = 51;
pub(super) const RAW: u32 = 101;
pub(super) const C_HDLC: u32 = 104;
pub(super) const FRAME_RELAY: u32 = 107;
pub(super) const LOOP: u32 = 108;
pub(super) const ENC: u32 = 109;
pub(super) const LINUX_SLL: u32 = 113;
pub(super) const PPP_WITH_DIRECTION: u32 = 204;
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
    /// Frame Relay in GRE (RFC 1701 appendix A).
    pub(in crate::packet) const FRAME_RELAY: u16 = 0x6559;
    /// Network service header (RFC 8300 §2).
    pub(in crate::packet) const NSH: u16 = 0x894f;
    /// High-availability seamless redundancy (IEC 62439-3).
    pub(in crate::packet) const HSR: u16 = 0x892f;
    /// Redundancy tag (IEEE 802.1CB §7.8).
    pub(in crate::packet) const R_TAG: u16 = 0xf1c1;
    /// Cisco's `FabricPath`: tag, then the Ethernet frame.
    pub(in crate::packet) const FABRIC_PATH: u16 = 0x8903;
    /// LLC in frames too long for a length field.
    pub(in crate::packet) const LLC_JUMBO: u16 = 0x8870;
    /// Below this a type field is the length of an IEEE 802.3 frame.
    pub(in crate::packet) const LOWEST: u16 = 0x0600;
}

/// SNAP header of an encapsulated Ethernet type: LLC AA-AA-03, OUI zero (RFC 1042).
pub(super) const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];
/// SNAP header of a bridged frame, whose first field is its medium (RFC 2684 §5.3).
const SNAP_BRIDGED: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0x80, 0xc2];
/// LLC of IP without SNAP.
const LLC_IP: [u8; 3] = [0x06, 0x06, 0x03];

/// Whether LLC leads to something that is read.
#[inline]
pub(super) fn is_llc_of_ip(bytes: &[u8]) -> bool {
    bytes.starts_with(&SNAP) || bytes.starts_with(&SNAP_BRIDGED) || bytes.starts_with(&LLC_IP)
}

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
    /// An IEEE 802.11 header.
    Wlan(&'a [u8]),
    /// A Frame Relay header.
    FrameRelay(&'a [u8]),
}

/// What the link headers show of the sender.
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
    /// The link encrypts what it carries.
    Encrypted,
    /// The link type is not supported.
    UnknownLink(u32),
}

/// The first layer of a frame.
pub(super) fn outermost<'a>(
    link: u32,
    bytes: &'a [u8],
    info: &mut LinkInfo,
) -> Result<Layer<'a>, Descent> {
    let (link, bytes) = wrapper::opened(link, bytes).ok_or(Descent::Broken)?;
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
        ATM_RFC1483 => Layer::Network(LLC, bytes),
        FRAME_RELAY => Layer::FrameRelay(bytes),
        PPP_WITH_DIRECTION => Layer::Ppp(after(bytes, 1)),
        wlan::IEEE_802_11 | wlan::PRISM | wlan::RADIOTAP | wlan::AVS => {
            return wlan::captured(link, bytes);
        }
        // a record of the card that is no frame
        wrapper::ERF => return Err(Descent::NotIp),
        local::TOKEN_RING | local::FDDI | local::SUNATM => {
            return local::captured(link, bytes, info).ok_or(Descent::Broken);
        }
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
            Layer::Wlan(bytes) => wlan::data(bytes, info)?,
            Layer::FrameRelay(bytes) => frame_relay(bytes)?,
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
        ethertype::FABRIC_PATH => Ok(Layer::Ethernet(after(bytes, 2))),
        ethertype::NSH => nsh(bytes).ok_or(Descent::Broken),
        ethertype::FRAME_RELAY => Ok(Layer::FrameRelay(bytes)),
        ethertype::VN_TAG | ethertype::HSR | ethertype::R_TAG => typed(bytes, 4),
        ethertype::CISCO_METADATA => typed(bytes, 6),
        ethertype::PPP => Ok(Layer::Ppp(bytes)),
        0..ethertype::LOWEST | ethertype::LLC_JUMBO => llc(bytes),
        _ => Err(Descent::NotIp),
    }
}

/// A tag of `len` bytes and an Ethernet type.
fn typed(bytes: &[u8], len: usize) -> Result<Layer<'_>, Descent> {
    let (kind, rest) = after(bytes, len).split_first_chunk::<2>().ok_or(Descent::Broken)?;
    Ok(Layer::Network(u16_at(kind, 0), rest))
}

/// The type field of a frame that begins with LLC and has no length.
pub(super) const LLC: u16 = 0;

/// IEEE 802.2: IP by its own SAP, an Ethernet type in SNAP, or a bridged Ethernet frame in SNAP.
fn llc(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    /// Ethernet with and without a frame check sequence (RFC 2684 §5.3), which two bytes of padding precede.
    const BRIDGED: [u16; 2] = [1, 7];
    if let Some(rest) = bytes.strip_prefix(&LLC_IP) {
        return Ok(Layer::Ip(rest));
    }
    let (header, rest) = bytes.split_first_chunk::<8>().ok_or(Descent::NotIp)?;
    let kind = u16_at(header, 6);
    if header.starts_with(&SNAP) && kind >= ethertype::LOWEST {
        return Ok(Layer::Network(kind, rest));
    }
    if header.starts_with(&SNAP_BRIDGED) && BRIDGED.contains(&kind) {
        // Frame Relay has no padding (RFC 2427 §4.2)
        let padding = if rest.starts_with(&[0, 0]) && !is_ethernet(rest) { 2 } else { 0 };
        return Ok(Layer::Ethernet(after(rest, padding)));
    }
    Err(Descent::NotIp)
}

/// Whether these bytes look like an Ethernet frame of IP, tagged or not.
///
/// The type decides, and the version behind it; the place of a frame is not always given.
pub(super) fn is_ethernet(frame: &[u8]) -> bool {
    const TYPE: usize = 12;
    let mut rest = after(frame, TYPE);
    loop {
        match *rest {
            [0x08, 0x00, version, ..] => return version >> 4 == 4,
            [0x86, 0xdd, version, ..] => return version >> 4 == 6,
            [0x81, 0x00, _, _, ref behind @ ..] | [0x88, 0xa8, _, _, ref behind @ ..] => {
                rest = behind;
            }
            _ => return false,
        }
    }
}

/// RFC 8300 §2.2: version 0, length of the header in units of four bytes, next protocol.
pub(super) fn nsh(bytes: &[u8]) -> Option<Layer<'_>> {
    const VERSION: u8 = 0xc0;
    const LENGTH: u8 = 0x3f;
    let (header, _) = bytes.split_first_chunk::<8>()?;
    let inner = bytes.get(usize::from(header[1] & LENGTH) * 4..)?;
    match header[3] {
        _ if header[0] & VERSION != 0 => None,
        1 | 2 => Some(Layer::Ip(inner)),
        3 => Some(Layer::Ethernet(inner)),
        5 => Some(Layer::Network(ethertype::MPLS, inner)),
        _ => None,
    }
}

/// Addresses of two to four bytes, the last one odd, then control and protocol (RFC 2427 §3) or, of
/// Cisco, an Ethernet type.
fn frame_relay(bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    const CONTROL: u8 = 0x03;
    const LAST: u8 = 0x01;
    let len = bytes.iter().take(4).position(|byte| byte & LAST != 0).ok_or(Descent::Broken)? + 1;
    match *after(bytes, len) {
        [CONTROL, 0xcc | 0x8e, ref rest @ ..] => Ok(Layer::Ip(rest)),
        // the protocol says SNAP, of which the SAP and control bytes are left out
        [CONTROL, 0x80, ref rest @ ..] | [CONTROL, 0, 0x80, ref rest @ ..] => match *rest {
            [0, 0, 0, high, low, ref rest @ ..] => {
                Ok(Layer::Network(u16::from_be_bytes([high, low]), rest))
            }
            [0, 0x80, 0xc2, 0, 1 | 7, ref rest @ ..] => Ok(Layer::Ethernet(rest)),
            _ => Err(Descent::NotIp),
        },
        [high, low, ref rest @ ..] => Ok(Layer::Network(u16::from_be_bytes([high, low]), rest)),
        _ => Err(Descent::Broken),
    }
}

/// Skips the label stack (RFC 3032 §2.1); what follows shows by its first nibble what it is
/// (RFC 4928 §3), zero being the control word of an Ethernet pseudowire (RFC 4448 §4.6). A pseudowire
/// may also have none, and then any nibble.
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
        Some(0) if is_ethernet(after(bytes, 4)) => Ok(Layer::Ethernet(after(bytes, 4))),
        Some(_) if is_ethernet(bytes) => Ok(Layer::Ethernet(bytes)),
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
        // bridging: flags, the medium Ethernet (RFC 3518 §4.2)
        [0x00, 0x31, _, 1, ref rest @ ..] => Ok(Layer::Ethernet(rest)),
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
