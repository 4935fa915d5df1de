//! Takes off the headers that capturing programs write in front of a frame of another link type.

use super::super::field::after;
use super::{ATM_RFC1483, C_HDLC, ETHERNET, FRAME_RELAY, PPP, PPP_HDLC, RAW};

/// Packet filter log of the BSDs.
const PFLOG: u32 = 117;
/// Per-packet information (<https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html>).
const PPI: u32 = 192;
/// Apple's header that names the interface.
const PKTAP: u32 = 258;
/// Devices of Juniper's routers.
const JUNIPER_ETHER: u32 = 178;
const JUNIPER_PPP: u32 = 179;
const JUNIPER_FRAME_RELAY: u32 = 180;
const JUNIPER_CHDLC: u32 = 181;
/// Capture cards of Endace (<https://www.tcpdump.org/linktypes/LINKTYPE_ERF.html>).
pub(super) const ERF: u32 = 197;
/// IP observability of Solaris, and of Linux (<https://www.tcpdump.org/linktypes/LINKTYPE_IPNET.html>).
const IPNET: u32 = 226;

/// The link type and bytes inside such a header, or those given if there is none.
///
/// A header inside a header is not taken off.
#[inline]
pub(super) fn opened(link: u32, bytes: &[u8]) -> Option<(u32, &[u8])> {
    match link {
        PFLOG => Some((RAW, after(bytes, usize::from(*bytes.first()?).next_multiple_of(4)))),
        PPI => {
            let (header, _) = bytes.split_first_chunk::<8>()?;
            let [_, _, len @ .., a, b, c, d] = *header;
            let inner = bytes.get(usize::from(u16::from_le_bytes(len))..)?;
            Some((u32::from_le_bytes([a, b, c, d]), inner))
        }
        PKTAP => {
            let ([len, _, inner_link], _) = bytes.as_chunks::<4>().0.split_first_chunk::<3>()?;
            let inner = bytes.get(u32::from_le_bytes(*len) as usize..)?;
            Some((u32::from_le_bytes(*inner_link), inner))
        }
        JUNIPER_ETHER => juniper(ETHERNET, bytes),
        JUNIPER_PPP => juniper(PPP, bytes),
        JUNIPER_FRAME_RELAY => juniper(FRAME_RELAY, bytes),
        JUNIPER_CHDLC => juniper(C_HDLC, bytes),
        ERF => erf(bytes),
        // version, family, hook, length, two interfaces, two zones
        IPNET => Some((RAW, bytes.get(24..)?)),
        _ => Some((link, bytes)),
    }
}

/// Magic number, flags, the length of extensions if the flags say so; without a link header, the
/// protocol is there in four bytes (print-juniper.c of tcpdump).
fn juniper(link: u32, bytes: &[u8]) -> Option<(u32, &[u8])> {
    const EXTENSIONS: u8 = 0x80;
    const NO_LINK_HEADER: u8 = 0x02;
    let (&flags, mut rest) = bytes.strip_prefix(b"MGC")?.split_first()?;
    if flags & EXTENSIONS != 0 {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_be_bytes(*len))..)?;
    }
    if flags & NO_LINK_HEADER != 0 { Some((RAW, rest.get(4..)?)) } else { Some((link, rest)) }
}

/// Time, kind, flags, lengths, eight bytes for each extension, then what the kind of the record says.
///
/// Records that are no frame (statistics, provenance) keep the link type, which nothing reads.
fn erf(bytes: &[u8]) -> Option<(u32, &[u8])> {
    const KIND: usize = 8;
    const MORE: u8 = 0x80;
    /// Offset and padding before an Ethernet frame.
    const PAD: usize = 2;
    /// The header of an ATM cell.
    const CELL: usize = 4;
    let (header, mut rest) = bytes.split_first_chunk::<16>()?;
    let mut more = header[KIND] & MORE != 0;
    while more {
        let (extension, behind) = rest.split_first_chunk::<8>()?;
        more = extension[0] & MORE != 0;
        rest = behind;
    }
    Some(match header[KIND] & !MORE {
        1 | 10 | 15 | 17 => (PPP_HDLC, rest),
        2 | 11 | 16 | 20 => (ETHERNET, after(rest, PAD)),
        4 | 18 => (ATM_RFC1483, after(rest, CELL)),
        22 | 23 => (RAW, rest),
        _ => (ERF, rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_off() {
        let pktap = [&[24, 0, 0, 0][..], &[1, 0, 0, 0], &[12, 0, 0, 0], &[b'e'; 12], b"x"].concat();
        let erf = |kind: u8, rest: &[u8]| [&[0; 8][..], &[kind], &[0; 7], rest].concat();
        let extended = erf(0x82, b"\x851234567\x051234567\0\0x");
        let (ethernet, hdlc) = (erf(2, b"\0\0x"), erf(1, b"x"));
        let (aal5, plain, provenance) = (erf(4, b"cellx"), erf(22, b"x"), erf(27, b"x"));
        let ipnet = [&[1, 2][..], &[0; 22], b"x"].concat();
        let cases: [(&str, u32, &[u8], u32); 18] = [
            ("none", ETHERNET, b"x", ETHERNET),
            ("PF log", PFLOG, &[&[61][..], &[2; 63], b"x"].concat(), RAW),
            ("longer PF log", PFLOG, &[&[100][..], &[2; 99], b"x"].concat(), RAW),
            ("PPI", PPI, b"\0\0\x08\0\x69\0\0\0x", 105),
            ("PPI with fields", PPI, b"\0\0\x0c\0\x01\0\0\0\x02\0\0\0x", ETHERNET),
            ("PKTAP", PKTAP, &pktap, 12),
            ("Juniper, Ethernet", JUNIPER_ETHER, b"MGC\x01x", ETHERNET),
            ("Juniper, extensions", JUNIPER_PPP, b"MGC\x81\0\x03abcx", PPP),
            ("Juniper, no link header", JUNIPER_ETHER, b"MGC\x03\x02\0\0\0x", RAW),
            ("Juniper, HDLC", JUNIPER_CHDLC, b"MGC\0x", C_HDLC),
            ("Juniper, Frame Relay", JUNIPER_FRAME_RELAY, b"MGC\0x", FRAME_RELAY),
            ("ERF, Ethernet", ERF, &ethernet, ETHERNET),
            ("ERF, two extensions", ERF, &extended, ETHERNET),
            ("ERF, HDLC", ERF, &hdlc, PPP_HDLC),
            ("ERF, ATM", ERF, &aal5, ATM_RFC1483),
            ("ERF, IPv4", ERF, &plain, RAW),
            ("ERF, provenance", ERF, &provenance, ERF),
            ("IPNET", IPNET, &ipnet, RAW),
        ];
        for (name, link, bytes, inner) in cases {
            assert_eq!(opened(link, bytes), Some((inner, &b"x"[..])), "{name}");
        }
    }

    #[test]
    fn what_is_too_short_is_broken() {
        for link in [PFLOG, PPI, PKTAP, JUNIPER_ETHER, ERF, IPNET] {
            assert_eq!(opened(link, &[]), None, "{link}");
        }
        assert_eq!(opened(PPI, b"\0\0\x99\0\x01\0\0\0x"), None);
        assert_eq!(opened(JUNIPER_ETHER, b"MGC\x81\0\x09x"), None);
    }
}
