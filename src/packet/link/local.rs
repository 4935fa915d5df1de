//! Reads the headers of local networks older than Ethernet, and of ATM: each leads to LLC or to Ethernet.

use super::super::field::{after, mac_at};
use super::{LLC, Layer, LinkInfo};

/// Token Ring (IEEE 802.5).
pub(super) const TOKEN_RING: u32 = 6;
pub(super) const FDDI: u32 = 10;
/// ATM as Sun's driver shows it (<https://www.tcpdump.org/linktypes/LINKTYPE_SUNATM.html>).
pub(super) const SUNATM: u32 = 123;

/// The layer behind such a header; `None` if the header is too short.
pub(super) fn captured<'a>(link: u32, bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    match link {
        TOKEN_RING => token_ring(bytes, info),
        FDDI => fddi(bytes, info),
        _ => sunatm(bytes),
    }
}

/// Anything that is no IP: frames that manage the ring or the connection.
const CONTROL: Layer<'static> = Layer::Network(LLC, &[]);

/// Frame control, destination, source (ISO 9314-2). Only LLC frames carry IP (RFC 1390).
fn fddi<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    const CLASS_AND_FORMAT: u8 = 0x70;
    const LLC_FRAME: u8 = 0x50;
    const SOURCE: usize = 7;
    let (header, rest) = bytes.split_first_chunk::<13>()?;
    info.mac = Some(mac_at(header, SOURCE));
    let carries_llc = header[0] & CLASS_AND_FORMAT == LLC_FRAME;
    Some(if carries_llc { Layer::Network(LLC, rest) } else { CONTROL })
}

/// Access control, frame control, destination, source, and a route if the source's first bit says so
/// (IEEE 802.5 §3.2, annex C).
fn token_ring<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Option<Layer<'a>> {
    const FORMAT: u8 = 0xc0;
    const LLC_FRAME: u8 = 0x40;
    const SOURCE: usize = 8;
    const ROUTED: u8 = 0x80;
    const ROUTE_LENGTH: u8 = 0x1f;
    let (header, rest) = bytes.split_first_chunk::<14>()?;
    let mut source = mac_at(header, SOURCE);
    let routed = source[0] & ROUTED != 0;
    source[0] &= !ROUTED;
    info.mac = Some(source);
    let route = if routed { usize::from(rest.first()? & ROUTE_LENGTH) } else { 0 };
    let carries_llc = header[1] & FORMAT == LLC_FRAME;
    Some(if carries_llc { Layer::Network(LLC, after(rest, route)) } else { CONTROL })
}

/// Direction and kind of traffic, VPI, VCI; LAN emulation has a client's identifier before its frame.
fn sunatm(bytes: &[u8]) -> Option<Layer<'_>> {
    const KIND: u8 = 0x0f;
    const LANE: u8 = 1;
    const LLC_SNAP: u8 = 2;
    let (header, rest) = bytes.split_first_chunk::<4>()?;
    Some(match header[0] & KIND {
        LANE => Layer::Ethernet(after(rest, 2)),
        LLC_SNAP => Layer::Network(LLC, rest),
        _ => CONTROL,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: &[u8] = &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0, b'x'];

    fn llc(link: u32, bytes: &[u8]) -> Option<(Vec<u8>, Option<[u8; 6]>)> {
        let mut info = LinkInfo::default();
        match captured(link, bytes, &mut info)? {
            Layer::Network(LLC, rest) => Some((rest.to_vec(), info.mac)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_of_llc_are_found_and_others_carry_nothing() {
        let mac = [2, 0, 0, 0, 0, 1];
        let routed_mac = [0x82, 0, 0, 0, 0, 1];
        let frame = |head: &[u8], mac: &[u8], rest: &[u8]| [head, &[9; 6], mac, rest].concat();
        let routed = [&[0x06, 0x30, 1, 2, 3, 4][..], IP].concat();
        for (name, link, bytes, want) in [
            ("FDDI", FDDI, frame(&[0x50], &mac, IP), IP),
            ("FDDI, synchronous", FDDI, frame(&[0xd1], &mac, IP), IP),
            ("FDDI, SMT", FDDI, frame(&[0x41], &mac, IP), b""),
            ("Token Ring", TOKEN_RING, frame(&[0x10, 0x40], &mac, IP), IP),
            ("Token Ring, routed", TOKEN_RING, frame(&[0x10, 0x40], &routed_mac, &routed), IP),
            ("Token Ring, MAC", TOKEN_RING, frame(&[0x10, 0x02], &mac, IP), b""),
        ] {
            assert_eq!(llc(link, &bytes), Some((want.to_vec(), Some(mac))), "{name}");
        }
        assert_eq!(llc(SUNATM, &[&[0x82, 0, 0, 33][..], IP].concat()), Some((IP.to_vec(), None)));
        assert_eq!(llc(SUNATM, &[0x06, 0, 0, 5, 1]), Some((Vec::new(), None)), "signaling");
        let lane = [1, 0, 0, 40, 0, 7, b'x'];
        let layer = captured(SUNATM, &lane, &mut LinkInfo::default());
        assert!(matches!(layer, Some(Layer::Ethernet(b"x"))));
    }

    #[test]
    fn headers_that_are_cut_lead_nowhere() {
        for (link, len) in [(FDDI, 13), (TOKEN_RING, 14), (SUNATM, 4)] {
            let bytes = [0x80; 16];
            for cut in 0..len {
                let layer = captured(link, &bytes[..cut], &mut LinkInfo::default());
                assert!(layer.is_none(), "{link}: {cut}");
            }
        }
    }
}
