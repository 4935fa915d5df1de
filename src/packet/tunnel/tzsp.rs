//! Opens TZSP, in which routers and access points send what they mirror to a host.

use super::super::link::Layer;
use super::super::wlan;

/// The packet in a TZSP datagram: version 1, type, protocol of the packet, then tagged fields.
///
/// There is no specification but that of the first sender; this follows what the sniffer of `MikroTik` sends
/// and Wireshark reads.
pub(super) fn packet(payload: &[u8]) -> Option<Layer<'_>> {
    /// Types up to this one bring a packet; those above keep connections open.
    const LAST_WITH_PACKET: u8 = 3;
    const PADDING: u8 = 0;
    const END: u8 = 1;
    let [1, 0..=LAST_WITH_PACKET, high, low, ref fields @ ..] = *payload else { return None };
    let mut rest = fields;
    loop {
        rest = match *rest {
            [END, ref packet @ ..] => return carried(u16::from_be_bytes([high, low]), packet),
            [PADDING, ref behind @ ..] => behind,
            [_, len, ref behind @ ..] => behind.get(usize::from(len)..)?,
            _ => return None,
        };
    }
}

/// A packet of this protocol, by the numbers of TZSP.
fn carried(protocol: u16, packet: &[u8]) -> Option<Layer<'_>> {
    match protocol {
        1 => Some(Layer::Ethernet(packet)),
        4 => Some(Layer::Ppp(packet)),
        7 => Some(Layer::Ip(packet)),
        0x12 => Some(Layer::Wlan(packet)),
        0x77 => wlan::captured(wlan::PRISM, packet).ok(),
        0x7f => wlan::captured(wlan::AVS, packet).ok(),
        _ => None,
    }
}
