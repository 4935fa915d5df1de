//! Puts the packet of a frame behind other headers, as networks do.

use super::Kept;

/// What surrounds an IP packet, or is between its header and what it carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrap {
    /// IP in IPv4 (RFC 2003, RFC 4213).
    Ip,
    Gre,
    /// A tunnel over UDP: what precedes the packet, and whether its port is the source.
    Udp(Tunnel, bool),
    /// An authentication header (RFC 4302) in IPv4.
    Authenticated,
    /// IPv6 with extension headers (RFC 8200 §4) before the payload.
    Extended([u8; 2]),
    /// Options in the IPv4 header.
    Options,
    /// `IPsec` that is not encrypted (RFC 2410), in IPv4.
    Clear,
    /// Ethernet in IP (RFC 3378).
    EtherIp,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Tunnel {
    Vxlan,
    VxlanLinux,
    VxlanGpe,
    Geneve,
    GtpU,
    L2tp,
    Tzsp,
    Gre,
    Mpls,
    Capwap,
}

impl Tunnel {
    /// Its port and its header; Ethernet behind some of them is empty but for the type.
    fn header(self) -> (u16, Vec<u8>) {
        let ethernet = [&[2; 12][..], &[8, 0]].concat();
        match self {
            Self::Vxlan => (4789, [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet].concat()),
            Self::VxlanLinux => (8472, [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet].concat()),
            Self::VxlanGpe => (4790, vec![0x0c, 0, 0, 1, 0, 0, 7, 0]),
            Self::Geneve => (6081, vec![0, 0, 8, 0, 0, 0, 7, 0]),
            Self::GtpU => (2152, vec![0x30, 255, 0, 0, 0, 0, 0, 7]),
            Self::L2tp => (1701, vec![0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21]),
            Self::Tzsp => (37008, [&[1, 0, 0, 1, 0x29, 2, 5, 5, 1][..], &ethernet].concat()),
            Self::Gre => (4754, vec![0x80, 0, 8, 0, 0, 0, 0, 0]),
            Self::Mpls => (6635, vec![0xff, 6, 0x41, 64]),
            Self::Capwap => (5247, [&[0, 16, 66, 0, 0, 0, 0, 0][..], &ethernet].concat()),
        }
    }
}

/// The place of the IP packet and of its type, for link types that the cases have.
fn network(kept: &Kept) -> Option<(usize, Option<usize>)> {
    let bytes = &kept.bytes;
    match kept.link.0 {
        1 => {
            let mut at = 14;
            while bytes.get(at - 2..at) == Some(&[0x81, 0]) {
                at += 4;
            }
            Some((at, Some(at - 2)))
        }
        276 => Some((20, Some(0))),
        113 => Some((16, Some(14))),
        101 | 228 | 12 | 14 => Some((0, None)),
        _ => None,
    }
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut packet = vec![0x45, 0, total[0], total[1], 0, 9, 0, 0, 64, protocol, 0, 0];
    packet.extend([192, 0, 2, 7, 192, 0, 2, 8]);
    packet.extend_from_slice(payload);
    packet
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
    packet.extend([[0x20; 16], [0x21; 16]].concat());
    packet.extend_from_slice(payload);
    packet
}

/// An extension header of eight bytes; that of authentication has more.
fn extension(kind: u8, next: u8) -> Vec<u8> {
    match kind {
        51 => [&[next, 4, 0, 0][..], &[7; 20]].concat(),
        _ => vec![next, 0, 0, 0, 0, 0, 0, 0],
    }
}

impl Wrap {
    /// Changes a frame that holds a whole IPv4 packet, and leaves others alone.
    pub(crate) fn apply(self, kept: &mut Kept) {
        let Some((at, kind)) = network(kept) else { return };
        let packet = kept.bytes.split_off(at.min(kept.bytes.len()));
        let made = self.around(&packet);
        if let (Some(kind), Some(made)) = (kind, &made)
            && made.first().is_some_and(|byte| byte >> 4 == 6)
        {
            kept.bytes.splice(kind..kind + 2, [0x86, 0xdd]);
        }
        kept.bytes.extend(made.unwrap_or(packet));
        kept.wire_len = kept.bytes.len() as u32;
    }

    fn around(self, packet: &[u8]) -> Option<Vec<u8>> {
        const PROTOCOL: usize = 9;
        let (header, payload) = packet.split_first_chunk::<20>()?;
        let (protocol, fragment) = (header[PROTOCOL], [header[6] & 0x3f, header[7]]);
        if header[0] != 0x45 || fragment != [0, 0] {
            return None;
        }
        let made = match self {
            Self::Ip => ipv4(4, packet),
            Self::Gre => ipv4(47, &[&[0, 0, 8, 0], packet].concat()),
            Self::Udp(tunnel, is_source) => {
                let (port, front) = tunnel.header();
                let ports = if is_source { [port, 50_000] } else { [50_000, port] };
                let length = u16::try_from(8 + front.len() + packet.len()).ok()?;
                let words = [ports[0], ports[1], length, 0];
                let head: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                ipv4(17, &[&head, &front[..], packet].concat())
            }
            Self::Clear => {
                let padding = (payload.len() + 2).next_multiple_of(4) - payload.len() - 2;
                let padded = (1..=padding as u8).chain([padding as u8, protocol]);
                let trailer: Vec<u8> = padded.chain([7; 12]).collect();
                let mut made =
                    ipv4(50, &[&[0x90, 0, 0, 1, 0, 0, 0, 1], payload, &trailer].concat());
                made.splice(12..20, header[12..20].iter().copied());
                made
            }
            Self::EtherIp => ipv4(97, &[&[0x30, 0][..], &[2; 12], &[8, 0], packet].concat()),
            Self::Authenticated => ipv4(51, &[&extension(51, protocol)[..], payload].concat()),
            Self::Extended([first, second]) => {
                let chain = [extension(first, second), extension(second, protocol)].concat();
                ipv6(first, &[&chain[..], payload].concat())
            }
            Self::Options => {
                let mut made = ipv4(protocol, &[&[1; 8][..], payload].concat());
                made.splice(..1, [0x47]);
                made
            }
        };
        Some(made)
    }
}

/// Where a packet is cut in two fragments.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    First,
    Last,
    Permille(usize),
}

/// The two fragments of a frame that holds a whole IPv4 packet.
pub(crate) fn fragments(kept: &Kept, at: At) -> Option<[Kept; 2]> {
    const UNIT: usize = 8;
    let (start, _) = network(kept)?;
    let (front, packet) = kept.bytes.split_at_checked(start)?;
    let (header, payload) = packet.split_first_chunk::<20>()?;
    let units = payload.len().saturating_sub(1) / UNIT;
    if header[0] != 0x45 || u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0 || units == 0 {
        return None;
    }
    let cut = match at {
        At::First => 1,
        At::Last => units,
        At::Permille(share) => 1 + share * (units - 1) / 1000,
    };
    let (first, second) = payload.split_at_checked(cut * UNIT)?;
    let fragment = |part: &[u8], field: u16| {
        let mut header = *header;
        header[2..4].copy_from_slice(&u16::try_from(20 + part.len()).ok()?.to_be_bytes());
        header[6..8].copy_from_slice(&field.to_be_bytes());
        let bytes = [front, &header[..], part].concat();
        Some(Kept { wire_len: bytes.len() as u32, bytes, ..kept.clone() })
    };
    Some([fragment(first, 0x2000)?, fragment(second, u16::try_from(cut).ok()?)?])
}
