//! Takes off the headers that capturing programs write in front of a frame of another link type.

use super::super::field::after;
use super::{C_HDLC, ETHERNET, FRAME_RELAY, PPP, RAW};

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
        _ => Some((link, bytes)),
    }
}

/// Magic number, flags, the length of extensions if the flags say so; without a link header, the
/// protocol stands there in four bytes (print-juniper.c of tcpdump).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_off() {
        let pktap = [&[24, 0, 0, 0][..], &[1, 0, 0, 0], &[12, 0, 0, 0], &[b'e'; 12], b"x"].concat();
        let cases: [(&str, u32, &[u8], u32); 11] = [
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
        ];
        for (name, link, bytes, inner) in cases {
            assert_eq!(opened(link, bytes), Some((inner, &b"x"[..])), "{name}");
        }
    }

    #[test]
    fn what_is_too_short_is_broken() {
        for link in [PFLOG, PPI, PKTAP, JUNIPER_ETHER] {
            assert_eq!(opened(link, &[]), None, "{link}");
        }
        assert_eq!(opened(PPI, b"\0\0\x99\0\x01\0\0\0x"), None);
        assert_eq!(opened(JUNIPER_ETHER, b"MGC\x81\0\x09x"), None);
    }
}
