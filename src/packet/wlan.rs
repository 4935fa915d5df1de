//! Reads IEEE 802.11 data frames and the headers that wireless captures put in front of them.

use super::field::{after, first, mac_at, u16_at, u32_at};
use super::link::{Descent, LLC as LLC_TYPE, Layer, LinkInfo};

/// Link types of wireless captures (<https://www.tcpdump.org/linktypes.html>).
pub(super) const IEEE_802_11: u32 = 105;
pub(super) const PRISM: u32 = 119;
pub(super) const RADIOTAP: u32 = 127;
pub(super) const AVS: u32 = 163;

/// An LLC header of an encapsulated protocol: SAP AA twice, unnumbered information (IEEE 802.2).
const LLC: [u8; 3] = [0xaa, 0xaa, 0x03];

/// Skips the header of a link type of this file.
pub(super) fn captured(link: u32, bytes: &[u8]) -> Result<Layer<'_>, Descent> {
    /// AVS headers come also under the number of Prism's.
    const AVS_VERSION: u32 = 0x8021_1000;
    let (header, _) = bytes.split_first_chunk::<8>().ok_or(Descent::Broken)?;
    let len = match link {
        IEEE_802_11 => 0,
        // <https://www.radiotap.org>: version, padding, length
        RADIOTAP => usize::from(u16::from_le_bytes([header[2], header[3]])),
        AVS => u32_at(header, 4) as usize,
        _ if u32_at(header, 0) & 0xffff_f000 == AVS_VERSION => u32_at(header, 4) as usize,
        // Prism: message code, length, in the byte order of the capturing host
        _ => u32_at(header, 4).min(u32_at(header, 4).swap_bytes()) as usize,
    };
    bytes.get(len..).map(Layer::Wlan).ok_or(Descent::Broken)
}

/// IEEE 802.11-2020 §9.3.2.1: a data frame, its addresses, and LLC; of several frames in one, the first.
pub(super) fn data<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Result<Layer<'a>, Descent> {
    body(bytes, info).map(|(llc, _)| Layer::Network(LLC_TYPE, llc))
}

/// The others of several frames in one (A-MSDU, §9.3.2.2).
pub(super) fn further(bytes: &[u8]) -> impl Iterator<Item = Layer<'_>> {
    let mut rest = body(bytes, &mut LinkInfo::default()).map_or(&[][..], |(_, further)| further);
    std::iter::from_fn(move || {
        let (llc, behind) = subframe(rest)?;
        rest = behind;
        Some(Layer::Network(LLC_TYPE, llc))
    })
}

/// Destination, source, length, LLC; the next one starts at a multiple of four.
fn subframe(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    const HEADER: usize = 14;
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let len = usize::from(u16_at(header, 12));
    let next = (HEADER + len).next_multiple_of(4);
    (len > 0).then(|| (first(rest, len), after(bytes, next)))
}

/// LLC of a data frame, and what follows it if it is one of several.
fn body<'a>(bytes: &'a [u8], info: &mut LinkInfo) -> Result<(&'a [u8], &'a [u8]), Descent> {
    const TO_DS: u8 = 0x01;
    const FROM_DS: u8 = 0x02;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    const NULL: u8 = 0x40;
    const QOS: u8 = 0x80;
    const AGGREGATE: u8 = 0x80;
    const ADDRESSES: [usize; 3] = [10, 16, 24];
    let (header, rest) = bytes.split_first_chunk::<24>().ok_or(Descent::Broken)?;
    // controllers of one vendor tunnel the two bytes of frame control in the other order
    let (kind, flags) = match *header {
        [kind, flags, ..] if kind & 0x0f == 0x08 => (kind, flags),
        [flags, kind, ..] if kind & 0x0f == 0x08 => (kind, flags),
        _ => return Err(Descent::NotIp),
    };
    if kind & NULL != 0 {
        return Err(Descent::NotIp);
    }
    let fourth = if flags & TO_DS != 0 && flags & FROM_DS != 0 { 6 } else { 0 };
    let address = match flags & (TO_DS | FROM_DS) {
        FROM_DS => ADDRESSES[1],
        0 | TO_DS => ADDRESSES[0],
        _ => ADDRESSES[2],
    };
    info.mac = bytes.get(address..).and_then(<[u8]>::first_chunk).map(|mac| mac_at::<6>(mac, 0));
    let control = if kind & QOS != 0 { 2 } else { 0 };
    let throughput = if kind & QOS != 0 && flags & ORDER != 0 { 4 } else { 0 };
    let is_aggregate =
        control > 0 && after(rest, fourth).first().is_some_and(|qos| qos & AGGREGATE != 0);
    let len = fourth + control + throughput;
    let body = after(rest, len);
    // a pad up to a multiple of four, and the initialization vector of what was decrypted, may be left
    let pad = (len + header.len()).next_multiple_of(4) - (len + header.len());
    [0, 8]
        .into_iter()
        .flat_map(|vector| [vector, vector + pad])
        .map(|skipped| after(body, skipped))
        .filter_map(|body| if is_aggregate { subframe(body) } else { Some((body, &[][..])) })
        .find(|(llc, _)| llc.starts_with(&LLC))
        .ok_or(if flags & PROTECTED != 0 { Descent::Encrypted } else { Descent::NotIp })
}

/// The header of what an access point tunnels to its controller: CAPWAP (RFC 5415 §4.3).
pub(super) fn capwap(payload: &[u8]) -> Option<Layer<'_>> {
    const NATIVE: u32 = 0x100;
    const KEEP_ALIVE: u32 = 0x08;
    const FRAGMENT_OFFSET: u16 = 0xfff8;
    let (header, _) = payload.split_first_chunk::<8>()?;
    let word = u32_at(header, 0);
    let len = (word >> 19 & 0x1f) as usize * 4;
    // version 0, no DTLS; of a frame in fragments the first one is read as a frame that was cut
    let is_later = u16_at(header, 6) & FRAGMENT_OFFSET != 0;
    if header[0] != 0 || len < header.len() || is_later || word & KEEP_ALIVE != 0 {
        return None;
    }
    let inner = payload.get(len..)?;
    Some(if word & NATIVE != 0 { Layer::Wlan(inner) } else { Layer::Ethernet(inner) })
}

/// The predecessor of CAPWAP (RFC 5412 §3.1): version, slot, C and F bits, fragment, length, status.
pub(super) fn lwapp(payload: &[u8]) -> Option<Layer<'_>> {
    const VERSION_C_F: u8 = 0xc6;
    let (header, inner) = payload.split_first_chunk::<6>()?;
    let [first, second, ..] = *inner else { return None };
    let is_data = first & 0x0f == 0x08 || second & 0x0f == 0x08;
    (header[0] & VERSION_C_F == 0 && is_data).then_some(Layer::Wlan(inner))
}

#[cfg(test)]
mod tests;
